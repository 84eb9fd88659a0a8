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

pub(crate) use self::poll_progress::{PollNow, PollProgress};

/// Where the service publishes how it is.
pub(crate) type Snapshots = watch::Receiver<Arc<Snapshot>>;

/// How the service is.
#[derive(Clone, Debug)]
pub(crate) struct Snapshot {
    pub(crate) phase: Phase,
    /// When its loop went round last.
    pub(crate) ticked: Instant,
    /// The poll of the files that runs.
    pub(crate) poll: Option<PollNow>,
    pub(crate) name: Option<String>,
    pub(crate) started: Timestamp,
    /// What the clock said at this moment.
    pub(crate) now: Timestamp,
    /// How many things are wrong with the scanner itself.
    pub(crate) troubles: usize,
    /// Those that have a file.
    pub(crate) connections: Vec<ConnectionNow>,
    pub(crate) counts: Counts,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// The first look is not done.
    Beginning,
    Ready,
    Ending,
}

/// How a connection is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ConnectionNow {
    /// Its code, or its file where that has none of its own.
    pub(crate) label: String,
    pub(crate) state: Word,
    pub(crate) next_scan: Option<Timestamp>,
    pub(crate) scanning: bool,
}

/// What happened since the process began.
#[derive(Clone, Debug, Default)]
pub(crate) struct Counts {
    /// By connection and outcome, as the others.
    pub(crate) scans: Tallies,
    pub(crate) hooks: Tallies,
    pub(crate) followers: Tallies,
    /// Lines of the log that could not be written.
    pub(crate) log_lines_lost: u64,
}

/// How often what happened to whom.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tallies(BTreeMap<(String, &'static str), u64>);

impl Tallies {
    /// Counts one more.
    pub(crate) fn add(&mut self, who: &str, what: &'static str) {
        *self.0.entry((who.to_owned(), what)).or_default() += 1;
    }

    /// How often `what` happened to `who`.
    pub(crate) fn of(&self, who: &str, what: &'static str) -> u64 {
        self.0.get(&(who.to_owned(), what)).copied().unwrap_or(0)
    }

    /// Those to whom something happened.
    pub(crate) fn names(&self) -> BTreeSet<&str> {
        self.0.keys().map(|(who, _)| who.as_str()).collect()
    }
}

impl Snapshot {
    /// Before anything happened.
    pub(crate) fn beginning(name: Option<String>, started: Timestamp) -> Self {
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
pub(crate) enum Word {
    Valid,
    Error,
    Disabled,
    Removed,
}

/// A time that is later than now by no more than this is a correction of the clock, not a clock that was wrong.
const CORRECTION: SignedDuration = SignedDuration::from_secs(60);

/// Whether a time at which something happened lies in the future, so that the clock was wrong then or is wrong now.
pub(crate) fn is_ahead(time: Timestamp, now: Timestamp) -> bool {
    time.duration_since(now) > CORRECTION
}
