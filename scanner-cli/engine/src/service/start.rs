//! Starts the service: reads its name, takes its lock, and reads `conf/application.conf`.

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

/// Interval between attempts to take the lock. `status` holds it for a moment.
const LOCK_INTERVAL: Duration = Duration::from_millis(100);
/// Maximum number of further attempts.
const LOCK_RETRIES: usize = 3;

impl Installation {
    /// Prepares the service. The lock must be held while the service runs. This call blocks: locks, files and the store
    /// may wait for a disk.
    ///
    /// # Errors
    /// If another service runs in this home, `conf/application.conf` is invalid, or the store cannot be used.
    pub fn start_service(self, lost_lines: LostLines) -> Result<(Lock, Service), OperationError> {
        let name = scanner_name(&self.home)
            .map_err(|problem| OperationError::configuration(vec![problem]))?;
        let lock = self.lock_home()?;
        self.home.remove_leftovers();
        // If the home is not writable, the files for hooks are in another folder.
        temporary_file::remove_leftovers(&self.home.temporary_folder());
        let mut watcher = FileWatcher::new(self);
        let application = watcher.begin().map_err(OperationError::configuration)?;
        let service = Service::new(watcher, application, name, lost_lines)?;
        Ok((lock, service))
    }

    fn lock_home(&self) -> Result<Lock, OperationError> {
        let (path, home) = (self.home.lock(), self.home.path(""));
        let mut retries = 0;
        loop {
            match Lock::acquire(&path, (self.clock)()) {
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
                    let hint =
                        "give the scanner's account write access to the folder `data` of its home";
                    return Err(OperationError::new(
                        OperationErrorKind::Failed,
                        Problem::general(message, hint.to_owned()),
                    ));
                }
            }
        }
    }
}

/// The name of the scanner, if the home has one.
///
/// # Errors
/// If the name is invalid, or its file cannot be read.
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
        let message = format!("`{}` does not contain a valid scanner name", shown(&path));
        let hint = "write one line of letters, digits, `_` and `-`".to_owned();
        return Err(Problem::general(message, hint));
    }
    Ok(Some(name.to_owned()))
}
