-- Kinds of containers, such as folders: what holds items and other containers.
CREATE TABLE container_kind (
    id          INTEGER PRIMARY KEY,
    -- The word for it in keys.
    name        TEXT NOT NULL UNIQUE,
    label       TEXT NOT NULL
);

-- Containers are rows of `item`, too: they are seen, change and go like items. Of a container its kind; NULL of an item.
ALTER TABLE item ADD COLUMN container_kind INTEGER REFERENCES container_kind (id);
