//! Renames files and folders. The only place that does so.
//!
//! On Windows, a file that another program has open cannot be renamed or replaced. Virus scanners and search indexers open
//! each new file for a moment, so renaming is retried there.

use std::{fs, io, path::Path};

use tempfile::{NamedTempFile, PersistError, TempPath};

#[cfg(windows)]
use std::{
    thread,
    time::{Duration, Instant},
};

/// How long to retry renaming a file that another program has open.
#[cfg(windows)]
const OPEN_ELSEWHERE_TIME: Duration = Duration::from_secs(3);
/// Interval at which it is retried.
#[cfg(windows)]
const OPEN_ELSEWHERE_INTERVAL: Duration = Duration::from_millis(25);

/// Renames a file or a folder; an existing file is replaced.
///
/// # Errors
/// If it cannot be renamed.
pub fn rename(from: &Path, to: &Path) -> io::Result<()> {
    retried((), |()| fs::rename(from, to).map_err(|error| (error, ())))
}

/// Gives a temporary file its final name; an existing file is replaced.
///
/// # Errors
/// If it cannot be renamed. The temporary file is removed.
pub fn persist(file: NamedTempFile, path: &Path) -> io::Result<fs::File> {
    retried(file, |file| file.persist(path).map_err(parts))
}

/// Gives a temporary file that is closed its final name; an existing file is replaced.
///
/// # Errors
/// If it cannot be renamed. The temporary file is removed.
pub fn persist_path(file: TempPath, path: &Path) -> io::Result<()> {
    retried(file, |file| {
        file.persist(path)
            .map_err(|error| (error.error, error.path))
    })
}

/// Gives a temporary file its final name, if no file has it.
///
/// # Errors
/// If another file has the name, or it cannot be renamed. The error returns the temporary file.
pub fn persist_new(file: NamedTempFile, path: &Path) -> Result<fs::File, PersistError> {
    retried_with(file, |file| file.persist_noclobber(path).map_err(parts))
        .map_err(|(error, file)| PersistError { error, file })
}

fn parts(error: PersistError) -> (io::Error, NamedTempFile) {
    (error.error, error.file)
}

fn retried<T, F>(subject: F, attempt: impl FnMut(F) -> Result<T, (io::Error, F)>) -> io::Result<T> {
    retried_with(subject, attempt).map_err(|(error, _)| error)
}

#[cfg(not(windows))]
fn retried_with<T, F>(
    subject: F,
    mut attempt: impl FnMut(F) -> Result<T, (io::Error, F)>,
) -> Result<T, (io::Error, F)> {
    attempt(subject)
}

#[cfg(windows)]
fn retried_with<T, F>(
    mut subject: F,
    mut attempt: impl FnMut(F) -> Result<T, (io::Error, F)>,
) -> Result<T, (io::Error, F)> {
    let begun = Instant::now();
    loop {
        match attempt(subject) {
            Err((error, same))
                if is_open_elsewhere(&error) && begun.elapsed() < OPEN_ELSEWHERE_TIME =>
            {
                subject = same;
                thread::sleep(OPEN_ELSEWHERE_INTERVAL);
            }
            result => return result,
        }
    }
}

/// Whether the error is one of those that Windows returns while another program has the file open.
#[cfg(windows)]
fn is_open_elsewhere(error: &io::Error) -> bool {
    const ERROR_ACCESS_DENIED: i32 = 5;
    const ERROR_SHARING_VIOLATION: i32 = 32;
    const ERROR_LOCK_VIOLATION: i32 = 33;
    matches!(
        error.raw_os_error(),
        Some(ERROR_ACCESS_DENIED | ERROR_SHARING_VIOLATION | ERROR_LOCK_VIOLATION)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_replaces_another_unless_its_name_must_be_new() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        let file = || NamedTempFile::new_in(folder.path()).unwrap();
        persist_new(file(), &path).unwrap();
        let error = persist_new(file(), &path).unwrap_err();
        assert_eq!(error.error.kind(), io::ErrorKind::AlreadyExists);
        persist(error.file, &path).unwrap();
        rename(&path, &folder.path().join("b")).unwrap();
        assert!(!path.exists());
        assert!(rename(&path, &folder.path().join("b")).is_err());
    }

    /// As a virus scanner does: it opens the file without letting others rename it.
    #[cfg(windows)]
    #[test]
    fn a_file_that_another_program_has_open_is_renamed_when_it_is_closed() {
        use std::os::windows::fs::OpenOptionsExt;

        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        fs::write(&path, "").unwrap();
        let open = fs::File::options()
            .read(true)
            .share_mode(1)
            .open(&path)
            .unwrap();
        let scanner = thread::spawn(move || {
            thread::sleep(Duration::from_millis(300));
            drop(open);
        });
        let begun = Instant::now();
        rename(&path, &folder.path().join("b")).unwrap();
        assert!(begun.elapsed() >= Duration::from_millis(250));
        scanner.join().unwrap();
    }
}
