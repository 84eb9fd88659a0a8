//! The usage lock of the store. Processes that have the store open share it; a restore holds it exclusively.
//!
//! SQLite's own locks are not sufficient: a process that has the database open and does nothing holds none.

use std::{
    fs::{File, TryLockError},
    io::{self, Write},
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use file_access::file_rights::open_lock;

use super::{error::StoreError, files};

/// The usage lock. The operating system releases it when the process ends for any reason.
#[derive(Debug)]
pub(super) struct Usage {
    _file: Option<File>,
}

/// How long a command waits for a restore to end. A restore holds the lock while it verifies the backup.
const RESTORE_TIMEOUT: Duration = Duration::from_secs(30);
/// Interval at which a lock that another process holds is retried.
const RETRY_INTERVAL: Duration = Duration::from_millis(20);

impl Usage {
    /// Gets a shared lock for writing to the store `path`.
    pub(super) fn for_writing(path: &Path) -> Result<Self, StoreError> {
        match lock_shared(path) {
            Ok(file) => Ok(Self { _file: Some(file) }),
            Err(TryLockError::WouldBlock) => Err(StoreError::being_restored(path)),
            Err(TryLockError::Error(error)) if is_unsupported(&error) => {
                Err(StoreError::without_locks(path))
            }
            Err(TryLockError::Error(error)) => Err(StoreError::folder(&lock(path), error)),
        }
    }

    /// Gets a shared lock for reading the store `path`. If no lock is possible, for example in a read-only folder, the
    /// store is read without one. The same is true of a backup or copy to which no command has written, so that reading
    /// it creates no lock file beside it.
    pub(super) fn for_reading(path: &Path) -> Result<Self, StoreError> {
        if !lock(path).exists() {
            return Ok(Self { _file: None });
        }
        match lock_shared(path) {
            Ok(file) => Ok(Self { _file: Some(file) }),
            Err(TryLockError::WouldBlock) => Err(StoreError::being_restored(path)),
            Err(TryLockError::Error(_)) => Ok(Self { _file: None }),
        }
    }

    /// Gets an exclusive lock on the store `path`, which no other process may have open.
    pub(super) fn exclusive(path: &Path, timeout: Duration) -> Result<Self, StoreError> {
        let mut file =
            open_lock(&lock(path)).map_err(|error| StoreError::folder(&lock(path), error))?;
        match retry_for(timeout, || file.try_lock()) {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(StoreError::in_use(path)),
            Err(TryLockError::Error(_)) => return Err(StoreError::without_locks(path)),
        }
        let pid = std::process::id();
        // Only for administrators who look into the file.
        let _ = file.set_len(0).and_then(|()| write!(file, "process {pid}"));
        Ok(Self { _file: Some(file) })
    }
}

/// Returns the lock file of the store `path`. Names of connection files do not begin with a dot, so there is no
/// conflict.
fn lock(path: &Path) -> PathBuf {
    files::folder(path).join(".store.lock")
}

fn lock_shared(path: &Path) -> Result<File, TryLockError> {
    let file = open_lock(&lock(path)).map_err(TryLockError::Error)?;
    retry_for(RESTORE_TIMEOUT, || file.try_lock_shared())?;
    Ok(file)
}

fn retry_for(
    timeout: Duration,
    mut attempt: impl FnMut() -> Result<(), TryLockError>,
) -> Result<(), TryLockError> {
    let begun = Instant::now();
    loop {
        match attempt() {
            Err(TryLockError::WouldBlock) if begun.elapsed() < timeout => {
                thread::sleep(RETRY_INTERVAL);
            }
            done => return done,
        }
    }
}

/// Whether the error means that the file system has no locks.
fn is_unsupported(error: &io::Error) -> bool {
    if error.kind() == io::ErrorKind::Unsupported {
        return true;
    }
    #[cfg(unix)]
    {
        use rustix::io::Errno;
        let unsupported = [
            Errno::NOLCK,
            Errno::NOTSUP,
            Errno::OPNOTSUPP,
            Errno::NOSYS,
            Errno::INVAL,
        ];
        let code = error.raw_os_error();
        unsupported
            .iter()
            .any(|known| Some(known.raw_os_error()) == code)
    }
    #[cfg(windows)]
    {
        const ERROR_INVALID_FUNCTION: i32 = 1;
        const ERROR_NOT_SUPPORTED: i32 = 50;
        matches!(
            error.raw_os_error(),
            Some(ERROR_INVALID_FUNCTION | ERROR_NOT_SUPPORTED)
        )
    }
    #[cfg(not(any(unix, windows)))]
    false
}
