//! Which failures are retried and which are temporary, as tables. Nothing here touches the network or a clock; [`Tries`]
//! waits, and the client sends.

mod tries;

use std::time::Duration;

use http::Method;
use jiff::fmt::rfc2822::DateTimeParser;

pub use tries::{RetryPolicy, Tries};

/// Maximum `Retry-After` that the client waits for. If a server asks for more, its response is returned at once.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(60);

/// A failed try, as far as retrying is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum FailureClass {
    /// The server answered with this status, possibly with a `Retry-After`.
    Status(u16, Option<Duration>),
    /// The host name was not resolved.
    NameNotResolved,
    /// No connection was made: refused, unreachable, or timed out by the operating system.
    NotConnected,
    /// The connection was reset or closed before the response was complete.
    ConnectionLost,
    /// A time limit of the client was exceeded.
    TimeLimit,
    /// Another failure that is not worth retrying within seconds but may be gone in some minutes.
    Later,
    /// A failure that does not change by itself.
    Permanent,
}

/// Whether a request may be sent twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeat {
    /// Sending it twice does no harm. Everything that the table allows is retried.
    Safe,
    /// It is only retried if the server has not processed it: there was no connection, or the status says so (408, 425, 429
    /// and 503).
    IfNotProcessed,
    /// It is never retried, for example because its body can be read only once.
    Never,
}

/// What to do after a failed try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RetryDecision {
    GiveUp,
    /// Retry after the loop's own delay.
    Retry,
    /// Retry at the time that the server asked for.
    RetryAfter(Duration),
}

impl Repeat {
    /// What the method promises: all but POST, PATCH and CONNECT are idempotent (RFC 9110, 9.2.2).
    pub(crate) fn from_method(method: &Method) -> Self {
        match *method {
            Method::POST | Method::PATCH | Method::CONNECT => Self::IfNotProcessed,
            _ => Self::Safe,
        }
    }

    fn allows(self, class: FailureClass) -> bool {
        match self {
            Self::Safe => true,
            Self::Never => false,
            Self::IfNotProcessed => matches!(
                class,
                FailureClass::NameNotResolved
                    | FailureClass::NotConnected
                    | FailureClass::Status(408 | 425 | 429 | 503, _)
            ),
        }
    }
}

/// Whether the client itself retries. It never retries after a time limit: the same limit would be exceeded again.
pub(crate) fn decide(class: FailureClass, repeat: Repeat) -> RetryDecision {
    if !repeat.allows(class) {
        return RetryDecision::GiveUp;
    }
    match class {
        FailureClass::Status(status, after) if is_temporary(status) => match after {
            Some(after) if after > MAX_RETRY_AFTER => RetryDecision::GiveUp,
            Some(after) => RetryDecision::RetryAfter(after),
            None => RetryDecision::Retry,
        },
        FailureClass::NameNotResolved
        | FailureClass::NotConnected
        | FailureClass::ConnectionLost => RetryDecision::Retry,
        FailureClass::Status(..)
        | FailureClass::TimeLimit
        | FailureClass::Later
        | FailureClass::Permanent => RetryDecision::GiveUp,
    }
}

/// Whether the same request may succeed later without a change of settings.
pub(crate) fn may_pass(class: FailureClass) -> bool {
    match class {
        FailureClass::Status(status, _) => is_temporary(status),
        FailureClass::NameNotResolved
        | FailureClass::NotConnected
        | FailureClass::ConnectionLost
        | FailureClass::TimeLimit
        | FailureClass::Later => true,
        FailureClass::Permanent => false,
    }
}

/// The statuses of a server or gateway that is temporarily busy, starting or failing. Servers also answer 500 while they
/// start; content delivery networks answer 520 to 524 if the server behind them fails.
fn is_temporary(status: u16) -> bool {
    matches!(status, 408 | 425 | 429 | 500 | 502..=504 | 520..=524)
}

/// The delay that a `Retry-After` header asks for: seconds, or a date. A date is compared with the `Date` header of the same
/// response, so that different clocks do not matter (RFC 9110, 10.2.3).
#[must_use]
pub fn retry_after(value: &str, date: Option<&str>) -> Option<Duration> {
    let value = value.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let wait = http_date(value)?.saturating_sub(http_date(date?)?);
    Some(Duration::from_secs(u64::try_from(wait).unwrap_or(0)))
}

