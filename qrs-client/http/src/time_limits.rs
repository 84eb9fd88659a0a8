//! The time limits of a request.

use std::time::Duration;

use tokio::time::Instant;

/// How long the client waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct TimeLimits {
    /// Maximum time to connect, TLS included: 10 s.
    pub connect: Duration,
    /// Maximum time until a response begins, connecting included: 120 s.
    pub first_byte: Duration,
    /// Maximum time between two parts of a response: 60 s.
    pub silence: Duration,
    /// Maximum time for a request and its whole response, failed tries included: 60 min.
    pub total: Duration,
}

/// One of the [`TimeLimits`]; see [`Error::time_limit`](crate::Error::time_limit).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TimeLimit {
    /// [`TimeLimits::connect`]
    Connect,
    /// [`TimeLimits::first_byte`]
    FirstByte,
    /// [`TimeLimits::silence`]
    Silence,
    /// [`TimeLimits::total`]
    Total,
}

/// The time limits of one request that has begun.
#[derive(Debug, Clone, Copy)]
pub struct ResponseLimits {
    /// The time at which the response must be complete.
    pub(crate) deadline: Instant,
    pub(crate) limits: TimeLimits,
}

/// Maximum value of a time limit. Longer durations cannot be added to the clock: `Duration::MAX` means no limit.
const MAX_LIMIT: Duration = Duration::from_secs(365 * 24 * 60 * 60);

impl Default for TimeLimits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            first_byte: Duration::from_secs(120),
            silence: Duration::from_secs(60),
            total: Duration::from_secs(60 * 60),
        }
    }
}

impl TimeLimits {
    /// Sets the maximum time to connect.
    #[must_use]
    pub fn with_connect(mut self, limit: Duration) -> Self {
        self.connect = limit;
        self
    }

    /// Sets the maximum time until a response begins.
    #[must_use]
    pub fn with_first_byte(mut self, limit: Duration) -> Self {
        self.first_byte = limit;
        self
    }

    /// Sets the maximum time between two parts of a response.
    #[must_use]
    pub fn with_silence(mut self, limit: Duration) -> Self {
        self.silence = limit;
        self
    }

    /// Sets the maximum time for a request and its whole response.
    #[must_use]
    pub fn with_total(mut self, limit: Duration) -> Self {
        self.total = limit;
        self
    }

    /// The limits of a request that begins now.
    #[must_use]
    pub fn begin(self) -> ResponseLimits {
        let limits = self.bounded();
        ResponseLimits {
            deadline: Instant::now() + limits.total,
            limits,
        }
    }

    /// The same limits, none of them too long to be added to the clock.
    pub(crate) fn bounded(self) -> Self {
        Self {
            connect: bounded(self.connect),
            first_byte: bounded(self.first_byte),
            silence: bounded(self.silence),
            total: bounded(self.total),
        }
    }
}

/// The same duration, or the longest one that can be added to the clock.
pub(crate) fn bounded(limit: Duration) -> Duration {
    limit.min(MAX_LIMIT)
}

impl ResponseLimits {
    /// The time at which the response must be complete.
    #[must_use]
    pub fn deadline(&self) -> Instant {
        self.deadline
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_unlimited_duration_is_no_overflow() {
        let limits = TimeLimits::default()
            .with_connect(Duration::MAX)
            .with_first_byte(Duration::MAX)
            .with_silence(Duration::MAX)
            .with_total(Duration::MAX)
            .begin();
        assert!(limits.deadline() > Instant::now() + Duration::from_secs(3600));
        assert_eq!(limits.limits.connect, MAX_LIMIT);
    }
}
