//! Forgets a connection: marks its items as gone for followers, then deletes it from all files of the store.

use std::{fs, path::Path, time::Duration};

use catalog_model::{ChangeKind, ItemKey, ItemState};
use file_access::input_file;
use rusqlite::{Connection, OptionalExtension, params};

use super::{
    change::NumericCode,
    checkpoint,
    closing::{self, SCANNED_CONNECTIONS},
    cursors::SqliteCursors,
    database::{self, Database},
    error::{Operation, StoreError},
    files::{self, Header},
    location::StoreLocation,
    log_age, opening, restore, texts,
    usage::Usage,
};

/// What the store contains of a connection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConnectionContents {
    /// The display name of the connection.
    pub name: String,
    /// Number of items.
    pub items: i64,
    /// Number of these items that are gone.
    pub gone: i64,
    /// Number of distinct e-mail addresses of owners.
    pub addresses: i64,
    /// Number of scans.
    pub scans: i64,
    /// Number of changes.
    pub changes: i64,
}

/// How long to wait for other commands, which have the store open for a short time only.
const IN_USE_TIMEOUT: Duration = Duration::from_secs(5);

/// Counts what the store contains of the connection with this code. `None` if it does not contain the connection.
///
/// # Errors
/// If the store cannot be read.
pub fn connection_contents(
    path: &Path,
    code: &str,
) -> Result<Option<ConnectionContents>, StoreError> {
    let Some(db) = database::open_to_read(path)? else {
        return Ok(None);
    };
    count(&db, code).map_err(|error| StoreError::from_sqlite(path, Operation::Read, error))
}

/// Fails if a scan or another command has the store open.
///
/// # Errors
/// If another process has the store open.
pub fn refuse_used(path: &Path) -> Result<(), StoreError> {
    if !path.exists() {
        return Ok(());
    }
    Usage::exclusive(path, IN_USE_TIMEOUT).map(drop)
}

impl StoreLocation {
    /// Counts what the store contains of the connection with this code. `None` if it does not contain the connection.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn connection_contents(
        &self,
        code: &str,
    ) -> Result<Option<ConnectionContents>, StoreError> {
        match self {
            Self::File(path) => connection_contents(path, code),
            Self::Server(server) => server.connection_contents(code),
        }
    }

    /// Removes a connection with all its data. It can be repeated after an interruption.
    ///
    /// # Errors
    /// If the store cannot be written, or another process uses the file.
    pub fn forget(&self, code: &str) -> Result<(), StoreError> {
        match self {
            Self::File(path) => forget(path, code),
            Self::Server(server) => server.forget(code),
        }
    }
}

impl SqliteCursors {
    /// Marks all items of a connection as gone, so that followers receive the removals. The caller must hold the
    /// connection's lock.
    ///
    /// # Errors
    /// If the store cannot be written.
    pub(crate) fn remove_all_items(
        &mut self,
        code: &str,
        now: jiff::Timestamp,
    ) -> Result<(), StoreError> {
        self.change(|db| {
            let behavior = db.behavior();
            let change = db.transaction_with_behavior(behavior)?;
            if let Some(connection) = id(&change, code)? {
                closing::interrupt(&change, connection)?;
                checkpoint::delete(&change, connection)?;
                remove_items(&change, connection, now.as_millisecond())?;
            }
            change.commit()
        })
    }
}

