-- The index of the store for people: items and containers in the form in which lists are read. It contains nothing that the
-- other tables do not contain, and follows them: the transaction that ends a scan notes what it wrote in `to_index`, and a
-- process that serves pages indexes that in small transactions. A scan never waits for it.

CREATE TABLE index_state (
    -- Grows whenever an answer may change. A transaction that moves `log` moves this after it.
    generation  bigint NOT NULL,
    -- What the contents depend on besides the store.
    basis       text NOT NULL,
    -- Whether it has contained everything since the basis has changed.
    is_complete boolean NOT NULL
);
INSERT INTO index_state VALUES (0, '', false);

-- Numbers of items and containers, which may occur more than once.
CREATE TABLE to_index (item bigint NOT NULL);
INSERT INTO to_index SELECT id FROM item;

-- An item or container, by its number in `item`, which has its state and key.
CREATE TABLE doc (
    id          bigint PRIMARY KEY,
    connection  bigint NOT NULL,
    -- Number of the kind of containers; 0 is an item.
    kind        integer NOT NULL,
    flags       smallint NOT NULL,
    name_length smallint NOT NULL,
    -- `facet_set.id`.
    facets      bigint NOT NULL,
    sort_name   text COLLATE "C" NOT NULL,
    changed     bigint NOT NULL,
    first_seen  bigint NOT NULL,
    -- Hash of the last part of the key.
    tail        bigint NOT NULL,
    -- Hash of the id in the source.
    source      bigint NOT NULL,
    -- Number of the container that holds it directly; 0 is none, and below 0 one that the store does not have.
    parent      bigint NOT NULL
);
CREATE INDEX doc_by_name ON doc (sort_name, id);
CREATE INDEX doc_by_changed ON doc (changed, id);
CREATE INDEX doc_by_first_seen ON doc (first_seen, id);
CREATE INDEX doc_by_parent ON doc (parent) WHERE parent <> 0;
CREATE INDEX doc_by_tail ON doc (tail, connection, parent) WHERE kind = 0;
CREATE INDEX doc_by_source ON doc (source);

-- The words of names and of all texts. The program splits texts into words, so that no setting of the server changes what a
-- search finds. Words of a name are also in `of_all`. Long lists of words are stored beside the table and not compressed.
CREATE TABLE doc_words (
    id          bigint PRIMARY KEY,
    of_name     tsvector NOT NULL,
    of_all      tsvector NOT NULL
) WITH (toast_tuple_target = 128);
ALTER TABLE doc_words ALTER of_name SET STORAGE EXTERNAL, ALTER of_all SET STORAGE EXTERNAL;
CREATE INDEX doc_words_of_all ON doc_words USING gin (of_all) WITH (gin_pending_list_limit = 1024);

-- The texts, to mark hits in them.
CREATE TABLE doc_text (
    id          bigint PRIMARY KEY,
    columns     text[] NOT NULL
);

-- Values that many items share: kind 0 is a container (its key), 1 an owner, 2 a tag, 3 a status, 4 the name of a property
-- that has a value. `extra` is the number of the kind of containers.
CREATE TABLE facet (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind        smallint NOT NULL,
    value       text NOT NULL,
    -- 128 bits of SHA-256 of the value, which may be long.
    print       bytea NOT NULL,
    label       text NOT NULL,
    extra       integer NOT NULL,
    UNIQUE (print, kind)
);

-- The values of an item: numbers of four bytes. Items of a container mostly share them.
CREATE TABLE facet_set (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- 128 bits of SHA-256 of the numbers as text.
    print       bytea NOT NULL UNIQUE,
    facets      bytea NOT NULL
);

CREATE TABLE owner (
    facet       bigint PRIMARY KEY,
    connection  bigint NOT NULL,
    account     text,
    name        text,
    email       text,
    status      text,
    sort_name   text NOT NULL
);

-- Dates of containers.
CREATE TABLE doc_date (
    doc         bigint NOT NULL,
    property    text NOT NULL,
    time        bigint NOT NULL,
    PRIMARY KEY (doc, property)
);

-- Changes of a connection and kind, the newest first.
ALTER TABLE change ADD COLUMN connection bigint, ADD COLUMN is_container boolean;
UPDATE change SET connection = item.connection, is_container = container_kind IS NOT NULL FROM item WHERE item.id = change.item;
CREATE INDEX change_by_connection ON change (connection, kind, is_container, seq);

-- Numbers of changes of items by hour, in milliseconds since 1970.
CREATE TABLE hour (
    hour        bigint NOT NULL,
    connection  bigint NOT NULL,
    kind        smallint NOT NULL,
    changes     bigint NOT NULL,
    PRIMARY KEY (hour, connection, kind)
);
INSERT INTO hour SELECT time / 3600000 * 3600000 AS hour, connection, kind, count(*) FROM change
    WHERE NOT is_container GROUP BY 1, 2, 3;
