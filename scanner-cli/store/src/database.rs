//! Opens the database file on a local or a shared file system.

use std::{
    io,
    ops::{Deref, DerefMut},
    path::Path,
    sync::{Arc, atomic::AtomicBool},
    thread,
    time::{Duration, Instant},
};

use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use super::{
    error::{Operation, StoreError, StoreErrorKind},
    file_system::{self, Support},
    files::{self, Header},
    lock_wait::{LockWait, RETRY_INTERVAL},
    schema,
    usage::Usage,
};

/// The open database. While it is open, no other process can replace it with a backup.
pub(super) struct Database {
    // Declared first, so that the database is closed before the lock is released.
    db: Connection,
    journal: Journal,
    _usage: Usage,
}

impl Deref for Database {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.db
    }
}

impl DerefMut for Database {
    fn deref_mut(&mut self) -> &mut Connection {
        &mut self.db
    }
}

/// The journal mode of SQLite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Journal {
    /// A write-ahead log: readers and writers do not wait for each other.
    Log,
    /// A rollback journal, for file systems on which processes cannot share memory. Readers and writers wait for each
    /// other.
    Rollback,
}

impl Journal {
    /// How long to wait for locks of other processes.
    fn lock_wait(self, stop: &Arc<AtomicBool>) -> LockWait {
        LockWait {
            limit: match self {
                Self::Log => BUSY_TIMEOUT,
                Self::Rollback => ROLLBACK_BUSY_TIMEOUT,
            },
            stop: Arc::clone(stop),
        }
    }
}

/// How long a process waits for the transaction of another process.
const BUSY_TIMEOUT: Duration = Duration::from_secs(30);
/// How long it waits with a rollback journal, where it also waits for readers.
const ROLLBACK_BUSY_TIMEOUT: Duration = Duration::from_secs(300);
/// Size of a page in bytes. A page holds a few items. The first scan writes half as many pages as with 4 KiB.
const PAGE_BYTES: i64 = 8_192;

/// Number of statements that stay prepared. A batch has about 35.
const PREPARED_STATEMENTS: usize = 64;

/// Number of pages in the write-ahead log at which SQLite copies them into the database: 64 MiB, so that this is rare.
const MAX_LOG_PAGES: i64 = 8_192;

impl Database {
    /// How a transaction begins. With a rollback journal it waits for readers at its beginning, because later it could
    /// only fail.
    pub(super) fn behavior(&self) -> TransactionBehavior {
        match self.journal {
            Journal::Log => TransactionBehavior::Immediate,
            Journal::Rollback => TransactionBehavior::Exclusive,
        }
    }
}

/// Opens a database of any version for writing, under the caller's usage lock. Once `stop` is set, it no longer waits
/// for other processes.
pub(super) fn connect(
    path: &Path,
    usage: Usage,
    stop: &Arc<AtomicBool>,
) -> Result<Database, StoreError> {
    let (db, journal) = try_to_connect(path, stop)?;
    Ok(Database {
        db,
        journal,
        _usage: usage,
    })
}

/// Connects without waiting first, to distinguish a lock of another process from a file system without locks.
fn try_to_connect(
    path: &Path,
    stop: &Arc<AtomicBool>,
) -> Result<(Connection, Journal), StoreError> {
    let folder = files::folder(path);
    let mut journal = if file_system::is_remote(folder) {
        Journal::Rollback
    } else {
        Journal::Log
    };
    let at_once = LockWait {
        limit: Duration::ZERO,
        stop: Arc::clone(stop),
    };
    let failed = match connect_as(path, journal, &at_once) {
        Ok(db) => return check_version(db, path, journal, stop),
        Err(error) => error,
    };
    if !file_system::may_cause(&failed) {
        return Err(StoreError::from_sqlite(path, Operation::Open, failed));
    }
    match file_system::probe(folder) {
        Support::NoLocks => return Err(StoreError::without_locks(path)),
        Support::NoSharedMemory => journal = Journal::Rollback,
        Support::Full | Support::Unknown => {}
    }
    match connect_as(path, journal, &journal.lock_wait(stop)) {
        Ok(db) => check_version(db, path, journal, stop),
        Err(error) => Err(StoreError::from_sqlite(path, Operation::Open, error)),
    }
}

