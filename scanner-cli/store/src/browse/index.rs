//! The file of the index, beside the store.
//!
//! It is a database of its own: writing to it never waits for a scan, a scan never waits for it, and a backup of the store
//! does not contain it. It belongs to one store, and is created again if the store was restored.

use std::path::Path;

use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension, params, types::FromSql};

use crate::files;

mod read;
pub(super) mod update;
mod write;

/// Incremented whenever the tables or their contents change. An index of another version is created again.
const VERSION: i64 = 3;
/// Cache of the connection that writes, in KiB.
const WRITER_CACHE_KIB: i64 = 8 * 1024;
/// Cache of a connection that reads, in KiB.
const READER_CACHE_KIB: i64 = 1024;
/// How long to wait for another process that writes the index.
const BUSY_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(5);

/// Opens the index for writing, and creates it if it does not exist, is damaged, or has another version.
pub(super) fn open(path: &Path, settings: &str) -> rusqlite::Result<Connection> {
    let mut db = match connect(path) {
        Err(error) if is_damaged(&error) => {
            files::remove_database(path);
            connect(path)?
        }
        opened => opened?,
    };
    let is_current = has_version(&db).unwrap_or_default()
        && meta::<String>(&db, "settings")?.is_some_and(|known| known == settings);
    if !is_current {
        recreate(&mut db, settings)?;
    }
    Ok(db)
}

fn is_damaged(error: &rusqlite::Error) -> bool {
    let code = error.sqlite_error_code();
    matches!(
        code,
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt)
    )
}

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    // It contains people's addresses, so it gets the permissions of the store.
    files::make(path);
    let db = Connection::open(path)?;
    db.busy_timeout(BUSY_TIMEOUT)?;
    db.pragma_update(None, "journal_mode", "WAL")?;
    // The index can be created again.
    db.pragma_update(None, "synchronous", "OFF")?;
    db.pragma_update(None, "cache_size", -WRITER_CACHE_KIB)?;
    // Contents of items that are deleted must not remain in the file.
    db.pragma_update(None, "secure_delete", "FAST")?;
    Ok(db)
}

fn has_version(db: &Connection) -> rusqlite::Result<bool> {
    let version: i64 = db.pragma_query_value(None, "user_version", |row| row.get(0))?;
    Ok(version == VERSION)
}

/// Deletes everything and creates the tables.
fn recreate(db: &mut Connection, settings: &str) -> rusqlite::Result<()> {
    let change = db.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    let tables: Vec<String> = {
        let mut tables = change.prepare(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' \
             AND name NOT LIKE 'search\\_%' ESCAPE '\\'",
        )?;
        let names = tables.query_map([], |row| row.get(0))?;
        names.collect::<rusqlite::Result<_>>()?
    };
    for table in tables {
        change.execute_batch(&format!("DROP TABLE \"{table}\""))?;
    }
    change.execute_batch(include_str!("index/schema.sql"))?;
    set_meta(&change, "settings", settings)?;
    change.pragma_update(None, "user_version", VERSION)?;
    change.commit()
}

/// Opens the index for reading. `None` if it does not exist or has another version.
pub(super) fn open_to_read(path: &Path) -> rusqlite::Result<Option<Connection>> {
    if !path.exists() {
        return Ok(None);
    }
    match connect_to_read(path) {
        Ok(db) => Ok(db),
        // It is created again, here or in a temporary folder.
        Err(error) if is_damaged(&error) || is_inaccessible(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

fn connect_to_read(path: &Path) -> rusqlite::Result<Option<Connection>> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = Connection::open_with_flags(path, flags)?;
    db.busy_timeout(BUSY_TIMEOUT)?;
    db.pragma_update(None, "cache_size", -READER_CACHE_KIB)?;
    Ok(has_version(&db)?.then_some(db))
}

fn is_inaccessible(error: &rusqlite::Error) -> bool {
    let code = error.sqlite_error_code();
    matches!(
        code,
        Some(
            ErrorCode::CannotOpen
                | ErrorCode::ReadOnly
                | ErrorCode::PermissionDenied
                | ErrorCode::SystemIoFailure
        )
    )
}

/// Reads a value of the index's own state.
pub(super) fn meta<T: FromSql>(db: &Connection, name: &str) -> rusqlite::Result<Option<T>> {
    let mut found = db.prepare_cached("SELECT value FROM meta WHERE name = ?1")?;
    found.query_row([name], |row| row.get(0)).optional()
}

/// Sets a value of the index's own state.
fn set_meta(db: &Connection, name: &str, value: impl rusqlite::ToSql) -> rusqlite::Result<()> {
    let mut set = db.prepare_cached("INSERT OR REPLACE INTO meta VALUES (?1, ?2)")?;
    set.execute(params![name, value]).map(drop)
}
