//! The database file: how it is opened, and how an older one becomes one of today.

use std::{fs, path::Path, time::Duration};

use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use super::error::{Doing, StoreError};

/// What makes version 1 of an empty database, version 2 of version 1, and so on. A released one never changes.
const MIGRATIONS: [&str; 1] = [include_str!("schema/1.sql")];

/// How long one process waits until another has finished its batch.
const BUSY: Duration = Duration::from_secs(30);

/// Pages that the log may hold before they go over into the database: 64 MiB, so that this happens rarely.
const LOG_PAGES: i64 = 16_384;

/// Opens the database for writing; makes it, or makes it one of today.
pub(super) fn open(path: &Path) -> Result<Connection, StoreError> {
    let failed = |error| StoreError::of(path, Doing::Open, error);
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(|error| StoreError::folder(folder, error))?;
    }
    let mut db = Connection::open(path).map_err(failed)?;
    db.busy_timeout(BUSY).map_err(failed)?;
    refuse_newer(&db, path)?;
    // A reader never waits for a writer, nor a writer for it; after a crash the log is played again or dropped.
    db.pragma_update(None, "journal_mode", "WAL")
        .and_then(|()| db.pragma_update(None, "synchronous", "NORMAL"))
        .and_then(|()| db.pragma_update(None, "wal_autocheckpoint", LOG_PAGES))
        .and_then(|()| cache(&db, WRITER_CACHE))
        .and_then(|()| migrate(&mut db))
        .map_err(failed)?;
    Ok(db)
}

/// Opens the database for reading. Nothing comes back if there is none.
pub(super) fn open_to_read(path: &Path) -> Result<Option<Connection>, StoreError> {
    if !path.exists() {
        return Ok(None);
    }
    let failed = |error| StoreError::of(path, Doing::Open, error);
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = Connection::open_with_flags(path, flags).map_err(failed)?;
    db.busy_timeout(BUSY).map_err(failed)?;
    cache(&db, READER_CACHE).map_err(failed)?;
    refuse_newer(&db, path)?;
    let version = version(&db).map_err(failed)?;
    if version == 0 {
        // Another process is making it at this moment; nothing is in it yet.
        return Ok(None);
    }
    if version < MIGRATIONS.len() {
        // Only a writer may bring it up to date: the next scan does.
        return Err(StoreError::older(path));
    }
    Ok(Some(db))
}

/// Room for pages of the database in KiB: enough for the index of keys of a million items.
const WRITER_CACHE: i64 = 20 * 1024;
/// For a reader the same number is also what it sorts at a time.
const READER_CACHE: i64 = 8 * 1024;

fn cache(db: &Connection, kib: i64) -> rusqlite::Result<()> {
    db.pragma_update(None, "cache_size", -kib)
}

fn version(db: &Connection) -> rusqlite::Result<usize> {
    let version: i64 = db.pragma_query_value(None, "user_version", |row| row.get(0))?;
    Ok(usize::try_from(version).unwrap_or(usize::MAX))
}

fn refuse_newer(db: &Connection, path: &Path) -> Result<(), StoreError> {
    let found = version(db).map_err(|error| StoreError::of(path, Doing::Open, error))?;
    if found > MIGRATIONS.len() {
        return Err(StoreError::newer(path, found, MIGRATIONS.len()));
    }
    Ok(())
}

fn migrate(db: &mut Connection) -> rusqlite::Result<()> {
    if version(db)? == MIGRATIONS.len() {
        return Ok(());
    }
    // All or nothing, and only once if two processes come at the same time.
    let change = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for migration in MIGRATIONS.iter().skip(version(&change)?) {
        change.execute_batch(migration)?;
    }
    change.pragma_update(None, "user_version", MIGRATIONS.len() as i64)?;
    change.commit()
}