fn check_version(
    mut db: Connection,
    path: &Path,
    journal: Journal,
    stop: &Arc<AtomicBool>,
) -> Result<(Connection, Journal), StoreError> {
    schema::refuse_newer(&db, path)?;
    db.set_prepared_statement_cache_capacity(PREPARED_STATEMENTS);
    journal
        .lock_wait(stop)
        .install(&mut db)
        .and_then(|()| cache(&db, WRITER_CACHE_KIB))
        .map_err(|error| StoreError::from_sqlite(path, Operation::Open, error))?;
    Ok((db, journal))
}

fn connect_as(path: &Path, journal: Journal, lock_wait: &LockWait) -> rusqlite::Result<Connection> {
    let mut db = Connection::open(path)?;
    lock_wait.install(&mut db)?;
    let had_log = Header::read(path).is_ok_and(|header| header.write_ahead);
    if journal == Journal::Rollback && had_log {
        // Before the first access: a process that has the database for itself needs no shared memory for the log.
        db.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
    }
    if schema::version(&db)? > schema::CURRENT {
        // The caller refuses a newer version, so nothing is changed.
        return Ok(db);
    }
    // This affects new databases only.
    db.pragma_update(None, "page_size", PAGE_BYTES)?;
    match journal {
        Journal::Log => {
            to_write_ahead(&db, lock_wait)?;
            // After a crash, SQLite replays or discards the log.
            db.pragma_update(None, "synchronous", "NORMAL")?;
            db.pragma_update(None, "wal_autocheckpoint", MAX_LOG_PAGES)?;
        }
        Journal::Rollback => {
            to_rollback(&db)?;
            db.pragma_update(None, "synchronous", "FULL")?;
        }
    }
    // The changed mode takes effect with the next access.
    schema::version(&db)?;
    Ok(db)
}

/// Switches to a write-ahead log. If two processes create a database at the same time, SQLite does not wait in this
/// step.
fn to_write_ahead(db: &Connection, lock_wait: &LockWait) -> rusqlite::Result<()> {
    let begun = Instant::now();
    loop {
        match db.pragma_update(None, "journal_mode", "WAL") {
            Err(error) if lock_wait.should_wait(begun) && is_busy(&error) => {
                thread::sleep(RETRY_INTERVAL)
            }
            done => return done,
        }
    }
}

/// Switches from a write-ahead log, if there is one, to a rollback journal.
fn to_rollback(db: &Connection) -> rusqlite::Result<()> {
    db.pragma_update(None, "journal_mode", "DELETE")?;
    db.pragma_update(None, "locking_mode", "NORMAL")
}

fn is_busy(error: &rusqlite::Error) -> bool {
    use rusqlite::ErrorCode::{DatabaseBusy, DatabaseLocked};
    matches!(
        error.sqlite_error_code(),
        Some(DatabaseBusy | DatabaseLocked)
    )
}

/// Opens the store for reading, if it exists.
pub(super) fn open_to_read(path: &Path) -> Result<Option<Database>, StoreError> {
    let Some(database) = open_any_version(path)? else {
        return Ok(None);
    };
    schema::refuse_newer(&database, path)?;
    let version = schema::version(&database)
        .map_err(|error| StoreError::from_sqlite(path, Operation::Open, error))?;
    if version == 0 {
        // Another process is creating it now. It is empty.
        return Ok(None);
    }
    if version < schema::CURRENT {
        // Only a writer may migrate it. The next scan does.
        return Err(StoreError::older(path));
    }
    Ok(Some(database))
}

/// Opens a store of any version for reading, if it exists. A store of version 0 is empty.
pub(super) fn open_any_version(path: &Path) -> Result<Option<Database>, StoreError> {
    match path.try_exists() {
        Ok(true) => {}
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            let kind = StoreErrorKind::NotReadable;
            return Err(StoreError::file(path, kind, "cannot be read").because(error));
        }
        _ => return Ok(None),
    }
    files::refuse_special(path)?;
    let usage = Usage::for_reading(path)?;
    let failed = |error| StoreError::from_sqlite(path, Operation::Open, error);
    let db = connect_to_read(path).map_err(failed)?;
    cache(&db, READER_CACHE_KIB).map_err(failed)?;
    Ok(Some(Database {
        db,
        journal: Journal::Log,
        _usage: usage,
    }))
}

