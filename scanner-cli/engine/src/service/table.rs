//! The state of each connection in the service. Nothing here reads files or the clock, so it can be tested without
//! them.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use catalog_model::ConnectionCode;
use jiff::Timestamp;
use tracing::{info, warn};

mod clashes;
mod entry;
mod progress;

pub(crate) use self::entry::FileState;
pub(super) use self::entry::Retry;
pub(crate) use self::entry::TableEntry;
pub use self::entry::{reason, reasons};
use self::{
    clashes::Claims,
    entry::{ScannedSettings, ValidSettings},
};
use super::file_watcher::FileEvent;
use crate::{
    automation::Automation,
    connection_file::{ConnectionFile, InvalidFile},
    connections::Ready,
    home::{Home, shown},
    service_state::is_ahead,
    tracked_files::Fingerprint,
};

/// All connections, including those whose files were removed.
#[derive(Default)]
pub struct Table {
    entries: BTreeMap<PathBuf, TableEntry>,
    /// The connections without a file, by the identity of their codes.
    removed: BTreeMap<String, TableEntry>,
    /// The state that an earlier process recorded, by code. Each entry is used once.
    pub earlier: BTreeMap<String, EarlierState>,
    /// The codes that files had in an earlier process.
    pub earlier_codes: BTreeMap<PathBuf, ConnectionCode>,
    /// The logged messages about files that several connections use, such as a file of secrets.
    logged: BTreeSet<String>,
}

/// The state of a connection that an earlier process recorded.
#[derive(Clone, Debug, Default)]
pub struct EarlierState {
    /// The fingerprint of the settings of the last scan.
    pub fingerprint: Option<Fingerprint>,
    /// The start of the last scan that ended.
    pub last: Option<Timestamp>,
    /// The number and the time of the next retry of a failed scan.
    pub retry: Option<(usize, Timestamp)>,
}

/// The current time, and the settings for schedules.
#[derive(Clone, Copy)]
pub struct Timing<'a> {
    /// The current time.
    pub now: Timestamp,
    /// When and how the service scans.
    pub automation: &'a Automation,
}

