//! How the service is at one moment, for whoever asks meanwhile.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Instant,
};

use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;

mod poll_progress;

use serde::{Deserialize, Serialize};

pub use self::poll_progress::{PollNow, PollProgress};

/// Where the service publishes how it is.
pub type Snapshots = watch::Receiver<Arc<Snapshot>>;

/// How the service is.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// What it is doing.
    pub phase: Phase,
    /// When its loop went round last.
    pub ticked: Instant,
    /// The poll of the files that runs.
    pub poll: Option<PollNow>,
    /// The name of the scanner.
    pub name: Option<String>,
    /// When it started.
    pub started: Timestamp,
    /// What the clock said at this moment.
    pub now: Timestamp,
    /// How many things are wrong with the scanner itself.
    pub troubles: usize,
    /// Those that have a file.
    pub connections: Vec<ConnectionNow>,
    /// Numbers since it started.
    pub counts: Counts,
}

/// The phases of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// The first look is not done.
    Beginning,
    /// It scans what is due.
    Ready,
    /// It is about to stop.
    Ending,
}

/// How a connection is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectionNow {
    /// Its code, or its file where that has none of its own.
    pub label: String,
    /// The state of its file.
    pub state: FileStatus,
    /// When it is scanned next.
    pub next_scan: Option<Timestamp>,
    /// Whether it is being scanned.
    pub scanning: bool,
}

/// What happened since the process began.
#[derive(Clone, Debug, Default)]
pub struct Counts {
    /// By connection and outcome, as the others.
    pub scans: Tallies,
    /// By hook and result.
    pub hooks: Tallies,
    /// By follower and result.
    pub followers: Tallies,
    /// Lines of the log that could not be written.
    pub log_lines_lost: u64,
}

/// How often what happened to whom.
#[derive(Clone, Debug, Default)]
pub struct Tallies(BTreeMap<(String, &'static str), u64>);

impl Tallies {
    /// Counts one more.
    pub fn add(&mut self, who: &str, what: &'static str) {
        *self.0.entry((who.to_owned(), what)).or_default() += 1;
    }

    /// How often `what` happened to `who`.
    pub fn of(&self, who: &str, what: &'static str) -> u64 {
        self.0.get(&(who.to_owned(), what)).copied().unwrap_or(0)
    }

    /// Those to whom something happened.
    pub fn names(&self) -> BTreeSet<&str> {
        self.0.keys().map(|(who, _)| who.as_str()).collect()
    }
}

impl Snapshot {
    /// Before anything happened.
    pub fn beginning(name: Option<String>, started: Timestamp) -> Self {
        Self {
            phase: Phase::Beginning,
            ticked: Instant::now(),
            poll: None,
            name,
            started,
            now: started,
            troubles: 0,
            connections: Vec::new(),
            counts: Counts::default(),
        }
    }
}

/// What the state of a connection file is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FileStatus {
    /// It can be used.
    Valid,
    /// It cannot be used.
    Error,
    /// It says `enabled = false`.
    Disabled,
    /// It is gone.
    Removed,
}

/// A time that is later than now by no more than this is a correction of the clock, not a clock that was wrong.
const CORRECTION: SignedDuration = SignedDuration::from_secs(60);

/// Whether a time at which something happened lies in the future, so that the clock was wrong then or is wrong now.
pub fn is_ahead(time: Timestamp, now: Timestamp) -> bool {
    time.duration_since(now) > CORRECTION
}
