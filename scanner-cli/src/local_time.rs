//! Times for people: in the local time zone, with its offset. Data for programs has times in UTC.

use std::borrow::Cow;

use jiff::{Timestamp, tz::TimeZone};

/// Shows times in the zone of the person.
#[derive(Clone, Debug)]
pub(crate) struct LocalTime(pub(crate) TimeZone);

impl LocalTime {
    /// A text that is a time in UTC, such as `2026-11-24T07:30:15Z`, in the local zone: `2026-11-24T08:30:15+01:00`. Any other
    /// text stays as it is.
    pub(crate) fn of<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let time = text.strip_suffix('Z').and_then(|_| text.parse().ok());
        match time {
            Some(time) if self.0 != TimeZone::UTC => Cow::Owned(self.shown(time)),
            _ => Cow::Borrowed(text),
        }
    }

    /// A text that begins with a time in UTC, with the time in the local zone.
    pub(crate) fn at_start<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let end = text.find([' ', ';', ',']).unwrap_or(text.len());
        match self.of(&text[..end]) {
            Cow::Owned(time) => Cow::Owned(time + &text[end..]),
            Cow::Borrowed(_) => Cow::Borrowed(text),
        }
    }

    fn shown(&self, time: Timestamp) -> String {
        let offset = self.0.to_offset(time);
        time.display_with_offset(offset).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_see_the_time_of_their_zone() {
        let berlin = LocalTime(TimeZone::get("Europe/Berlin").unwrap());
        for (text, expected) in [
            ("2026-11-24T07:30:15Z", "2026-11-24T08:30:15+01:00"),
            ("2026-07-24T23:30:15.123Z", "2026-07-25T01:30:15.123+02:00"),
            ("never", "never"),
            ("Z", "Z"),
            ("2026-11-24T07:30:15+05:00", "2026-11-24T07:30:15+05:00"),
            ("2026-11-24", "2026-11-24"),
        ] {
            assert_eq!(berlin.of(text), expected);
            let utc = LocalTime(TimeZone::UTC);
            assert_eq!(utc.of(text), text);
        }
        let text = "2026-11-24T07:30:15Z by scan 3: name";
        assert_eq!(
            berlin.at_start(text),
            "2026-11-24T08:30:15+01:00 by scan 3: name"
        );
        assert_eq!(berlin.at_start("scan 3"), "scan 3");
    }
}
