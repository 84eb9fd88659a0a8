//! When a connection is scanned: by an expression of Quartz, as the reference has it, or once a day.

use std::{str::FromStr, sync::Arc};

use catalog_model::Settings;
use croner::{
    Cron,
    parser::{CronParser, Seconds, Year},
};
use jiff::{SignedDuration, Timestamp, tz::TimeZone};

/// When a connection is scanned.
#[derive(Clone, Debug, Default)]
pub(crate) enum Schedule {
    /// Every 24 hours, counted from the last scan.
    #[default]
    Daily,
    /// By an expression of Quartz.
    Quartz(Arc<Cron>),
}

/// Why an expression is none.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct NoSchedule(String);

const DAY: SignedDuration = SignedDuration::from_hours(24);

/// What to write instead.
const HINT: &str =
    "write it as Quartz does, with seconds first: `\"0 0 2 * * ?\"` is every day at 2 o'clock";

impl Schedule {
    /// The next time after `last`; none where the expression names no time any more.
    pub(crate) fn next(&self, last: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        match self {
            Self::Daily => last.checked_add(DAY).ok(),
            Self::Quartz(cron) => {
                let next = cron.find_next_occurrence(&last.to_zoned(zone.clone()), false);
                next.ok().map(|next| next.timestamp())
            }
        }
    }

    /// Reads the setting `key`, which must name a time of `zone` after `now`. What is wrong with it, `settings` notes.
    pub(crate) fn of(
        settings: &mut Settings,
        key: &str,
        now: Timestamp,
        zone: &TimeZone,
    ) -> Option<Self> {
        let text = settings.text(key)?;
        let read = text.value.parse::<Self>();
        let read = read.and_then(|schedule| match schedule.next(now, zone) {
            Some(_) => Ok(schedule),
            None => Err(NoSchedule(
                "there is no such time in the years to come".to_owned(),
            )),
        });
        match read {
            Ok(schedule) => Some(schedule),
            Err(NoSchedule(why)) => {
                let message = format!("`{key}` is not a time to scan at: {why}");
                settings.refuse(key, message, HINT.to_owned());
                None
            }
        }
    }
}

impl FromStr for Schedule {
    type Err = NoSchedule;

    fn from_str(text: &str) -> Result<Self, NoSchedule> {
        // In Quartz, days of the week are counted from Sunday, which is 1, and `0/15` needs no end.
        let parser = CronParser::builder()
            .seconds(Seconds::Required)
            .year(Year::Optional)
            .alternative_weekdays(true)
            .sloppy_ranges(true)
            .build();
        let words = text.split_whitespace().count();
        if !(6..=7).contains(&words) {
            return Err(NoSchedule(format!(
                "it has {words} parts, not 6 (second, minute, hour, day, month, day of the week) or 7 (year)"
            )));
        }
        let cron = parser.parse(text.trim());
        cron.map(|cron| Self::Quartz(Arc::new(cron)))
            .map_err(|error| NoSchedule(format!("{error}").trim_end_matches('.').to_owned()))
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

    /// An expression, a time, a zone, and the next time.
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
        // When the clocks go forward there is no half past two: an hour later then.
        (
            "0 30 2 * * ?",
            "2026-03-28T12:00:00Z",
            "Europe/Berlin",
            "2026-03-29T01:00:00Z",
        ),
    ];

    #[test]
    fn expressions_mean_what_they_mean_in_quartz() {
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
    fn what_is_no_expression_is_refused() {
        for text in [
            "",
            "daily",
            "0 2 * * *",
            "0 0 25 * * ?",
            "0 0 2 * * ? 2026 1",
            "x 0 2 * * ?",
        ] {
            assert!(text.parse::<Schedule>().is_err(), "{text}");
        }
    }
}
