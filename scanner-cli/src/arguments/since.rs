//! From when on something is wanted: `17`, `7d`, `yesterday`, `2026-11-24`.

use jiff::{Span, Timestamp, ToSpan, civil, tz::TimeZone};

/// From when on changes are wanted.
#[derive(Clone, Debug)]
pub(crate) enum Since {
    Scan(i64),
    /// The scan of a certain store, as hooks learn of it.
    ScanOf {
        store: String,
        scan: i64,
    },
    Time(Timestamp),
    /// So long ago.
    Ago(Span),
    /// From the beginning of the day that is so many days ago, in UTC.
    DaysAgo(i64),
}

impl Since {
    /// Reads what was typed.
    ///
    /// # Errors
    /// If it is neither a scan nor a time.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let scan = text.parse().map(Self::Scan).ok();
        let time = || text.parse().map(Self::Time).ok();
        scan.or_else(|| scan_of(text))
            .or_else(|| day(text))
            .or_else(time)
            .or_else(|| time_without_zone(text))
            .or_else(|| ago(text))
            .ok_or_else(|| {
                "expected the number or the id of a scan, a time such as `2026-11-24` or `2026-11-24T07:30:00Z`, `today`, \
                 `yesterday`, or how long ago, such as `7d` or `12h` (UTC)"
                    .to_owned()
            })
    }

    /// The time that is meant, unless it is a scan.
    pub(crate) fn time(&self, now: Timestamp) -> Option<Timestamp> {
        let now = now.to_zoned(TimeZone::UTC);
        let time = match self {
            Self::Scan(_) | Self::ScanOf { .. } => return None,
            Self::Time(time) => return Some(*time),
            Self::Ago(span) => now.checked_sub(*span),
            Self::DaysAgo(days) => now
                .checked_sub(days.days())
                .and_then(|day| day.start_of_day()),
        };
        // What is before all times is all.
        Some(time.map_or(Timestamp::MIN, |time| time.timestamp()))
    }
}

fn scan_of(text: &str) -> Option<Since> {
    let (store, scan) = text.split_once('-')?;
    let is_store = store.len() == 16 && store.bytes().all(|byte| byte.is_ascii_hexdigit());
    let scan = scan.parse().ok().filter(|_| is_store)?;
    let store = store.to_owned();
    Some(Since::ScanOf { store, scan })
}

fn day(text: &str) -> Option<Since> {
    match text.to_lowercase().as_str() {
        "today" => Some(Since::DaysAgo(0)),
        "yesterday" => Some(Since::DaysAgo(1)),
        _ => None,
    }
}

/// A day, or a time of a day, in UTC.
fn time_without_zone(text: &str) -> Option<Since> {
    let time: civil::DateTime = text.parse().ok()?;
    let time = time.to_zoned(TimeZone::UTC).ok()?;
    Some(Since::Time(time.timestamp()))
}

/// `7d`, `2 weeks`, `1h 30m ago`.
fn ago(text: &str) -> Option<Since> {
    let span: Span = text.parse().ok()?;
    Some(Since::Ago(span.abs()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_typed_as_people_say_it() {
        let now: Timestamp = "2026-11-24T07:30:15Z".parse().unwrap();
        for (text, expected) in [
            ("2026-11-20", "2026-11-20T00:00:00Z"),
            ("2026-11-20T07:30", "2026-11-20T07:30:00Z"),
            ("2026-11-20 07:30:01", "2026-11-20T07:30:01Z"),
            ("2026-11-20T07:30:00+01:00", "2026-11-20T06:30:00Z"),
            ("today", "2026-11-24T00:00:00Z"),
            ("Yesterday", "2026-11-23T00:00:00Z"),
            ("7d", "2026-11-17T07:30:15Z"),
            (" 7 days ago ", "2026-11-17T07:30:15Z"),
            ("2w", "2026-11-10T07:30:15Z"),
            ("12h", "2026-11-23T19:30:15Z"),
            ("90m", "2026-11-24T06:00:15Z"),
            ("1d12h", "2026-11-22T19:30:15Z"),
            ("1mo", "2026-10-24T07:30:15Z"),
            ("P1D", "2026-11-23T07:30:15Z"),
        ] {
            let time = Since::parse(text).unwrap().time(now).unwrap();
            assert_eq!(time, expected.parse().unwrap(), "{text}");
        }
        let all = Since::parse("19000y").unwrap().time(now);
        assert_eq!(all, Some(Timestamp::MIN));
    }

    #[test]
    fn a_number_is_a_scan() {
        assert!(matches!(Since::parse("17"), Ok(Since::Scan(17))));
        let Ok(Since::ScanOf { store, scan }) = Since::parse("5b1f0c2a9d3e4f67-2") else {
            panic!("not a scan");
        };
        assert_eq!((store.as_str(), scan), ("5b1f0c2a9d3e4f67", 2));
        for text in ["", "x", "7x", "d", "tomorrow", "2026-13-01", "5b1f-2"] {
            assert!(
                Since::parse(text).unwrap_err().contains("`yesterday`"),
                "{text}"
            );
        }
    }
}
