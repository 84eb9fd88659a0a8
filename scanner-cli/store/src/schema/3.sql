-- One row: the random id of the store. A restored store gets a new one. It is part of the ids of scans and changes.
CREATE TABLE store (id TEXT NOT NULL);
INSERT INTO store VALUES (lower(hex(randomblob(8))));

-- The id of the store when the follower took the change `cursor`; of another store the number says nothing.
ALTER TABLE follower ADD COLUMN store TEXT;
UPDATE follower SET store = (SELECT id FROM store);

-- "SCNS": a store in use. A copy has another number ("SCNB").
PRAGMA application_id = 0x53434E53;
