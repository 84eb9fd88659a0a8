//! What the long-running scanner knows of each connection: pure, so that it can be tried without files and time.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use catalog_model::ConnectionCode;
use jiff::Timestamp;
use tracing::{info, warn};

mod clashes;
mod entry;

pub(crate) use self::entry::FileState;
pub(super) use self::entry::Retry;
pub(crate) use self::entry::TableEntry;
pub use self::entry::{reason, reasons};
use self::{clashes::Claims, entry::ValidSettings};
use super::file_watcher::FileNews;
use crate::{
    automation::Automation,
    connection_file::{ConnectionFile, InvalidFile},
    connections::Ready,
    home::{Home, shown},
    service_state::is_ahead,
    tracked_files::Fingerprint,
};

/// All connections, those whose files have gone included.
#[derive(Default)]
pub struct Table {
    lines: BTreeMap<PathBuf, TableEntry>,
    /// By the identity of their codes.
    removed: BTreeMap<String, TableEntry>,
    /// What an earlier process left, by code; each is asked for once.
    pub known: BTreeMap<String, EarlierState>,
    /// The codes that files had in an earlier process.
    pub former: BTreeMap<PathBuf, ConnectionCode>,
    /// What was told of files that several connections use, such as one of secrets.
    told: BTreeSet<String>,
}

/// What an earlier process left of a connection.
#[derive(Clone, Debug, Default)]
pub struct EarlierState {
    /// Of the settings that it scanned with.
    pub fingerprint: Option<Fingerprint>,
    /// When its last scan that came to an end began.
    pub last: Option<Timestamp>,
    /// Which repetition of a failed scan was due when.
    pub retry: Option<(usize, Timestamp)>,
}

/// What time it is, and what that means.
#[derive(Clone, Copy)]
pub struct Timing<'a> {
    /// The time of day.
    pub now: Timestamp,
    /// When and how connections are scanned.
    pub automation: &'a Automation,
}

impl Table {
    /// Takes what a look saw; gives the identities of the connections whose scans have to end.
    pub fn take(&mut self, news: Vec<FileNews>, timing: Timing<'_>) -> Vec<String> {
        let mut claims = Claims::default();
        let mut stopped = Vec::new();
        let mut read_files = Vec::new();
        for one in news {
            match one {
                FileNews::Gone(path) => {
                    stopped.extend(self.lines.remove(&path).and_then(|line| self.remove(line)))
                }
                FileNews::Read {
                    path,
                    fingerprint,
                    read,
                } => {
                    claims.add(&read);
                    read_files.push((path, fingerprint, *read));
                }
            }
        }
        for (path, fingerprint, read) in read_files {
            match read {
                Err(invalid) => self.fault(path, fingerprint, &invalid).clashes = false,
                Ok(file) => match self.clash(&path, &file, &claims) {
                    Some(clash) => self.fault(path, fingerprint, &clash).clashes = true,
                    None => stopped.extend(self.well(path, fingerprint, file, timing)),
                },
            }
        }
        stopped.retain(|identity| self.good(identity).is_none());
        stopped
    }

    /// Forgets the connections without a file that are not in the store any more: should one come back, it is a new one.
    pub fn keep_stored(&mut self, stored: &BTreeSet<String>) {
        self.removed.retain(|_, line| {
            line.code
                .as_ref()
                .is_none_or(|code| stored.contains(code.as_str()))
        });
    }

    /// The identities of the connections that are due, the longest waiting first.
    pub fn due(&self, now: Timestamp) -> Vec<String> {
        let due = self.lines.values().filter_map(|line| {
            let next = line.next.filter(|next| *next <= now)?;
            Some((next, Home::identity(&line.good.as_ref()?.ready.code)))
        });
        let mut due: Vec<_> = due.collect();
        due.sort();
        due.into_iter().map(|(_, identity)| identity).collect()
    }

    /// What a scan that begins now is of; its next one is noted.
    pub fn start(&mut self, identity: &str, timing: Timing<'_>) -> Option<Ready> {
        let line = self.line_of(identity)?;
        line.begun = Some(timing.now);
        line.again = false;
        line.reckon(timing);
        line.good.as_ref().map(|good| good.ready.clone())
    }

    /// Lets a connection be scanned at `time`, if it would be later.
    pub fn again_at(&mut self, identity: &str, time: Timestamp) {
        if let Some(line) = self.line_of(identity) {
            line.again = line.next.is_none_or(|next| time < next);
            line.next = Some(line.next.map_or(time, |next| next.min(time)));
        }
    }

    /// Schedules a repetition of a scan that failed for a reason that may pass.
    pub fn retry_later(&mut self, identity: &str, timing: Timing<'_>) -> Option<Retry> {
        self.line_of(identity)?.retry_later(timing)
    }

    /// Forgets the failures of a connection: its scan succeeded, or failed for a reason that does not pass.
    pub fn forget_failures(&mut self, identity: &str) {
        if let Some(line) = self.line_of(identity) {
            line.retries = 0;
        }
    }

    /// Computes all next scans anew, since the clock went back from `before` to `timing.now`.
    pub fn clock_went_back(&mut self, before: Timestamp, timing: Timing<'_>) {
        for line in self.lines.values_mut() {
            line.clock_went_back(before, timing);
        }
    }

    /// The connection as its last good settings have it.
    pub fn ready(&self, identity: &str) -> Option<&Ready> {
        Some(&self.good(identity)?.ready)
    }

