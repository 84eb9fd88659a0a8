-- Created after the first pass, because they would slow it down.
CREATE INDEX IF NOT EXISTS doc_by_name ON doc (sort_name, id);
CREATE INDEX IF NOT EXISTS doc_by_key ON doc (key, id);
CREATE INDEX IF NOT EXISTS doc_by_changed ON doc (changed, id);
CREATE INDEX IF NOT EXISTS doc_by_first_seen ON doc (first_seen, id);
CREATE INDEX IF NOT EXISTS doc_by_parent ON doc (parent);
CREATE INDEX IF NOT EXISTS doc_by_tail ON doc (kind, connection, tail, parent, state);
CREATE INDEX IF NOT EXISTS doc_by_source ON doc (source);
CREATE INDEX IF NOT EXISTS doc_unreadable ON doc (id) WHERE state = 1;
