-- The tables. Each statement runs with the schema as the only one in the search path.

CREATE TABLE connections (
    code text COLLATE "C" PRIMARY KEY,
    name text NOT NULL,
    store_id text,
    position bigint,
    revision integer,
    unconfirmed boolean NOT NULL DEFAULT true,
    delivered timestamptz
);
COMMENT ON TABLE connections IS 'The connections of all scanners that write to this schema';
COMMENT ON COLUMN connections.code IS 'The code of the connection: the first part of the keys of its items';
COMMENT ON COLUMN connections.name IS 'The name in the connection file';
COMMENT ON COLUMN connections.store_id IS 'The id of the scanner''s store that owns the connection. Other scanners are refused. NULL: the next scanner that delivers the connection takes it over';
COMMENT ON COLUMN connections.position IS 'The number of the last change of the store that was applied. NULL before everything was delivered for the first time';
COMMENT ON COLUMN connections.revision IS 'The revision of the mapping with which the rows were written';
COMMENT ON COLUMN connections.unconfirmed IS 'Whether there may be rows that are not known to the store, because it has no complete scan yet or its changes were numbered anew';
COMMENT ON COLUMN connections.delivered IS 'When something was last delivered';

CREATE TABLE items (
    id text NOT NULL,
    key text COLLATE "C" PRIMARY KEY,
    type text NOT NULL,
    label text NOT NULL,
    name text NOT NULL,
    description text,
    catalog text,
    contacts jsonb,
    application_name text,
    sheet_url text,
    creation_date timestamptz,
    modification_date timestamptz,
    publish_date timestamptz,
    stream text,
    owner text,
    owner_status text,
    sheet_status text,
    tags text[],
    application_id text,
    application_description text,
    application_tags text[],
    application_reload_date timestamptz,
    application_custom_properties text[],
    connection text COLLATE "C" NOT NULL REFERENCES connections ON DELETE CASCADE,
    container text COLLATE "C",
    state text NOT NULL,
    first_seen timestamptz NOT NULL,
    gone_since timestamptz
);
CREATE INDEX items_connection ON items (connection);
CREATE INDEX items_container ON items (container);
COMMENT ON TABLE items IS 'The items: one row for each sheet, also for those that are gone. The columns up to the properties have the names and values of the export';
COMMENT ON COLUMN items.id IS 'The id in the export: the ids of the application and the sheet';
COMMENT ON COLUMN items.key IS 'The key: the code of the connection and the ids, joined by /';
COMMENT ON COLUMN items.type IS 'The type of the item: visualization';
COMMENT ON COLUMN items.label IS 'The way to the item: stream, application and sheet, joined by /';
COMMENT ON COLUMN items.name IS 'The name; may be empty';
COMMENT ON COLUMN items.description IS 'The description';
COMMENT ON COLUMN items.catalog IS 'The catalog that a rule of the filter assigns';
COMMENT ON COLUMN items.contacts IS 'The people who are responsible, as in the view contacts; [] if there are none, NULL if they are unknown';
COMMENT ON COLUMN items.application_name IS 'The name of the application';
COMMENT ON COLUMN items.sheet_url IS 'Where people open the sheet';
COMMENT ON COLUMN items.creation_date IS 'When the sheet was created';
COMMENT ON COLUMN items.modification_date IS 'When the sheet was last modified';
COMMENT ON COLUMN items.publish_date IS 'When the sheet was published';
COMMENT ON COLUMN items.stream IS 'The name of the stream';
COMMENT ON COLUMN items.owner IS 'The account of the owner: DIRECTORY\user';
COMMENT ON COLUMN items.owner_status IS 'The status of the owner''s account: active, inactive, blocked or removed';
COMMENT ON COLUMN items.sheet_status IS 'The status of the sheet, such as base or community';
COMMENT ON COLUMN items.tags IS 'The tags of the sheet';
COMMENT ON COLUMN items.application_id IS 'The id of the application';
COMMENT ON COLUMN items.application_description IS 'The description of the application';
COMMENT ON COLUMN items.application_tags IS 'The tags of the application';
COMMENT ON COLUMN items.application_reload_date IS 'When the data of the application was last reloaded';
COMMENT ON COLUMN items.application_custom_properties IS 'The custom properties of the application, each as NAME=VALUE';
COMMENT ON COLUMN items.connection IS 'The code of the connection';
COMMENT ON COLUMN items.container IS 'The key of the application in apps';
COMMENT ON COLUMN items.state IS 'present, unreadable (exists, but could not be read), excluded (by a filter) or gone';
COMMENT ON COLUMN items.first_seen IS 'When a scan saw it for the first time';
COMMENT ON COLUMN items.gone_since IS 'Since when it is gone';

