//! Limits how often a scan begins again.

use std::time::Duration;

use qrs_client::{Error, ErrorKind, TimeLimit};

/// Maximum number of attempts at a scan whose lists are interrupted.
const MAX_ATTEMPTS: u32 = 3;

/// Pause before the second attempt. The pause before the third attempt is twice as long.
const RETRY_PAUSE: Duration = Duration::from_millis(500);

/// The attempts at a scan so far.
#[derive(Debug)]
pub(crate) struct Retries {
    /// Number of requests at once in the next attempt.
    at_once: usize,
    /// Number of attempts that ended because a list was interrupted.
    broken: u32,
    /// The lists that contained a record twice.
    repeated: Vec<&'static str>,
}

impl Retries {
    pub(crate) fn new(parallel: usize) -> Self {
        Self {
            at_once: parallel,
            broken: 0,
            repeated: Vec::new(),
        }
    }

    /// Number of requests at once. After an interrupted list, it is 1: the site may have ended a response that was not read
    /// for minutes, or several requests at once may be too much for it.
    pub(crate) fn at_once(&self) -> usize {
        self.at_once
    }

    /// Whether another attempt may succeed after this error of a list. An exceeded time limit would be exceeded again, unless
    /// the list did not begin while others were requested. Before the first record, the client itself retries.
    pub(crate) fn may_restart(&self, error: &Error) -> bool {
        match error.time_limit() {
            _ if self.broken + 1 >= MAX_ATTEMPTS => false,
            None if error.kind() == ErrorKind::ListBroken => true,
            Some((TimeLimit::FirstByteOfList, _)) => self.at_once > 1,
            _ => false,
        }
    }

    /// Whether a list that contains a record twice may be read again. Allowed once per list.
    pub(crate) fn may_reread(&self, list: &'static str) -> bool {
        !self.repeated.contains(&list)
    }

    /// Records that a list was interrupted. Returns how long to wait.
    pub(crate) fn interrupted(&mut self) -> Duration {
        self.broken += 1;
        self.at_once = 1;
        RETRY_PAUSE * self.broken
    }

    /// Records that a list contained a record twice. Returns how long to wait.
    pub(crate) fn repeats(&mut self, list: &'static str) -> Duration {
        self.repeated.push(list);
        RETRY_PAUSE
    }
}
