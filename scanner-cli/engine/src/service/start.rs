//! The start of the service: its name, its lock, and the first reading of the scanner's own settings.

use std::{io, thread, time::Duration};

use super::{FileWatcher, LostLines, Service};
use crate::{
    home::{Home, shown, shown_absolute},
    input_file::{self, FileKind},
    installation::Installation,
    lock::{Lock, LockError},
    operation_error::{OperationError, OperationErrorKind},
    problem::Problem,
    temporary_file,
};

/// Interval at which a lock that another process holds is tried again: `status` holds it for a moment.
const LOCK_INTERVAL: Duration = Duration::from_millis(100);
/// Number of times that it is tried again.
const LOCK_RETRIES: usize = 3;

impl Installation {
    /// Prepares the service, which runs while the lock is held. Blocks: locks, files and the store may wait for a disk.
    ///
    /// # Errors
    /// If another service runs in this home, the scanner's own settings are not valid, or the store cannot be used.
    pub fn start_service(self, lost_lines: LostLines) -> Result<(Lock, Service), OperationError> {
        let name = scanner_name(&self.home)
            .map_err(|problem| OperationError::configuration(vec![problem]))?;
        let lock = self.lock_home()?;
        self.home.remove_leftovers();
        // Where the home cannot be written, files for hooks are elsewhere.
        temporary_file::remove_leftovers(&self.home.aside());
        let mut watcher = FileWatcher::new(self);
        let application = watcher.begin().map_err(OperationError::configuration)?;
        let service = Service::new(watcher, application, name, lost_lines)?;
        Ok((lock, service))
    }

    fn lock_home(&self) -> Result<Lock, OperationError> {
        let (path, home) = (self.home.lock(), self.home.path(""));
        let mut retries = 0;
        loop {
            match Lock::take(&path, (self.clock)()) {
                Ok(lock) => return Ok(lock),
                Err(LockError::Busy(_)) if retries < LOCK_RETRIES => {
                    retries += 1;
                    thread::sleep(LOCK_INTERVAL);
                }
                Err(LockError::Busy(holder)) => {
                    let message = format!(
                        "a service is already running for the home `{}`: {holder}",
                        shown_absolute(&home)
                    );
                    let hint =
                        "stop it first, or name another home with `--home` or `SCANNER_HOME`";
                    return Err(OperationError::new(
                        OperationErrorKind::Busy,
                        Problem::general(message, hint.to_owned()),
                    ));
                }
                Err(LockError::Unusable(error)) => {
                    let message = format!(
                        "the lock `{}` cannot be created: {error}",
                        shown_absolute(&path)
                    );
                    let hint = "let the scanner's account write to the folder `data` of its home";
                    return Err(OperationError::new(
                        OperationErrorKind::Failed,
                        Problem::general(message, hint.to_owned()),
                    ));
                }
            }
        }
    }
}

/// The scanner's name, if the home gives it one.
///
/// # Errors
/// If it is not a valid name, or its file cannot be read.
pub fn scanner_name(home: &Home) -> Result<Option<String>, Problem> {
    let path = home.path("agent-identifier");
    let text = match input_file::read_text(&path, FileKind::Small) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => {
            let message = format!("`{}` cannot be read: {error}", shown(&path));
            return Err(Problem::general(message, None));
        }
    };
    let name = text.trim();
    let fits = |char: char| char.is_ascii_alphanumeric() || matches!(char, '_' | '-');
    if name.is_empty() || !name.chars().all(fits) {
        let message = format!(
            "`{}` does not contain a valid name of a scanner",
            shown(&path)
        );
        let hint = "write one line of letters, digits, `_` and `-`".to_owned();
        return Err(Problem::general(message, hint));
    }
    Ok(Some(name.to_owned()))
}
