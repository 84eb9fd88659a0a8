-- Times are milliseconds since 1970 in UTC, as the clock said; what comes after what, ids and `seq` say.

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
);

-- What a scan looks at and writes for each item, whether it changed or not: kept narrow, and in the order in which the
-- source lists its items, so that a scan of a source that did not change reads and writes little.
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
CREATE INDEX item_by_key ON item (key_hash);

-- The rest, which is written only when an item changes.
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
);

-- Ids of records that the running scans could not read.
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

-- One row: the last change that was thrown away because of its age.
CREATE TABLE forgotten (seq INTEGER NOT NULL);
INSERT INTO forgotten VALUES (0);

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
);
