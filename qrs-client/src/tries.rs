//! The tries of one read, and the errors that they report.

use outbound_http::{FailureClass, Repeat, ResponseLimits, RetryPolicy};

use crate::error::Error;
use crate::time_limits::{TimeLimits, Wanted};

/// The tries of one read.
pub(crate) struct Tries {
    http: outbound_http::Tries,
    wanted: Wanted,
}

/// One try of a read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Try {
    pub(crate) limits: ResponseLimits,
    pub(crate) wanted: Wanted,
    pub(crate) is_first: bool,
}

impl Tries {
    pub(crate) fn new(
        policy: RetryPolicy,
        limits: TimeLimits,
        wanted: Wanted,
        repeat: Repeat,
    ) -> Self {
        let limits = limits.of_request(wanted).begin();
        let http = outbound_http::Tries::new(policy, limits, repeat);
        Self { http, wanted }
    }

    /// The next try.
    pub(crate) fn next_try(&self) -> Try {
        Try {
            limits: self.http.limits(),
            wanted: self.wanted,
            is_first: self.http.is_first(),
        }
    }

    /// Counts a failed try and waits until the next one. Returns false at once if there is none.
    pub(crate) async fn wait_for_next(&mut self, class: FailureClass) -> bool {
        self.http.wait_for_next(class).await
    }

    /// Number of tries that failed so far.
    pub(crate) fn failed(&self) -> u32 {
        self.http.failed()
    }

    /// The error of the last try, with the number of tries if there were several.
    pub(crate) fn last_error(&self, error: Error) -> Error {
        match self.http.several() {
            Some((tries, total)) => error.with_tries(tries, total),
            None => error,
        }
    }
}

impl Try {
    /// The error of a failed exchange, with the time limit by its name for what was wanted.
    pub(crate) fn error(self, error: outbound_http::Error) -> Error {
        let error = Error::from(error);
        match error.time_limit() {
            Some((limit, value)) => error.with_time_limit(limit.for_request(self.wanted), value),
            None => error,
        }
    }
}
