//! The queries of the store's readers, and the conversion of rows.

use std::sync::LazyLock;

use catalog_model::{ChangeKind, follower::EntityKind};
use rusqlite::{Connection, Row};

use super::{
    super::{change::NumericCode, closing::SCANNED_CONNECTIONS, running::Counts},
    Change, StoredConnection, StoredScan,
};

/// The columns of an item apart from its content.
const COLUMNS: &str = "SELECT item.id, item.connection, state, scan.started, gone_since, container_kind, read.started FROM";

/// Joins what the columns need. `seen_by` and `read_by` are the last scans that saw and read all items, so that the row of an
/// item that did not change need not say it.
const SEEN: &str = "CROSS JOIN connection ON connection.id = item.connection \
     CROSS JOIN scan ON scan.id = CASE WHEN container_kind IS NULL AND state IN (0, 2) AND attempt >= 0 AND seen_by > item.scan THEN seen_by ELSE item.scan END \
     CROSS JOIN scan AS read ON read.id = CASE WHEN container_kind IS NULL AND state IN (0, 2) AND attempt >= 0 AND read_by > item.scan THEN read_by ELSE item.scan END";

/// The order in which the tables of items are read. SQLite has no statistics from which it could find the best one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ReadingOrder {
    /// By key, so that the first row is found without reading the others.
    ByKey,
    /// By the table or an index of `item`, if few rows are wanted.
    ByItem,
}

impl ReadingOrder {
    /// Joins the narrow and the wide rows of items.
    pub(super) const fn tables(self) -> &'static str {
        match self {
            Self::ByKey => "content CROSS JOIN item ON item.id = content.item",
            Self::ByItem => "item CROSS JOIN content ON content.item = item.id",
        }
    }

    /// Selects the columns of items.
    pub(super) fn narrow(self) -> String {
        let tables = self.tables();
        format!("{COLUMNS} {tables} {SEEN}")
    }
}

pub(super) const WIDE: &str =
    "SELECT key, source_id, first_seen, content, contacts, texts FROM content WHERE item = ?1";

/// Restricts a query to changes that the source made, as opposed to items that this version of the program rewrote.
pub(super) const SOURCE_CHANGES: &str = "AND kind <> 5";

/// Restricts a query to changes of items.
pub(super) const ITEM_CHANGES: &str = "AND container_kind IS NULL";

/// Selects the changes of connections that had a complete or partial scan.
pub(super) static CHANGE: LazyLock<String> = LazyLock::new(|| {
    format!(
        "SELECT seq, change.scan, time, code, key, kind, fields, container_kind IS NOT NULL FROM change \
         CROSS JOIN item ON item.id = change.item CROSS JOIN content ON content.item = change.item \
         CROSS JOIN connection ON connection.id = item.connection WHERE item.connection IN ({SCANNED_CONNECTIONS})"
    )
});

pub(super) const SCAN: &str = "SELECT scan.id, code, started, ended, scan.outcome, reasons, site_version, bytes, \
     seen, added, changed, removed, returned, unreadable, filtered, rewritten, unread \
     FROM scan JOIN connection ON connection.id = scan.connection";

/// The last scan of each connection and outcome. Each is found by the index, because there may be many scans.
pub(super) const LAST_SCANS: &str = "SELECT connection.id AS connection, outcomes.outcome AS outcome, (SELECT max(scan.id) FROM scan \
     WHERE scan.connection = connection.id AND scan.outcome IS outcomes.outcome) AS id FROM connection CROSS JOIN \
     (SELECT 'complete' AS outcome UNION ALL VALUES ('partial'), ('failed'), ('interrupted'), (NULL)) AS outcomes";

pub(super) fn connections(db: &Connection) -> rusqlite::Result<Vec<StoredConnection>> {
    let mut rows = db
        .prepare("SELECT id, code, key_parts, complete_from, name FROM connection ORDER BY code")?;
    let connections = rows.query_map([], |row| {
        let parts: String = row.get(2)?;
        Ok(StoredConnection {
            id: row.get(0)?,
            code: row.get(1)?,
            key_parts: serde_json::from_str(&parts).unwrap_or_default(),
            complete_from: row.get(3)?,
            name: row.get(4)?,
        })
    })?;
    connections.collect()
}

pub(super) fn scan_from_row(row: &Row<'_>) -> rusqlite::Result<StoredScan> {
    let reasons: String = row.get(5)?;
    Ok(StoredScan {
        id: row.get(0)?,
        connection: row.get(1)?,
        started: row.get(2)?,
        ended: row.get(3)?,
        outcome: row.get(4)?,
        reasons: serde_json::from_str(&reasons).unwrap_or_default(),
        site_version: row.get(6)?,
        bytes: row.get(7)?,
        counts: Counts {
            seen: row.get(8)?,
            added: row.get(9)?,
            changed: row.get(10)?,
            removed: row.get(11)?,
            returned: row.get(12)?,
            unreadable: row.get(13)?,
            excluded: row.get(14)?,
            rewritten: row.get(15)?,
            unread: row.get(16)?,
            ..Counts::default()
        },
    })
}

pub(super) fn change_from_row(row: &Row<'_>) -> rusqlite::Result<Change> {
    let (kind, fields): (i64, Option<String>) = (row.get(5)?, row.get(6)?);
    let fields = fields.and_then(|fields| serde_json::from_str(&fields).ok());
    Ok(Change {
        seq: row.get(0)?,
        scan: row.get(1)?,
        time: row.get(2)?,
        connection: row.get(3)?,
        key: row.get(4)?,
        kind: ChangeKind::from_code(kind)
            .ok_or(rusqlite::Error::IntegralValueOutOfRange(5, kind))?,
        fields: fields.unwrap_or_default(),
        entity: match row.get(7)? {
            true => EntityKind::Container,
            false => EntityKind::Item,
        },
    })
}
