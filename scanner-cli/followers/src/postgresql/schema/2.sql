-- What was refused, and the views.

CREATE TABLE refused (
    connection text COLLATE "C" NOT NULL REFERENCES connections ON DELETE CASCADE,
    key text COLLATE "C" NOT NULL,
    message text NOT NULL,
    since timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE refused IS 'Items and containers that could not be written. Each delivery tries them again';
COMMENT ON COLUMN refused.connection IS 'The code of the connection';
COMMENT ON COLUMN refused.key IS 'The key of the item or container';
COMMENT ON COLUMN refused.message IS 'Why it was refused';
COMMENT ON COLUMN refused.since IS 'Since when it is refused';

CREATE VIEW streams AS
SELECT key, connection, id, name, description, link, created, modified, tags, contacts, state, first_seen, gone_since
FROM containers WHERE kind = 'stream';
COMMENT ON VIEW streams IS 'The streams, also those that are gone';

CREATE VIEW apps AS
SELECT app.key, app.connection, app.id, app.name, app.description, app.link, app.parent AS stream_key,
    stream.name AS stream, app.created, app.modified, app.published, app.refreshed AS reloaded, app.tags, app.contacts,
    app.state, app.first_seen, app.gone_since
FROM containers app LEFT JOIN containers stream ON stream.key = app.parent
WHERE app.kind = 'app';
COMMENT ON VIEW apps IS 'The applications with their streams, also those that are gone';
COMMENT ON COLUMN apps.stream_key IS 'The key of the stream in streams';
COMMENT ON COLUMN apps.stream IS 'The name of the stream';
COMMENT ON COLUMN apps.reloaded IS 'When the data was last reloaded';

CREATE VIEW contacts AS
SELECT holder.connection, holder.key, holder.kind, holder.state, contact.role, contact.email, contact.name,
    contact.account, contact.status
FROM (
    SELECT connection, key, 'item' AS kind, state, contacts FROM items
    UNION ALL
    SELECT connection, key, kind, state, contacts FROM containers
) holder
CROSS JOIN LATERAL jsonb_to_recordset(holder.contacts)
    AS contact (role text, email text, name text, account text, status text);
COMMENT ON VIEW contacts IS 'The people who are responsible for items, applications and streams: one row for each';
COMMENT ON COLUMN contacts.key IS 'The key of the item, application or stream';
COMMENT ON COLUMN contacts.kind IS 'item, app or stream';
COMMENT ON COLUMN contacts.state IS 'The state of the item, application or stream';
COMMENT ON COLUMN contacts.role IS 'The role: owner';
COMMENT ON COLUMN contacts.email IS 'The e-mail address, if there is one';
COMMENT ON COLUMN contacts.name IS 'The name';
COMMENT ON COLUMN contacts.account IS 'The account: DIRECTORY\user';
COMMENT ON COLUMN contacts.status IS 'The status of the account: active, inactive, blocked or removed';

CREATE VIEW tags AS
SELECT holder.connection, holder.key, holder.kind, holder.state, tag
FROM (
    SELECT connection, key, 'item' AS kind, state, tags FROM items
    UNION ALL
    SELECT connection, key, kind, state, tags FROM containers
) holder
CROSS JOIN LATERAL unnest(holder.tags) AS tag;
COMMENT ON VIEW tags IS 'The tags of items, applications and streams: one row for each';
COMMENT ON COLUMN tags.key IS 'The key of the item, application or stream';
COMMENT ON COLUMN tags.kind IS 'item, app or stream';
COMMENT ON COLUMN tags.state IS 'The state of the item, application or stream';
COMMENT ON COLUMN tags.tag IS 'The tag';

CREATE VIEW custom_properties AS
SELECT holder.connection, holder.key, holder.kind, holder.state, property.name, property.value
FROM containers holder
CROSS JOIN LATERAL jsonb_to_recordset(holder.custom_properties) AS property (name text, value text);
COMMENT ON VIEW custom_properties IS 'The custom properties of applications and streams: one row for each value. The column container of items leads from a sheet to its application';
COMMENT ON COLUMN custom_properties.key IS 'The key of the application or stream';
COMMENT ON COLUMN custom_properties.kind IS 'app or stream';
COMMENT ON COLUMN custom_properties.state IS 'The state of the application or stream';
COMMENT ON COLUMN custom_properties.name IS 'The name of the property';
COMMENT ON COLUMN custom_properties.value IS 'One of its values';

COMMENT ON COLUMN contacts.connection IS 'The code of the connection';
COMMENT ON COLUMN tags.connection IS 'The code of the connection';
COMMENT ON COLUMN custom_properties.connection IS 'The code of the connection';

-- The other columns of apps and streams are those of containers.
DO $$
DECLARE
    named record;
BEGIN
    FOR named IN
        SELECT shown.attrelid::regclass AS view, shown.attname AS name, col_description(own.attrelid, own.attnum) AS text
        FROM pg_attribute shown JOIN pg_attribute own ON own.attname = shown.attname
        WHERE shown.attrelid IN ('apps'::regclass, 'streams'::regclass) AND shown.attnum > 0
            AND own.attrelid = 'containers'::regclass AND own.attnum > 0
            AND col_description(shown.attrelid, shown.attnum) IS NULL
    LOOP
        EXECUTE format('COMMENT ON COLUMN %s.%I IS %L', named.view, named.name, named.text);
    END LOOP;
END $$;
