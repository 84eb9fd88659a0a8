//! Reading durations.

use std::{ops::RangeInclusive, time::Duration};

use jiff::{SignedDuration, Span, SpanRelativeTo};

use super::{Located, PlaceKind, SettingProblem, Settings, limits::DURATIONS};
use crate::Place;

impl Settings {
    /// The duration `key`, as HOCON writes it: `500 ms`, `10s`, `5 minutes`; a number without a unit is in milliseconds.
    /// It must be from 1 ms to 366 days.
    pub fn duration(&mut self, key: &str) -> Option<Located<Duration>> {
        self.duration_in(key, DURATIONS)
    }

    /// The duration `key`, which must be in a range. A value below one second without a unit causes a warning, because it
    /// was probably meant in seconds.
    pub fn duration_in(
        &mut self,
        key: &str,
        range: RangeInclusive<Duration>,
    ) -> Option<Located<Duration>> {
        let Located { value, place } = self.text(key)?;
        let text = value.trim();
        match without_unit(text).or_else(|| duration(text)) {
            Some(value) if range.contains(&value) => {
                self.warn_without_unit(key, text, &place);
                Some(Located { value, place })
            }
            Some(value) if !value.is_zero() => {
                let [least, most] = [range.start(), range.end()].map(for_people);
                let message = format!("`{key}` must be from {least} to {most}, not `{text}`");
                let (_, name) = self.block_for(key);
                let hint = format!("write it like `{name} = {}`", for_people(range.start()));
                self.refuse(key, message, hint);
                None
            }
            _ => {
                let message = format!("`{key}` must be a duration, not `{value}`");
                let hint =
                    format!("write it like `{key} = 30 s`, `{key} = 5 minutes` or `{key} = 1d`");
                self.refuse(key, message, hint);
                None
            }
        }
    }

    /// Records a warning if `text` is a duration below one second without a unit: `10` means 10 milliseconds.
    pub fn warn_without_unit(&mut self, key: &str, text: &str, place: &Place) {
        let text = text.trim();
        let is_short = |read: Duration| !read.is_zero() && read < Duration::from_secs(1);
        if without_unit(text).is_some_and(is_short) {
            self.warn(SettingProblem {
                key: key.to_owned(),
                place: place.clone(),
                message: format!("`{key}` has no unit and means {text} ms"),
                hint: Some(format!(
                    "write `{text} s`, or `{text} ms` if that is intended"
                )),
                place_kind: PlaceKind::Setting,
                within: None,
            });
        }
    }
}

/// Reads a number without a unit, in milliseconds.
fn without_unit(text: &str) -> Option<Duration> {
    text.parse().map(Duration::from_millis).ok()
}

/// Reads a duration with a unit, up to weeks: `500 ms`, `1d`, `2 weeks`. A day has 24 hours.
#[must_use]
pub fn duration(text: &str) -> Option<Duration> {
    let days = ["days", "day", "d"].iter();
    let mut days = days.filter_map(|unit| text.strip_suffix(unit)?.trim_end().parse::<f64>().ok());
    if let Some(days) = days.next() {
        return Duration::try_from_secs_f64(86_400.0 * days).ok();
    }
    let span: Span = text.parse().ok()?;
    let duration = span.to_duration(SpanRelativeTo::days_are_24_hours()).ok()?;
    Duration::try_from(duration).ok()
}

/// A duration as people write it: `10ms`, `24h`.
fn for_people(duration: &Duration) -> String {
    match SignedDuration::try_from(*duration) {
        Ok(duration) => format!("{duration:#}"),
        Err(_) => format!("{duration:?}"),
    }
}
