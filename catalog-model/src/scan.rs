//! What a scan sends to its sink, and its closing statement.

use std::{error::Error, fmt, sync::Arc, time::Duration};

use async_trait::async_trait;

use crate::{
    Container, ContainerKind, Diagnostic, IdLedger, ItemKey, Precedence, Visualization,
    filter::{FilterRule, RuleCount},
};

/// One thing that a scan saw.
///
/// A scan sees items in full; an inventory sees an [`InventoryEntry`] of each.
#[derive(Clone, Debug, PartialEq)]
pub enum Observation<T = Visualization> {
    /// An item, with the source's own id of its record.
    Item(T, Option<SourceId>),
    /// A record that could not be read. Whether its item still exists is unknown.
    Unreadable(UnreadableRecord),
    /// An item that is there and that a filter excludes.
    Excluded(ExcludedItem),
    /// An item that is there. Whether a filter excludes it is unknown, so catalogs keep what they have of it.
    Undecided(UndecidedItem),
    /// An item that is there and that the connection knows to be the same as the catalog has it, without having read
    /// all of it. It counts as seen. Only a request for less than everything is answered with it, and only about items
    /// that the request says are present in the catalog.
    Unchanged(UnchangedItem),
    /// A container of items. Each comes once, in any order: the items in it may come before or after it.
    ///
    /// As for items, a container that does not come is gone only if the scan is complete.
    Container(Box<Container>),
    /// There may be more containers of this kind than the scan delivers, although it may be complete for items. No
    /// container of this kind is gone.
    HiddenContainers(ContainerKind),
}

/// What an inventory lists of an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InventoryEntry {
    /// The identification key.
    pub key: ItemKey,
    /// The way that a person would go to it, from the outside in.
    pub label: Vec<String>,
    /// The catalog that a rule of the filter assigns to it.
    pub catalog: Option<Arc<str>>,
    /// How its record ranks among records with the same key.
    pub precedence: Precedence,
}

/// An item that a filter excludes: it is there, but must not be in any catalog.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExcludedItem {
    /// The identification key.
    pub key: ItemKey,
    /// The way that a person would go to it, from the outside in.
    pub label: Vec<String>,
    /// The source's own id of its record.
    pub id: Option<SourceId>,
    /// How its record ranks among records with the same key.
    pub precedence: Precedence,
    /// The rule that excludes it.
    pub rule: Arc<FilterRule>,
}

/// An item that is there, and about which a filter asks what could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UndecidedItem {
    /// The identification key.
    pub key: ItemKey,
    /// The way that a person would go to it, from the outside in.
    pub label: Vec<String>,
    /// The source's own id of its record.
    pub id: Option<SourceId>,
    /// How its record ranks among records with the same key.
    pub precedence: Precedence,
    /// What the filter asks; the same for items with the same cause, so that a report can count them.
    pub reason: String,
}

/// An item that is there and did not change since the catalog received it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnchangedItem {
    /// The identification key.
    pub key: ItemKey,
    /// The source's own id of its record.
    pub id: Option<SourceId>,
    /// How its record ranks among records with the same key.
    pub precedence: Precedence,
}

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
    /// The record's id, if that much could be read.
    pub id: Option<SourceId>,
    /// Why it could not be read; the same for records with the same fault, so that a report can count them.
    pub reason: String,
    /// Where: `record 17 of the sheets, at byte 22311`.
    pub place: String,
}

/// Receives what a scan sees or, with [`InventoryEntry`], what an inventory lists.
///
/// Every method is required: a sink that wraps another one must delegate each of them.
#[async_trait]
pub trait ScanSink<T = Visualization>: Send {
    /// Waits until there is room for another observation, without blocking the thread. A connection awaits this before
    /// each observation, so that a slow sink slows down reading and neither fills memory nor stops other tasks.
    ///
    /// # Errors
    /// If earlier observations could not be kept; the scan then ends with this error.
    async fn ready(&mut self) -> Result<(), SinkError>;

    /// Receives one observation.
    ///
    /// # Errors
    /// If it cannot be kept (a full disk); the scan then ends with this error.
    fn observe(&mut self, observation: Observation<T>) -> Result<(), SinkError>;

    /// Forgets every observation and warning so far: the source broke in the middle, and the scan begins again.
    ///
    /// # Errors
    /// If they cannot be forgotten; the scan then ends with this error.
    fn restart(&mut self, cause: &str) -> Result<(), SinkError>;

