-- Number of items that the follower has written to its catalog, and that the last delivery could not write because the
-- catalog refuses them.
ALTER TABLE follower ADD COLUMN sent INTEGER NOT NULL DEFAULT 0;
ALTER TABLE follower ADD COLUMN refused INTEGER NOT NULL DEFAULT 0;

-- When it last delivered everything.
ALTER TABLE follower ADD COLUMN succeeded INTEGER;

-- The first items and containers that the last delivery could not write, with the message of the catalog.
CREATE TABLE follower_refusal (
    follower    TEXT NOT NULL,
    key         TEXT NOT NULL,
    message     TEXT NOT NULL,
    PRIMARY KEY (follower, key)
) WITHOUT ROWID;
