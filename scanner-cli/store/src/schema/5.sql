-- `change.kind` 5 is rewritten: the item is the same on the source, and another version of the program had written it. For
-- followers alone: it is not among the changes that people and hooks see.
ALTER TABLE scan ADD COLUMN rewritten INTEGER NOT NULL DEFAULT 0;
