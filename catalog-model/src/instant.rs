//! Points in time, in the format of catalogs.

use std::{fmt, str::FromStr};

use jiff::{SignedDuration, Timestamp, civil::DateTime, tz};

/// A point in time between the years -9999 and 9999, to the millisecond.
///
/// `Display` writes UTC with milliseconds and a `Z`, the only form that all importers of the Zeenea scanner accept:
/// `2024-01-31T12:00:00.000Z`. [`FromStr`] reads that form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant {
    unix_millis: i64,
}

/// A time outside the years -9999 to 9999, or a text that is not of the form `2024-01-31T12:00:00.000Z`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a point in time of the form `2024-01-31T12:00:00.000Z`")]
pub struct InvalidInstant;

impl Instant {
    /// The point in time `unix_millis` milliseconds after 1970-01-01T00:00:00Z.
    ///
    /// # Errors
    /// If it is outside the years -9999 to 9999.
    pub fn from_unix_millis(unix_millis: i64) -> Result<Self, InvalidInstant> {
        if Timestamp::from_millisecond(unix_millis).is_err() {
            late(unix_millis)?;
        }
        Ok(Self { unix_millis })
    }

    /// Milliseconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub fn as_unix_millis(self) -> i64 {
        self.unix_millis
    }
}

/// A civil time for points in time after the last `jiff::Timestamp`, which is some hours before the end of the year
/// 9999; sources use that end as "never". Civil times are several times slower to compute, so only these use them.
fn late(unix_millis: i64) -> Result<DateTime, InvalidInstant> {
    epoch()
        .checked_add(SignedDuration::from_millis(unix_millis))
        .or(Err(InvalidInstant))
}

fn epoch() -> DateTime {
    tz::Offset::UTC.to_datetime(Timestamp::UNIX_EPOCH)
}

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match Timestamp::from_millisecond(self.unix_millis) {
            Ok(timestamp) => write!(f, "{timestamp:.3}"),
            Err(_) => write!(f, "{:.3}Z", late(self.unix_millis).or(Err(fmt::Error))?),
        }
    }
}

impl FromStr for Instant {
    type Err = InvalidInstant;

    fn from_str(text: &str) -> Result<Self, InvalidInstant> {
        let civil = text.strip_suffix('Z').ok_or(InvalidInstant)?;
        let civil: DateTime = civil.parse().or(Err(InvalidInstant))?;
        let unix_millis = civil.duration_since(epoch()).as_millis();
        i64::try_from(unix_millis)
            .map(|unix_millis| Self { unix_millis })
            .or(Err(InvalidInstant))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_written_in_utc_with_milliseconds() {
        for (millis, written) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (1_706_702_400_000, "2024-01-31T12:00:00.000Z"),
            (-1, "1969-12-31T23:59:59.999Z"),
            (-377_705_116_800_000, "-009999-01-01T00:00:00.000Z"),
            (253_402_207_200_000, "9999-12-30T22:00:00.000Z"),
            (253_402_207_200_001, "9999-12-30T22:00:00.001Z"),
            (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
        ] {
            let instant = Instant::from_unix_millis(millis).unwrap();
            assert_eq!(instant.to_string(), written);
            assert_eq!(written.parse(), Ok(instant));
        }
    }

    #[test]
    fn a_time_beyond_the_calendar_is_refused() {
        assert_eq!(Instant::from_unix_millis(i64::MAX), Err(InvalidInstant));
        assert_eq!(
            "2024-01-31T12:00:00".parse::<Instant>(),
            Err(InvalidInstant)
        );
        assert_eq!("tomorrowZ".parse::<Instant>(), Err(InvalidInstant));
    }
}
