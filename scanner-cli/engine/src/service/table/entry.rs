//! The state of one connection file in the service.

use std::{path::PathBuf, time::Duration};

use catalog_model::ConnectionCode;
use jiff::{SignedDuration, Timestamp};
use tracing::{info, warn};

use super::Timing;
use crate::{
    connection_file::ConnectionFile, connections::Ready, home::shown, problem::Problem,
    schedule::Schedule, service_state::is_ahead, store::fleet::ScanProgress,
    tracked_files::Fingerprint,
};

/// The state of one file.
pub struct TableEntry {
    pub file: PathBuf,
    pub code: Option<ConnectionCode>,
    pub name: Option<String>,
    pub state: FileState,
    pub fingerprint: Fingerprint,
    /// Whether another file has the same code.
    pub clashes: bool,
    /// Whether its error may be outdated, because the clock was set back since.
    pub(super) may_be_outdated: bool,
    /// The last valid settings.
    pub(super) valid: Option<ValidSettings>,
    pub(super) next: Option<Timestamp>,
    /// The start of its last known scan.
    pub(super) last_start: Option<Timestamp>,
    /// The scan that was started last, unless it has ended.
    pub(super) begun: Option<ScannedSettings>,
    /// The last scan that ended.
    pub(super) scanned: Option<ScannedSettings>,
    /// Whether `next` is a retry, not a time of the schedule.
    pub(super) is_retry: bool,
    /// The number of retries since its last successful scan.
    pub(super) retries: usize,
}

/// When a scan began, and with which settings.
#[derive(Clone, Debug)]
pub(super) struct ScannedSettings {
    pub(super) start: Timestamp,
    pub(super) fingerprint: Fingerprint,
}

/// A retry of a failed scan.
pub struct Retry {
    /// The number of the retry, from 1.
    pub number: usize,
    /// The maximum number of retries.
    pub of: usize,
    /// The time until the retry.
    pub delay: SignedDuration,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileState {
    Valid,
    /// The error, with its place.
    Error(String),
    Disabled,
    Removed,
}

/// Valid settings of a file.
#[derive(Clone)]
pub(super) struct ValidSettings {
    pub(super) ready: Ready,
    pub(super) schedule: Option<Schedule>,
}

impl TableEntry {
    /// The entry of a valid file. Its next scan is not scheduled yet.
    pub(super) fn from_file(path: PathBuf, fingerprint: Fingerprint, file: ConnectionFile) -> Self {
        let ConnectionFile {
            code,
            name,
            connector,
            connection,
            schedule,
            secrets,
            time_limit,
            warnings,
        } = file;
        let (state, word) = match &connection {
            Some(_) => (FileState::Valid, "valid"),
            None => (FileState::Disabled, "disabled"),
        };
        info!(connection = %code, file = %shown(&path), "the connection file is {word}");
        for warning in &warnings {
            warn!(connection = %code, file = %shown(&path), "{}", reason(warning));
        }
        let valid = connection.map(|connection| ValidSettings {
            schedule: schedule.clone(),
            ready: Ready {
                code: code.clone(),
                name: name.clone(),
                path: path.clone(),
                connector,
                connection: connection.into(),
                secrets,
                time_limit,
                schedule,
            },
        });
        Self {
            file: path,
            code: Some(code),
            name: Some(name),
            state,
            fingerprint,
            clashes: false,
            may_be_outdated: false,
            valid,
            next: None,
            last_start: None,
            begun: None,
            scanned: None,
            is_retry: false,
            retries: 0,
        }
    }

    /// The time of the next scan, if one is scheduled.
    pub fn next_scan(&self) -> Option<Timestamp> {
        self.next.filter(|_| self.valid.is_some())
    }

    /// Schedules the next scan.
    pub(super) fn schedule_next(&mut self, timing: Timing<'_>) {
        self.next = match (self.schedule(timing), self.last_start) {
            // The 24 hours start at the last scan.
            (Schedule::Daily, Some(last_start)) => self.after(last_start, timing),
            _ => self.after(timing.now, timing),
        };
    }

    /// The time of the next scan after one that started at `last`. If `last` is in the future, the real time of the
    /// last scan is unknown, so the next scan is due immediately.
    pub(super) fn after(&self, last: Timestamp, timing: Timing<'_>) -> Option<Timestamp> {
        if is_ahead(last, timing.now) {
            return Some(timing.now);
        }
        let schedule = self.schedule(timing);
        schedule.next(last.min(timing.now), &timing.automation.zone)
    }

    /// What another scanner must know to go on. `None` before the first scan.
    pub(super) fn progress(&self, now: Timestamp) -> Option<ScanProgress> {
        let ScannedSettings { start, fingerprint } = self.scanned.as_ref()?;
        let period = |from: Timestamp, to: Timestamp| {
            Duration::try_from(to.duration_since(from)).unwrap_or_default()
        };
        let retry = self.retry().zip(self.next);
        Some(ScanProgress {
            digest: fingerprint.0.clone(),
            since_start: period(*start, now),
            retry: retry.map(|(number, next)| {
                (u32::try_from(number).unwrap_or(u32::MAX), period(now, next))
            }),
        })
    }

