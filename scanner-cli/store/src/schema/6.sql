-- Kinds of containers, such as folders. A container holds items and other containers.
CREATE TABLE container_kind (
    id          INTEGER PRIMARY KEY,
    -- The word for it in keys.
    name        TEXT NOT NULL UNIQUE,
    label       TEXT NOT NULL
);

-- Containers are also rows of `item`: they are seen, changed and removed like items. The kind of a container; NULL for
-- an item.
ALTER TABLE item ADD COLUMN container_kind INTEGER REFERENCES container_kind (id);