/// Removes a connection from the store, including its remains in free pages and in the log. It can be repeated after an
/// interruption. The caller must hold the connection's lock.
///
/// # Errors
/// If the store cannot be written, or another process has it open.
pub fn forget(path: &Path, code: &str) -> Result<(), StoreError> {
    if !path.exists() {
        return Ok(());
    }
    let usage = Usage::exclusive(path, IN_USE_TIMEOUT)?;
    remove_unfinished_copies(path);
    files::remove_index(path);
    let mut db = opening::open_with(path, usage, &Default::default())?;
    let forgotten = (|| -> rusqlite::Result<bool> {
        // Searching all rows that refer to each deleted row would take hours. Everything that does is deleted.
        db.pragma_update(None, "foreign_keys", "OFF")?;
        // Overwrites deleted content, in case there is no space for a vacuum.
        db.pragma_update(None, "secure_delete", "ON")?;
        delete(&mut db, code)?;
        db.execute_batch("VACUUM")?;
        // The connection is deleted last, so that the command can be repeated until then.
        db.execute("DELETE FROM connection WHERE code = ?1", [code])?;
        empty_log(&db)
    })();
    match forgotten {
        Ok(true) => Ok(()),
        Ok(false) => Err(StoreError::in_use(path)),
        Err(error) => Err(StoreError::from_sqlite(path, Operation::Write, error)),
    }
}

/// Removes the files that killed backups and restores left in the folder of the store. No other process is creating
/// one, because the store is locked.
fn remove_unfinished_copies(path: &Path) {
    restore::remove_staging_folders(path);
    let entries = input_file::entries_in(files::folder(path)).unwrap_or_default();
    for (file, kind) in entries {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        if kind.is_file() && files::is_temporary(&name) && Header::read(&file).is_ok() {
            let _ = fs::remove_file(&file);
        }
    }
}

/// Copies the write-ahead log into the database and truncates it. Returns `false` if another process prevented this.
fn empty_log(db: &Connection) -> rusqlite::Result<bool> {
    let busy: i64 = db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
    Ok(busy == 0)
}

fn id(db: &Connection, code: &str) -> rusqlite::Result<Option<i64>> {
    let sql = "SELECT id FROM connection WHERE code = ?1";
    db.query_row(sql, [code], |row| row.get(0)).optional()
}

fn count(db: &Connection, code: &str) -> rusqlite::Result<Option<ConnectionContents>> {
    let Some(connection) = id(db, code)? else {
        return Ok(None);
    };
    let count =
        |sql: &str| -> rusqlite::Result<i64> { db.query_row(sql, [connection], |row| row.get(0)) };
    Ok(Some(ConnectionContents {
        name: db.query_row(
            "SELECT name FROM connection WHERE id = ?1",
            [connection],
            |row| row.get(0),
        )?,
        items: count("SELECT count(*) FROM item WHERE connection = ?1 AND container_kind IS NULL")?,
        gone: count(
            "SELECT count(*) FROM item WHERE connection = ?1 AND container_kind IS NULL AND state = 3",
        )?,
        addresses: count(
            "SELECT count(DISTINCT lower(value ->> 'email')) FROM item JOIN content ON content.item = item.id \
             JOIN json_each(contacts) WHERE connection = ?1",
        )?,
        scans: count("SELECT count(*) FROM scan WHERE connection = ?1")?,
        changes: count(
            "SELECT count(*) FROM change JOIN item ON item.id = change.item \
             WHERE connection = ?1 AND container_kind IS NULL",
        )?,
    }))
}