    /// Reckons anew when connections are scanned that are not due yet.
    pub fn reschedule(&mut self, timing: Timing<'_>) {
        for line in self.lines.values_mut() {
            if line.good.is_some() && !line.again && line.next.is_none_or(|next| next > timing.now)
            {
                line.reckon(timing);
            }
        }
    }

    /// The files whose fault may be that of another one, or of the clock.
    pub fn clashing(&self) -> BTreeSet<PathBuf> {
        let clashing = self
            .lines
            .iter()
            .filter(|(_, line)| line.clashes || line.doubtful);
        clashing.map(|(path, _)| path.clone()).collect()
    }

    /// All lines: those of files, then those whose files have gone.
    pub fn all(&self) -> impl Iterator<Item = &TableEntry> {
        self.lines.values().chain(self.removed.values())
    }

    fn good(&self, identity: &str) -> Option<&ValidSettings> {
        let mut goods = self.lines.values().filter_map(|line| line.good.as_ref());
        goods.find(|good| Home::identity(&good.ready.code) == identity)
    }

    fn line_of(&mut self, identity: &str) -> Option<&mut TableEntry> {
        self.lines.values_mut().find(|line| {
            let good = line.good.as_ref();
            good.is_some_and(|good| Home::identity(&good.ready.code) == identity)
        })
    }

    /// Takes a file that is well; gives the identities of the connections that have to stop.
    fn well(
        &mut self,
        path: PathBuf,
        fingerprint: Fingerprint,
        mut file: ConnectionFile,
        timing: Timing<'_>,
    ) -> Vec<String> {
        let told = &mut self.told;
        file.warnings.retain(|warning| warning.is_news_after(told));
        let identity = Home::identity(&file.code);
        let code = file.code.to_string();
        let mut stopped = Vec::new();
        let mut before = self.lines.remove(&path);
        let other = |line: &TableEntry| {
            let former = line.code.as_ref().map(Home::identity);
            former.is_some_and(|former| former != identity)
        };
        if before.as_ref().is_some_and(other) {
            stopped.extend(before.take().and_then(|line| self.remove(line)));
        }
        let removed = self.removed.remove(&identity);
        let known = self.known.remove(&code).unwrap_or_default();
        let mut line = TableEntry::of(path.clone(), fingerprint, file);
        if line.good.is_none() {
            stopped.push(identity);
        } else {
            let same = |former: &TableEntry| former.fingerprint == line.fingerprint;
            let former = before.or(removed);
            line.begun = former
                .as_ref()
                .and_then(|former| former.begun)
                .or(known.last);
            line.next = match former.filter(same) {
                // Only its name is another.
                Some(TableEntry {
                    next: Some(next),
                    again,
                    retries,
                    ..
                }) => {
                    (line.again, line.retries) = (again, retries);
                    Some(next)
                }
                _ => first_scan(&line, &known, timing),
            };
            if known.fingerprint.as_ref() == Some(&line.fingerprint)
                && let Some(retry) = known.retry
            {
                line.resume_retry(retry, timing);
            }
        }
        self.lines.insert(path, line);
        stopped
    }

    /// Notes what is wrong with a file, which keeps its last good settings.
    fn fault(
        &mut self,
        path: PathBuf,
        fingerprint: Fingerprint,
        invalid: &InvalidFile,
    ) -> &mut TableEntry {
        let error = reasons(&invalid.problems);
        let line = self
            .lines
            .entry(path.clone())
            .or_insert_with(|| TableEntry {
                code: self.former.remove(&path),
                file: path,
                name: None,
                state: FileState::Valid,
                fingerprint: fingerprint.clone(),
                clashes: false,
                doubtful: false,
                good: None,
                next: None,
                begun: None,
                again: false,
                retries: 0,
            });
        line.doubtful = false;
        line.code = line.code.take().or_else(|| invalid.code.clone());
        line.fingerprint = fingerprint;
        let state = FileState::Error(error.clone());
        if line.state != state {
            let kept = if line.good.is_some() {
                "; the last valid settings stay in use"
            } else {
                ""
            };
            warn!(file = %shown(&line.file), "the connection file is invalid: {error}{kept}");
        }
        line.state = state;
        line
    }

    /// A connection whose file has gone: its items stay.
    fn remove(&mut self, line: TableEntry) -> Option<String> {
        info!(file = %shown(&line.file), "the connection file was removed");
        if line.clashes && line.good.is_none() {
            return None;
        }
        let identity = Home::identity(line.code.as_ref()?);
        let line = TableEntry {
            state: FileState::Removed,
            good: None,
            ..line
        };
        self.removed.insert(identity.clone(), line);
        Some(identity)
    }

    /// The identity that the file at `path` has already.
    fn own(&self, path: &Path) -> Option<String> {
        let good = self.lines.get(path)?.good.as_ref()?;
        Some(Home::identity(&good.ready.code))
    }
}

/// When a connection is scanned first by this process. One whose settings are those of its last scan waits for its time.
fn first_scan(line: &TableEntry, known: &EarlierState, timing: Timing<'_>) -> Option<Timestamp> {
    let now = timing.now;
    let Some(last) = known.last else {
        return Some(now);
    };
    if is_ahead(last, now) {
        let code = line.code.as_ref().map(ToString::to_string);
        let code = code.unwrap_or_default();
        warn!(connection = %code, "the last scan has the date {last:.0}, but the current time is {now:.0}: scanning now; check the clock of this machine");
    }
    if known.fingerprint.as_ref() == Some(&line.fingerprint) {
        line.after(last, timing)
    } else {
        Some(now)
    }
}
