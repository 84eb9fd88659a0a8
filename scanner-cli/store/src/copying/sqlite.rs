//! A store in a file as the source or the target of a copy.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, atomic::AtomicBool},
    time::Duration,
};

use file_access::path_text::shown;
use rusqlite::{
    ToSql, params, params_from_iter,
    types::{ToSqlOutput, ValueRef},
};

use super::{Cell, CopySource, CopyTarget, Row, StoreState, Table};
use crate::{
    closing::last_change,
    database::{self, Database, SCAN_CACHE_KIB},
    error::{Operation, StoreError, StoreErrorKind},
    hashes::hash,
    opening,
    usage::Usage,
};

/// Number of rows that are read at once.
const ROWS: i64 = 1_000;

/// An open file, within a transaction.
pub(crate) struct SqliteCopy {
    db: Database,
    path: PathBuf,
    /// Where the table that is being read continues.
    after: Option<Row>,
}

impl SqliteCopy {
    /// Opens a store to read it. `None` if it does not exist.
    ///
    /// # Errors
    /// If another process has it open, because a copy of a store that is still written is not a move.
    pub(crate) fn source(path: &Path) -> Result<Option<Self>, StoreError> {
        if path.exists() {
            drop(Usage::exclusive(path, Duration::ZERO)?);
        }
        let Some(db) = database::open_to_read(path)? else {
            return Ok(None);
        };
        Self::begin(db, path, "BEGIN").map(Some)
    }

    /// Opens an empty store to write it, and creates it if it does not exist.
    ///
    /// # Errors
    /// If it cannot be written, or is not empty.
    pub(crate) fn target(path: &Path) -> Result<Self, StoreError> {
        let db = opening::open(path, &Arc::new(AtomicBool::new(false)))?;
        let target = Self::begin(db, path, "BEGIN EXCLUSIVE")?;
        let sql = "SELECT EXISTS (SELECT 1 FROM connection UNION ALL SELECT 1 FROM scan \
                   UNION ALL SELECT 1 FROM item UNION ALL SELECT 1 FROM follower)";
        let is_used: bool = target.try_to(|db| db.query_row(sql, [], |row| row.get(0)))?;
        if is_used {
            let error = StoreError::for_store(
                path,
                StoreErrorKind::Other,
                "is not empty, so nothing is copied to it",
            );
            return Err(error.with_hint("move the file away, with the files beside it whose names begin with its name, or name another target"));
        }
        target.try_to(|db| database::cache(db, SCAN_CACHE_KIB))?;
        Ok(target)
    }

    fn begin(db: Database, path: &Path, begin: &str) -> Result<Self, StoreError> {
        let copy = Self {
            db,
            path: path.to_owned(),
            after: None,
        };
        copy.try_to(|db| db.execute_batch(begin))?;
        Ok(copy)
    }

    fn try_to<T>(
        &self,
        work: impl FnOnce(&Database) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        work(&self.db).map_err(|error| StoreError::from_sqlite(&self.path, Operation::Copy, error))
    }
}

impl CopySource for SqliteCopy {
    fn state(&mut self) -> Result<StoreState, StoreError> {
        self.try_to(|db| {
            let (id, digest_key) = db.query_row("SELECT id, digest_key FROM store", [], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })?;
            let forgotten = db.query_row("SELECT seq FROM forgotten", [], |row| row.get(0))?;
            let sql = "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'scan'";
            Ok(StoreState {
                id,
                digest_key,
                changes: (last_change(db)?, forgotten),
                last_scan: db.query_row(sql, [], |row| row.get(0))?,
            })
        })
    }

    fn rows(&mut self, table: Table) -> Result<Vec<Row>, StoreError> {
        let (select, order) = selection(table);
        let (condition, values): (_, &[Cell]) = match &self.after {
            None => (String::new(), &[]),
            Some(row) => {
                let marks = ["?", "?"][..table.identity()].join(", ");
                (
                    format!("WHERE ({order}) > ({marks})"),
                    &row[..table.identity()],
                )
            }
        };
        let sql = format!("SELECT * FROM ({select}) {condition} ORDER BY {order} LIMIT {ROWS}");
        let rows: Vec<Row> = self.try_to(|db| {
            let mut statement = db.prepare_cached(&sql)?;
            let rows = statement.query_map(params_from_iter(values), |row| {
                let columns = table.columns().iter().enumerate();
                columns
                    .map(|(number, _)| Ok(Cell::from(row.get_ref(number)?)))
                    .collect()
            })?;
            rows.collect()
        })?;
        self.after = rows.last().cloned();
        Ok(rows)
    }
}

impl CopyTarget for SqliteCopy {
    fn address(&self) -> String {
        shown(&self.path)
    }

    fn keeps_nul(&self) -> bool {
        true
    }

    fn write(&mut self, table: Table, rows: Vec<Row>) -> Result<(), StoreError> {
        self.try_to(|db| {
            for mut row in rows {
                if table == Table::Items
                    && let Some(Cell::Text(key)) = row.get(2)
                {
                    row.push(Cell::Integer(hash(key)));
                }
                for sql in insertions(table) {
                    let mut insert = db.prepare_cached(sql)?;
                    let used = insert.parameter_count();
                    insert.execute(params_from_iter(row.iter().take(used)))?;
                }
            }
            Ok(())
        })
    }

