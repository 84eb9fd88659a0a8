//! One scan of a connection at a time, among all processes of the machine.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Read, Seek, Write},
    path::Path,
};

/// The right to scan a connection; the operating system takes it back when the holder ends, however it ends.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

/// Why a lock was not had.
#[derive(Debug)]
pub(crate) enum NotLocked {
    /// Another process has it; what it wrote of itself.
    Busy(String),
    /// The lock file cannot be made.
    Unusable(io::Error),
}

impl Lock {
    /// Takes the lock of the file `path`, and writes into it who holds it since when.
    pub(crate) fn take(path: &Path, now: jiff::Timestamp) -> Result<Self, NotLocked> {
        let mut file = open(path).map_err(NotLocked::Unusable)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(NotLocked::Busy(holder(&mut file))),
            Err(TryLockError::Error(error)) => return Err(NotLocked::Unusable(error)),
        }
        let pid = std::process::id();
        // Who holds it is for people; a full disk is no reason to let go of what was won.
        let _ = file
            .set_len(0)
            .and_then(|()| write!(file, "process {pid} since {now:.0}"));
        Ok(Self { _file: file })
    }
}

/// Whether a process has the lock of the file `path`.
pub(crate) fn is_held(path: &Path) -> bool {
    let Ok(file) = OpenOptions::new().read(true).open(path) else {
        return false;
    };
    matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock))
}

fn open(path: &Path) -> io::Result<File> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)
}

/// Who holds the lock; some systems do not let a locked file be read.
fn holder(file: &mut File) -> String {
    let mut text = String::new();
    match file.rewind().and_then(|()| file.read_to_string(&mut text)) {
        Ok(_) if !text.is_empty() => text,
        _ => "another process".to_owned(),
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
        let Err(NotLocked::Busy(holder)) = Lock::take(&path, now) else {
            panic!("the lock was had twice");
        };
        assert!(is_held(&path));
        assert_eq!(
            holder,
            format!("process {} since 1970-01-01T00:00:00Z", std::process::id())
        );
        drop(held);
        assert!(!is_held(&path));
        Lock::take(&path, now).unwrap();
    }
}
