-- A keyed digest of the record that the item was made of, with which a scan recognizes the record without making the item
-- again. NULL if it is unknown. The content of the item changes only together with it.
ALTER TABLE item ADD COLUMN digest BLOB;
-- The random key of the digests.
ALTER TABLE store ADD COLUMN digest_key BLOB;
UPDATE store SET digest_key = randomblob(16);

-- The last scan that has seen all items (not containers) that are present or filtered, apart from those whose row has another
-- number that says when they were last seen.
ALTER TABLE connection RENAME COLUMN unread_by TO seen_by;
-- The last one of these that has read them all.
ALTER TABLE connection ADD COLUMN read_by INTEGER;
