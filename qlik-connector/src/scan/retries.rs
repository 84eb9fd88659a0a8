//! How often a scan begins again, and why.

use std::time::Duration;

/// Maximum number of attempts at a scan whose lists break in the middle.
const ATTEMPTS: u32 = 3;

/// Pause before the second attempt; the third waits twice as long. It gives a site with hiccups a chance.
const PAUSE: Duration = Duration::from_millis(500);

/// The attempts at a scan so far.
#[derive(Debug, Default)]
pub(crate) struct Retries {
    /// Number of attempts that a list ended by breaking in the middle.
    broken: u32,
    /// The lists that held a record twice.
    repeated: Vec<&'static str>,
}

impl Retries {
    /// Whether a list that breaks now may be read again.
    pub(crate) fn may_restart(&self) -> bool {
        self.broken + 1 < ATTEMPTS
    }

    /// Whether a list that holds a record twice may be read again: once.
    pub(crate) fn may_reread(&self, list: &'static str) -> bool {
        !self.repeated.contains(&list)
    }

    /// Notes that a list broke. Returns how long to wait.
    pub(crate) fn broke(&mut self) -> Duration {
        self.broken += 1;
        PAUSE * self.broken
    }

    /// Notes that a list contained a record twice. Returns how long to wait.
    pub(crate) fn repeats(&mut self, list: &'static str) -> Duration {
        self.repeated.push(list);
        PAUSE
    }
}
