//! Connections as a follower sees them, and their scans.

use super::Position;
use crate::{ConnectionCode, Instant, ScanOutcome};

/// A connection as a follower sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FeedConnection {
    /// Its code.
    pub code: ConnectionCode,
    /// Its name.
    pub name: String,
    /// The names of the parts of its items' keys, after the code: `app`, `sheet`.
    pub key_parts: Vec<String>,
    /// The position at which its first complete scan ended; not set before that. Until then, a missing item may exist.
    pub complete_from: Option<Position>,
    /// Its last scan that has ended.
    pub last_scan: Option<FeedScan>,
}

/// A scan that has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FeedScan {
    /// Its number. A later scan of the same store has a larger one.
    pub number: i64,
    /// How it ended.
    pub outcome: ScanOutcome,
    /// When it began.
    pub started: Instant,
    /// When it ended; not set if it was interrupted.
    pub ended: Option<Instant>,
    /// Why it was not complete.
    pub reasons: Vec<String>,
    /// What it found.
    pub counts: ScanCounts,
}

/// How many items a scan found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ScanCounts {
    /// Items that it saw.
    pub seen: u64,
    /// Items that are new.
    pub added: u64,
    /// Items that changed.
    pub changed: u64,
    /// Items that are gone.
    pub removed: u64,
    /// Items that had been gone or excluded.
    pub returned: u64,
    /// Items that a filter excludes.
    pub excluded: u64,
    /// Records that could not be read.
    pub unreadable: u64,
}

impl FeedConnection {
    /// A connection that had no complete scan yet.
    #[must_use]
    pub fn new(code: ConnectionCode, name: impl Into<String>, key_parts: Vec<String>) -> Self {
        Self {
            code,
            name: name.into(),
            key_parts,
            complete_from: None,
            last_scan: None,
        }
    }

    /// The same connection, whose first complete scan ended at this position.
    #[must_use]
    pub fn complete_from(self, position: impl Into<Option<Position>>) -> Self {
        Self {
            complete_from: position.into(),
            ..self
        }
    }

    /// The same connection, whose last scan that has ended is this.
    #[must_use]
    pub fn last_scan(self, scan: impl Into<Option<FeedScan>>) -> Self {
        Self {
            last_scan: scan.into(),
            ..self
        }
    }
}

impl FeedScan {
    /// A scan that ended like this.
    #[must_use]
    pub fn new(number: i64, outcome: ScanOutcome, started: Instant) -> Self {
        Self {
            number,
            outcome,
            started,
            ended: None,
            reasons: Vec::new(),
            counts: ScanCounts::default(),
        }
    }
}
