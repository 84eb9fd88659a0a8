//! The schedule of a connection: a Quartz expression, or once a day.

mod preview;

use std::{str::FromStr, sync::Arc};

use catalog_model::{
    Settings,
    settings::{PlaceKind, SettingProblem},
};
use jiff::{SignedDuration, Timestamp, tz::TimeZone};

pub use self::preview::Preview;
use crate::quartz::{Expression, QuartzError};

/// The schedule of a connection.
#[derive(Clone, Debug, Default)]
pub enum Schedule {
    /// Every 24 hours, counted from the last scan.
    #[default]
    Daily,
    /// By a Quartz expression.
    Quartz(Arc<Expression>),
}

const DAY: SignedDuration = SignedDuration::from_hours(24);

impl Schedule {
    /// The next time after `last`; `None` if the expression has no time left.
    pub fn next(&self, last: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        match self {
            Self::Daily => last.checked_add(DAY).ok(),
            Self::Quartz(expression) => expression.next(last, zone),
        }
    }

    /// The text of the expression, if there is one.
    pub fn expression(&self) -> Option<&str> {
        match self {
            Self::Daily => None,
            Self::Quartz(expression) => Some(expression.text()),
        }
    }

    /// Reads the setting `key`. The expression must match a time after `now` in `zone`. Problems and warnings are
    /// recorded in `settings`.
    pub fn from_settings(
        settings: &mut Settings,
        key: &str,
        now: Timestamp,
        zone: &TimeZone,
    ) -> Option<Self> {
        let text = settings.text(key)?;
        let problem = |message: String, hint: Option<&str>| SettingProblem {
            key: key.to_owned(),
            place: text.place.clone(),
            message,
            hint: hint.map(str::to_owned),
            place_kind: PlaceKind::Setting,
            within: None,
        };
        let expression = match text.value.parse::<Expression>() {
            Ok(expression) => expression,
            Err(error) => {
                let message = format!("`{key}` is not a valid schedule: {error}");
                settings.record(problem(message, error.hint()));
                return None;
            }
        };
        if expression.next(now, zone).is_none() {
            let message = format!(
                "`{key}` is not a valid schedule: it does not match any time in the future"
            );
            settings.record(problem(message, Some(NO_FUTURE_TIME_HINT)));
            return None;
        }
        for ignored in expression.ignored() {
            let message = format!("`{key}`: {}", ignored.message());
            settings.warn(problem(message, Some(ignored.hint())));
        }
        Some(Self::Quartz(Arc::new(expression)))
    }
}

/// The hint for an expression that matches no time in the future.
const NO_FUTURE_TIME_HINT: &str = "check the day, the month and the year: the 31st of February does not exist, and years in the past do not match";

impl FromStr for Schedule {
    type Err = QuartzError;

    fn from_str(text: &str) -> Result<Self, QuartzError> {
        let expression = text.parse()?;
        Ok(Self::Quartz(Arc::new(expression)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next(expression: &str, last: &str, zone: &str) -> Option<String> {
        let zone = TimeZone::get(zone).unwrap();
        let next = expression.parse::<Schedule>().unwrap();
        let next = next.next(last.parse().unwrap(), &zone)?;
        Some(next.to_string())
    }

    /// An expression, the last time, a time zone, and the next time.
    const CASES: [(&str, &str, &str, &str); 9] = [
        (
            "0 0 2 * * ?",
            "2026-11-24T07:00:00Z",
            "UTC",
            "2026-11-25T02:00:00Z",
        ),
        (
            "0 0 2 * * ?",
            "2026-11-25T02:00:00Z",
            "UTC",
            "2026-11-26T02:00:00Z",
        ),
        // Monday is 2; the 24th is a Tuesday.
        (
            "0 30 4 ? * 2",
            "2026-11-24T07:00:00Z",
            "UTC",
            "2026-11-30T04:30:00Z",
        ),
        (
            "0 30 4 ? * MON-FRI",
            "2026-11-27T07:00:00Z",
            "UTC",
            "2026-11-30T04:30:00Z",
        ),
        (
            "0 0/15 * * * ?",
            "2026-11-24T07:01:00Z",
            "UTC",
            "2026-11-24T07:15:00Z",
        ),
        (
            "0 0 0 L * ?",
            "2026-11-24T07:00:00Z",
            "UTC",
            "2026-11-30T00:00:00Z",
        ),
        (
            "0 0 0 1 1 ? 2030",
            "2026-11-24T07:00:00Z",
            "UTC",
            "2030-01-01T00:00:00Z",
        ),
        (
            "0 0 2 * * ?",
            "2026-11-24T07:00:00Z",
            "Europe/Berlin",
            "2026-11-25T01:00:00Z",
        ),
        // 02:30 does not exist on the day when the clocks go forward; 03:00 is the first time after it.
        (
            "0 30 2 * * ?",
            "2026-03-28T12:00:00Z",
            "Europe/Berlin",
            "2026-03-29T01:00:00Z",
        ),
    ];

    #[test]
    fn expressions_have_the_same_meaning_as_in_quartz() {
        for (expression, last, zone, expected) in CASES {
            assert_eq!(
                next(expression, last, zone).as_deref(),
                Some(expected),
                "{expression}"
            );
        }
        assert_eq!(next("0 0 0 31 2 ?", "2026-11-24T07:00:00Z", "UTC"), None);
        assert_eq!(
            next("0 0 0 1 1 ? 2020", "2026-11-24T07:00:00Z", "UTC"),
            None
        );
    }

    #[test]
    fn invalid_expressions_are_rejected() {
        for text in [
            "",
            "daily",
            "0 2 * * *",
            "0 0 25 * * ?",
            "0 0 2 * * ? 2026 1",
            "x 0 2 * * ?",
            "0 0/90 * * * ?",
            "0 0 2 * * *",
        ] {
            assert!(text.parse::<Schedule>().is_err(), "{text}");
        }
    }
}
