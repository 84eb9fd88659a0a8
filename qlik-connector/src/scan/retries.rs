//! Limits how often a scan begins again.

use std::time::Duration;

/// Maximum number of attempts at a scan whose lists are interrupted.
const MAX_ATTEMPTS: u32 = 3;

/// Pause before the second attempt. The pause before the third attempt is twice as long.
const RETRY_PAUSE: Duration = Duration::from_millis(500);

/// The attempts at a scan so far.
#[derive(Debug, Default)]
pub(crate) struct Retries {
    /// Number of attempts that ended because a list was interrupted.
    broken: u32,
    /// The lists that contained a record twice.
    repeated: Vec<&'static str>,
}

impl Retries {
    /// Whether an interrupted list may be read again.
    pub(crate) fn may_restart(&self) -> bool {
        self.broken + 1 < MAX_ATTEMPTS
    }

    /// Whether a list that contains a record twice may be read again. Allowed once per list.
    pub(crate) fn may_reread(&self, list: &'static str) -> bool {
        !self.repeated.contains(&list)
    }

    /// Records that a list was interrupted. Returns how long to wait.
    pub(crate) fn interrupted(&mut self) -> Duration {
        self.broken += 1;
        RETRY_PAUSE * self.broken
    }

    /// Records that a list contained a record twice. Returns how long to wait.
    pub(crate) fn repeats(&mut self, list: &'static str) -> Duration {
        self.repeated.push(list);
        RETRY_PAUSE
    }
}
