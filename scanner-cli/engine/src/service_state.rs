//! The state of the service at one moment, for the monitoring pages.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Instant,
};

use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;

mod poll_progress;

use serde::{Deserialize, Serialize};

use crate::store::FeedFollower;

pub use self::poll_progress::{PollProgress, RunningPoll};

/// Receives the published states of the service.
pub type Snapshots = watch::Receiver<Arc<Snapshot>>;

/// The state of the service.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// The phase of the service.
    pub phase: Phase,
    /// The last iteration of its loop.
    pub ticked: Instant,
    /// The running poll of the files.
    pub poll: Option<RunningPoll>,
    /// The name of the scanner.
    pub name: Option<String>,
    /// When the service started.
    pub started: Timestamp,
    /// The current time when the snapshot was taken.
    pub now: Timestamp,
    /// Number of errors of the service itself.
    pub errors: usize,
    /// The connections with a file.
    pub connections: Vec<ConnectionSnapshot>,
    /// The configured followers.
    pub followers: Vec<FeedFollower>,
    /// Counts since the start of the process.
    pub counts: ServiceCounts,
}

/// The phases of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// The first poll has not finished.
    Beginning,
    /// Scans are running when they are due.
    Ready,
    /// The service is stopping.
    Ending,
}

/// The state of a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectionSnapshot {
    /// Its code, or its file if it has no code of its own.
    pub label: String,
    /// The state of its file.
    pub state: FileStatus,
    /// The time of its next scan.
    pub next_scan: Option<Timestamp>,
    /// Whether it is being scanned.
    pub scanning: bool,
}

/// Counts since the start of the process.
#[derive(Clone, Debug, Default)]
pub struct ServiceCounts {
    /// Scans by connection and outcome.
    pub scans: Tallies,
    /// Runs of hooks by hook and result.
    pub hooks: Tallies,
    /// Deliveries by follower and result.
    pub followers: Tallies,
    /// Log lines that could not be written.
    pub log_lines_lost: u64,
}

/// Counts by name and result.
#[derive(Clone, Debug, Default)]
pub struct Tallies(BTreeMap<(String, &'static str), u64>);

impl Tallies {
    /// Adds one to the count of a name and a result.
    pub fn add(&mut self, name: &str, result: &'static str) {
        *self.0.entry((name.to_owned(), result)).or_default() += 1;
    }

    /// The count of a name and a result.
    pub fn get(&self, name: &str, result: &'static str) -> u64 {
        self.0.get(&(name.to_owned(), result)).copied().unwrap_or(0)
    }

    /// The names with counts.
    pub fn names(&self) -> BTreeSet<&str> {
        self.0.keys().map(|(name, _)| name.as_str()).collect()
    }
}

impl Snapshot {
    /// The snapshot of a service that has just started.
    pub fn beginning(name: Option<String>, started: Timestamp) -> Self {
        Self {
            phase: Phase::Beginning,
            ticked: Instant::now(),
            poll: None,
            name,
            started,
            now: started,
            errors: 0,
            connections: Vec::new(),
            followers: Vec::new(),
            counts: ServiceCounts::default(),
        }
    }
}

/// The state of a connection file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FileStatus {
    /// It can be used.
    Valid,
    /// It cannot be used.
    Error,
    /// It sets `enabled = false`.
    Disabled,
    /// It was removed.
    Removed,
}

/// Maximum difference between a recorded time and an earlier current time that is treated as a small correction of the
/// clock.
const CORRECTION: SignedDuration = SignedDuration::from_secs(60);

/// Whether a recorded time is in the future, so that the clock was wrong then or is wrong now.
pub fn is_ahead(time: Timestamp, now: Timestamp) -> bool {
    time.duration_since(now) > CORRECTION
}
