//! The statements of a copy.

use catalog_store::copying::{CellKind, Table};

/// Keeps others from writing to the store until the end of the transaction.
pub(super) const LOCK: &str = "LOCK TABLE log, connection, scan, item, content, change, follower, follower_note IN EXCLUSIVE MODE";

pub(super) const IS_USED: &str = "SELECT EXISTS (SELECT FROM connection) OR EXISTS (SELECT FROM scan) \
     OR EXISTS (SELECT FROM item) OR EXISTS (SELECT FROM follower)";

pub(super) const STATE: &str = "SELECT store.id, digest_key, last, forgotten, \
     coalesce(pg_sequence_last_value(pg_get_serial_sequence('scan', 'id')::regclass), 0) FROM store, log";

/// What depends on the rows of several tables: ranges of the log, the counts of the pages, and the next numbers. The index
/// of the pages is filled by a process that serves them.
pub(super) const FINISH: &str = "
UPDATE scan SET log_to = greatest(log_from, found.last) FROM (SELECT scan, max(seq) AS last FROM change GROUP BY scan) AS found
    WHERE found.scan = scan.id;
UPDATE scan SET log_to = log_from WHERE log_to IS NULL;
DELETE FROM hour;
INSERT INTO hour SELECT time / 3600000 * 3600000 AS hour, connection, kind, count(*) FROM change
    WHERE NOT is_container GROUP BY 1, 2, 3;
INSERT INTO to_index SELECT id FROM item;
UPDATE index_state SET generation = generation + 1;
SELECT setval(pg_get_serial_sequence('connection', 'id'), max(id)) FROM connection HAVING max(id) > 0;
SELECT setval(pg_get_serial_sequence('container_kind', 'id'), max(id)) FROM container_kind HAVING max(id) > 0;
SELECT setval('item_block', (max(id) / 100 + 1) * 100 + 1, false) FROM item HAVING max(id) > 0;
ANALYZE connection, scan, item, content, change, long_text, follower_note";

/// The place of the key, for tables that have a column with its identity.
pub(super) fn key_of(table: Table) -> Option<usize> {
    match table {
        Table::Items => Some(2),
        Table::Notes => Some(1),
        _ => None,
    }
}

/// Selects the rows of a table in their order.
pub(super) fn selection(table: Table) -> &'static str {
    match table {
        Table::Connections => {
            "SELECT id, code, name, key_parts, complete_from, outcome, error, seen_by, read_by FROM connection ORDER BY id"
        }
        Table::Scans => {
            "SELECT id, connection, started, ended, outcome, reasons, site_version, bytes, seen, unread, added, changed, removed, \
             returned, unreadable, excluded, rewritten, log_from + 1 FROM scan ORDER BY id"
        }
        Table::ContainerKinds => "SELECT id::bigint, name, label FROM container_kind ORDER BY id",
        Table::Texts => "SELECT hash, body FROM long_text ORDER BY hash",
        // Scans that were deleted because of their age are not missed here, but they would be in a file.
        Table::Items => {
            "SELECT item.id, item.connection, key, source_id, fingerprint, contacts_fingerprint, state::bigint, item.scan, \
             left_out::integer::bigint, gone_since, container_kind::bigint, digest, first_seen, coalesce(scan.id, item.scan), \
             contacts, content, texts FROM item JOIN content ON content.item = item.id \
             LEFT JOIN scan ON scan.id = changed_by ORDER BY item.id"
        }
        Table::Changes => {
            "SELECT seq, coalesce(scan.id, item.scan), change.item, kind::bigint, time, fields, change_values FROM change \
             JOIN item ON item.id = change.item LEFT JOIN scan ON scan.id = change.scan ORDER BY seq"
        }
        Table::Checkpoints => {
            "SELECT connection, full_read, state FROM checkpoint ORDER BY connection"
        }
        Table::Followers => {
            "SELECT name, cursor, basis, followed, succeeded, failures, failed, error, sent, refused FROM follower ORDER BY name"
        }
        Table::Notes => "SELECT follower, key, note FROM follower_note ORDER BY follower, key",
        Table::Refusals => {
            "SELECT follower, key, message FROM follower_refusal ORDER BY follower, key"
        }
    }
}

/// Inserts rows, of which each parameter has a column.
pub(super) fn insertion(table: Table) -> String {
    let kinds = table.columns().iter().map(|(_, kind)| *kind);
    let kinds = kinds.chain(key_of(table).map(|_| CellKind::Bytes));
    let arrays = kinds.enumerate().map(|(number, kind)| {
        let array = match kind {
            CellKind::Integer => "bigint[]",
            CellKind::Text => "text[]",
            CellKind::Bytes => "bytea[]",
        };
        format!("${}::{array}", number + 1)
    });
    let names = table.columns().iter().map(|(name, _)| *name);
    let names = names.chain(key_of(table).map(|_| "key_print"));
    let (arrays, names) = (
        arrays.collect::<Vec<_>>().join(", "),
        names.collect::<Vec<_>>().join(", "),
    );
    let rows = format!("unnest({arrays}) AS given ({names})");
    match table {
        Table::Connections => format!(
            "INSERT INTO connection ({names}) OVERRIDING SYSTEM VALUE SELECT {names} FROM {rows}"
        ),
        Table::Scans => {
            let names = names.replace(", first_change", "");
            format!(
                "INSERT INTO scan ({names}, log_from) OVERRIDING SYSTEM VALUE SELECT {names}, first_change - 1 FROM {rows}"
            )
        }
        Table::ContainerKinds => format!(
            "INSERT INTO container_kind ({names}) OVERRIDING SYSTEM VALUE SELECT id::integer, name, label FROM {rows}"
        ),
        Table::Texts => format!("INSERT INTO long_text ({names}) SELECT {names} FROM {rows}"),
        Table::Items => format!(
            "WITH given AS (SELECT * FROM {rows}), narrow AS ( \
             INSERT INTO item (id, connection, key, key_print, fingerprint, contacts_fingerprint, state, scan, left_out, \
             gone_since, container_kind, digest) SELECT id, connection, key, key_print, fingerprint, contacts_fingerprint, \
             state::smallint, scan, left_out <> 0, gone_since, container_kind::integer, digest FROM given) \
             INSERT INTO content (item, source_id, first_seen, changed_by, contacts, content, texts) \
             SELECT id, source_id, first_seen, changed_by, contacts, content, texts FROM given"
        ),
        Table::Changes => format!(
            "INSERT INTO change ({names}, connection, is_container) \
             SELECT seq, given.scan, given.item, kind::smallint, time, fields, change_values, item.connection, \
             item.container_kind IS NOT NULL FROM {rows} LEFT JOIN item ON item.id = given.item"
        ),
        Table::Checkpoints => {
            format!("INSERT INTO checkpoint ({names}) SELECT {names} FROM {rows}")
        }
        Table::Followers => format!("INSERT INTO follower ({names}) SELECT {names} FROM {rows}"),
        Table::Notes => format!("INSERT INTO follower_note ({names}) SELECT {names} FROM {rows}"),
        Table::Refusals => {
            format!("INSERT INTO follower_refusal ({names}) SELECT {names} FROM {rows}")
        }
    }
}
