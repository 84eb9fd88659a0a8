//! Times of the store as text.

use catalog_model::Instant;

/// A time, in milliseconds since 1970, as the export writes times: `2026-11-24T07:30:15.123Z`.
#[must_use]
pub fn instant(millis: i64) -> String {
    Instant::from_unix_millis(millis)
        .map_or_else(|_| millis.to_string(), |instant| instant.to_string())
}

/// The same time without fractions of a second: `2026-11-24T07:30:15Z`.
#[must_use]
pub fn second(millis: i64) -> String {
    let text = instant(millis);
    match text.split_once('.') {
        Some((second, _)) => format!("{second}Z"),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_milliseconds_or_seconds() {
        assert_eq!(instant(1_795_505_415_123), "2026-11-24T07:30:15.123Z");
        assert_eq!(second(1_795_505_415_123), "2026-11-24T07:30:15Z");
        assert_eq!(second(i64::MAX), i64::MAX.to_string());
    }
}
