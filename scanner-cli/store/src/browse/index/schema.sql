-- The index of the store for people: a copy in the form in which lists are read. It contains nothing that the store does
-- not contain, and is created again whenever it does not fit.

CREATE TABLE meta (name TEXT PRIMARY KEY, value) WITHOUT ROWID;

-- An item or container, by its id in the store.
CREATE TABLE doc (
    id          INTEGER PRIMARY KEY,
    connection  INTEGER NOT NULL,
    -- Id of the kind of containers; 0 is an item.
    kind        INTEGER NOT NULL,
    state       INTEGER NOT NULL,
    -- Bits, see `document.rs`.
    flags       INTEGER NOT NULL,
    name_length INTEGER NOT NULL,
    -- `facet_set.id`.
    facets      INTEGER NOT NULL,
    sort_name   TEXT NOT NULL,
    key         TEXT NOT NULL,
    changed     INTEGER NOT NULL,
    first_seen  INTEGER NOT NULL,
    -- Hash of the last part of the key.
    tail        INTEGER NOT NULL,
    -- Hash of the id in the source.
    source      INTEGER NOT NULL,
    -- Id of the container that holds it directly; 0 is none, and below 0 one that the store does not have.
    parent      INTEGER NOT NULL,
    -- The fingerprints with which it was indexed.
    print       BLOB NOT NULL
);

-- Values that many items share: kind 0 is a container (its key), 1 an owner, 2 a tag, 3 a status, 4 the name of a property
-- that has a value. `extra` is the id of the kind of containers.
CREATE TABLE facet (
    id          INTEGER PRIMARY KEY,
    kind        INTEGER NOT NULL,
    value       TEXT NOT NULL,
    label       TEXT NOT NULL,
    extra       INTEGER NOT NULL,
    UNIQUE (kind, value)
);

-- The values of an item: numbers of four bytes. Items of a container mostly share them.
CREATE TABLE facet_set (
    id          INTEGER PRIMARY KEY,
    hash        INTEGER NOT NULL,
    facets      BLOB NOT NULL
);
CREATE INDEX facet_set_by_hash ON facet_set (hash);

CREATE TABLE owner (
    facet       INTEGER PRIMARY KEY,
    connection  INTEGER NOT NULL,
    account     TEXT,
    name        TEXT,
    email       TEXT,
    status      TEXT,
    sort_name   TEXT NOT NULL
);

-- Dates of containers.
CREATE TABLE date (
    doc         INTEGER NOT NULL,
    property    TEXT NOT NULL,
    time        INTEGER NOT NULL,
    PRIMARY KEY (doc, property)
) WITHOUT ROWID;

-- The log of changes, narrow.
CREATE TABLE event (
    seq         INTEGER PRIMARY KEY,
    scan        INTEGER NOT NULL,
    item        INTEGER NOT NULL,
    connection  INTEGER NOT NULL,
    kind        INTEGER NOT NULL,
    is_container INTEGER NOT NULL,
    time        INTEGER NOT NULL
);
CREATE INDEX event_by_scan ON event (scan, seq);
CREATE INDEX event_by_connection ON event (connection, kind, is_container, seq);

-- Numbers of changes of items by hour, in milliseconds since 1970.
CREATE TABLE hour (
    hour        INTEGER NOT NULL,
    connection  INTEGER NOT NULL,
    kind        INTEGER NOT NULL,
    changes     INTEGER NOT NULL,
    PRIMARY KEY (hour, connection, kind)
) WITHOUT ROWID;

CREATE VIRTUAL TABLE search USING fts5 (
    name, description, containers, owners, tags, more,
    tokenize = 'unicode61 remove_diacritics 2', prefix = '1 2 3'
);