    /// Receives a warning, which does not change the outcome.
    fn warn(&mut self, warning: Diagnostic);

    /// Receives the progress of the scan.
    fn progress(&mut self, progress: Progress);

    /// Notes a record that is not an item's own, such as an app, and that the source listed more than once.
    fn repeated(&mut self, record: RepeatedRecord);

    /// A ledger for the ids of one list. A sink that has a disk keeps the ledger's memory bounded.
    fn ledger(&mut self) -> Box<dyn IdLedger>;
}

/// Records of a list besides the items that the source listed more than once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RepeatedRecord {
    /// What the list holds: `apps`.
    pub list: &'static str,
    /// The source's own id of the first such record.
    pub id: SourceId,
    /// Number of records that were skipped because their id came before.
    pub left_out: u64,
}

/// An inventory as a reader of a scan: of each item it passes on key, label and catalog.
pub struct KeysOnly<'a>(pub &'a mut dyn ScanSink<InventoryEntry>);

#[async_trait]
impl ScanSink for KeysOnly<'_> {
    async fn ready(&mut self) -> Result<(), SinkError> {
        self.0.ready().await
    }

    fn observe(&mut self, observation: Observation) -> Result<(), SinkError> {
        self.0.observe(match observation {
            Observation::Item(item, id) => {
                let Visualization {
                    key,
                    label,
                    catalog,
                    precedence,
                    ..
                } = item;
                let entry = InventoryEntry {
                    key,
                    label,
                    catalog,
                    precedence,
                };
                Observation::Item(entry, id)
            }
            Observation::Unreadable(record) => Observation::Unreadable(record),
            Observation::Excluded(item) => Observation::Excluded(item),
            Observation::Undecided(item) => Observation::Undecided(item),
            Observation::Unchanged(item) => Observation::Unchanged(item),
            Observation::Container(container) => Observation::Container(container),
            Observation::HiddenContainers(kind) => Observation::HiddenContainers(kind),
        })
    }

    fn restart(&mut self, cause: &str) -> Result<(), SinkError> {
        self.0.restart(cause)
    }

    fn warn(&mut self, warning: Diagnostic) {
        self.0.warn(warning);
    }

    fn progress(&mut self, progress: Progress) {
        self.0.progress(progress);
    }

    fn repeated(&mut self, record: RepeatedRecord) {
        self.0.repeated(record);
    }

    fn ledger(&mut self) -> Box<dyn IdLedger> {
        self.0.ledger()
    }
}

/// How far a scan is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Progress {
    /// The source answered; this is the version that it names.
    Connected {
        /// The product's version, as the source writes it.
        version: String,
    },
    /// The source was asked for a list that has not begun yet.
    Waiting {
        /// What the list holds: `apps`, `sheets`.
        list: &'static str,
        /// How long it has been awaited.
        waited: Duration,
    },
    /// The source was asked how many records a list has, and has not answered yet.
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
    /// How often a rule of the filters applied. Reported once for each rule, after the last item.
    FilterRule {
        /// The rule.
        rule: Arc<FilterRule>,
        /// How often.
        count: RuleCount,
    },
}

/// The closing statement of a scan that read every list to its end.
///
/// Only after a complete scan is a missing item marked as gone.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub enum Completeness {
    /// All that the source showed was seen; of an unreadable record with an id, only its own item is unknown.
    Complete,
    /// The result may be incomplete, for these reasons.
    Partial(Vec<String>),
}

impl Completeness {
    /// Complete without reasons, else partial for them.
    pub fn from_reasons(reasons: Vec<String>) -> Self {
        if reasons.is_empty() {
            Self::Complete
        } else {
            Self::Partial(reasons)
        }
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
        /// Whether the same scan may succeed later without anybody changing a setting.
        may_pass: bool,
    },
    /// What the scan saw could not be kept.
    #[error(transparent)]
    Sink(#[from] SinkError),
}

impl ScanError {
    /// Whether the same scan may succeed later without anybody changing a setting: after a network failure or while a
    /// site starts, but not after refused credentials.
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

/// An error with its causes, in one line: `a: b: c`.
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
    fn errors_of_a_sink_may_pass_and_those_of_a_source_say_so() {
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
