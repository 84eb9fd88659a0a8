//! Locks that only one process of the machine can hold at a time.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{self, Read, Seek, Write},
    path::Path,
};

use crate::{
    file_rights::{create_folder, open_lock},
    input_file::{WrongKind, open_own},
};

/// A lock. The operating system releases it when the process ends for any reason.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

/// Maximum number of bytes that are read of the description of a holder.
const MAX_HOLDER: u64 = 1_000;

/// The name of an unknown holder.
const ANOTHER: &str = "another process";

/// Why a lock could not be acquired.
#[derive(Debug)]
pub enum LockError {
    /// Another process holds it. Contains the description of that process.
    Busy(String),
    /// The lock file cannot be created.
    Unusable(io::Error),
}

impl Lock {
    /// Acquires the lock with the file `path`, and writes the process and the time into the file.
    ///
    /// # Errors
    /// If another process holds the lock, or the file cannot be created.
    pub fn acquire(path: &Path, now: jiff::Timestamp) -> Result<Self, LockError> {
        let mut file = open(path).map_err(LockError::Unusable)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(LockError::Busy(holder(&mut file))),
            Err(TryLockError::Error(error)) => return Err(LockError::Unusable(error)),
        }
        let pid = std::process::id();
        // The description is only for people, so a full disk is not an error.
        let _ = file
            .set_len(0)
            .and_then(|()| write!(file, "process {pid} since {now:.0}"));
        Ok(Self { _file: file })
    }
}

/// Returns the error if this account may not open the file `path`, so that the state of the lock is unknown.
pub fn closed(path: &Path) -> Option<io::Error> {
    let opened = open_own(path, OpenOptions::new().read(true));
    opened
        .err()
        .filter(|error| error.kind() == io::ErrorKind::PermissionDenied)
}

/// Whether a process holds the lock with the file `path`.
pub fn is_held(path: &Path) -> bool {
    let Ok(file) = open_own(path, OpenOptions::new().read(true)) else {
        return false;
    };
    matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock))
}

/// Returns the holder of the lock with the file `path`, if the lock is held.
pub fn holder_of(path: &Path) -> Option<String> {
    if !is_held(path) {
        return None;
    }
    let file = open_own(path, OpenOptions::new().read(true));
    Some(file.map_or_else(|_| ANOTHER.to_owned(), |mut file| holder(&mut file)))
}

/// Whether the result of `holder_of` may be the process `pid`. Some systems do not allow reading a locked file.
pub fn may_be_of(holder: &str, pid: u32) -> bool {
    holder == ANOTHER || holder.starts_with(&format!("process {pid} since "))
}

fn open(path: &Path) -> io::Result<File> {
    if let Some(folder) = path.parent() {
        create_folder(folder)?;
    }
    // A link in its place would truncate another file, and a pipe would block the scan forever.
    open_lock(path).map_err(|error| with_name(path, error))
}

/// Adds the name of the lock file to an error if it is not a regular file.
fn with_name(path: &Path, error: io::Error) -> io::Error {
    let name = path.file_name().unwrap_or_default().display().to_string();
    let wrong = error.get_ref().and_then(|inner| inner.downcast_ref());
    match wrong {
        Some(WrongKind(what)) => io::Error::new(
            error.kind(),
            format!("`{name}` is {what}; remove it if the scanner did not create it"),
        ),
        None => error,
    }
}

/// Reads the holder of the lock. Some systems do not allow reading a locked file.
fn holder(file: &mut File) -> String {
    let mut text = String::new();
    let begins = file.rewind();
    match begins.and_then(|()| file.take(MAX_HOLDER).read_to_string(&mut text)) {
        Ok(_) if !text.is_empty() => text,
        _ => ANOTHER.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_is_held_by_one_process_names_it_and_is_released_with_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data").join("a.lock");
        let now = jiff::Timestamp::UNIX_EPOCH;
        let held = Lock::acquire(&path, now).unwrap();
        let Err(LockError::Busy(holder)) = Lock::acquire(&path, now) else {
            panic!("the lock was acquired twice");
        };
        assert!(is_held(&path));
        assert_eq!(holder_of(&path), Some(holder.clone()));
        let named = format!("process {} since 1970-01-01T00:00:00Z", std::process::id());
        // Windows does not allow reading a locked file.
        assert!(holder == named || (cfg!(windows) && holder == "another process"));
        drop(held);
        assert!(!is_held(&path));
        assert_eq!(holder_of(&path), None);
        Lock::acquire(&path, now).unwrap();
    }
}
