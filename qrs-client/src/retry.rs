//! Which failures are worth another try, as a table. The loop that waits and tries is in
//! `transport`; nothing here touches the network or a clock.

use std::time::Duration;

use jiff::fmt::rfc2822::DateTimeParser;

/// The longest wait that a site may ask for: a site that asks for an hour gets another try after a
/// minute, and then its error is reported.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(60);

/// What stopped a try, as far as trying again is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// The site answered with this status, and may have said when to come again.
    Status(u16, Option<Duration>),
    /// The connection was reset or closed before the answer was complete.
    Cut,
    /// Nothing of an answer came within the time limit, or no connection.
    NoFirstByte,
    /// The answer began, and then nothing more of it came within the time limit.
    Silent,
    /// Anything that another try will not mend.
    Final,
}

/// What to do after a failed try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    GiveUp,
    /// Try again after the loop's own delay.
    Retry,
    /// Try again when the site said.
    RetryAfter(Duration),
}

pub(crate) fn verdict(trouble: Trouble) -> Verdict {
    match trouble {
        Trouble::Status(429 | 503, Some(after)) => {
            Verdict::RetryAfter(after.min(LONGEST_RETRY_AFTER))
        }
        Trouble::Status(429 | 502 | 503 | 504, _)
        | Trouble::Cut
        | Trouble::NoFirstByte
        | Trouble::Silent => Verdict::Retry,
        Trouble::Status(..) | Trouble::Final => Verdict::GiveUp,
    }
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
    fn what_may_pass_is_tried_again_and_what_will_not_is_not() {
        let second = Duration::from_secs(1);
        let cases = [
            (
                Trouble::Status(429, Some(second)),
                Verdict::RetryAfter(second),
            ),
            (
                Trouble::Status(503, Some(second)),
                Verdict::RetryAfter(second),
            ),
            (Trouble::Status(429, None), Verdict::Retry),
            (Trouble::Status(503, None), Verdict::Retry),
            (Trouble::Status(502, None), Verdict::Retry),
            (Trouble::Status(502, Some(second)), Verdict::Retry),
            (Trouble::Status(504, None), Verdict::Retry),
            (Trouble::Cut, Verdict::Retry),
            (Trouble::NoFirstByte, Verdict::Retry),
            (Trouble::Status(400, Some(second)), Verdict::GiveUp),
            (Trouble::Status(403, None), Verdict::GiveUp),
            (Trouble::Status(500, None), Verdict::GiveUp),
            (Trouble::Final, Verdict::GiveUp),
        ];
        for (trouble, expected) in cases {
            assert_eq!(verdict(trouble), expected, "{trouble:?}");
        }
    }

    #[test]
    fn a_site_may_not_ask_for_more_than_a_minute() {
        let hour = Trouble::Status(503, Some(Duration::from_secs(3600)));
        assert_eq!(verdict(hour), Verdict::RetryAfter(LONGEST_RETRY_AFTER));
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
