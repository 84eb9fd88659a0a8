//! Points in time, as sites write them.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jiff::SignedDuration;
use jiff::civil::{DateTime, date};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::lenient;

/// A point in time of a record.
///
/// Sites write "never" as a date long ago, and some dates in nonstandard formats. Null or a missing field also means never. A
/// text that cannot be read is kept, so that the record is not lost.
///
/// ```
/// use qrs_client::Timestamp;
///
/// assert_eq!(Timestamp::parse("1753-01-01T00:00:00.000Z"), Timestamp::Never);
/// assert_eq!(Timestamp::parse("1970-01-01T00:00:01.5Z").as_unix_millis(), Some(1_500));
/// assert_eq!(Timestamp::from_unix_millis(1_500).to_string(), "1970-01-01T00:00:01.500Z");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Timestamp {
    /// It did not happen: the app was never published, or never reloaded.
    #[default]
    Never,
    /// Milliseconds since 1970-01-01T00:00:00Z.
    At(i64),
    /// The site's text, which is not a readable point in time, cut after 100 bytes.
    Unreadable(String),
}

/// Maximum length of an unreadable text that is kept, in bytes.
const MAX_UNREADABLE_BYTES: usize = 100;

const EPOCH: DateTime = date(1970, 1, 1).at(0, 0, 0, 0);

/// What sites write for "never", and what they accept for it.
pub(crate) const NEVER: &str = "1753-01-01T00:00:00.000Z";

/// Sites write 1753-01-01, the first day that SQL Server supports, for "never". Nothing in a repository is that old.
const FIRST_DAY_AFTER_NEVER: DateTime = date(1753, 1, 2).at(0, 0, 0, 0);

impl Timestamp {
    /// Reads a site's text. A time without an offset is in UTC.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let trimmed = text.trim();
        // `0000-00-00T00:00:00.000Z` was observed, too, although it is not a date.
        if trimmed.is_empty() || trimmed.starts_with("0000-") {
            return Self::Never;
        }
        let Some(utc) = utc(trimmed) else {
            return Self::Unreadable(excerpt(text));
        };
        if utc < FIRST_DAY_AFTER_NEVER {
            return Self::Never;
        }
        let since = utc.duration_since(EPOCH);
        let millis = since.as_secs() * 1000 + i64::from(since.subsec_millis());
        Self::At(millis)
    }

    /// Creates a timestamp from milliseconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub fn from_unix_millis(millis: i64) -> Self {
        Self::At(millis)
    }

    /// Milliseconds since 1970-01-01T00:00:00Z; `None` if it is never or cannot be read.
    #[must_use]
    pub fn as_unix_millis(&self) -> Option<i64> {
        match self {
            Self::At(millis) => Some(*millis),
            Self::Never | Self::Unreadable(_) => None,
        }
    }

    /// Whether the site says that it did not happen.
    #[must_use]
    pub fn is_never(&self) -> bool {
        matches!(self, Self::Never)
    }
}

/// RFC 3339 in UTC with milliseconds; `never`; or the text that cannot be read.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Never => f.write_str("never"),
            Self::Unreadable(text) => f.write_str(text),
            Self::At(millis) => match EPOCH.checked_add(SignedDuration::from_millis(*millis)) {
                Ok(utc) => write!(f, "{utc:.3}Z"),
                Err(_) => write!(f, "{millis} ms since 1970"),
            },
        }
    }
}

/// As a site writes it: `1753-01-01T00:00:00.000Z` for never.
impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Never => serializer.serialize_str(NEVER),
            readable_or_not => serializer.collect_str(readable_or_not),
        }
    }
}

impl From<SystemTime> for Timestamp {
    fn from(time: SystemTime) -> Self {
        let millis = |length: Duration| i64::try_from(length.as_millis()).unwrap_or(i64::MAX);
        Self::At(match time.duration_since(UNIX_EPOCH) {
            Ok(since) => millis(since),
            Err(before) => -millis(before.duration()),
        })
    }
}

/// Fails with the timestamp itself if it is never or cannot be read.
impl TryFrom<Timestamp> for SystemTime {
    type Error = Timestamp;

    fn try_from(timestamp: Timestamp) -> Result<Self, Timestamp> {
        let millis = timestamp.as_unix_millis();
        let time = millis.and_then(|millis| {
            let length = Duration::from_millis(millis.unsigned_abs());
            match millis {
                0.. => UNIX_EPOCH.checked_add(length),
                _ => UNIX_EPOCH.checked_sub(length),
            }
        });
        time.ok_or(timestamp)
    }
}

