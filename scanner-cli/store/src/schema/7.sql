-- What a follower's catalog depends on besides the store: the connections that it receives, and how it describes items. With
-- another one the follower begins anew. NULL is all connections, in the first way.
ALTER TABLE follower ADD COLUMN basis TEXT;

-- What followers note for themselves, such as a hash of what they last sent of an item. The key of such a note begins with
-- the key of the item.
CREATE TABLE follower_note (
    follower    TEXT NOT NULL,
    key         TEXT NOT NULL,
    note        TEXT NOT NULL,
    PRIMARY KEY (follower, key)
) WITHOUT ROWID;
