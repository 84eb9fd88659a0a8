-- A store of schema 4: what the program before revisions of fields wrote of the site in `upgrades.rs`.
PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE connection (
    id         INTEGER PRIMARY KEY,
    code       TEXT NOT NULL UNIQUE,
    name       TEXT NOT NULL,
    -- What the parts of its items' keys are, after the code: a JSON array of texts.
    key_parts  TEXT NOT NULL,
    -- The number in the sequence of changes at which its first complete scan ended; NULL before.
    complete_from INTEGER,
    -- Of the last scan that ended.
    outcome    TEXT,
    error      TEXT
);
INSERT INTO connection VALUES(1,'qlik','Test site','["app","sheet"]',6,'complete',NULL);
CREATE TABLE scan (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    connection   INTEGER NOT NULL REFERENCES connection (id),
    started      INTEGER NOT NULL,
    ended        INTEGER,
    -- complete, partial, failed, interrupted; NULL while it runs.
    outcome      TEXT,
    -- Why it is not complete: a JSON array of texts.
    reasons      TEXT NOT NULL DEFAULT '[]',
    site_version TEXT,
    bytes        INTEGER NOT NULL DEFAULT 0,
    seen         INTEGER NOT NULL DEFAULT 0,
    added        INTEGER NOT NULL DEFAULT 0,
    changed      INTEGER NOT NULL DEFAULT 0,
    removed      INTEGER NOT NULL DEFAULT 0,
    returned     INTEGER NOT NULL DEFAULT 0,
    unreadable   INTEGER NOT NULL DEFAULT 0
, filtered INTEGER NOT NULL DEFAULT 0);
INSERT INTO scan VALUES(1,1,1795672492284,1795672492314,'complete','[]','14.20.5.0',11763,5,5,0,0,0,0,0);
INSERT INTO scan VALUES(2,1,1795672492375,1795672492414,'complete','[]','14.20.5.0',11763,5,0,0,0,0,0,0);
CREATE TABLE item (
    id          INTEGER PRIMARY KEY,
    connection  INTEGER NOT NULL REFERENCES connection (id),
    -- 64 bits of SHA-256 of the key.
    key_hash    INTEGER NOT NULL,
    -- 128 bits of SHA-256 of key, source id and content.
    fingerprint BLOB NOT NULL,
    -- 64 bits of SHA-256 of the contacts; NULL where they are unknown.
    contacts_fingerprint INTEGER,
    -- 0 present, 1 unreadable, 2 filtered, 3 gone.
    state       INTEGER NOT NULL,
    -- The scan that last saw it, and in which of its attempts.
    scan        INTEGER NOT NULL REFERENCES scan (id),
    attempt     INTEGER NOT NULL,
    gone_since  INTEGER
);
INSERT INTO item VALUES(1,1,5231637761772512113,X'e6fb5ed91540f742c1be70acdc9da8ac',4721253247137596080,0,2,1,NULL);
INSERT INTO item VALUES(2,1,-8968370828218922613,X'10673b3f88af3a988919afe4852596f0',9071431436346825586,0,2,1,NULL);
INSERT INTO item VALUES(3,1,-1198490835618392906,X'7a238d1465374b21e5e59c7e5488fd29',5941263461449781553,0,2,1,NULL);
INSERT INTO item VALUES(4,1,6305055062493194381,X'29d38b015d8ed4cf37b57d87482e9341',4579993171410335067,0,2,1,NULL);
INSERT INTO item VALUES(5,1,2322471942968513978,X'62bdc977974ed90db43c9b9397fd59d8',5226931977519925483,0,2,1,NULL);
CREATE TABLE content (
    item        INTEGER PRIMARY KEY REFERENCES item (id),
    key         TEXT NOT NULL,
    -- The source's own id of the record; '' where it is not known.
    source_id   TEXT NOT NULL,
    first_seen  INTEGER NOT NULL,
    -- The scan that added, changed, removed or returned it last.
    changed_by  INTEGER NOT NULL REFERENCES scan (id),
    -- A JSON array; NULL where they are unknown.
    contacts    TEXT,
    -- The item as JSON of the store's own (`stored_item.rs`), without key and contacts.
    content     TEXT NOT NULL
, texts TEXT);
INSERT INTO content VALUES(1,'qlik/d91f6786-a2cf-443c-aa65-8d2631454d70/e3f52004-b18e-43dd-a9ce-b7ad8f107c5e','09607040-be11-4497-aab0-e4809e5f44dd',1795672492284,1,'[{"role":"owner","email":"ann@acme.example","name":"Ann","account":"ACME\\ann"}]','{"label":["Finance","Sales","Ann''s"],"name":"Ann''s","precedence":[2,1720334526222],"properties":[["application_name",{"text":"Sales"}],["sheet_url",{"url":"https://people.example/sense/app/d91f6786-a2cf-443c-aa65-8d2631454d70/sheet/e3f52004-b18e-43dd-a9ce-b7ad8f107c5e/state/analysis"}],["creation_date",{"instant":"2022-07-07T06:42:06.222Z"}],["modification_date",{"instant":"2024-07-07T06:42:06.222Z"}],["publish_date",{"instant":"2023-05-05T20:28:44.148Z"}],["stream",{"text":"Finance"}],["owner",{"text":"ACME\\ann"}],["sheet_status",{"text":"base"}],["application_id",{"text":"d91f6786-a2cf-443c-aa65-8d2631454d70"}],["application_reload_date",{"instant":"2025-04-04T15:21:33.111Z"}]]}',NULL);
INSERT INTO content VALUES(2,'qlik/d91f6786-a2cf-443c-aa65-8d2631454d70/be29dc68-b4e0-4a5c-a98b-b005438f211d','6114a0ba-3c34-4d66-a4d5-834394528d17',1795672492284,1,'[{"role":"owner","name":"Bob","account":"ACME\\bob"}]','{"label":["Finance","Sales","Bob''s"],"name":"Bob''s","precedence":[2,1725900988296],"properties":[["application_name",{"text":"Sales"}],["sheet_url",{"url":"https://people.example/sense/app/d91f6786-a2cf-443c-aa65-8d2631454d70/sheet/be29dc68-b4e0-4a5c-a98b-b005438f211d/state/analysis"}],["creation_date",{"instant":"2022-09-09T16:56:28.296Z"}],["modification_date",{"instant":"2024-09-09T16:56:28.296Z"}],["publish_date",{"instant":"2023-05-05T20:28:44.148Z"}],["stream",{"text":"Finance"}],["owner",{"text":"ACME\\bob"}],["sheet_status",{"text":"base"}],["application_id",{"text":"d91f6786-a2cf-443c-aa65-8d2631454d70"}],["application_reload_date",{"instant":"2025-04-04T15:21:33.111Z"}]]}',NULL);
INSERT INTO content VALUES(3,'qlik/d91f6786-a2cf-443c-aa65-8d2631454d70/c2280e97-3f76-42a5-ab77-7574f56c23e1','a6d88a5d-8d00-4c28-a9c3-74e41bb2e782',1795672492284,1,'[{"role":"owner","name":"Cara","account":"PARTNERS\\cara@partner.example"}]','{"label":["Finance","Sales","Cara''s"],"name":"Cara''s","precedence":[2,1731291050370],"properties":[["application_name",{"text":"Sales"}],["sheet_url",{"url":"https://people.example/sense/app/d91f6786-a2cf-443c-aa65-8d2631454d70/sheet/c2280e97-3f76-42a5-ab77-7574f56c23e1/state/analysis"}],["creation_date",{"instant":"2022-11-11T02:10:50.370Z"}],["modification_date",{"instant":"2024-11-11T02:10:50.370Z"}],["publish_date",{"instant":"2023-05-05T20:28:44.148Z"}],["stream",{"text":"Finance"}],["owner",{"text":"PARTNERS\\cara@partner.example"}],["sheet_status",{"text":"base"}],["application_id",{"text":"d91f6786-a2cf-443c-aa65-8d2631454d70"}],["application_reload_date",{"instant":"2025-04-04T15:21:33.111Z"}]]}',NULL);
INSERT INTO content VALUES(4,'qlik/d91f6786-a2cf-443c-aa65-8d2631454d70/02f6cc7a-a6d3-455d-a8a4-b5a77e475728','37e9ec1f-284c-4b36-ab76-139b4ca297e8',1795672492284,1,'[{"role":"owner","name":"Dan","account":"ACME\\dan"}]','{"label":["Finance","Sales","Dan''s"],"name":"Dan''s","precedence":[2,1705148652444],"properties":[["application_name",{"text":"Sales"}],["sheet_url",{"url":"https://people.example/sense/app/d91f6786-a2cf-443c-aa65-8d2631454d70/sheet/02f6cc7a-a6d3-455d-a8a4-b5a77e475728/state/analysis"}],["creation_date",{"instant":"2022-01-13T12:24:12.444Z"}],["modification_date",{"instant":"2024-01-13T12:24:12.444Z"}],["publish_date",{"instant":"2023-05-05T20:28:44.148Z"}],["stream",{"text":"Finance"}],["owner",{"text":"ACME\\dan"}],["sheet_status",{"text":"base"}],["application_id",{"text":"d91f6786-a2cf-443c-aa65-8d2631454d70"}],["application_reload_date",{"instant":"2025-04-04T15:21:33.111Z"}]]}',NULL);
INSERT INTO content VALUES(5,'qlik/d91f6786-a2cf-443c-aa65-8d2631454d70/5b7188cc-a6fa-4f93-a106-d37c033c7d57','f1833474-1f9c-4258-aa02-4df1a2f4255e',1795672492284,1,'[{"role":"owner","name":"sa_repository","account":"INTERNAL\\sa_repository"}]','{"label":["Finance","Sales","The product''s"],"name":"The product''s","precedence":[2,1707931883481],"properties":[["application_name",{"text":"Sales"}],["sheet_url",{"url":"https://people.example/sense/app/d91f6786-a2cf-443c-aa65-8d2631454d70/sheet/5b7188cc-a6fa-4f93-a106-d37c033c7d57/state/analysis"}],["creation_date",{"instant":"2022-02-14T17:31:23.481Z"}],["modification_date",{"instant":"2024-02-14T17:31:23.481Z"}],["publish_date",{"instant":"2023-05-05T20:28:44.148Z"}],["stream",{"text":"Finance"}],["owner",{"text":"INTERNAL\\sa_repository"}],["sheet_status",{"text":"base"}],["application_id",{"text":"d91f6786-a2cf-443c-aa65-8d2631454d70"}],["application_reload_date",{"instant":"2025-04-04T15:21:33.111Z"}]]}',NULL);
CREATE TABLE unreadable (
    scan        INTEGER NOT NULL REFERENCES scan (id),
    attempt     INTEGER NOT NULL,
    source_id   TEXT NOT NULL
);
CREATE TABLE change (
    seq         INTEGER PRIMARY KEY AUTOINCREMENT,
    scan        INTEGER NOT NULL REFERENCES scan (id),
    item        INTEGER NOT NULL REFERENCES item (id),
    -- 0 added, 1 changed, 2 removed, 3 returned.
    kind        INTEGER NOT NULL,
    -- The names of the fields that changed: a JSON array of texts; NULL where that is not a question.
    fields      TEXT,
    time        INTEGER NOT NULL
);
INSERT INTO change VALUES(1,1,1,0,NULL,1795672492284);
INSERT INTO change VALUES(2,1,2,0,NULL,1795672492284);
INSERT INTO change VALUES(3,1,3,0,NULL,1795672492284);
INSERT INTO change VALUES(4,1,4,0,NULL,1795672492284);
INSERT INTO change VALUES(5,1,5,0,NULL,1795672492284);
CREATE TABLE forgotten (seq INTEGER NOT NULL);
INSERT INTO forgotten VALUES(0);
CREATE TABLE follower (
    name        TEXT PRIMARY KEY,
    -- The last change that it took; NULL before it took all items for the first time.
    cursor      INTEGER,
    -- When it last took something.
    followed    INTEGER,
    -- How often it failed since, and what it said last.
    failures    INTEGER NOT NULL DEFAULT 0,
    failed      INTEGER,
    error       TEXT
, store TEXT);
INSERT INTO follower VALUES('ndjson:export',6,1795672492337,0,NULL,NULL,'df1d8fd2465302aa');
CREATE TABLE store (id TEXT NOT NULL);
INSERT INTO store VALUES('df1d8fd2465302aa');
CREATE TABLE text (
    id          INTEGER PRIMARY KEY,
    -- 128 bits of SHA-256, as hexadecimal digits.
    hash        TEXT NOT NULL UNIQUE,
    -- How many places of items refer to it. The triggers below count; the end of a scan removes what has none.
    uses        INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE text_body (
    text        INTEGER PRIMARY KEY REFERENCES text (id),
    body        TEXT NOT NULL
);
DELETE FROM sqlite_sequence;
INSERT INTO sqlite_sequence VALUES('scan',2);
INSERT INTO sqlite_sequence VALUES('change',6);
CREATE INDEX item_by_key ON item (key_hash);
CREATE INDEX scan_by_outcome ON scan (connection, outcome);
CREATE INDEX text_unused ON text (id) WHERE uses = 0;
CREATE TRIGGER content_added AFTER INSERT ON content WHEN new.texts IS NOT NULL BEGIN
    UPDATE text SET uses = uses + (SELECT count(*) FROM json_each(new.texts) WHERE value ->> 1 = hash)
    WHERE hash IN (SELECT value ->> 1 FROM json_each(new.texts));
END;
CREATE TRIGGER content_changed AFTER UPDATE OF texts ON content WHEN new.texts IS NOT old.texts BEGIN
    UPDATE text SET uses = uses + (SELECT count(*) FROM json_each(new.texts) WHERE value ->> 1 = hash)
    WHERE hash IN (SELECT value ->> 1 FROM json_each(new.texts));
    UPDATE text SET uses = uses - (SELECT count(*) FROM json_each(old.texts) WHERE value ->> 1 = hash)
    WHERE hash IN (SELECT value ->> 1 FROM json_each(old.texts));
END;
CREATE TRIGGER content_removed AFTER DELETE ON content WHEN old.texts IS NOT NULL BEGIN
    UPDATE text SET uses = uses - (SELECT count(*) FROM json_each(old.texts) WHERE value ->> 1 = hash)
    WHERE hash IN (SELECT value ->> 1 FROM json_each(old.texts));
END;
COMMIT;
PRAGMA application_id = 1396919891;
PRAGMA user_version = 4;
