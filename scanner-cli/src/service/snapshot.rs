//! How the service is at one moment, for whoever asks meanwhile.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Instant,
};

use jiff::Timestamp;
use tokio::sync::watch;

use super::{
    poll_progress::PollNow,
    state_file::{ConnectionState, Word},
    table::Line,
};

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
    pub(super) fn add(&mut self, who: &str, what: &'static str) {
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

impl ConnectionNow {
    /// How the connection of a file is; nothing is, where the file has gone.
    pub(super) fn of(line: &Line, state: &ConnectionState) -> Option<Self> {
        // Of two files with one code the code names the one that has it.
        let code = state.code.clone().filter(|_| !line.clashes);
        (state.state != Word::Removed).then(|| Self {
            label: code.or_else(|| state.file.clone()).unwrap_or_default(),
            state: state.state,
            next_scan: line.next_scan(),
            scanning: state.scanning,
        })
    }
}
