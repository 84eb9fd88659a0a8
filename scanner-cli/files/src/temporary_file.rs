//! Temporary files, which are renamed when they are complete or passed to a hook, and the removal of leftover ones.
//!
//! The process that created such a file holds a lock on it (on Windows: has it open) until it ends for any reason. So a
//! file without a lock is a leftover, independent of the clock.

use std::{
    fs::{self, File},
    io,
    path::Path,
    time::{Duration, SystemTime},
};

use tempfile::NamedTempFile;

use crate::{file_rights::give_to_owner_of, input_file};

/// The purpose of a temporary file, which is part of its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A session with a site.
    Session,
    /// The changes that a hook reads.
    Hook,
    /// `data/status.json`.
    Status,
    /// A key.
    Key,
    /// A settings file.
    Settings,
    /// An export or a report. The group may read it, because another account imports it.
    Export,
}

const PURPOSES: [Purpose; 6] = [
    Purpose::Session,
    Purpose::Hook,
    Purpose::Status,
    Purpose::Key,
    Purpose::Settings,
    Purpose::Export,
];

/// Follows the prefix in the name of a file that is locked by its process.
const LOCKED: &str = "locked-";

/// Age at which files without a lock, which earlier versions created, are leftovers.
const MAX_AGE: Duration = Duration::from_secs(24 * 60 * 60);

/// Maximum number of attempts to create a file. Another process may remove it before it is locked.
const ATTEMPTS: usize = 10;

impl Purpose {
    fn prefix(self) -> &'static str {
        match self {
            Self::Session => ".session-",
            Self::Hook => ".hook-",
            Self::Status => ".status-",
            Self::Key => ".encryption-",
            Self::Settings => ".settings-",
            Self::Export => ".scan-",
        }
    }

    fn suffix(self) -> &'static str {
        match self {
            Self::Hook => ".ndjson.tmp",
            _ => ".tmp",
        }
    }

    /// Whether a file with this name has this purpose. No other kind of file has the prefix of a session or a hook.
    fn names(self, name: &str) -> bool {
        let has_suffix = name.ends_with(self.suffix()) || self.is_short_lived();
        name.starts_with(self.prefix()) && has_suffix
    }

    /// Whether such a file is useless once it is not locked, even if an earlier version created it.
    fn is_short_lived(self) -> bool {
        matches!(self, Self::Session | Self::Hook)
    }
}

/// Creates a temporary file with an unpredictable name. Only its owner may read it, unless it is an export.
///
/// # Errors
/// If it cannot be created.
pub fn create(folder: &Path, purpose: Purpose) -> io::Result<NamedTempFile> {
    let prefix = format!("{}{LOCKED}", purpose.prefix());
    let mut builder = tempfile::Builder::new();
    builder.prefix(&prefix).suffix(purpose.suffix());
    #[cfg(unix)]
    if purpose == Purpose::Export {
        use crate::file_rights::FILE_MODE;
        use std::os::unix::fs::PermissionsExt;

        // The umask still applies.
        builder.permissions(fs::Permissions::from_mode(FILE_MODE));
    }
    for _ in 1..ATTEMPTS {
        let file = make(&builder, folder, purpose)?;
        if hold(file.as_file()) {
            return Ok(file);
        }
    }
    make(&builder, folder, purpose)
}

fn make(
    builder: &tempfile::Builder<'_, '_>,
    folder: &Path,
    purpose: Purpose,
) -> io::Result<NamedTempFile> {
    let file = builder.tempfile_in(folder)?;
    // It is still empty. On Unix, it was created with the mode 0600. A file system without lists is used as it is.
    #[cfg(windows)]
    if purpose != Purpose::Export {
        let _ = crate::access_list::make_private(file.path());
    }
    #[cfg(not(windows))]
    let _ = purpose;
    // Without permission to change the owner, the file is still usable. Callers that require the owner check it.
    let _ = give_to_owner_of(folder, file.as_file());
    Ok(file)
}

/// Removes the files that killed processes left in `folder`. Ignores errors, because the next start tries again.
pub fn remove_leftovers(folder: &Path) {
    let Ok(entries) = input_file::entries_in(folder) else {
        return;
    };
    for (path, kind) in entries {
        let name = path.file_name().and_then(|name| name.to_str());
        let name = name.unwrap_or_default();
        let purpose = PURPOSES.into_iter().find(|purpose| purpose.names(name));
        let Some(purpose) = purpose.filter(|_| kind.is_file()) else {
            continue;
        };
        remove_leftover(&path, name.contains(LOCKED) || purpose.is_short_lived());
    }
}

fn remove_leftover(path: &Path, is_useless_unless_held: bool) {
    let (claim, lock) = claim(path);
    let may_go = match claim {
        Claim::Held => false,
        Claim::Free if is_useless_unless_held => true,
        Claim::Free | Claim::Unknown => is_old(path),
    };
    if may_go {
        let _ = fs::remove_file(path);
    }
    // The lock is held until here, so that a process that has just created the file does not use it.
    drop(lock);
}

