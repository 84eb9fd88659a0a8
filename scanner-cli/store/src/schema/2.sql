-- `change.kind` 4 is excluded, with the rule in `fields`.

-- Number of items that the last attempt of the scan saw and a filter excluded.
ALTER TABLE scan ADD COLUMN filtered INTEGER NOT NULL DEFAULT 0;
-- The last scan of a connection is queried often, and the table only grows.
CREATE INDEX scan_by_outcome ON scan (connection, outcome);
