-- What a connection remembers of its last complete scan. Deleted by the first scan that writes anything afterwards.
CREATE TABLE checkpoint (
    connection  INTEGER PRIMARY KEY REFERENCES connection (id),
    -- The id of the store. In a restored store it differs.
    store       TEXT NOT NULL,
    -- When the last scan that read everything began.
    full_read   INTEGER NOT NULL,
    state       BLOB NOT NULL
);

-- The last complete scan that read only changes. It has seen all items (not containers) that are
-- present or filtered.
ALTER TABLE connection ADD COLUMN unread_by INTEGER;
-- Number of items that it counts as seen and did not read, because they had not changed.
ALTER TABLE scan ADD COLUMN unread INTEGER NOT NULL DEFAULT 0;
