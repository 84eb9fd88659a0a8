-- Long texts of items, each once, however many items have it: the description of an app is a text of each of its sheets.
CREATE TABLE text (
    id          INTEGER PRIMARY KEY,
    -- 128 bits of SHA-256, as hexadecimal digits.
    hash        TEXT NOT NULL UNIQUE,
    -- How many places of items refer to it. The triggers below count; the end of a scan removes what has none.
    uses        INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX text_unused ON text (id) WHERE uses = 0;

-- Apart from the number of uses, which changes often.
CREATE TABLE text_body (
    text        INTEGER PRIMARY KEY REFERENCES text (id),
    body        TEXT NOT NULL
);

-- Which texts belong into `content`: a JSON array of pairs of a place (`texts.rs`) and a hash; NULL if it is complete, as
-- earlier versions wrote it.
ALTER TABLE content ADD COLUMN texts TEXT;

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
