//! One scan of a connection at a time, among all processes of the machine.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{self, Read, Seek, Write},
    path::Path,
};

use crate::{
    file_rights::{create_folder, open_lock},
    input_file::{WrongKind, open_own},
};

/// The right to scan a connection; the operating system takes it back when the holder ends, however it ends.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

/// Maximum number of bytes that are read of what a holder wrote about itself.
const MAX_HOLDER: u64 = 1_000;

/// The name of a holder that is not known.
const ANOTHER: &str = "another process";

/// Why a lock was not had.
#[derive(Debug)]
pub enum LockError {
    /// Another process has it; what it wrote of itself.
    Busy(String),
    /// The lock file cannot be made.
    Unusable(io::Error),
}

impl Lock {
    /// Takes the lock of the file `path`, and writes the holder and the time into it.
    ///
    /// # Errors
    /// If another process holds the lock, or the file cannot be made.
    pub fn take(path: &Path, now: jiff::Timestamp) -> Result<Self, LockError> {
        let mut file = open(path).map_err(LockError::Unusable)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(LockError::Busy(holder(&mut file))),
            Err(TryLockError::Error(error)) => return Err(LockError::Unusable(error)),
        }
        let pid = std::process::id();
        // Who holds it is for people; a full disk is no reason to let go of what was won.
        let _ = file
            .set_len(0)
            .and_then(|()| write!(file, "process {pid} since {now:.0}"));
        Ok(Self { _file: file })
    }
}

/// Why nobody can tell whether a process has the lock of the file `path`: only its owner may open it.
pub fn closed(path: &Path) -> Option<io::Error> {
    let opened = open_own(path, OpenOptions::new().read(true));
    opened
        .err()
        .filter(|error| error.kind() == io::ErrorKind::PermissionDenied)
}

/// Whether a process has the lock of the file `path`.
pub fn is_held(path: &Path) -> bool {
    let Ok(file) = open_own(path, OpenOptions::new().read(true)) else {
        return false;
    };
    matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock))
}

/// The holder of the lock of the file `path`, if the lock is held.
pub fn holder_of(path: &Path) -> Option<String> {
    if !is_held(path) {
        return None;
    }
    let file = open_own(path, OpenOptions::new().read(true));
    Some(file.map_or_else(|_| ANOTHER.to_owned(), |mut file| holder(&mut file)))
}

/// Whether the holder that `holder_of` named may be the process `pid`: some systems do not let a locked file be read.
pub fn may_be_of(holder: &str, pid: u32) -> bool {
    holder == ANOTHER || holder.starts_with(&format!("process {pid} since "))
}

fn open(path: &Path) -> io::Result<File> {
    if let Some(folder) = path.parent() {
        create_folder(folder)?;
    }
    // A link or a pipe in its place would have another file cut, or the scan wait for ever.
    open_lock(path).map_err(|error| with_name(path, error))
}

/// The error with the name of the lock, where another kind of file has it.
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

/// Who holds the lock; some systems do not let a locked file be read.
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
    fn a_lock_is_had_once_and_names_its_holder_and_ends_with_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data").join("a.lock");
        let now = jiff::Timestamp::UNIX_EPOCH;
        let held = Lock::take(&path, now).unwrap();
        let Err(LockError::Busy(holder)) = Lock::take(&path, now) else {
            panic!("the lock was had twice");
        };
        assert!(is_held(&path));
        assert_eq!(holder_of(&path), Some(holder.clone()));
        let named = format!("process {} since 1970-01-01T00:00:00Z", std::process::id());
        // Windows does not let a locked file be read.
        assert!(holder == named || (cfg!(windows) && holder == "another process"));
        drop(held);
        assert!(!is_held(&path));
        assert_eq!(holder_of(&path), None);
        Lock::take(&path, now).unwrap();
    }
}
