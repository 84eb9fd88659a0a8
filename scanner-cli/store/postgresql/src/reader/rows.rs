//! The queries of the reader, and the conversion of rows.

use catalog_model::{ChangeKind, ItemState, follower::EntityKind};
use catalog_store::{
    Change, ChangesFrom, Counts, StoredScan,
    backend::{ChangeQuery, NumericCode},
};
use tokio_postgres::Row;

use crate::values::texts;

/// Items and containers with their content. `seen_by` and `read_by` are the last scans that saw and read all items, so that the
/// row of an item that did not change need not say it.
pub(super) const FOUND: &str = "SELECT item.id, item.connection, state, coalesce(seen.started, 0), gone_since, container_kind, \
     coalesce(read.started, 0), key, source_id, first_seen, content, contacts, texts FROM item \
     JOIN content ON content.item = item.id JOIN connection ON connection.id = item.connection \
     LEFT JOIN scan AS seen ON seen.id = CASE WHEN container_kind IS NULL AND state IN (0, 2) AND NOT left_out \
     AND seen_by > item.scan THEN seen_by ELSE item.scan END \
     LEFT JOIN scan AS read ON read.id = CASE WHEN container_kind IS NULL AND state IN (0, 2) AND NOT left_out \
     AND read_by > item.scan THEN read_by ELSE item.scan END";

/// The column of [`FOUND`] that says which long texts belong to an item.
pub(super) const TEXTS: usize = 12;

/// Changes after the position `$1`, up to `$2`.
pub(super) const CHANGE: &str = "SELECT seq, change.scan, change.time, code, key, kind, fields, container_kind IS NOT NULL FROM change \
     JOIN item ON item.id = change.item JOIN connection ON connection.id = item.connection WHERE seq > $1 AND seq <= $2";

pub(crate) const SCAN: &str = "SELECT scan.id, code, started, ended, scan.outcome, reasons, site_version, bytes, seen, added, changed, \
     removed, returned, unreadable, excluded, rewritten, unread FROM scan JOIN connection ON connection.id = scan.connection";

/// The state of this number.
pub(super) fn state(code: i16) -> Option<ItemState> {
    ItemState::from_code(i64::from(code))
}

pub(crate) fn scan_from_row(row: &Row) -> StoredScan {
    StoredScan {
        id: row.get(0),
        connection: row.get(1),
        started: row.get(2),
        ended: row.get(3),
        outcome: row.get(4),
        reasons: texts(row.get(5)),
        site_version: row.get(6),
        bytes: row.get(7),
        counts: Counts {
            seen: row.get(8),
            added: row.get(9),
            changed: row.get(10),
            removed: row.get(11),
            returned: row.get(12),
            unreadable: row.get(13),
            excluded: row.get(14),
            rewritten: row.get(15),
            unread: row.get(16),
            ..Counts::default()
        },
    }
}

/// Reads a change; `None` if its kind is unknown.
pub(super) fn change_from_row(row: &Row) -> Option<Change> {
    Some(Change {
        seq: row.get(0),
        scan: row.get(1),
        time: row.get(2),
        connection: row.get(3),
        key: row.get(4),
        kind: ChangeKind::from_code(i64::from(row.get::<_, i16>(5)))?,
        fields: texts(row.get(6)),
        entity: match row.get(7) {
            true => EntityKind::Container,
            false => EntityKind::Item,
        },
    })
}

/// The condition of a query of changes, apart from the range of positions.
pub(super) fn condition(query: &ChangeQuery) -> String {
    let mut condition = String::new();
    if query.items_only {
        condition += " AND container_kind IS NULL";
    }
    if query.of_source {
        condition += " AND kind <> 5";
    }
    let from = query.from.map(|from| match from {
        ChangesFrom::Scan(scan) => ("change.scan >=", scan),
        ChangesFrom::Time(time) => ("change.time >=", time),
    });
    for (what, value) in [
        from,
        query.connection.map(|number| ("item.connection =", number)),
        query.scan.map(|number| ("change.scan =", number)),
        query.entity.map(|number| ("change.item =", number)),
    ]
    .into_iter()
    .flatten()
    {
        condition = format!("{condition} AND {what} {value}");
    }
    condition
}