#[cfg(feature = "with-jiff-0_2")]
impl From<jiff::Timestamp> for Timestamp {
    fn from(time: jiff::Timestamp) -> Self {
        Self::At(time.as_millisecond())
    }
}

/// Fails with the timestamp itself if it is never, cannot be read, or is outside of jiff's range.
#[cfg(feature = "with-jiff-0_2")]
impl TryFrom<Timestamp> for jiff::Timestamp {
    type Error = Timestamp;

    fn try_from(timestamp: Timestamp) -> Result<Self, Timestamp> {
        let millis = timestamp.as_unix_millis();
        let time = millis.and_then(|millis| Self::from_millisecond(millis).ok());
        time.ok_or(timestamp)
    }
}

#[cfg(feature = "with-chrono-0_4")]
impl From<chrono::DateTime<chrono::Utc>> for Timestamp {
    fn from(time: chrono::DateTime<chrono::Utc>) -> Self {
        Self::At(time.timestamp_millis())
    }
}

/// Fails with the timestamp itself if it is never, cannot be read, or is outside of chrono's range.
#[cfg(feature = "with-chrono-0_4")]
impl TryFrom<Timestamp> for chrono::DateTime<chrono::Utc> {
    type Error = Timestamp;

    fn try_from(timestamp: Timestamp) -> Result<Self, Timestamp> {
        let millis = timestamp.as_unix_millis();
        let time = millis.and_then(Self::from_timestamp_millis);
        time.ok_or(timestamp)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        lenient::borrowed_text(deserializer).map(|text| Self::parse(&text))
    }
}

/// The beginning of an unreadable text.
fn excerpt(text: &str) -> String {
    let ends = text.char_indices().map(|(at, char)| at + char.len_utf8());
    let end = ends.take_while(|end| *end <= MAX_UNREADABLE_BYTES).last();
    let end = end.unwrap_or(0);
    let more = if end < text.len() { "…" } else { "" };
    format!("{}{more}", &text[..end])
}

fn utc(text: &str) -> Option<DateTime> {
    if let Some(usual) = usual(text) {
        return Some(usual);
    }
    let (local, offset) = split_offset(text)?;
    let local: DateTime = local.parse().ok()?;
    local.checked_sub(offset).ok()
}

/// Reads the form that sites usually write, `2019-02-15T15:46:20.997Z`, several times faster than any form. `None` if the
/// text has another form, or is not a date.
fn usual(text: &str) -> Option<DateTime> {
    let bytes: &[u8; 24] = text.as_bytes().try_into().ok()?;
    let separators = [
        (4, b'-'),
        (7, b'-'),
        (10, b'T'),
        (13, b':'),
        (16, b':'),
        (19, b'.'),
        (23, b'Z'),
    ];
    if separators.iter().any(|(at, byte)| bytes[*at] != *byte) {
        return None;
    }
    let number = |from: usize, to: usize| {
        bytes[from..to].iter().try_fold(0_i16, |number, digit| {
            let digit = digit.is_ascii_digit().then(|| i16::from(digit - b'0'))?;
            Some(number * 10 + digit)
        })
    };
    let two = |from: usize| i8::try_from(number(from, from + 2)?).ok();
    let nanoseconds = i32::from(number(20, 23)?) * 1_000_000;
    DateTime::new(
        number(0, 4)?,
        two(5)?,
        two(8)?,
        two(11)?,
        two(14)?,
        two(17)?,
        nanoseconds,
    )
    .ok()
}

/// The date and time, and its offset from UTC.
fn split_offset(text: &str) -> Option<(&str, SignedDuration)> {
    if let Some(local) = text.strip_suffix(['Z', 'z']) {
        return Some((local, SignedDuration::ZERO));
    }
    // The dashes of the date come before the `T`.
    let time = text.find(['T', 't', ' ']).unwrap_or(text.len());
    let Some(sign) = text[time..].find(['+', '-']) else {
        return Some((text, SignedDuration::ZERO));
    };
    let (local, offset) = text.split_at(time + sign);
    let (hours, minutes) = match offset[1..].split_once(':') {
        Some(parts) => parts,
        None => offset[1..].split_at_checked(2)?,
    };
    let minutes = if minutes.is_empty() {
        0
    } else {
        minutes.parse::<u8>().ok()?
    };
    let ahead = i64::from(hours.parse::<u8>().ok()?) * 60 + i64::from(minutes);
    let ahead = SignedDuration::from_mins(ahead);
    Some((
        local,
        if offset.starts_with('-') {
            -ahead
        } else {
            ahead
        },
    ))
}

#[cfg(test)]
mod tests;
