//! What the file system of a store supports. SQLite needs locks, and shared memory for its write-ahead log.
//!
//! No system call answers this reliably, so a temporary database is used to try both.

use std::{path::Path, time::Duration};

use rusqlite::{Connection, ErrorCode, ffi};

use super::files;

/// What the file system of a folder supports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Support {
    /// Locks and shared memory.
    Full,
    /// Locks, but no shared memory. A store needs a rollback journal.
    NoSharedMemory,
    /// No locks. Nothing prevents two processes from writing at the same time.
    NoLocks,
    /// Unknown, for example because the folder is read-only.
    Unknown,
}

/// Whether a missing feature of the file system may be the cause of a failure.
pub(super) fn may_cause(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(
            ErrorCode::DatabaseBusy
                | ErrorCode::DatabaseLocked
                | ErrorCode::SystemIoFailure
                | ErrorCode::CannotOpen
                | ErrorCode::FileLockingProtocolFailed
        )
    )
}

/// Tries which features the file system of `folder` supports.
pub(super) fn probe(folder: &Path) -> Support {
    let Ok(path) = files::temporary(folder) else {
        return Support::Unknown;
    };
    let support = try_out(&path);
    for suffix in files::SIDE_FILES {
        let _ = std::fs::remove_file(files::beside(&path, suffix));
    }
    support
}

fn try_out(path: &Path) -> Support {
    let locked = Connection::open(path).and_then(|db| {
        db.busy_timeout(Duration::ZERO)?;
        db.execute_batch(
            "PRAGMA synchronous = OFF; BEGIN EXCLUSIVE; CREATE TABLE probe (x); COMMIT",
        )?;
        Ok(db)
    });
    let db = match locked {
        Ok(db) => db,
        Err(error) if concerns_locks(&error) => return Support::NoLocks,
        Err(_) => return Support::Unknown,
    };
    let shared = db
        .pragma_update(None, "journal_mode", "WAL")
        .and_then(|()| db.execute_batch("INSERT INTO probe VALUES (1)"))
        .and_then(|()| db.pragma_query_value(None, "journal_mode", |row| row.get(0)));
    match shared {
        Ok::<String, _>(mode) if mode == "wal" => Support::Full,
        Ok(_) => Support::NoSharedMemory,
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::DiskFull) => Support::Unknown,
        Err(_) => Support::NoSharedMemory,
    }
}

/// Whether a lock failed although no other process can hold it.
fn concerns_locks(error: &rusqlite::Error) -> bool {
    let extended = error.sqlite_error().map(|error| error.extended_code);
    let of_locks = [
        ffi::SQLITE_IOERR_LOCK,
        ffi::SQLITE_IOERR_RDLOCK,
        ffi::SQLITE_IOERR_UNLOCK,
        ffi::SQLITE_IOERR_CHECKRESERVEDLOCK,
    ];
    let busy = matches!(
        error.sqlite_error_code(),
        Some(
            ErrorCode::DatabaseBusy
                | ErrorCode::DatabaseLocked
                | ErrorCode::FileLockingProtocolFailed
        )
    );
    busy || of_locks.iter().any(|code| Some(*code) == extended)
}

/// Whether other machines may use the folder at the same time. Processes on two machines cannot share memory, even if
/// shared memory works on each of them.
pub(super) fn is_remote(folder: &Path) -> bool {
    #[cfg(target_os = "linux")]
    {
        /// NFS, SMB 1, SMB 2 and 3, CIFS, FUSE, Plan 9, Ceph, AFS, Lustre, GPFS (`statfs(2)`, `linux/magic.h`).
        const REMOTE: [u64; 10] = [
            0x6969,
            0x517B,
            0xFE53_4D42,
            0xFF53_4D42,
            0x6573_5546,
            0x0102_1997,
            0x00C3_6400,
            0x5346_414F,
            0x0BD0_0BD0,
            0x4750_4653,
        ];
        // The number is signed on some machines.
        rustix::fs::statfs(folder)
            .is_ok_and(|found| REMOTE.contains(&(found.f_type as u64 & 0xFFFF_FFFF)))
    }
    #[cfg(windows)]
    {
        use std::path::{Component, Prefix};
        // A drive that is mapped to a share is resolved to the share.
        folder.canonicalize().is_ok_and(|folder| {
            matches!(
                folder.components().next(),
                Some(Component::Prefix(prefix)) if matches!(prefix.kind(), Prefix::UNC(..) | Prefix::VerbatimUNC(..))
            )
        })
    }
    #[cfg(not(any(target_os = "linux", windows)))]
    {
        let _ = folder;
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_local_folder_has_full_support_and_the_probe_leaves_no_files() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(probe(folder.path()), Support::Full);
        assert_eq!(folder.path().read_dir().unwrap().count(), 0);
        assert_eq!(probe(&folder.path().join("none")), Support::Unknown);
    }
}