/// Marks the items and containers that followers have received as gone. The log records this as a scan of its own.
fn remove_items(db: &Connection, connection: i64, now: i64) -> rusqlite::Result<()> {
    let there = [ItemState::Present.code(), ItemState::Unreadable.code()];
    let (all, items): (i64, i64) = db.query_row(
        &format!(
            "SELECT count(*), coalesce(sum(container_kind IS NULL), 0) FROM item \
             WHERE connection = ?1 AND state IN (?2, ?3) AND connection IN ({SCANNED_CONNECTIONS})"
        ),
        params![connection, there[0], there[1]],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    if all == 0 {
        return Ok(());
    }
    db.execute(
        "INSERT INTO scan (connection, started, ended, outcome, removed, first_change) \
         VALUES (?1, ?2, ?2, 'complete', ?3, ?4)",
        [connection, now, items, closing::last_change(db)? + 1],
    )?;
    let scan = db.last_insert_rowid();
    db.execute(
        "INSERT INTO change (scan, item, kind, time) \
         SELECT ?1, id, ?2, ?3 FROM item WHERE connection = ?4 AND state IN (?5, ?6) ORDER BY id",
        params![
            scan,
            ChangeKind::Removed.code(),
            now,
            connection,
            there[0],
            there[1]
        ],
    )?;
    db.execute(
        "UPDATE item SET state = ?1, gone_since = ?2 WHERE connection = ?3 AND state IN (?4, ?5)",
        params![ItemState::Gone.code(), now, connection, there[0], there[1]],
    )?;
    Ok(())
}

/// Deletes everything of a connection except its own row.
fn delete(db: &mut Database, code: &str) -> rusqlite::Result<()> {
    let behavior = db.behavior();
    let change = db.transaction_with_behavior(behavior)?;
    let Some(connection) = id(&change, code)? else {
        return change.commit();
    };
    delete_items(
        &change,
        "SELECT id FROM item WHERE connection = ?1",
        &[&connection],
    )?;
    for sql in [
        "DELETE FROM checkpoint WHERE connection = ?1",
        "DELETE FROM unreadable WHERE scan IN (SELECT id FROM scan WHERE connection = ?1)",
        "DELETE FROM scan WHERE connection = ?1",
        "UPDATE connection SET outcome = NULL, error = NULL, complete_from = NULL, seen_by = NULL, read_by = NULL WHERE id = ?1",
    ] {
        change.execute(sql, [connection])?;
    }
    if let Ok(key) = ItemKey::new([code]) {
        for table in ["follower_note", "follower_refusal"] {
            let of_it = format!("DELETE FROM {table} WHERE key >= ?1 || '/' AND key < ?1 || '0'");
            change.execute(&of_it, [key.as_str()])?;
        }
    }
    // No other process has the store open, so no running scan can need them.
    texts::remove_all_unused(&change)?;
    change.commit()
}

/// Deletes the items that `items` selects, with their changes.
pub(super) fn delete_items(
    db: &Connection,
    items: &str,
    values: &[&dyn rusqlite::ToSql],
) -> rusqlite::Result<()> {
    for sql in [
        format!("DELETE FROM change WHERE item IN ({items})"),
        format!("DELETE FROM content WHERE item IN ({items})"),
        format!("DELETE FROM item WHERE id IN ({items})"),
    ] {
        db.execute(&sql, values)?;
    }
    Ok(())
}

/// The time before which items have been gone for longer than `keep` at `now`, all in milliseconds.
pub(super) fn gone_before(db: &Connection, now: i64, keep: i64) -> rusqlite::Result<i64> {
    Ok(log_age::trusted_now(db, now)?.saturating_sub(keep))
}

/// Deletes items that have been gone since this time or longer, with their changes, at most as many as `limit`. Returns
/// whether there may be more. Followers that have not received these changes receive all items again.
pub(super) fn delete_gone(db: &Connection, before: i64, limit: usize) -> rusqlite::Result<bool> {
    let mut found = db.prepare_cached(
        "SELECT id FROM item WHERE state <> 0 AND state = 3 AND gone_since <= ?1 LIMIT ?2",
    )?;
    let found: Vec<i64> = found
        .query_map([before, limit as i64], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    if found.is_empty() {
        return Ok(false);
    }
    let (ids, items) = (
        serde_json::json!(found).to_string(),
        "SELECT value FROM json_each(?1)",
    );
    let last: Option<i64> = db.query_row(
        &format!("SELECT max(seq) FROM change WHERE item IN ({items})"),
        [&ids],
        |row| row.get(0),
    )?;
    // So that no content remains in free pages.
    db.pragma_update(None, "secure_delete", "ON")?;
    let deleted = delete_items(db, items, &[&ids]);
    db.pragma_update(None, "secure_delete", "OFF")?;
    deleted?;
    db.execute("UPDATE forgotten SET seq = ?1 WHERE seq < ?1", [last])?;
    Ok(found.len() >= limit)
}
