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

impl Instant {
    /// The text of a time between the years 0 and 9999, several times faster than for any time.
    fn usual_text(self) -> Option<[u8; 24]> {
        const DAY: i64 = 86_400_000;
        let (days, millis) = (
            self.unix_millis.div_euclid(DAY),
            self.unix_millis.rem_euclid(DAY),
        );
        // The days since 0000-03-01, in eras of 400 years (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms").
        let shifted = u32::try_from(days + 719_468).ok()?;
        let (era, of_era) = (shifted / 146_097, shifted % 146_097);
        let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted_month = (5 * of_year + 2) / 153;
        let day = of_year - (153 * shifted_month + 2) / 5 + 1;
        let month = if shifted_month < 10 {
            shifted_month + 3
        } else {
            shifted_month - 9
        };
        let year = year_of_era + era * 400 + u32::from(month <= 2);
        if year > 9_999 {
            return None;
        }
        let millis = u32::try_from(millis).ok()?;
        let (hour, minute) = (millis / 3_600_000, millis / 60_000 % 60);
        let mut text = *b"0000-00-00T00:00:00.000Z";
        for (end, digits, mut number) in [
            (4, 4, year),
            (7, 2, month),
            (10, 2, day),
            (13, 2, hour),
            (16, 2, minute),
            (19, 2, millis / 1_000 % 60),
            (23, 3, millis % 1_000),
        ] {
            for at in (end - digits..end).rev() {
                text[at] = b'0' + (number % 10) as u8;
                number /= 10;
            }
        }
        Some(text)
    }
}

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(text) = self.usual_text() {
            return f.write_str(str::from_utf8(&text).or(Err(fmt::Error))?);
        }
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
    fn the_fast_way_of_writing_gives_what_the_calendar_gives() {
        let mut millis = -62_167_219_200_000;
        while millis < 253_402_300_799_999 {
            let instant = Instant::from_unix_millis(millis).unwrap();
            let slow = format!("{:.3}Z", late(millis).unwrap());
            assert_eq!(instant.to_string(), slow, "{millis}");
            millis += 86_400_000 * 11 + 3_723_004;
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