    fn finish(&mut self, state: &StoreState) -> Result<(), StoreError> {
        self.try_to(|db| {
            let sql = "UPDATE store SET id = ?1, digest_key = ?2";
            db.execute(sql, params![state.id, state.digest_key])?;
            db.execute("UPDATE follower SET store = ?1", [&state.id])?;
            db.execute("UPDATE checkpoint SET store = ?1", [&state.id])?;
            let (last, forgotten) = state.changes;
            db.execute("UPDATE forgotten SET seq = ?1", [forgotten])?;
            for (table, last) in [("change", last), ("scan", state.last_scan)] {
                db.execute("DELETE FROM sqlite_sequence WHERE name = ?1", [table])?;
                let sql = "INSERT INTO sqlite_sequence (name, seq) VALUES (?1, ?2)";
                db.execute(sql, params![table, last])?;
            }
            Ok(())
        })
    }

    fn commit(self: Box<Self>) -> Result<(), StoreError> {
        self.try_to(|db| db.execute_batch("COMMIT"))
    }
}

impl From<ValueRef<'_>> for Cell {
    fn from(value: ValueRef<'_>) -> Self {
        match value {
            ValueRef::Null => Self::Null,
            ValueRef::Integer(value) => Self::Integer(value),
            ValueRef::Text(text) => Self::Text(String::from_utf8_lossy(text).into_owned()),
            ValueRef::Blob(bytes) => Self::Bytes(bytes.to_vec()),
            // No column of the store has one.
            ValueRef::Real(value) => Self::Text(value.to_string()),
        }
    }
}

impl ToSql for Cell {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Integer(value) => ValueRef::Integer(*value),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Bytes(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

/// The rows of a table, and the columns by which they are ordered.
fn selection(table: Table) -> (&'static str, &'static str) {
    match table {
        Table::Connections => (
            "SELECT id, code, name, key_parts, complete_from, outcome, error, seen_by, read_by FROM connection",
            "id",
        ),
        Table::Scans => (
            "SELECT id, connection, started, ended, outcome, reasons, site_version, bytes, seen, unread, added, changed, \
             removed, returned, unreadable, filtered, rewritten, first_change FROM scan",
            "id",
        ),
        Table::ContainerKinds => ("SELECT id, name, label FROM container_kind", "id"),
        Table::Texts => (
            "SELECT hash, body FROM text JOIN text_body ON text_body.text = text.id",
            "hash",
        ),
        Table::Items => (
            "SELECT id, connection, key, source_id, fingerprint, contacts_fingerprint, state, scan, attempt < 0 AS left_out, \
             gone_since, container_kind, digest, first_seen, changed_by, contacts, content, texts \
             FROM item CROSS JOIN content ON content.item = item.id",
            "id",
        ),
        Table::Changes => (
            "SELECT seq, scan, item, kind, time, fields, \
             (SELECT fields FROM change_value WHERE change_value.seq = change.seq) AS change_values FROM change",
            "seq",
        ),
        // Of another store, what was remembered says nothing.
        Table::Checkpoints => (
            "SELECT connection, full_read, state FROM checkpoint WHERE store = (SELECT id FROM store)",
            "connection",
        ),
        Table::Followers => (
            "SELECT name, CASE WHEN store = (SELECT id FROM store) THEN cursor END AS cursor, basis, followed, succeeded, \
             failures, failed, error, sent, refused FROM follower",
            "name",
        ),
        Table::Notes => (
            "SELECT follower, key, note FROM follower_note WHERE follower IN \
             (SELECT name FROM follower WHERE store = (SELECT id FROM store))",
            "follower, key",
        ),
        Table::Refusals => (
            "SELECT follower, key, message FROM follower_refusal",
            "follower, key",
        ),
    }
}

/// The statements that insert a row of a table.
fn insertions(table: Table) -> &'static [&'static str] {
    match table {
        Table::Connections => &[
            "INSERT INTO connection (id, code, name, key_parts, complete_from, outcome, error, seen_by, read_by) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        ],
        Table::Scans => &[
            "INSERT INTO scan (id, connection, started, ended, outcome, reasons, site_version, bytes, seen, unread, added, \
             changed, removed, returned, unreadable, filtered, rewritten, first_change) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)",
        ],
        Table::ContainerKinds => {
            &["INSERT INTO container_kind (id, name, label) VALUES (?1, ?2, ?3)"]
        }
        // The uses are counted by a trigger.
        Table::Texts => &[
            "INSERT INTO text (hash) VALUES (?1)",
            "INSERT INTO text_body (text, body) SELECT id, ?2 FROM text WHERE hash = ?1",
        ],
        // `?18` is the hash of the key. The attempt is `NOT_SEEN_ATTEMPT`, or one of a scan that has ended.
        Table::Items => &[
            "INSERT INTO item (id, connection, key_hash, fingerprint, contacts_fingerprint, state, scan, attempt, gone_since, \
             container_kind, digest) VALUES (?1, ?2, ?18, ?5, ?6, ?7, ?8, -?9, ?10, ?11, ?12)",
            "INSERT INTO content (item, key, source_id, first_seen, changed_by, contacts, content, texts) \
             VALUES (?1, ?3, ?4, ?13, ?14, ?15, ?16, ?17)",
        ],
        Table::Changes => &[
            "INSERT INTO change (seq, scan, item, kind, time, fields) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            "INSERT INTO change_value (seq, fields) SELECT ?1, ?7 WHERE ?7 IS NOT NULL",
        ],
        Table::Checkpoints => &[
            "INSERT INTO checkpoint (connection, full_read, state, store) VALUES (?1, ?2, ?3, '')",
        ],
        Table::Followers => &[
            "INSERT INTO follower (name, cursor, basis, followed, succeeded, failures, failed, error, sent, refused) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        ],
        Table::Notes => &["INSERT INTO follower_note (follower, key, note) VALUES (?1, ?2, ?3)"],
        Table::Refusals => {
            &["INSERT INTO follower_refusal (follower, key, message) VALUES (?1, ?2, ?3)"]
        }
    }
}
