-- Lists are sorted by key. A scan that adds very many items drops this index and creates it again at its end
-- (`key_order.rs`); without it, readers sort.
CREATE INDEX content_by_key ON content (key);
CREATE INDEX change_by_item ON change (item);

-- Few rows each: containers, what is not present, and scans that have no end.
CREATE INDEX item_container ON item (container_kind) WHERE container_kind IS NOT NULL;
CREATE INDEX item_not_present ON item (state, gone_since) WHERE state <> 0;
CREATE INDEX scan_open ON scan (id) WHERE outcome IS NULL;

-- No change of the scan has a smaller `seq`. NULL: it has not logged any.
ALTER TABLE scan ADD COLUMN first_change INTEGER;
UPDATE scan SET first_change = found.seq FROM (SELECT scan, min(seq) AS seq FROM change GROUP BY scan) AS found
WHERE found.scan = scan.id;
