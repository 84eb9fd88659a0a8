-- The old and new values of the fields of a change: a JSON array of arrays of field, old value and new value. Apart from
-- `change`, which is read completely when old changes are deleted.
CREATE TABLE change_value (
    seq         INTEGER PRIMARY KEY,
    fields      TEXT NOT NULL
);

-- Wherever a change is deleted. Only these kinds have values: 1 changed, 3 returned.
CREATE TRIGGER change_deleted AFTER DELETE ON change WHEN old.kind IN (1, 3) BEGIN
    DELETE FROM change_value WHERE seq = old.seq;
END;
