//! The observations that a scan sends to its sink, and its closing statement.

use std::{collections::BTreeSet, error::Error, fmt, sync::Arc, time::Duration};

use async_trait::async_trait;

use crate::{
    Container, ContainerKind, Diagnostic, IdLedger, ItemKey, Precedence, Visualization,
    filter::{FilterRule, RuleCount},
};

mod digest;
mod keys_only;

pub use digest::{DigestKey, Origin, RecordDigest};
pub use keys_only::KeysOnly;

/// One observation of a scan.
///
/// A scan sees items in full; an inventory sees an [`InventoryEntry`] of each.
#[derive(Clone, Debug, PartialEq)]
pub enum Observation<T = Visualization> {
    /// An item, with the record that it was made of.
    Item(T, Origin),
    /// A record that could not be read. Whether its item still exists is unknown.
    Unreadable(UnreadableRecord),
    /// An item that exists and that a filter excludes.
    Excluded(ExcludedItem),
    /// An item that exists. Whether a filter excludes it is unknown, so catalogs keep its content.
    Undecided(UndecidedItem),
    /// The items that were not read exist as the catalog has them. Sent once per attempt, and only for
    /// [`ScanRequest::Changes`](crate::ScanRequest::Changes).
    Unchanged(UnchangedRest),
    /// What a later scan needs to read only changes. The catalog keeps it if the scan is complete.
    State(ScanState),
    /// A container of items. Each container occurs once, before or after its items.
    ///
    /// As for items, a missing container is gone only if the scan is complete.
    Container(Box<Container>),
    /// There may be more containers of this kind than the scan delivers, even if it is complete for items. No container
    /// of this kind is gone.
    HiddenContainers(ContainerKind),
}

/// An entry of an inventory: an item without its details.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InventoryEntry {
    /// The identification key.
    pub key: ItemKey,
    /// The path to it in the source's user interface, from the outermost to the innermost part.
    pub label: Vec<String>,
    /// The catalog that a rule of the filter assigns to it.
    pub catalog: Option<Arc<str>>,
    /// The rank of its record among records with the same key.
    pub precedence: Precedence,
}

/// An item that a filter excludes: it exists, but must not be in any catalog.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExcludedItem {
    /// The identification key.
    pub key: ItemKey,
    /// The path to it in the source's user interface, from the outermost to the innermost part.
    pub label: Vec<String>,
    /// The source's own id of its record.
    pub id: Option<SourceId>,
    /// The rank of its record among records with the same key.
    pub precedence: Precedence,
    /// The rule that excludes it.
    pub rule: Arc<FilterRule>,
}

/// An item that exists, and about which a filter cannot decide because a value could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UndecidedItem {
    /// The identification key.
    pub key: ItemKey,
    /// The path to it in the source's user interface, from the outermost to the innermost part.
    pub label: Vec<String>,
    /// The source's own id of its record.
    pub id: Option<SourceId>,
    /// The rank of its record among records with the same key.
    pub precedence: Precedence,
    /// Why the filter cannot decide. The same for items with the same cause, so that a report can count them.
    pub reason: String,
}

/// What a scan for changes did not read. It is as it was at the last complete scan: every item that is not gone exists, is in
/// the same state and has the same content. Containers are always delivered completely.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UnchangedRest {
    /// The keys of what was read instead: each of these items, and all items below each.
    pub read: BTreeSet<ItemKey>,
    /// Number of records that a filter excludes and that were not read.
    pub excluded: u64,
}

impl UnchangedRest {
    /// Whether the item with this key was not read.
    #[must_use]
    pub fn contains(&self, key: &str) -> bool {
        let mut above = Some(key);
        while let Some(key) = above {
            if self.read.contains(key) {
                return false;
            }
            above = key.rsplit_once('/').map(|(above, _)| above);
        }
        true
    }
}

/// What a connection remembers of a complete scan, in a form of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScanState(pub Vec<u8>);

/// The source's own id of a record (for Qlik Sense, the QRS id), which need not be part of the key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceId(pub String);

impl fmt::Display for SourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// A record that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnreadableRecord {
    /// The record's id, if it could be read.
    pub id: Option<SourceId>,
    /// Why it could not be read. The same for records with the same error, so that a report can count them.
    pub reason: String,
    /// Where: `record 17 of the sheets, at byte 22311`.
    pub place: String,
}

/// Maximum number of observations that a connection sends without waiting for [`ScanSink::ready`].
pub const OBSERVATIONS_AT_ONCE: usize = 32;

/// Receives the observations of a scan or, with [`InventoryEntry`], of an inventory.
///
/// Every method is required: a sink that wraps another one must delegate each of them.
#[async_trait]
pub trait ScanSink<T = Visualization>: Send {
    /// Waits until there is room for [`OBSERVATIONS_AT_ONCE`] more observations, without blocking the thread. A connection
    /// awaits this before its first observation and then whenever it has sent so many, so that a slow sink slows down reading
    /// and neither fills memory nor stops other tasks.
    ///
    /// # Errors
    /// If earlier observations could not be stored; the scan then ends with this error.
    async fn ready(&mut self) -> Result<(), SinkError>;

    /// Returns the key for digests of records, if the sink can recognize records of earlier scans. Waits until it can.
    async fn digest_key(&mut self) -> Option<DigestKey>;

    /// Whether the catalog already has the item that a record with this digest becomes, and needs nothing else of it. The
    /// item then counts as seen, and the connection may go on without observing it. A digest is recognized once per attempt.
    ///
    /// If not, the connection observes the item with this digest in its [`Origin`].
    fn recognizes(&mut self, digest: RecordDigest) -> bool;

