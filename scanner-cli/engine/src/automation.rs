//! `automation` in `conf/application.conf`: when and how the service scans.

use std::{ops::RangeInclusive, time::Duration};

use catalog_model::{
    Settings,
    settings::{Located, duration},
};
use jiff::{Timestamp, tz::TimeZone};

use crate::schedule::Schedule;

/// When and how the service scans.
#[derive(Clone, Debug)]
pub struct Automation {
    /// The schedule of connections without their own.
    pub schedule: Schedule,
    /// The time zone of all schedules.
    pub zone: TimeZone,
    /// Maximum number of connections that are scanned at the same time.
    pub parallel: usize,
    /// Interval between polls of the files.
    pub look_interval: Duration,
    /// Delays before the first retry, the second and so on, of a scan that failed for a temporary reason.
    pub retry_after: Vec<Duration>,
}

/// The Zeenea scanner runs inventory and update separately. Here one scan does both, so its settings are aliases.
const SCHEDULES: [&str; 3] = [
    "automation.synchronize",
    "automation.launch-inventory",
    "automation.update-schema",
];
const ZONE: &str = "automation.time_zone";
const PARALLEL: &str = "automation.parallel";
const LOOK_INTERVAL: &str = "automation.look_interval";
/// Range of the poll interval. Polling more often would use a whole processor.
const LOOK_INTERVALS: RangeInclusive<Duration> =
    Duration::from_millis(10)..=Duration::from_secs(24 * 60 * 60);
const RETRY_AFTER: &str = "automation.retry_after";
/// Maximum number of retries that can be set.
const MAX_RETRIES: usize = 100;

impl Default for Automation {
    fn default() -> Self {
        Self {
            schedule: Schedule::Daily,
            zone: TimeZone::system(),
            parallel: 4,
            look_interval: Duration::from_secs(10),
            retry_after: [1, 5, 15, 60]
                .map(|minutes| Duration::from_secs(minutes * 60))
                .into(),
        }
    }
}

impl Automation {
    /// Reads the settings. Problems are recorded in `settings`.
    pub fn from_settings(settings: &mut Settings, now: Timestamp) -> Self {
        let set = Self::default();
        let zone = zone(settings).unwrap_or(set.zone);
        // All aliases are read, so that errors in any are reported. The first one that is set is used.
        let schedules = SCHEDULES.map(|key| Schedule::from_settings(settings, key, now, &zone));
        Self {
            schedule: schedules
                .into_iter()
                .flatten()
                .next()
                .unwrap_or(set.schedule),
            zone,
            parallel: parallel(settings).unwrap_or(set.parallel),
            look_interval: (settings.duration_in(LOOK_INTERVAL, LOOK_INTERVALS))
                .map_or(set.look_interval, |set| set.value),
            retry_after: retry_after(settings).unwrap_or(set.retry_after),
        }
    }
}

fn zone(settings: &mut Settings) -> Option<TimeZone> {
    let text = settings.text(ZONE)?.value;
    let zone = TimeZone::get(text.trim()).ok();
    if zone.is_none() {
        let message = format!("`{ZONE}` is not a known time zone: `{text}`");
        settings.refuse(
            ZONE,
            message,
            "write a name such as `Europe/Berlin` or `UTC`".to_owned(),
        );
    }
    zone
}

fn parallel(settings: &mut Settings) -> Option<usize> {
    let text = settings.text(PARALLEL)?.value;
    match text.trim().parse() {
        Ok(number) if (1..=64).contains(&number) => Some(number),
        _ => {
            let message = format!("`{PARALLEL}` must be a number from 1 to 64, not `{text}`");
            settings.refuse(
                PARALLEL,
                message,
                "write `automation.parallel = 4`, the default".to_owned(),
            );
            None
        }
    }
}

fn retry_after(settings: &mut Settings) -> Option<Vec<Duration>> {
    let Located {
        value: texts,
        place,
    } = settings.texts(RETRY_AFTER)?;
    for text in &texts {
        settings.warn_without_unit(RETRY_AFTER, text, &place);
    }
    let delays: Option<Vec<_>> = texts.iter().map(|text| delay(text)).collect();
    let delays = delays.filter(|delays| delays.len() <= MAX_RETRIES);
    if delays.is_none() {
        let message = format!("`{RETRY_AFTER}` must be a list of up to {MAX_RETRIES} durations");
        let hint = format!(
            "write `{RETRY_AFTER} = [1 m, 5 m, 15 m, 60 m]`, the default, or `[]` for no retries"
        );
        settings.refuse(RETRY_AFTER, message, hint);
    }
    delays
}

/// Reads a duration in HOCON's format. A number without a unit is in milliseconds.
fn delay(text: &str) -> Option<Duration> {
    let bare = text.parse().map(Duration::from_millis).ok();
    let delay = bare.or_else(|| duration(text))?;
    (!delay.is_zero()).then_some(delay)
}
