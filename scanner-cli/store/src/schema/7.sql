-- Identifies what a follower's catalog depends on besides the store: the connections that it receives, and the format
-- in which it describes items. If it changes, the follower receives all items again. NULL: all connections, first
-- format.
ALTER TABLE follower ADD COLUMN basis TEXT;

-- Notes of followers, such as a hash of what they last sent for an item. The key of such a note begins with the key of
-- the item.
CREATE TABLE follower_note (
    follower    TEXT NOT NULL,
    key         TEXT NOT NULL,
    note        TEXT NOT NULL,
    PRIMARY KEY (follower, key)
) WITHOUT ROWID;
