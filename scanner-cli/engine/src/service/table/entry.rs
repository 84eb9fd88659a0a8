//! What the long-running scanner knows of one connection file.

use std::path::PathBuf;

use catalog_model::ConnectionCode;
use jiff::{SignedDuration, Timestamp};
use tracing::{info, warn};

use super::Timing;
use crate::{
    connection_file::ConnectionFile, connections::Ready, home::shown, problem::Problem,
    schedule::Schedule, service_state::is_ahead, tracked_files::Fingerprint,
};

/// What is known of one file.
pub struct TableEntry {
    pub file: PathBuf,
    pub code: Option<ConnectionCode>,
    pub name: Option<String>,
    pub state: FileState,
    pub fingerprint: Fingerprint,
    /// Whether another file has its code.
    pub clashes: bool,
    /// Whether its fault may be one of the clock, which was set back since.
    pub(super) doubtful: bool,
    /// The last settings that were well.
    pub(super) good: Option<ValidSettings>,
    pub(super) next: Option<Timestamp>,
    /// When its last scan began that is known of.
    pub(super) begun: Option<Timestamp>,
    /// Whether `next` is a repetition, not a time of the schedule.
    pub(super) again: bool,
    /// How often its scan was to be repeated since it last succeeded.
    pub(super) retries: usize,
}

/// A repetition of a scan that failed.
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
    /// What is wrong, with its place.
    Error(String),
    Disabled,
    Removed,
}

/// Settings that were well.
#[derive(Clone)]
pub(super) struct ValidSettings {
    pub(super) ready: Ready,
    pub(super) schedule: Option<Schedule>,
}

impl TableEntry {
    /// What a file says that is well; when it is scanned, is not known yet.
    pub(super) fn of(path: PathBuf, fingerprint: Fingerprint, file: ConnectionFile) -> Self {
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
        let good = connection.map(|connection| ValidSettings {
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
            doubtful: false,
            good,
            next: None,
            begun: None,
            again: false,
            retries: 0,
        }
    }

    /// When it is scanned next, if anything is.
    pub fn next_scan(&self) -> Option<Timestamp> {
        self.next.filter(|_| self.good.is_some())
    }

    /// Computes anew when it is scanned next.
    pub(super) fn reckon(&mut self, timing: Timing<'_>) {
        self.next = match (self.schedule(timing), self.begun) {
            // The day begins with the last scan, whatever was set since.
            (Schedule::Daily, Some(begun)) => self.after(begun, timing),
            _ => self.after(timing.now, timing),
        };
    }

    /// When it is scanned after a scan that began at `last`. A last scan in the future is no reason to wait: how long ago
    /// it really was is unknown.
    pub(super) fn after(&self, last: Timestamp, timing: Timing<'_>) -> Option<Timestamp> {
        if is_ahead(last, timing.now) {
            return Some(timing.now);
        }
        let schedule = self.schedule(timing);
        schedule.next(last.min(timing.now), &timing.automation.zone)
    }

    /// Which repetition of a failed scan the next scan is, if it is one.
    pub fn retry(&self) -> Option<usize> {
        (self.again && self.retries > 0 && self.good.is_some()).then_some(self.retries)
    }

    /// Schedules a repetition of a scan that failed for a reason that may pass, unless the next scan comes earlier.
    /// When all delays are used up, the schedule decides, and the next failure begins with the first delay.
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
        self.again = true;
        self.retries += 1;
        Some(Retry {
            number: self.retries,
            of: delays.len(),
            delay,
        })
    }

    /// Goes on with the repetition that an earlier process had scheduled, unless the next scan comes earlier.
    pub(super) fn resume_retry(&mut self, (number, time): (usize, Timestamp), timing: Timing<'_>) {
        let delay = timing.automation.retry_after.get(number.saturating_sub(1));
        let Some(delay) = delay.and_then(|delay| SignedDuration::try_from(*delay).ok()) else {
            return;
        };
        // The clock may have been another one.
        let latest = timing.now.checked_add(delay).unwrap_or(time);
        let time = time.min(latest);
        if self.next.is_none_or(|next| time < next) {
            self.next = Some(time);
            self.again = true;
            self.retries = number;
        }
    }

    /// Computes the next scan after the clock went back from `before` to `timing.now`. What was due stays due, and a
    /// pause keeps its length.
    pub(super) fn clock_went_back(&mut self, before: Timestamp, timing: Timing<'_>) {
        // A schedule may have had no time left.
        self.doubtful = matches!(self.state, FileState::Error(_));
        let Some(next) = self.next.filter(|_| self.good.is_some()) else {
            return;
        };
        if next <= before || self.begun.is_some_and(|begun| is_ahead(begun, timing.now)) {
            self.next = Some(timing.now);
        } else if self.again {
            let pause = next.duration_since(before);
            self.next = timing.now.checked_add(pause).ok();
        } else {
            self.reckon(timing);
        }
    }

    /// The schedule of its own, if the file sets one.
    pub fn own_schedule(&self) -> Option<&str> {
        self.good.as_ref()?.schedule.as_ref()?.expression()
    }

    fn schedule<'a>(&'a self, timing: Timing<'a>) -> &'a Schedule {
        let own = self.good.as_ref().and_then(|good| good.schedule.as_ref());
        own.unwrap_or(&timing.automation.schedule)
    }
}

/// The first thing that is wrong, and how many more there are.
pub fn reasons(problems: &[Problem]) -> String {
    let wrong: Vec<_> = problems
        .iter()
        .filter(|problem| problem.is_error())
        .collect();
    let first = wrong
        .first()
        .map(|problem| reason(problem))
        .unwrap_or_default();
    match wrong.len() {
        0 | 1 => first,
        more => format!("{first} (and {} more)", more - 1),
    }
}

/// A problem in one line: its place, what it is, what to do.
pub fn reason(problem: &Problem) -> String {
    let place = problem
        .place()
        .map(|place| format!("{place}: "))
        .unwrap_or_default();
    let hint = problem
        .hint()
        .map(|hint| format!(" ({hint})"))
        .unwrap_or_default();
    format!("{place}{}{hint}", problem.message())
}