    /// Receives one observation.
    ///
    /// # Errors
    /// If it cannot be stored (a full disk); the scan then ends with this error.
    fn observe(&mut self, observation: Observation<T>) -> Result<(), SinkError>;

    /// Discards all observations and warnings so far: the source failed in the middle, and the scan begins again.
    ///
    /// # Errors
    /// If they cannot be discarded; the scan then ends with this error.
    fn restart(&mut self, cause: &str) -> Result<(), SinkError>;

    /// Receives a warning, which does not change the outcome.
    fn warn(&mut self, warning: Diagnostic);

    /// Receives the progress of the scan.
    fn progress(&mut self, progress: Progress);

    /// Receives a record that the source listed more than once and that is not an item, such as an app.
    fn repeated(&mut self, record: RepeatedRecord);

    /// Creates a ledger for the ids of one list. A sink with a disk limits the ledger's memory.
    fn ledger(&mut self) -> Box<dyn IdLedger>;
}

/// Records of a list, other than items, that the source listed more than once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RepeatedRecord {
    /// What the list holds: `apps`.
    pub list: &'static str,
    /// The source's own id of the first such record.
    pub id: SourceId,
    /// Number of records that were skipped because their id occurred before.
    pub left_out: u64,
}

/// The progress of a scan.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Progress {
    /// The source has responded.
    Connected {
        /// The product's version, as the source writes it.
        version: String,
    },
    /// A list was requested and has not begun yet.
    Waiting {
        /// What the list holds: `apps`, `sheets`.
        list: &'static str,
        /// How long it has been awaited.
        waited: Duration,
    },
    /// The number of records of a list was requested and has not been received yet.
    Counting {
        /// What the list holds: `apps`, `sheets`.
        list: &'static str,
        /// How long the count has been awaited.
        waited: Duration,
    },
    /// A list was read to its end.
    Read {
        /// What the list holds: `apps`, `sheets`.
        list: &'static str,
        /// Records read, unreadable ones included.
        records: u64,
    },
    /// A list is being read.
    Reading {
        /// What the list holds: `apps`, `sheets`.
        list: &'static str,
        /// Records read so far, unreadable ones included.
        records: u64,
        /// Number of records that the source counted, if it could count them.
        expected: Option<u64>,
        /// Bytes of the list so far, decompressed.
        bytes: u64,
    },
    /// How much was read, for a connection that may read only changes. Reported once, at the end.
    Extent(Extent),
    /// How often a rule of the filters applied. Reported once for each rule, after the last item.
    FilterRule {
        /// The rule.
        rule: Arc<FilterRule>,
        /// How often.
        count: RuleCount,
    },
}

/// How much a scan read, of a connection that may read only changes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Extent {
    /// Everything, for this reason.
    Everything(String),
    /// Only what may have changed.
    Changes {
        /// Number of items whose records were read.
        read: u64,
        /// Number of items that the source has.
        total: u64,
    },
}

/// The closing statement of a scan that read every list to its end.
///
/// Only after a complete scan is a missing item marked as gone.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub enum Completeness {
    /// Everything that the source showed was read. An unreadable record with an id affects only its own item.
    Complete,
    /// The result may be incomplete, for these reasons.
    Partial(Vec<String>),
}

impl Completeness {
    /// Complete if there are no reasons, otherwise partial.
    pub fn from_reasons(reasons: Vec<String>) -> Self {
        if reasons.is_empty() {
            Self::Complete
        } else {
            Self::Partial(reasons)
        }
    }
}

/// How a scan ended, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScanOutcome {
    /// Everything was read.
    Complete,
    /// The result may be incomplete.
    Partial,
    /// The source could not be read to the end.
    Failed,
    /// The program ended before the scan did.
    Interrupted,
}

impl ScanOutcome {
    /// All outcomes.
    pub const ALL: [Self; 4] = [
        Self::Complete,
        Self::Partial,
        Self::Failed,
        Self::Interrupted,
    ];

    /// The word for it in files and exports: `complete`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Partial => "partial",
            Self::Failed => "failed",
            Self::Interrupted => "interrupted",
        }
    }

    /// The outcome with this word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.word() == word)
    }
}

/// Why a scan failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ScanError {
    /// The source could not be read to the end.
    #[error("{step}: {message}")]
    Source {
        /// What the scan was doing: `reading the list of sheets`.
        step: String,
        /// What happened, with its causes.
        message: String,
        /// What to try: one piece of advice per line.
        hint: Option<String>,
        /// Whether the same scan may succeed later without a change of settings.
        may_pass: bool,
    },
    /// An observation could not be stored.
    #[error(transparent)]
    Sink(#[from] SinkError),
}

impl ScanError {
    /// Whether the same scan may succeed later without a change of settings: after a network failure or while a site
    /// starts, but not after refused credentials.
    ///
    /// True for every error of a sink: a full disk gets space again, a locked file is released.
    #[must_use]
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Source { may_pass, .. } => *may_pass,
            Self::Sink(_) => true,
        }
    }
}

/// Formats an error with its causes on one line: `a: b: c`.
#[must_use]
pub fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

/// A sink could not store an observation.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct SinkError {
    /// What could not be done: "`export/a.ndjson` cannot be written".
    pub message: String,
    /// Why.
    #[source]
    pub source: Option<Box<dyn Error + Send + Sync>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_of_a_sink_may_pass_and_errors_of_a_source_have_a_flag() {
        let source = |may_pass| ScanError::Source {
            step: "reading the list of sheets".to_owned(),
            message: "no answer".to_owned(),
            hint: None,
            may_pass,
        };
        assert!(source(true).may_pass());
        assert!(!source(false).may_pass());
        let full = SinkError {
            message: "`export/a.ndjson` cannot be written".to_owned(),
            source: None,
        };
        assert!(ScanError::from(full).may_pass());
    }
}