/// Whether a file was written long ago. A time far in the future means that the clock is or was wrong, so the file is
/// treated as old.
fn is_old(path: &Path) -> bool {
    let written = fs::symlink_metadata(path).and_then(|found| found.modified());
    written.is_ok_and(|written| off(written) > MAX_AGE)
}

/// Returns the distance of a time from now.
fn off(time: SystemTime) -> Duration {
    let ahead = |error: std::time::SystemTimeError| error.duration();
    time.elapsed().unwrap_or_else(ahead)
}

/// The result of an attempt to lock a temporary file.
enum Claim {
    /// It is locked by its process.
    Held,
    /// It is not locked.
    Free,
    /// The file system has no locks, or the file cannot be opened.
    Unknown,
}

#[cfg(not(windows))]
fn claim(path: &Path) -> (Claim, Option<File>) {
    let Ok(file) = input_file::open_own(path, File::options().read(true)) else {
        return (Claim::Unknown, None);
    };
    match file.try_lock() {
        Ok(()) => (Claim::Free, Some(file)),
        Err(fs::TryLockError::WouldBlock) => (Claim::Held, None),
        Err(fs::TryLockError::Error(_)) => (Claim::Unknown, None),
    }
}

/// Locks the file. Returns false if it was removed as a leftover before.
#[cfg(not(windows))]
fn hold(file: &File) -> bool {
    match file.try_lock() {
        Ok(()) => is_there(file),
        Err(fs::TryLockError::WouldBlock) => false,
        // Without locks, leftovers are recognized by their age.
        Err(fs::TryLockError::Error(_)) => true,
    }
}

#[cfg(unix)]
fn is_there(file: &File) -> bool {
    use std::os::unix::fs::MetadataExt;
    file.metadata().is_ok_and(|found| found.nlink() > 0)
}

#[cfg(not(any(unix, windows)))]
fn is_there(_file: &File) -> bool {
    true
}

/// Opens the file exclusively, which fails while its process has it open. A lock would prevent hooks from reading it.
#[cfg(windows)]
fn claim(path: &Path) -> (Claim, Option<File>) {
    use std::os::windows::fs::OpenOptionsExt;

    const ERROR_SHARING_VIOLATION: i32 = 32;
    let claim = match input_file::open_own(path, File::options().read(true).share_mode(0)) {
        Ok(_) => Claim::Free,
        Err(error) if error.raw_os_error() == Some(ERROR_SHARING_VIOLATION) => Claim::Held,
        Err(_) => Claim::Unknown,
    };
    // Only a closed file can be removed.
    (claim, None)
}

#[cfg(windows)]
fn hold(_file: &File) -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The names in a folder, without the random part.
    fn names(folder: &Path) -> Vec<String> {
        let entries = folder.read_dir().unwrap();
        let mut names: Vec<_> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    fn write(path: &Path, hours: i64) {
        let file = File::create(path).unwrap();
        let off = Duration::from_secs(hours.unsigned_abs() * 60 * 60);
        let now = file.metadata().unwrap().modified().unwrap();
        let time = if hours < 0 { now + off } else { now - off };
        file.set_modified(time).unwrap();
    }

    #[test]
    fn only_a_file_whose_process_has_ended_is_removed_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let mut alive = Vec::new();
        for purpose in PURPOSES {
            alive.push(create(folder.path(), purpose).unwrap());
            // As for a killed process: its lock is released and its file remains.
            let (file, path) = create(folder.path(), purpose).unwrap().keep().unwrap();
            assert!(path.exists());
            drop(file);
        }
        remove_leftovers(folder.path());
        assert_eq!(names(folder.path()).len(), alive.len());
        assert!(alive.iter().all(|file| file.path().exists()));
    }

    #[test]
    fn a_file_without_a_lock_is_removed_at_once_or_after_a_day() {
        let folder = tempfile::tempdir().unwrap();
        for (name, hours) in [
            (".scan-old.tmp", 25),
            (".session-old.tmp", 25),
            (".hook-old.ndjson.tmp", 25),
            (".session-future.tmp", -25),
            (".scan-young.tmp", 23),
            (".session-young.tmp", 0),
            (".session-other", 0),
            (".hook-young.ndjson", 0),
            (".session.salt", 1000),
            ("other.tmp", 1000),
        ] {
            write(&folder.path().join(name), hours);
        }
        remove_leftovers(folder.path());
        assert_eq!(
            names(folder.path()),
            [".scan-young.tmp", ".session.salt", "other.tmp"]
        );
    }

    #[cfg(unix)]
    #[test]
    fn a_link_with_such_a_name_and_its_target_are_not_removed() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("target");
        write(&target, 1000);
        std::os::unix::fs::symlink(&target, folder.path().join(".session-locked-x.tmp")).unwrap();
        remove_leftovers(folder.path());
        assert_eq!(names(folder.path()), [".session-locked-x.tmp", "target"]);
    }
}