/// A date of HTTP in seconds since 1970.
#[must_use]
pub fn http_date(value: &str) -> Option<i64> {
    let timestamp = DateTimeParser::new().parse_timestamp(value.trim()).ok()?;
    Some(timestamp.as_second())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn temporary_statuses_are_retried_and_others_are_not() {
        let temporary = [408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524];
        for status in 100..=599 {
            let class = FailureClass::Status(status, None);
            let expected = temporary.contains(&status);
            assert_eq!(
                decide(class, Repeat::Safe) == RetryDecision::Retry,
                expected,
                "{status}"
            );
            assert_eq!(may_pass(class), expected, "{status}");
        }
    }

    #[test]
    fn failures_of_the_network_are_retried_but_exceeded_limits_are_not() {
        let cases = [
            (FailureClass::NameNotResolved, RetryDecision::Retry, true),
            (FailureClass::NotConnected, RetryDecision::Retry, true),
            (FailureClass::ConnectionLost, RetryDecision::Retry, true),
            (FailureClass::TimeLimit, RetryDecision::GiveUp, true),
            (FailureClass::Later, RetryDecision::GiveUp, true),
            (FailureClass::Permanent, RetryDecision::GiveUp, false),
        ];
        for (class, expected, passes) in cases {
            assert_eq!(decide(class, Repeat::Safe), expected, "{class:?}");
            assert_eq!(may_pass(class), passes, "{class:?}");
        }
    }

    #[test]
    fn retry_after_is_obeyed_for_every_temporary_status() {
        let second = Duration::from_secs(1);
        for status in [408, 425, 429, 500, 503, 521] {
            let class = FailureClass::Status(status, Some(second));
            assert_eq!(
                decide(class, Repeat::Safe),
                RetryDecision::RetryAfter(second),
                "{status}"
            );
        }
        let refused = FailureClass::Status(403, Some(second));
        assert_eq!(decide(refused, Repeat::Safe), RetryDecision::GiveUp);
    }

    #[test]
    fn a_retry_after_of_more_than_a_minute_is_not_waited_for() {
        let minute = FailureClass::Status(503, Some(MAX_RETRY_AFTER));
        assert_eq!(
            decide(minute, Repeat::Safe),
            RetryDecision::RetryAfter(MAX_RETRY_AFTER)
        );
        let hour = FailureClass::Status(503, Some(Duration::from_secs(3600)));
        assert_eq!(decide(hour, Repeat::Safe), RetryDecision::GiveUp);
        assert!(may_pass(hour));
    }

    #[test]
    fn a_request_that_may_have_been_processed_is_not_sent_twice() {
        let second = Some(Duration::from_secs(1));
        let cases = [
            (FailureClass::NameNotResolved, true),
            (FailureClass::NotConnected, true),
            (FailureClass::Status(429, second), true),
            (FailureClass::Status(503, None), true),
            (FailureClass::Status(500, None), false),
            (FailureClass::Status(504, None), false),
            (FailureClass::ConnectionLost, false),
        ];
        for (class, expected) in cases {
            let post = decide(class, Repeat::from_method(&Method::POST));
            assert_eq!(post != RetryDecision::GiveUp, expected, "{class:?}");
            let put = decide(class, Repeat::from_method(&Method::PUT));
            assert_ne!(put, RetryDecision::GiveUp, "{class:?}");
            let once = decide(class, Repeat::Never);
            assert_eq!(once, RetryDecision::GiveUp, "{class:?}");
        }
    }

    #[test]
    fn retry_after_is_read_as_seconds_and_as_a_date() {
        let date = Some("Sun, 06 Nov 1994 08:49:37 GMT");
        let cases = [
            ("120", None, Some(120)),
            (" 0 ", None, Some(0)),
            ("Sun, 06 Nov 1994 08:50:07 GMT", date, Some(30)),
            ("Sun, 06 Nov 1994 08:00:00 GMT", date, Some(0)),
            ("Sun, 06 Nov 1994 08:50:07 GMT", None, None),
            ("soon", date, None),
            ("-5", date, None),
        ];
        for (value, date, seconds) in cases {
            let expected = seconds.map(Duration::from_secs);
            assert_eq!(retry_after(value, date), expected, "{value}");
        }
    }
}