    /// Goes on where another scanner stopped.
    pub(super) fn take_over(&mut self, progress: &ScanProgress, timing: Timing<'_>) {
        let now = timing.now;
        let moved = |period: Duration, by: fn(Timestamp, Duration) -> Option<Timestamp>| {
            by(now, period).unwrap_or(now)
        };
        let start = moved(progress.since_start, |now, period| {
            now.checked_sub(period).ok()
        });
        self.last_start = Some(start);
        self.scanned = Some(ScannedSettings {
            start,
            fingerprint: Fingerprint(progress.digest.clone()),
        });
        (self.is_retry, self.retries) = (false, 0);
        if progress.digest != self.fingerprint.0 {
            self.next = Some(now);
            return;
        }
        self.next = self.after(start, timing);
        if let Some((number, until)) = progress.retry {
            let time = moved(until, |now, period| now.checked_add(period).ok());
            let number = usize::try_from(number).unwrap_or(usize::MAX);
            self.resume_retry((number, time), timing);
        }
    }

    /// The number of the retry, if the next scan is a retry.
    pub fn retry(&self) -> Option<usize> {
        (self.is_retry && self.retries > 0 && self.valid.is_some()).then_some(self.retries)
    }

    /// Schedules a retry of a scan that failed for a temporary reason, unless the next scan is earlier. After the last
    /// delay, the schedule decides, and the next failure starts with the first delay again.
    pub(super) fn retry_later(&mut self, timing: Timing<'_>) -> Option<Retry> {
        let delays = &timing.automation.retry_after;
        let Some(delay) = delays.get(self.retries) else {
            self.retries = 0;
            return None;
        };
        let delay = SignedDuration::try_from(*delay).unwrap_or(SignedDuration::MAX);
        let time = timing.now.checked_add(delay).ok()?;
        if self.next.is_some_and(|next| next <= time) {
            return None;
        }
        self.next = Some(time);
        self.is_retry = true;
        self.retries += 1;
        Some(Retry {
            number: self.retries,
            of: delays.len(),
            delay,
        })
    }

    /// Continues with the retry that an earlier process had scheduled, unless the next scan is earlier.
    pub(super) fn resume_retry(&mut self, (number, time): (usize, Timestamp), timing: Timing<'_>) {
        let delay = timing.automation.retry_after.get(number.saturating_sub(1));
        let Some(delay) = delay.and_then(|delay| SignedDuration::try_from(*delay).ok()) else {
            return;
        };
        // The clock may have changed.
        let latest = timing.now.checked_add(delay).unwrap_or(time);
        let time = time.min(latest);
        if self.next.is_none_or(|next| time < next) {
            self.next = Some(time);
            self.is_retry = true;
            self.retries = number;
        }
    }

    /// Reschedules the next scan after the clock was set back from `before` to `timing.now`. Due scans stay due, and
    /// delays keep their length.
    pub(super) fn clock_went_back(&mut self, before: Timestamp, timing: Timing<'_>) {
        // The error may have been that the schedule has no time in the future.
        self.may_be_outdated = matches!(self.state, FileState::Error(_));
        let Some(next) = self.next.filter(|_| self.valid.is_some()) else {
            return;
        };
        if next <= before
            || self
                .last_start
                .is_some_and(|last_start| is_ahead(last_start, timing.now))
        {
            self.next = Some(timing.now);
        } else if self.is_retry {
            let pause = next.duration_since(before);
            self.next = timing.now.checked_add(pause).ok();
        } else {
            self.schedule_next(timing);
        }
    }

    /// Its own schedule, if the file sets one.
    pub fn own_schedule(&self) -> Option<&str> {
        self.valid.as_ref()?.schedule.as_ref()?.expression()
    }

    fn schedule<'a>(&'a self, timing: Timing<'a>) -> &'a Schedule {
        let own = self
            .valid
            .as_ref()
            .and_then(|valid| valid.schedule.as_ref());
        own.unwrap_or(&timing.automation.schedule)
    }
}

/// The first error, and the number of further errors.
pub fn reasons(problems: &[Problem]) -> String {
    let errors: Vec<_> = problems
        .iter()
        .filter(|problem| problem.is_error())
        .collect();
    let first = errors
        .first()
        .map(|problem| reason(problem))
        .unwrap_or_default();
    match errors.len() {
        0 | 1 => first,
        more => format!("{first} (and {} more)", more - 1),
    }
}

/// A problem in one line: its place, message and hint.
pub fn reason(problem: &Problem) -> String {
    let place = problem
        .place()
        .map(|place| format!("{place}: "))
        .unwrap_or_default();
    let hint = problem
        .hint()
        .map(|hint| format!(" ({})", hint.replace('\n', "; ")))
        .unwrap_or_default();
    format!("{place}{}{hint}", problem.message())
}
