-- Times are milliseconds since 1970 in UTC, as the clock of a scanner said; what comes after what, ids and `seq` say. Only
-- leases have times of the database's clock.

CREATE TABLE store (
    -- A random id. Numbers of scans and changes are unique only together with it.
    id          text NOT NULL,
    -- The random key of digests.
    digest_key  bytea NOT NULL
);
INSERT INTO store VALUES (
    right(replace(gen_random_uuid()::text, '-', ''), 16),
    decode(replace(gen_random_uuid()::text, '-', ''), 'hex')
);

-- One row. A transaction that logs changes moves `last`, and so holds the row until its end: changes become visible in the
-- order of their numbers.
CREATE TABLE log (
    last        bigint NOT NULL,
    -- The last change that was deleted because of its age.
    forgotten   bigint NOT NULL
);
INSERT INTO log VALUES (0, 0);

CREATE TABLE connection (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code        text COLLATE "C" NOT NULL UNIQUE,
    name        text NOT NULL,
    -- What the parts of its items' keys are, after the code: a JSON array of texts.
    key_parts   text NOT NULL,
    -- The position in the log at which its first complete scan ended.
    complete_from bigint,
    -- Of the last scan that ended.
    outcome     text,
    error       text,
    -- The last scan that has seen all items (not containers) that are present or excluded, apart from those whose row says
    -- otherwise; and the last one of these that has read them all.
    seen_by     bigint,
    read_by     bigint
);

CREATE TABLE scan (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    connection  bigint NOT NULL REFERENCES connection (id),
    started     bigint NOT NULL,
    ended       bigint,
    -- complete, partial, failed, interrupted; NULL while it runs.
    outcome     text,
    -- Why it is not complete: a JSON array of texts.
    reasons     text NOT NULL DEFAULT '[]',
    site_version text,
    bytes       bigint NOT NULL DEFAULT 0,
    seen        bigint NOT NULL DEFAULT 0,
    unread      bigint NOT NULL DEFAULT 0,
    added       bigint NOT NULL DEFAULT 0,
    changed     bigint NOT NULL DEFAULT 0,
    removed     bigint NOT NULL DEFAULT 0,
    returned    bigint NOT NULL DEFAULT 0,
    unreadable  bigint NOT NULL DEFAULT 0,
    excluded    bigint NOT NULL DEFAULT 0,
    rewritten   bigint NOT NULL DEFAULT 0,
    -- The range of the log that the scan wrote: after the first position, up to the second.
    log_from    bigint,
    log_to      bigint
);
CREATE INDEX scan_by_outcome ON scan (connection, outcome, id);
CREATE INDEX scan_open ON scan (connection) WHERE outcome IS NULL;

-- Kinds of containers, such as folders: what holds items and other containers.
CREATE TABLE container_kind (
    id          integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name        text COLLATE "C" NOT NULL UNIQUE,
    label       text NOT NULL
);

-- Each number is the first of a hundred.
CREATE SEQUENCE item_block INCREMENT BY 100 START WITH 1;

-- What scans look at: narrow, so that a scan of a source that did not change reads little. Without foreign keys, which would
-- double the time of a first scan.
CREATE TABLE item (
    id          bigint PRIMARY KEY,
    connection  bigint NOT NULL,
    key         text COLLATE "C" NOT NULL,
    -- 128 bits of SHA-256 of the key, which may be long.
    key_print   bytea NOT NULL UNIQUE,
    -- 128 bits of SHA-256 of key, source id and content.
    fingerprint bytea NOT NULL,
    -- 64 bits of SHA-256 of the contacts; NULL where they are unknown.
    contacts_fingerprint bigint,
    -- 0 present, 1 unreadable, 2 excluded, 3 gone.
    state       smallint NOT NULL,
    -- The scan that last saw it, unless `connection.seen_by` is later and counts it as seen.
    scan        bigint NOT NULL,
    -- Whether `connection.seen_by` does not count it as seen although its state does not say so.
    left_out    boolean NOT NULL DEFAULT false,
    gone_since  bigint,
    -- Of a container its kind; NULL of an item.
    container_kind integer,
    -- The keyed digest of the record that the item was made of.
    digest      bytea
);
CREATE INDEX item_by_key ON item (left(key, 500), key_print);
CREATE INDEX item_of_connection ON item (connection, state);
CREATE INDEX item_not_present ON item (state, gone_since) WHERE state <> 0;
CREATE INDEX item_container ON item (container_kind, connection) WHERE container_kind IS NOT NULL;

CREATE TABLE content (
    item        bigint PRIMARY KEY,
    -- The source's own id of the record; '' where it is not known.
    source_id   text NOT NULL,
    first_seen  bigint NOT NULL,
    -- The scan that added, changed, removed or returned it last.
    changed_by  bigint NOT NULL,
    -- A JSON array; NULL where they are unknown.
    contacts    text,
    -- The item as JSON of the store's own, without key and contacts.
    content     text NOT NULL,
    -- Which long texts belong into `content`: a JSON array of pairs of a place and a hash; NULL if it is complete.
    texts       text
);
CREATE INDEX content_with_texts ON content (item) WHERE texts IS NOT NULL;

-- Long texts of items, each once.
CREATE TABLE long_text (
    hash        text COLLATE "C" PRIMARY KEY,
    body        text NOT NULL
);

CREATE TABLE change (
    seq         bigint PRIMARY KEY,
    scan        bigint NOT NULL,
    item        bigint NOT NULL,
    -- 0 added, 1 changed, 2 removed, 3 returned, 4 excluded, 5 rewritten.
    kind        smallint NOT NULL,
    time        bigint NOT NULL,
    -- The names of the fields that changed, or the rule that excludes it: a JSON array of texts.
    fields      text,
    -- The old and new values: a JSON array of arrays of field, old value and new value.
    change_values text
);
CREATE INDEX change_by_item ON change (item, seq);

-- What a connection remembers of its last complete scan.
CREATE TABLE checkpoint (
    connection  bigint PRIMARY KEY REFERENCES connection (id),
    -- When the last scan that read everything began.
    full_read   bigint NOT NULL,
    state       bytea NOT NULL
);

CREATE TABLE follower (
    name        text COLLATE "C" PRIMARY KEY,
    -- The last change that it has delivered; NULL until it has delivered all items for the first time.
    cursor      bigint,
    -- What its position depends on besides the store; NULL is all connections, in the first revision.
    basis       text,
    followed    bigint,
    succeeded   bigint,
    failures    bigint NOT NULL DEFAULT 0,
    failed      bigint,
    error       text,
    sent        bigint NOT NULL DEFAULT 0,
    refused     bigint NOT NULL DEFAULT 0
);

CREATE TABLE follower_note (
    follower    text COLLATE "C" NOT NULL,
    -- 128 bits of SHA-256 of the key, which may be long.
    key_print   bytea NOT NULL,
    key         text COLLATE "C" NOT NULL,
    note        text NOT NULL,
    PRIMARY KEY (follower, key_print)
);

CREATE TABLE follower_refusal (
    follower    text COLLATE "C" NOT NULL,
    key         text COLLATE "C" NOT NULL,
    message     text NOT NULL
);
CREATE INDEX follower_refusal_of ON follower_refusal (follower);

-- Who does what only one scanner may do at a time. Times are of the database's clock.
CREATE TABLE lease (
    name        text COLLATE "C" PRIMARY KEY,
    -- The scanner that has it, or had it last.
    holder      text NOT NULL,
    -- Grows with each holder. A transaction that writes for a holder checks it.
    token       bigint NOT NULL,
    expires     timestamptz NOT NULL
);