impl Table {
    /// Applies the changes that a poll found. Returns the identities of the connections whose scans must stop.
    pub fn apply(&mut self, events: Vec<FileEvent>, timing: Timing<'_>) -> Vec<String> {
        let mut claims = Claims::default();
        let mut stopped = Vec::new();
        let mut read_files = Vec::new();
        for one in events {
            match one {
                FileEvent::Gone(path) => stopped.extend(
                    self.entries
                        .remove(&path)
                        .and_then(|entry| self.remove(entry)),
                ),
                FileEvent::Read {
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
                Err(invalid) => self.apply_invalid(path, fingerprint, &invalid).clashes = false,
                Ok(file) => match self.clash(&path, &file, &claims) {
                    Some(clash) => self.apply_invalid(path, fingerprint, &clash).clashes = true,
                    None => stopped.extend(self.apply_valid(path, fingerprint, file, timing)),
                },
            }
        }
        stopped.retain(|identity| self.valid(identity).is_none());
        stopped
    }

    /// Removes the connections without a file that are no longer in the store. If one gets a file again, it is a new
    /// connection.
    pub fn keep_stored(&mut self, stored: &BTreeSet<String>) {
        self.removed.retain(|_, entry| {
            entry
                .code
                .as_ref()
                .is_none_or(|code| stored.contains(code.as_str()))
        });
    }

    /// The codes of all files. Nothing is returned if a file has no readable code: it may have any.
    pub(super) fn codes(&self) -> Option<Vec<&str>> {
        let codes = self.entries.values().map(|entry| entry.code.as_ref());
        codes.map(|code| code.map(ConnectionCode::as_str)).collect()
    }

    /// The connections that are due, and since when, the longest overdue first.
    pub fn due(&self, now: Timestamp) -> Vec<(Timestamp, String)> {
        let due = self.entries.values().filter_map(|entry| {
            let next = entry.next.filter(|next| *next <= now)?;
            Some((next, Home::identity(&entry.valid.as_ref()?.ready.code)))
        });
        let mut due: Vec<_> = due.collect();
        due.sort();
        due
    }

    /// Records the start of a scan and schedules the next one. Returns the connection to scan.
    pub fn start(&mut self, identity: &str, timing: Timing<'_>) -> Option<Ready> {
        let entry = self.entry_mut(identity)?;
        entry.last_start = Some(timing.now);
        entry.begun = Some(ScannedSettings {
            start: timing.now,
            fingerprint: entry.fingerprint.clone(),
        });
        entry.is_retry = false;
        entry.schedule_next(timing);
        entry.valid.as_ref().map(|valid| valid.ready.clone())
    }

    /// Schedules a scan at `time`, unless the next scan is earlier.
    pub fn scan_by(&mut self, identity: &str, time: Timestamp) {
        if let Some(entry) = self.entry_mut(identity) {
            entry.is_retry = entry.next.is_none_or(|next| time < next);
            entry.next = Some(entry.next.map_or(time, |next| next.min(time)));
        }
    }

    /// Schedules a retry of a scan that failed for a temporary reason.
    pub fn retry_later(&mut self, identity: &str, timing: Timing<'_>) -> Option<Retry> {
        self.entry_mut(identity)?.retry_later(timing)
    }

    /// Resets the retries of a connection, after a scan that succeeded or failed for a permanent reason.
    pub fn forget_failures(&mut self, identity: &str) {
        if let Some(entry) = self.entry_mut(identity) {
            entry.retries = 0;
        }
    }

    /// Reschedules all scans after the clock was set back from `before` to `timing.now`.
    pub fn clock_went_back(&mut self, before: Timestamp, timing: Timing<'_>) {
        for entry in self.entries.values_mut() {
            entry.clock_went_back(before, timing);
        }
    }

    /// The connection with its last valid settings.
    pub fn ready(&self, identity: &str) -> Option<&Ready> {
        Some(&self.valid(identity)?.ready)
    }

    /// Reschedules the scans that are not due yet.
    pub fn reschedule(&mut self, timing: Timing<'_>) {
        for entry in self.entries.values_mut() {
            if entry.valid.is_some()
                && !entry.is_retry
                && entry.next.is_none_or(|next| next > timing.now)
            {
                entry.schedule_next(timing);
            }
        }
    }

    /// The files whose error may have been caused by another file or by the clock.
    pub fn clashing(&self) -> BTreeSet<PathBuf> {
        let clashing = self
            .entries
            .iter()
            .filter(|(_, entry)| entry.clashes || entry.may_be_outdated);
        clashing.map(|(path, _)| path.clone()).collect()
    }

    /// All entries: first those with files, then those whose files were removed.
    pub fn all(&self) -> impl Iterator<Item = &TableEntry> {
        self.entries.values().chain(self.removed.values())
    }

    fn valid(&self, identity: &str) -> Option<&ValidSettings> {
        let mut all = self
            .entries
            .values()
            .filter_map(|entry| entry.valid.as_ref());
        all.find(|valid| Home::identity(&valid.ready.code) == identity)
    }

    fn entry_mut(&mut self, identity: &str) -> Option<&mut TableEntry> {
        self.entries.values_mut().find(|entry| {
            let valid = entry.valid.as_ref();
            valid.is_some_and(|valid| Home::identity(&valid.ready.code) == identity)
        })
    }

    /// Applies a valid file. Returns the identities of the connections whose scans must stop.
    fn apply_valid(
        &mut self,
        path: PathBuf,
        fingerprint: Fingerprint,
        mut file: ConnectionFile,
        timing: Timing<'_>,
    ) -> Vec<String> {
        let logged = &mut self.logged;
        file.warnings.retain(|warning| warning.is_new(logged));
        let identity = Home::identity(&file.code);
        let code = file.code.to_string();
        let mut stopped = Vec::new();
        let mut before = self.entries.remove(&path);
        let other = |entry: &TableEntry| {
            let previous = entry.code.as_ref().map(Home::identity);
            previous.is_some_and(|previous| previous != identity)
        };
        if before.as_ref().is_some_and(other) {
            stopped.extend(before.take().and_then(|entry| self.remove(entry)));
        }
        let removed = self.removed.remove(&identity);
        let known = self.earlier.remove(&code).unwrap_or_default();
        let mut entry = TableEntry::from_file(path.clone(), fingerprint, file);
        if entry.valid.is_none() {
            stopped.push(identity);
        } else {
            let same = |previous: &TableEntry| previous.fingerprint == entry.fingerprint;
            let previous = before.or(removed);
            if let Some(previous) = &previous {
                entry.begun.clone_from(&previous.begun);
                entry.scanned.clone_from(&previous.scanned);
            }
            entry.last_start = previous
                .as_ref()
                .and_then(|previous| previous.last_start)
                .or(known.last);
            entry.next = match previous.filter(same) {
                // Only the file was renamed.
                Some(TableEntry {
                    next: Some(next),
                    is_retry,
                    retries,
                    ..
                }) => {
                    (entry.is_retry, entry.retries) = (is_retry, retries);
                    Some(next)
                }
                _ => first_scan(&entry, &known, timing),
            };
            if known.fingerprint.as_ref() == Some(&entry.fingerprint)
                && let Some(retry) = known.retry
            {
                entry.resume_retry(retry, timing);
            }
        }
        self.entries.insert(path, entry);
        stopped
    }

    /// Applies an invalid file. The last valid settings stay in use.
    fn apply_invalid(
        &mut self,
        path: PathBuf,
        fingerprint: Fingerprint,
        invalid: &InvalidFile,
    ) -> &mut TableEntry {
        let error = reasons(&invalid.problems);
        let entry = self
            .entries
            .entry(path.clone())
            .or_insert_with(|| TableEntry {
                code: self.earlier_codes.remove(&path),
                file: path,
                name: None,
                state: FileState::Valid,
                fingerprint: fingerprint.clone(),
                clashes: false,
                may_be_outdated: false,
                valid: None,
                next: None,
                last_start: None,
                begun: None,
                scanned: None,
                is_retry: false,
                retries: 0,
            });
        entry.may_be_outdated = false;
        entry.code = entry.code.take().or_else(|| invalid.code.clone());
        entry.fingerprint = fingerprint;
        let state = FileState::Error(error.clone());
        if entry.state != state {
            let kept = if entry.valid.is_some() {
                "; the last valid settings stay in use"
            } else {
                ""
            };
            warn!(file = %shown(&entry.file), "the connection file is invalid: {error}{kept}");
        }
        entry.state = state;
        entry
    }

    /// Applies the removal of a file. The items of its connection stay in the store.
    fn remove(&mut self, entry: TableEntry) -> Option<String> {
        info!(file = %shown(&entry.file), "the connection file was removed");
        if entry.clashes && entry.valid.is_none() {
            return None;
        }
        let identity = Home::identity(entry.code.as_ref()?);
        let entry = TableEntry {
            state: FileState::Removed,
            valid: None,
            ..entry
        };
        self.removed.insert(identity.clone(), entry);
        Some(identity)
    }

    /// The identity of the connection that the file at `path` already has.
    fn own_identity(&self, path: &Path) -> Option<String> {
        let valid = self.entries.get(path)?.valid.as_ref()?;
        Some(Home::identity(&valid.ready.code))
    }
}

/// The time of the first scan by this process. If the settings have not changed since the last scan, the schedule
/// decides.
fn first_scan(entry: &TableEntry, known: &EarlierState, timing: Timing<'_>) -> Option<Timestamp> {
    let now = timing.now;
    let Some(last) = known.last else {
        return Some(now);
    };
    if is_ahead(last, now) {
        let code = entry.code.as_ref().map(ToString::to_string);
        let code = code.unwrap_or_default();
        warn!(connection = %code, "the last scan has the date {last:.0}, but the current time is {now:.0}; scanning now; check the clock of this machine");
    }
    if known.fingerprint.as_ref() == Some(&entry.fingerprint) {
        entry.after(last, timing)
    } else {
        Some(now)
    }
}
