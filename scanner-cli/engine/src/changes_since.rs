//! The start of a list of changes: a scan or a time, as people write it: `17`, `7d`, `yesterday`, `2026-11-24`.

use jiff::{Span, Timestamp, ToSpan, civil, tz::TimeZone};

use crate::{
    operation_error::OperationError,
    shown_time::second,
    store::{Catalog, ChangesFrom, LastScan, StoreError},
};

/// The scan or the time from which on changes are wanted.
#[derive(Clone, Debug)]
pub enum ChangesSince {
    /// The scan with this number.
    Scan(i64),
    /// A scan of the store with this id.
    ScanOfStore {
        /// The id of the store.
        store: String,
        /// The number of the scan.
        scan: i64,
    },
    /// A time.
    Time(Timestamp),
    /// This long ago.
    Ago(Span),
    /// A day, or a time of a day, in the local zone.
    Local(civil::DateTime),
    /// The beginning of the day this many days ago, in the local zone.
    DaysAgo(i64),
}

impl ChangesSince {
    /// Reads the text of a command line.
    ///
    /// # Errors
    /// If it is neither a scan nor a time.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let scan = text.parse().map(Self::Scan).ok();
        let time = || text.parse().map(Self::Time).ok();
        scan.or_else(|| scan_of_store(text))
            .or_else(|| day(text))
            .or_else(time)
            .or_else(|| time_without_zone(text))
            .or_else(|| ago(text))
            .ok_or_else(|| {
                "expected the number or the id of a scan, a time such as `2026-11-24` or `2026-11-24T07:30:00Z`, `today`, \
                 `yesterday`, or how long ago, such as `7d` or `12h`"
                    .to_owned()
            })
    }

    /// The scan or the time, for the store with this id. Days, and times without an offset, are in `zone`.
    ///
    /// # Errors
    /// If it is a scan of another store.
    pub fn resolve(
        &self,
        store_id: &str,
        now: Timestamp,
        zone: &TimeZone,
    ) -> Result<ChangesFrom, OperationError> {
        let now = now.to_zoned(zone.clone());
        match self {
            Self::ScanOfStore { store, scan } if store != store_id => {
                Err(OperationError::unknown_name(format!(
                    "the scan `{store}-{scan}` belongs to another store; the id of this store is `{store_id}` (a backup was restored, or this is another home)"
                )))
            }
            Self::Scan(scan) | Self::ScanOfStore { scan, .. } => Ok(ChangesFrom::Scan(*scan)),
            Self::Time(time) => Ok(ChangesFrom::Time(time.as_millisecond())),
            Self::Local(time) => Ok(from(time.to_zoned(zone.clone()))),
            Self::Ago(span) => Ok(from(now.checked_sub(*span))),
            Self::DaysAgo(days) => {
                let day = now.checked_sub(days.days());
                Ok(from(day.and_then(|day| day.start_of_day())))
            }
        }
    }
}

/// From this time on. A time before all times selects all changes.
fn from(time: Result<jiff::Zoned, jiff::Error>) -> ChangesFrom {
    let time = time.map_or(Timestamp::MIN, |time| time.timestamp());
    ChangesFrom::Time(time.as_millisecond())
}

/// Why there cannot be changes from there on: the time, or the scan, is in the future.
///
/// # Errors
/// If the store cannot be read.
pub fn future(
    catalog: &Catalog,
    from: ChangesFrom,
    now: Timestamp,
) -> Result<Option<String>, StoreError> {
    match from {
        ChangesFrom::Scan(scan) => {
            let scans = catalog.last_scans(LastScan::Any)?;
            let last = scans.iter().map(|scan| scan.id).max().unwrap_or(0);
            Ok((scan > last).then(|| {
                format!("there is no scan {scan} yet; the last scan of the store is {last}")
            }))
        }
        ChangesFrom::Time(time) => {
            Ok((time > now.as_millisecond()).then(|| format!("{} is in the future", second(time))))
        }
    }
}

fn scan_of_store(text: &str) -> Option<ChangesSince> {
    let (store, scan) = text.split_once('-')?;
    let is_store = store.len() == 16 && store.bytes().all(|byte| byte.is_ascii_hexdigit());
    let scan = scan.parse().ok().filter(|_| is_store)?;
    let store = store.to_owned();
    Some(ChangesSince::ScanOfStore { store, scan })
}

fn day(text: &str) -> Option<ChangesSince> {
    match text.to_lowercase().as_str() {
        "today" => Some(ChangesSince::DaysAgo(0)),
        "yesterday" => Some(ChangesSince::DaysAgo(1)),
        _ => None,
    }
}

/// A day, or a time of a day.
fn time_without_zone(text: &str) -> Option<ChangesSince> {
    text.parse().map(ChangesSince::Local).ok()
}

/// `7d`, `2 weeks`, `1h 30m ago`.
fn ago(text: &str) -> Option<ChangesSince> {
    let span: Span = text.parse().ok()?;
    Some(ChangesSince::Ago(span.abs()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const STORE: &str = "5b1f0c2a9d3e4f67";

    fn resolved(text: &str) -> Result<ChangesFrom, OperationError> {
        let now = "2026-11-24T07:30:15Z".parse().unwrap();
        let since = ChangesSince::parse(text).unwrap();
        since.resolve(STORE, now, &TimeZone::UTC)
    }

    #[test]
    fn days_begin_in_the_local_zone() {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let now = "2026-11-24T23:30:15Z".parse().unwrap();
        for (text, expected) in [
            ("today", "2026-11-24T23:00:00Z"),
            ("yesterday", "2026-11-23T23:00:00Z"),
            ("2026-07-20", "2026-07-19T22:00:00Z"),
            ("2026-11-20T07:30", "2026-11-20T06:30:00Z"),
            ("2026-11-20T07:30:00Z", "2026-11-20T07:30:00Z"),
        ] {
            let expected: Timestamp = expected.parse().unwrap();
            let found = ChangesSince::parse(text)
                .unwrap()
                .resolve(STORE, now, &zone);
            let expected = ChangesFrom::Time(expected.as_millisecond());
            assert_eq!(found.unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn a_time_is_absolute_or_relative() {
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
            let expected: Timestamp = expected.parse().unwrap();
            let expected = ChangesFrom::Time(expected.as_millisecond());
            assert_eq!(resolved(text).unwrap(), expected, "{text}");
        }
        let all = ChangesFrom::Time(Timestamp::MIN.as_millisecond());
        assert_eq!(resolved("19000y").unwrap(), all);
    }

    #[test]
    fn a_number_is_a_scan_and_an_id_a_scan_of_one_store() {
        assert_eq!(resolved("17").unwrap(), ChangesFrom::Scan(17));
        let own = format!("{STORE}-2");
        assert_eq!(resolved(&own).unwrap(), ChangesFrom::Scan(2));
        let error = resolved("0000000000000000-2").unwrap_err();
        let message = error.problems[0].message();
        assert!(message.contains("belongs to another store"), "{message}");
        for text in ["", "x", "7x", "d", "tomorrow", "2026-13-01", "5b1f-2"] {
            let message = ChangesSince::parse(text).unwrap_err();
            assert!(message.contains("`yesterday`"), "{text}");
        }
    }
}