fn connect_to_read(path: &Path) -> rusqlite::Result<Connection> {
    if files::is_backup(path) {
        // The file of a backup is complete. Files beside it are ignored.
        return open_unchanging(path);
    }
    // URIs are for `VACUUM INTO`.
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_URI;
    let mut db = Connection::open_with_flags(path, flags)?;
    let never = Arc::new(AtomicBool::new(false));
    let at_once = LockWait {
        limit: Duration::ZERO,
        stop: Arc::clone(&never),
    };
    at_once.install(&mut db)?;
    match schema::version(&db) {
        Ok(_) => {}
        Err(error) if is_busy(&error) => {
            if file_system::probe(files::folder(path)) == Support::NoLocks {
                // No process can write to this folder.
                return open_alone(path);
            }
        }
        Err(error) if may_be_read_alone(&error) => {
            drop(db);
            // No process writes to it, because the files beside it cannot be created or shared.
            return open_alone(path).map_err(|_second| error);
        }
        Err(error) => return Err(error),
    }
    Journal::Log.lock_wait(&never).install(&mut db)?;
    schema::version(&db)?;
    Ok(db)
}

fn may_be_read_alone(error: &rusqlite::Error) -> bool {
    use rusqlite::ErrorCode::{CannotOpen, FileLockingProtocolFailed, ReadOnly, SystemIoFailure};
    matches!(
        error.sqlite_error_code(),
        Some(ReadOnly | CannotOpen | SystemIoFailure | FileLockingProtocolFailed)
    )
}

/// Opens a database to which no process writes, without locks and shared memory.
pub(super) fn open_alone(path: &Path) -> rusqlite::Result<Connection> {
    let db = if files::has_log(path) {
        // The log is read into the memory of this process.
        let db = open_by_uri(path, WITHOUT_LOCKS)?;
        db.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
        db
    } else {
        open_unchanging(path)?
    };
    schema::version(&db)?;
    Ok(db)
}

/// Opens a database to which no process writes, without creating files beside it.
pub(super) fn open_unchanging(path: &Path) -> rusqlite::Result<Connection> {
    open_by_uri(path, "immutable=1")
}

fn open_by_uri(path: &Path, option: &str) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_URI;
    let path = path.to_string_lossy();
    Connection::open_with_flags(uri(&path, &format!("mode=ro&{option}")), flags)
}

/// Opens a database that only this process uses for writing, without locks. Not every target of a backup has locks.
pub(super) fn open_private(path: &str) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_URI;
    Connection::open_with_flags(uri(path, WITHOUT_LOCKS), flags)
}

/// The option for SQLite's VFS without locks and shared memory.
pub(super) const WITHOUT_LOCKS: &str = if cfg!(windows) {
    "vfs=win32-none"
} else {
    "vfs=unix-none"
};

/// Returns the URI of a file for SQLite, with options.
pub(super) fn uri(path: &str, options: &str) -> String {
    let mut path = path
        .replace('%', "%25")
        .replace('?', "%3f")
        .replace('#', "%23");
    if cfg!(windows) {
        path = path.replace('\\', "/");
        if path.starts_with("//") {
            path.insert_str(0, "//");
        } else if path.get(1..2) == Some(":") {
            path.insert_str(0, "///");
        }
    }
    format!("file:{path}?{options}")
}

/// Cache of a writer in KiB, unless a scan writes many items. It is also the size of the parts that are sorted in memory.
pub(super) const WRITER_CACHE_KIB: i64 = 4 * 1024;
/// Cache of a writer in KiB while a scan writes many items. It holds the index of keys of a million items.
pub(super) const SCAN_CACHE_KIB: i64 = 20 * 1024;
/// Cache of a reader in KiB. It also limits how much is sorted in memory at once.
const READER_CACHE_KIB: i64 = 4 * 1024;

/// Cache of the tables of followers in KiB. Notes are mostly written in the order of their keys.
pub(super) const FOLLOWER_CACHE_KIB: i64 = 4 * 1024;

pub(super) fn cache(db: &Connection, kib: i64) -> rusqlite::Result<()> {
    db.pragma_update(None, "cache_size", -kib)
}

#[cfg(test)]
mod tests {
    use super::{super::opening, *};

    #[test]
    fn an_unchanging_database_is_read_without_a_file_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        // A name with all characters that have a special meaning in a URI.
        let name = if cfg!(windows) {
            // File names cannot contain a question mark on Windows.
            "a b%20c d#e.db"
        } else {
            "a b%20c?d#e.db"
        };
        let path = folder.path().join(name);
        drop(opening::open(&path, &Arc::default()).unwrap());
        assert!(!files::has_log(&path));
        std::fs::remove_file(folder.path().join(".store.lock")).unwrap();
        let db = open_unchanging(&path).unwrap();
        assert_eq!(schema::version(&db).unwrap(), schema::CURRENT);
        assert_eq!(folder.path().read_dir().unwrap().count(), 1);
    }
}
