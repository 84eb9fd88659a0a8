//! Progress of a poll of the files, so that a poll that hangs can be reported.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use crate::home::shown;

/// The file that is being read. The polling thread sets it; other threads read it.
#[derive(Clone, Debug, Default)]
pub struct PollProgress(Arc<Mutex<Option<PathBuf>>>);

/// A poll that is running.
#[derive(Clone, Debug)]
pub struct RunningPoll {
    /// When the poll started.
    pub started: Instant,
    /// The file that is being read.
    pub at: PollProgress,
}

/// Time after which a running poll is reported as overdue. It is generous: polling thousands of files on a network
/// folder takes seconds.
const POLL_LIMIT: Duration = Duration::from_secs(30);

impl PollProgress {
    /// Sets the file that is being read, or `None`.
    pub fn set(&self, file: Option<PathBuf>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = file;
    }
}

impl RunningPoll {
    /// The message about a poll that has been running for too long at `now`.
    pub fn overdue(&self, now: Instant) -> Option<String> {
        if now.saturating_duration_since(self.started) <= POLL_LIMIT {
            return None;
        }
        let at = self.at.0.lock().unwrap_or_else(PoisonError::into_inner);
        let at = at
            .as_ref()
            .map(|file| format!("; it is reading `{}`", shown(file)));
        Some(format!(
            "a poll of the files has been running for more than {} seconds{}",
            POLL_LIMIT.as_secs(),
            at.unwrap_or_default()
        ))
    }
}
