-- `change.kind` 5 is rewritten: the item is unchanged on the source, but another version of the program had written it.
-- Only followers receive such changes. Commands and hooks do not list them.
ALTER TABLE scan ADD COLUMN rewritten INTEGER NOT NULL DEFAULT 0;
