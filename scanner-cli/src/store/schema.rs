//! The database file: how it is opened, and how an older one becomes one of today.

use std::{fs, path::Path, time::Duration};

use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior};

use super::error::{Doing, StoreError};

/// What makes version 1 of an empty database, version 2 of version 1, and so on. A released one never changes.
const MIGRATIONS: [&str; 2] = [include_str!("schema/1.sql"), include_str!("schema/2.sql")];

/// How long one process waits until another has finished its batch.
const BUSY: Duration = Duration::from_secs(30);

/// Bytes of a page: a handful of items each, so that the first scan has half as many pages to write as with 4 KiB.
const PAGE: i64 = 8_192;

/// Pages that the log may hold before they go over into the database: 64 MiB, so that this happens rarely.
const LOG_PAGES: i64 = 8_192;

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
    // The size of pages is that of a new database; WAL makes it final.
    db.pragma_update(None, "page_size", PAGE)
        .and_then(|()| to_write_ahead(&db))
        .and_then(|()| db.pragma_update(None, "synchronous", "NORMAL"))
        .and_then(|()| db.pragma_update(None, "wal_autocheckpoint", LOG_PAGES))
        .and_then(|()| cache(&db, WRITER_CACHE))
        .and_then(|()| migrate(&mut db))
        .map_err(failed)?;
    Ok(db)
}

/// Two processes that make a database at the same time: the busy time-out does not count for this one step.
fn to_write_ahead(db: &Connection) -> rusqlite::Result<()> {
    let mut tries = 0;
    loop {
        match db.pragma_update(None, "journal_mode", "WAL") {
            Err(error) if tries < 100 && is_busy(&error) => {
                tries += 1;
                std::thread::sleep(Duration::from_millis(50));
            }
            done => return done,
        }
    }
}

fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked)
    )
}

fn needs_files_beside(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen)
    )
}

/// Opens the database for reading. Nothing comes back if there is none.
pub(super) fn open_to_read(path: &Path) -> Result<Option<Connection>, StoreError> {
    if !path.exists() {
        return Ok(None);
    }
    let failed = |error| StoreError::of(path, Doing::Open, error);
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut db = Connection::open_with_flags(path, flags).map_err(failed)?;
    db.busy_timeout(BUSY).map_err(failed)?;
    let read = version(&db);
    if read.is_err_and(|error| needs_files_beside(&error)) && !has_log(path) {
        // Nobody writes it, and its folder may only be read, where the files beside it cannot be made.
        db = open_unchanging(path).map_err(failed)?;
    }
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

/// Opens a database that nobody writes, without a file beside it.
fn open_unchanging(path: &Path) -> rusqlite::Result<Connection> {
    let path = path.to_string_lossy();
    let path = path
        .replace('%', "%25")
        .replace('?', "%3f")
        .replace('#', "%23");
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_URI;
    Connection::open_with_flags(format!("file:{path}?immutable=1"), flags)
}

/// Whether there are changes that are not in the database's own file yet.
fn has_log(path: &Path) -> bool {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    fs::metadata(log).is_ok_and(|log| log.len() > 0)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_of_the_first_version_keeps_what_it_has() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("catalog.db");
        let db = Connection::open(&path).unwrap();
        db.execute_batch(MIGRATIONS[0]).unwrap();
        db.execute_batch(
            "PRAGMA user_version = 1; INSERT INTO connection (code, name, key_parts) VALUES ('a', 'A', '[]'); \
             INSERT INTO scan (connection, started, seen) VALUES (1, 0, 7);",
        )
        .unwrap();
        drop(db);
        assert!(open_to_read(&path).is_err(), "only a writer changes it");
        drop(open(&path).unwrap());
        let db = open_to_read(&path).unwrap().unwrap();
        let row = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
        let scan: (i64, i64) = db
            .query_row("SELECT seen, filtered FROM scan", [], row)
            .unwrap();
        assert_eq!(scan, (7, 0));
    }

    #[test]
    fn a_database_that_nobody_writes_is_read_without_a_file_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        // A name with all that a URI takes for something else.
        let path = folder.path().join("a b%20c?d#e.db");
        drop(open(&path).unwrap());
        assert!(!has_log(&path));
        let db = open_unchanging(&path).unwrap();
        assert_eq!(version(&db).unwrap(), MIGRATIONS.len());
        assert_eq!(folder.path().read_dir().unwrap().count(), 1);
    }
}
