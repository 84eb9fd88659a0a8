-- `change.kind` 4 is filtered, with the rule in `fields`.
-- Items that the last attempt of the scan saw and a filter left out.
ALTER TABLE scan ADD COLUMN filtered INTEGER NOT NULL DEFAULT 0;
-- The last scan of a connection is asked for often, and the table only grows.
CREATE INDEX scan_by_outcome ON scan (connection, outcome);
