//! The report of the scan of a connection: its outcome, counts and warnings.

use std::{path::PathBuf, time::Duration};

use catalog_model::{
    ConnectionCode, Diagnostic, RepeatedRecord, ScanError, counted, follower::Delivered, grouped,
};

use crate::{
    connections::Ready,
    spool::{Duplicate, Duplicates},
    store::Counts,
    tally::Tally,
};

/// The report of the scan of one connection.
pub struct ConnectionReport {
    /// The code of the connection.
    pub code: ConnectionCode,
    /// The name of the connection.
    pub name: String,
    /// How the scan ended.
    pub outcome: Outcome,
    /// Everything that the scan reported besides items.
    pub tally: Tally,
    /// How long the scan took.
    pub elapsed: Duration,
    /// Number of items read, each key once; 0 for a failed scan.
    pub items: u64,
    /// The changes in the store, if there is a store.
    pub stored: Option<Counts>,
    /// What followers wrote for the connection.
    pub delivered: Vec<Delivered>,
    /// Items that were skipped because another record has the same key.
    pub duplicates: Duplicates,
    /// The file that contains the items, if they were written to a file.
    pub output: Option<PathBuf>,
}

/// How a connection's scan ended.
#[derive(Debug)]
pub enum Outcome {
    /// All items were read.
    Complete,
    /// The result may be incomplete, for these reasons.
    Partial(Vec<String>),
    /// The scan failed; no item was marked as gone.
    Failed(ScanError),
    /// Another process is scanning the same connection; the text says which.
    Busy(String),
}

impl Outcome {
    /// The outcome as one word.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Partial(_) => "partial",
            Self::Failed(_) => "failed",
            Self::Busy(_) => "busy",
        }
    }
}

impl ConnectionReport {
    /// The empty report of a complete scan of this connection.
    pub fn from_ready(ready: &Ready) -> Self {
        Self::new(ready.code.clone(), ready.name.clone())
    }

    /// The empty report of a complete scan of the connection with this code and name.
    pub fn new(code: ConnectionCode, name: String) -> Self {
        Self {
            code,
            name,
            outcome: Outcome::Complete,
            tally: Tally::default(),
            elapsed: Duration::ZERO,
            items: 0,
            stored: None,
            delivered: Vec::new(),
            duplicates: Duplicates::default(),
            output: None,
        }
    }

    /// The warnings of the scan, including those about duplicate keys and repeated records.
    pub fn warnings(&self) -> Vec<Diagnostic> {
        let mut warnings = self.tally.warnings.clone();
        let Duplicates { count, first } = &self.duplicates;
        warnings.extend(self.tally.repeated.iter().map(repeated));
        warnings.extend(first.first().map(|Duplicate { kept, dropped }| {
            let items = counted(*count, "item");
            if kept == dropped {
                Diagnostic::warning(format!("{items} skipped because the site sent a record twice; first: {kept}"), None)
            } else {
                Diagnostic::warning(format!(
                        "{items} skipped because another record has the same key; first: {dropped}, in favor of {kept}"
                    ), "approved records are preferred to published ones, and published to private ones; of two equal records, the newer one is preferred; compare both records on the site, and delete one of them"
                            .to_owned())
            }
        }));
        warnings
    }
}

fn repeated(record: &RepeatedRecord) -> Diagnostic {
    let RepeatedRecord { list, id, left_out } = record;
    let one = list.strip_suffix('s').unwrap_or(list);
    Diagnostic::warning(
        format!(
            "{} skipped because the site sent a record twice; first: {id}",
            counted(*left_out, one)
        ),
        None,
    )
}

/// The changes as text: `3 added, 1 removed; 8 excluded by filters`.
pub fn changes(counts: &Counts) -> String {
    let mut changes: Vec<_> = [
        (counts.added, "added"),
        (counts.changed, "changed"),
        (counts.removed, "removed"),
        (counts.returned, "returned"),
        (counts.unreadable, "unreadable"),
    ]
    .into_iter()
    .filter(|(count, _)| *count > 0)
    .map(|(count, word)| format!("{} {word}", grouped(count.unsigned_abs())))
    .collect();
    let [newly, excluded, rewritten] =
        [counts.newly_excluded, counts.excluded, counts.rewritten].map(i64::unsigned_abs);
    if newly > 0 {
        let (newly, excluded) = (grouped(newly), grouped(excluded));
        changes.push(format!(
            "{newly} newly excluded by filters ({excluded} in total)"
        ));
    }
    let mut text = if changes.is_empty() {
        "nothing changed".to_owned()
    } else {
        changes.join(", ")
    };
    if excluded > 0 && newly == 0 {
        text += &format!("; {} excluded by filters", grouped(excluded));
    }
    if rewritten > 0 {
        let rewritten = grouped(rewritten);
        text += &format!("; rewritten by this version of the program: {rewritten}");
    }
    text
}
