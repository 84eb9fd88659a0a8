//! Tests the filters of a connection: which items they keep and exclude, of its site now or of the store.

use std::{
    fs::File,
    io::{self, BufWriter, Seek, Write},
    sync::Arc,
};

use async_trait::async_trait;
use catalog_model::{
    Completeness, Diagnostic, DigestKey, IdLedger, InventoryEntry, Observation, Progress,
    RecordDigest, RepeatedRecord, ScanError, ScanSink, SessionHold, SinkError,
    filter::{FilterRule, RuleCount},
    printable,
};

use crate::{
    connections::Ready, export_line::label, installation::Installation, kept_session::KeptSession,
    operation_error::OperationError, spool::Ledger, stored::stored_connection,
};

mod offline;

use self::offline::TrialError;

/// The result of a trial, and whether it read all items.
pub type TrialResult = Result<(Trial, Completeness), ScanError>;

/// The result of a trial. Its lines are kept in a temporary file, because a scan that starts over discards them.
pub struct Trial {
    lines: BufWriter<File>,
    /// The number of items that the filters keep.
    pub kept: u64,
    /// The number of items that the filters exclude.
    pub excluded: u64,
    /// The number of items about which the filters cannot decide.
    pub undecided: u64,
    /// The rules, and how often each one decided.
    pub rules: Vec<(Arc<FilterRule>, RuleCount)>,
    /// The warnings.
    pub warnings: Vec<Diagnostic>,
}

impl Installation {
    /// Tests the filters with the items of the site now, with the kept session.
    ///
    /// # Errors
    /// If the site cannot be read.
    pub async fn try_filters(&self, ready: &Ready, hold: SessionHold) -> TrialResult {
        let session = KeptSession::resume(ready.connection.as_ref(), &self.home, &ready.code);
        let mut trial = Trial::new()?;
        let read = ready.connection.inventory(&mut trial).await;
        trial.warnings.extend(session.end(hold).await);
        read.map(|completeness| (trial, completeness))
    }

    /// Tests the filters with the items in the store.
    ///
    /// # Errors
    /// If the store does not contain the connection, or cannot be used.
    pub fn try_filters_offline(&self, ready: &Ready) -> Result<TrialResult, OperationError> {
        let catalog = self.catalog()?;
        let stored = stored_connection(&catalog, ready.code.as_str())?;
        match offline::read(ready, &catalog, stored) {
            Ok(trial) => Ok(Ok((trial, Completeness::Complete))),
            Err(TrialError::Scan(error)) => Ok(Err(error)),
            Err(TrialError::Store(error)) => Err(error.into()),
        }
    }
}

impl Trial {
    fn new() -> Result<Self, SinkError> {
        let file = tempfile::tempfile().map_err(cannot_keep)?;
        Ok(Self {
            lines: BufWriter::new(file),
            kept: 0,
            excluded: 0,
            undecided: 0,
            rules: Vec::new(),
            warnings: Vec::new(),
        })
    }

    fn line(&mut self, line: &str) -> Result<(), SinkError> {
        writeln!(self.lines, "{}", printable(line)).map_err(cannot_keep)
    }

    /// Records an item about which the filters cannot decide.
    fn undecided(&mut self, what: &str, why: &str) -> Result<(), SinkError> {
        self.undecided += 1;
        self.line(&format!("undecided  {what}  {why}"))
    }

    /// Writes the list of items, one per line.
    ///
    /// # Errors
    /// If `output` cannot be written.
    pub fn copy(&mut self, output: &mut dyn Write) -> io::Result<()> {
        self.lines.flush()?;
        let file = self.lines.get_mut();
        file.rewind()?;
        io::copy(file, output)?;
        output.flush()
    }
}

#[async_trait]
impl ScanSink<InventoryEntry> for Trial {
    async fn ready(&mut self) -> Result<(), SinkError> {
        Ok(())
    }

    // A trial lists every item.
    async fn digest_key(&mut self) -> Option<DigestKey> {
        None
    }

    fn recognizes(&mut self, _: RecordDigest) -> bool {
        false
    }

    fn observe(&mut self, observation: Observation<InventoryEntry>) -> Result<(), SinkError> {
        match observation {
            Observation::Item(item, _) => {
                self.kept += 1;
                let catalog = item.catalog.map(|catalog| format!("  catalog {catalog}"));
                let (key, catalog) = (item.key, catalog.unwrap_or_default());
                let way = label(&item.label);
                self.line(&format!("keep       {way}  {key}{catalog}"))
            }
            Observation::Excluded(item) => {
                self.excluded += 1;
                let (key, rule, way) = (item.key, item.rule, label(&item.label));
                self.line(&format!("exclude    {way}  {key}  by {rule}"))
            }
            Observation::Undecided(item) => {
                let what = format!("{}  {}", label(&item.label), item.key);
                self.undecided(&what, &item.reason)
            }
            Observation::Unreadable(record) => self.undecided(&record.place, &record.reason),
            Observation::Unchanged(_)
            | Observation::State(_)
            | Observation::Container(_)
            | Observation::HiddenContainers(_) => Ok(()),
        }
    }

    fn restart(&mut self, _: &str) -> Result<(), SinkError> {
        (self.kept, self.excluded, self.undecided) = (0, 0, 0);
        self.rules.clear();
        self.warnings.clear();
        self.lines.rewind().map_err(cannot_keep)?;
        self.lines.get_mut().set_len(0).map_err(cannot_keep)
    }

    fn warn(&mut self, warning: Diagnostic) {
        self.warnings.push(warning);
    }

    fn progress(&mut self, progress: Progress) {
        if let Progress::FilterRule { rule, count } = progress {
            self.rules.push((rule, count));
        }
    }

    // A trial lists items only.
    fn repeated(&mut self, _: RepeatedRecord) {}

    fn ledger(&mut self) -> Box<dyn IdLedger> {
        Box::new(Ledger::new(&std::env::temp_dir()))
    }
}

fn cannot_keep(error: io::Error) -> SinkError {
    SinkError {
        message: "the list cannot be written to a temporary file".to_owned(),
        source: Some(Box::new(error)),
    }
}
