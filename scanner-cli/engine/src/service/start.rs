//! Starts the service: reads its name, takes its lock, and reads `conf/application.conf`.

use std::{thread, time::Duration};

use super::{FileWatcher, LostLines, Service};
use crate::{
    home::shown_absolute,
    installation::Installation,
    lock::{Lock, LockError},
    operation_error::{OperationError, OperationErrorKind},
    problem::Problem,
    scanner_identity::scanner_name,
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
