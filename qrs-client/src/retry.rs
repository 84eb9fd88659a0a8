//! Which failures are retried and which may pass, as tables. Nothing here touches the network or a
//! clock; [`Tries`] waits, and `transport` sends.

mod tries;

use std::time::Duration;

use jiff::fmt::rfc2822::DateTimeParser;

pub(crate) use tries::{RetryPolicy, Tries};

/// The longest `Retry-After` that the client waits for. When a site asks for more, its error is
/// reported at once.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(60);

/// What stopped a try, as far as retrying is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// The site answered with this status, and may have sent a `Retry-After`.
    Status(u16, Option<Duration>),
    /// The host name was not resolved.
    Unresolved,
    /// No connection was made: refused, unreachable, or timed out by the operating system.
    NoConnection,
    /// The connection was reset or closed before the answer was complete.
    Cut,
    /// A time limit of the client was exceeded.
    Limit,
    /// A list was broken in the middle although its bytes arrived.
    Damaged,
    /// The account has too many sessions. Some of them end within half an hour.
    Sessions,
    /// Anything that does not change by itself.
    Final,
}

/// What to do after a failed try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    GiveUp,
    /// Retry after the loop's own delay.
    Retry,
    /// Retry when the site said.
    RetryAfter(Duration),
}

/// Whether the client itself retries. It never retries after a time limit: the same limit would
/// only be exceeded again.
pub(crate) fn verdict(trouble: Trouble) -> Verdict {
    match trouble {
        Trouble::Status(status, after) if is_passing(status) => match after {
            Some(after) if after > LONGEST_RETRY_AFTER => Verdict::GiveUp,
            Some(after) => Verdict::RetryAfter(after),
            None => Verdict::Retry,
        },
        Trouble::Unresolved | Trouble::NoConnection | Trouble::Cut => Verdict::Retry,
        Trouble::Status(..)
        | Trouble::Limit
        | Trouble::Damaged
        | Trouble::Sessions
        | Trouble::Final => Verdict::GiveUp,
    }
}

/// Whether the same request may succeed later, without anybody changing a setting.
pub(crate) fn may_pass(trouble: Trouble) -> bool {
    match trouble {
        Trouble::Status(status, _) => is_passing(status),
        Trouble::Unresolved
        | Trouble::NoConnection
        | Trouble::Cut
        | Trouble::Limit
        | Trouble::Damaged
        | Trouble::Sessions => true,
        Trouble::Final => false,
    }
}

/// The statuses of a server or gateway that is busy, starting or failing for the moment. 500 is
/// among them since repositories answer it while they start (qlik-cloud-monitoring-apps #91);
/// 520 to 524 are a content delivery network's words for a site that does not answer properly.
fn is_passing(status: u16) -> bool {
    matches!(status, 408 | 425 | 429 | 500 | 502..=504 | 520..=524)
}

/// The wait that a `Retry-After` header asks for: seconds, or a date, which is read against the
/// `Date` header of the same answer, so that clocks that differ do no harm (RFC 9110, 10.2.3).
pub(crate) fn retry_after(value: &str, date: Option<&str>) -> Option<Duration> {
    let value = value.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let wait = http_date(value)?.saturating_sub(http_date(date?)?);
    Some(Duration::from_secs(u64::try_from(wait).unwrap_or(0)))
}

/// A date of HTTP as seconds since 1970.
pub(crate) fn http_date(value: &str) -> Option<i64> {
    let timestamp = DateTimeParser::new().parse_timestamp(value.trim()).ok()?;
    Some(timestamp.as_second())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_that_may_pass_are_retried_and_others_are_not() {
        let passing = [408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524];
        for status in 100..=599 {
            let trouble = Trouble::Status(status, None);
            let expected = passing.contains(&status);
            assert_eq!(verdict(trouble) == Verdict::Retry, expected, "{status}");
            assert_eq!(may_pass(trouble), expected, "{status}");
        }
    }

    #[test]
    fn failures_of_the_network_are_retried_but_exceeded_limits_are_not() {
        let cases = [
            (Trouble::Unresolved, Verdict::Retry, true),
            (Trouble::NoConnection, Verdict::Retry, true),
            (Trouble::Cut, Verdict::Retry, true),
            (Trouble::Limit, Verdict::GiveUp, true),
            (Trouble::Damaged, Verdict::GiveUp, true),
            (Trouble::Sessions, Verdict::GiveUp, true),
            (Trouble::Final, Verdict::GiveUp, false),
        ];
        for (trouble, expected, passes) in cases {
            assert_eq!(verdict(trouble), expected, "{trouble:?}");
            assert_eq!(may_pass(trouble), passes, "{trouble:?}");
        }
    }

    #[test]
    fn a_site_that_says_when_to_retry_is_obeyed_for_every_passing_status() {
        let second = Duration::from_secs(1);
        for status in [408, 425, 429, 500, 503, 521] {
            let trouble = Trouble::Status(status, Some(second));
            assert_eq!(verdict(trouble), Verdict::RetryAfter(second), "{status}");
        }
        let refused = Trouble::Status(403, Some(second));
        assert_eq!(verdict(refused), Verdict::GiveUp);
    }

    #[test]
    fn a_site_that_asks_for_more_than_a_minute_is_reported_at_once() {
        let minute = Trouble::Status(503, Some(LONGEST_RETRY_AFTER));
        assert_eq!(verdict(minute), Verdict::RetryAfter(LONGEST_RETRY_AFTER));
        let hour = Trouble::Status(503, Some(Duration::from_secs(3600)));
        assert_eq!(verdict(hour), Verdict::GiveUp);
        assert!(may_pass(hour));
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
