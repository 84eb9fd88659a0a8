//! What is known of a connection's scan at its end: its outcome, and what a person should know.

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

/// The report of one connection.
pub struct ConnectionReport {
    /// The code of the connection.
    pub code: ConnectionCode,
    /// The name of the connection.
    pub name: String,
    /// How the scan ended.
    pub outcome: Outcome,
    /// What the scan reported besides items.
    pub tally: Tally,
    /// How long the scan took.
    pub elapsed: Duration,
    /// Items read, each key once; none of a failed scan.
    pub items: u64,
    /// What the store made of them, if there is one.
    pub stored: Option<Counts>,
    /// What followers wrote of the connection.
    pub delivered: Vec<Delivered>,
    /// Items that were left out because their keys occur twice.
    pub duplicates: Duplicates,
    /// The file that holds the items, if they went to one.
    pub output: Option<PathBuf>,
}

/// How a connection's scan ended.
#[derive(Debug)]
pub enum Outcome {
    /// All items were read.
    Complete,
    /// Something may be hidden, for these reasons.
    Partial(Vec<String>),
    /// The scan failed; no item was marked as gone.
    Failed(ScanError),
    /// Another process scans the same connection; this says which.
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
    /// A report of a scan of which nothing is known yet, and nothing bad.
    pub fn of(ready: &Ready) -> Self {
        Self::new(ready.code.clone(), ready.name.clone())
    }

    /// The same, of a connection with this code and name.
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

    /// The warnings of the scan, and those that only its lines show.
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
                    ), "an approved record is preferred to a published one, and that to a private one; of two equal ones, the newer is preferred; compare both records on the site, and delete one of them"
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

/// What changed: `3 added, 1 removed; 8 excluded by filters`.
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
