//! Where a poll of the files is, so that one that does not end can be reported.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use crate::home::shown;

/// The file that is being read, which the thread of the poll says and others read.
#[derive(Clone, Debug, Default)]
pub struct PollProgress(Arc<Mutex<Option<PathBuf>>>);

/// A poll that runs.
#[derive(Clone, Debug)]
pub struct PollNow {
    /// When the poll began.
    pub begun: Instant,
    /// The file that is being read.
    pub at: PollProgress,
}

/// How long a poll may take. It is generous: a poll of thousands of files on a network folder takes seconds.
const POLL_LIMIT: Duration = Duration::from_secs(30);

impl PollProgress {
    /// Says which file is read now, if any.
    pub fn set(&self, file: Option<PathBuf>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = file;
    }
}

impl PollNow {
    /// What to report of a poll that takes too long at `now`.
    pub fn overdue(&self, now: Instant) -> Option<String> {
        if now.saturating_duration_since(self.begun) <= POLL_LIMIT {
            return None;
        }
        let at = self.at.0.lock().unwrap_or_else(PoisonError::into_inner);
        let at = at
            .as_ref()
            .map(|file| format!("; it is at `{}`", shown(file)));
        Some(format!(
            "a poll of the files has not ended for more than {} seconds{}",
            POLL_LIMIT.as_secs(),
            at.unwrap_or_default()
        ))
    }
}