CREATE TABLE properties (
    number integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL UNIQUE
);
COMMENT ON TABLE properties IS 'The columns of items that are properties. A property that is new gets a column. Other columns may be added to items by people, and are left alone';
COMMENT ON COLUMN properties.number IS 'The order in which the properties came';
COMMENT ON COLUMN properties.name IS 'The name of the property and its column';
INSERT INTO properties (name) VALUES
    ('application_name'), ('sheet_url'), ('creation_date'), ('modification_date'), ('publish_date'), ('stream'),
    ('owner'), ('owner_status'), ('sheet_status'), ('tags'), ('application_id'), ('application_description'),
    ('application_tags'), ('application_reload_date'), ('application_custom_properties');

CREATE TABLE containers (
    key text COLLATE "C" PRIMARY KEY,
    kind text NOT NULL,
    id text NOT NULL,
    name text,
    parent text COLLATE "C",
    description text,
    link text,
    created timestamptz,
    modified timestamptz,
    published timestamptz,
    refreshed timestamptz,
    tags text[],
    custom_properties jsonb,
    contacts jsonb,
    connection text COLLATE "C" NOT NULL REFERENCES connections ON DELETE CASCADE,
    state text NOT NULL,
    first_seen timestamptz NOT NULL,
    gone_since timestamptz
);
CREATE INDEX containers_connection ON containers (connection);
COMMENT ON TABLE containers IS 'What holds items: applications and streams, see the views apps and streams';
COMMENT ON COLUMN containers.key IS 'The key: the code of the connection, the kind and the id';
COMMENT ON COLUMN containers.kind IS 'The kind of container: app or stream';
COMMENT ON COLUMN containers.id IS 'The id at the source';
COMMENT ON COLUMN containers.name IS 'The name; NULL if it was never known';
COMMENT ON COLUMN containers.parent IS 'The key of the container that holds it';
COMMENT ON COLUMN containers.description IS 'The description';
COMMENT ON COLUMN containers.link IS 'Where people open it';
COMMENT ON COLUMN containers.created IS 'When it was created';
COMMENT ON COLUMN containers.modified IS 'When it was last modified';
COMMENT ON COLUMN containers.published IS 'When it was published';
COMMENT ON COLUMN containers.refreshed IS 'When its data was last reloaded';
COMMENT ON COLUMN containers.tags IS 'The tags';
COMMENT ON COLUMN containers.custom_properties IS 'The custom properties: a list of objects with name and value, see the view custom_properties';
COMMENT ON COLUMN containers.contacts IS 'The people who are responsible, as in the view contacts; [] if there are none, NULL if they are unknown';
COMMENT ON COLUMN containers.connection IS 'The code of the connection';
COMMENT ON COLUMN containers.state IS 'present, unreadable (exists, but could not be read), excluded (by a filter) or gone';
COMMENT ON COLUMN containers.first_seen IS 'When a scan saw it for the first time';
COMMENT ON COLUMN containers.gone_since IS 'Since when it is gone';

CREATE TABLE changes (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    connection text COLLATE "C" NOT NULL REFERENCES connections ON DELETE CASCADE,
    key text COLLATE "C" NOT NULL,
    kind text NOT NULL,
    change text NOT NULL,
    time timestamptz,
    fields text[] NOT NULL DEFAULT '{}',
    rule text,
    written timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX changes_connection ON changes (connection, number);
CREATE INDEX changes_key ON changes (key);
COMMENT ON TABLE changes IS 'What happened to items and containers, in the order of each connection. Each transaction that adds rows notifies the channel that has the name of this schema';
COMMENT ON COLUMN changes.number IS 'The number of the change. Numbers of one connection only grow';
COMMENT ON COLUMN changes.connection IS 'The code of the connection';
COMMENT ON COLUMN changes.key IS 'The key of the item or container';
COMMENT ON COLUMN changes.kind IS 'item, or the kind of the container: app or stream';
COMMENT ON COLUMN changes.change IS 'added, changed, removed, excluded or returned';
COMMENT ON COLUMN changes.time IS 'When a scan saw it; NULL if it is known from a comparison only';
COMMENT ON COLUMN changes.fields IS 'The fields that changed';
COMMENT ON COLUMN changes.rule IS 'The filter rule that excludes an item';
COMMENT ON COLUMN changes.written IS 'When the row was written';
