//! The sink of a scan. It sends items to the spool and the store, and everything else to the tally.

use std::{io, path::PathBuf};

use async_trait::async_trait;
use catalog_model::{
    Completeness, Connection, Diagnostic, DigestKey, IdLedger, InventoryEntry, ItemKey,
    Observation, Origin, Precedence, Progress, RecordDigest, RepeatedRecord, ScanError,
    ScanRequest, ScanSink, SinkError, UnreadableRecord, Visualization,
};

use crate::{
    export_line::{ExportLine, InventoryLine},
    json_text::write_json,
    kept_session::KeptSession,
    progress::ScanProgress,
    spool::{EntryKind, Ledger, Record, Spool, cannot_spool},
    stop::{Stop, stopped},
    store::StoreScan,
    store_problem::sink_error,
    tally::Tally,
};

/// A kind of entry that a scan reads, and writes as one line.
#[async_trait]
pub trait ScanEntry: Sized + Send + 'static {
    /// The unique key.
    fn key(&self) -> &ItemKey;

    /// The precedence among records with the same key.
    fn precedence(&self) -> Precedence;

    /// Writes the line without a line break. `parts` are the names of the parts of the key.
    ///
    /// # Errors
    /// If it cannot be written as JSON.
    fn write(&self, parts: &[&'static str], line: &mut Vec<u8>) -> io::Result<()>;

    /// The item, if the entry is a complete item that can be stored.
    fn item(&self) -> Option<&Visualization> {
        None
    }

    /// Reads the entries of the connection that are requested.
    async fn read(
        connection: &dyn Connection,
        request: ScanRequest,
        sink: &mut dyn ScanSink<Self>,
    ) -> Result<Completeness, ScanError>;
}

#[async_trait]
impl ScanEntry for Visualization {
    fn key(&self) -> &ItemKey {
        &self.key
    }

    fn precedence(&self) -> Precedence {
        self.precedence
    }

    fn write(&self, parts: &[&'static str], line: &mut Vec<u8>) -> io::Result<()> {
        let export = ExportLine { item: self, parts };
        write_json(line, &export)
    }

    fn item(&self) -> Option<&Visualization> {
        Some(self)
    }

    async fn read(
        connection: &dyn Connection,
        request: ScanRequest,
        sink: &mut dyn ScanSink<Self>,
    ) -> Result<Completeness, ScanError> {
        connection.scan(request, sink).await
    }
}

#[async_trait]
impl ScanEntry for InventoryEntry {
    fn key(&self) -> &ItemKey {
        &self.key
    }

    fn precedence(&self) -> Precedence {
        self.precedence
    }

    fn write(&self, parts: &[&'static str], line: &mut Vec<u8>) -> io::Result<()> {
        write_json(line, &InventoryLine { entry: self, parts })
    }

    async fn read(
        connection: &dyn Connection,
        _: ScanRequest,
        sink: &mut dyn ScanSink<Self>,
    ) -> Result<Completeness, ScanError> {
        connection.inventory(sink).await
    }
}

/// Writes items to the spool and the store, and counts everything else.
pub struct OutputSink<'a> {
    /// Receives the lines, if they are requested.
    pub spool: Option<Spool>,
    /// The scan in the store, if there is a store.
    pub store: Option<StoreScan>,
    /// Everything that the scan reports besides items.
    pub tally: Tally,
    /// Shows the progress of the scan.
    pub progress: Box<dyn ScanProgress>,
    /// The names of the parts of keys.
    pub parts: &'a [&'static str],
    /// The session, which is written to its file when it is opened.
    pub session: KeptSession<'a>,
    /// The folder of temporary files.
    pub temporary_folder: PathBuf,
    /// Tells whether the scan must stop. It is checked for each record.
    pub stop: &'a Stop,
}

impl OutputSink<'_> {
    /// Writes an item to the store and the spool.
    fn keep<T: ScanEntry>(&mut self, item: &T, origin: &Origin) -> Result<(), SinkError> {
        if let Some(item) = item.item() {
            self.tally.contacts(&item.contacts);
        }
        if let (Some(store), Some(item)) = (&mut self.store, item.item()) {
            store.item(item, origin).map_err(sink_error)?;
        }
        match &mut self.spool {
            Some(spool) => {
                let record = (item.precedence(), origin.id.as_ref());
                let write = |line: &mut Vec<u8>| item.write(self.parts, line);
                spool.push(item.key(), record, write).map_err(cannot_spool)
            }
            None => Ok(()),
        }
    }

    /// Records an item without a line in the spool.
    fn spool_without_line(
        &mut self,
        key: &ItemKey,
        record: Record<'_>,
        kind: EntryKind,
    ) -> Result<(), SinkError> {
        let spool = self.spool.as_mut();
        let added = spool.map(|spool| spool.add_entry(key, record, kind));
        added.transpose().map(drop).map_err(cannot_spool)
    }
}

#[async_trait]
impl<T: ScanEntry> ScanSink<T> for OutputSink<'_> {
    async fn ready(&mut self) -> Result<(), SinkError> {
        if let Some(store) = &mut self.store {
            store.ready().await.map_err(sink_error)?;
        }
        match &mut self.spool {
            Some(spool) => spool.ready().await.map_err(cannot_spool),
            None => Ok(()),
        }
    }

    async fn digest_key(&mut self) -> Option<DigestKey> {
        self.store.as_mut()?.digest_key().await
    }

    fn recognizes(&mut self, digest: RecordDigest) -> bool {
        let store = self.store.as_mut();
        // An item that is recognized still needs its line.
        store.is_some_and(|store| store.recognizes(digest)) && self.spool.is_none()
    }

    fn observe(&mut self, observation: Observation<T>) -> Result<(), SinkError> {
        if self.stop.reason().is_some() {
            return Err(stopped());
        }
        match observation {
            Observation::Item(item, origin) => self.keep(&item, &origin),
            Observation::Unreadable(record) => {
                if let (Some(store), Some(id)) = (&mut self.store, &record.id) {
                    store.unreadable(id);
                }
                self.tally.skip(record);
                Ok(())
            }
            Observation::Undecided(item) => {
                let record = (item.precedence, item.id.as_ref());
                if let Some(store) = &mut self.store {
                    store.undecided(&item.key, record);
                }
                self.spool_without_line(&item.key, record, EntryKind::Undecided)?;
                self.tally.skip(UnreadableRecord {
                    place: format!("the item `{}`", item.key),
                    id: item.id,
                    reason: item.reason,
                });
                Ok(())
            }
            Observation::Excluded(item) => {
                let record = (item.precedence, item.id.as_ref());
                if let Some(store) = &mut self.store {
                    store.excluded(&item.key, record, &item.rule);
                }
                self.spool_without_line(&item.key, record, EntryKind::Excluded)
            }
            // Without lines: a scan that writes lines requests everything.
            Observation::Unchanged(rest) => {
                if let Some(store) = &mut self.store {
                    store.unchanged(rest);
                }
                Ok(())
            }
            Observation::State(state) => {
                if let Some(store) = &mut self.store {
                    store.state(state);
                }
                Ok(())
            }
            // Containers are not exported.
            Observation::Container(container) => match &mut self.store {
                Some(store) => store.container(&container).map_err(sink_error),
                None => Ok(()),
            },
            Observation::HiddenContainers(kind) => {
                if let Some(store) = &mut self.store {
                    store.hidden_containers(kind);
                }
                Ok(())
            }
        }
    }

    fn restart(&mut self, cause: &str) -> Result<(), SinkError> {
        self.progress.restart(cause);
        self.tally.restart(cause);
        if let Some(store) = &mut self.store {
            store.restart().map_err(sink_error)?;
        }
        match &mut self.spool {
            Some(spool) => spool.clear().map_err(cannot_spool),
            None => Ok(()),
        }
    }

    fn warn(&mut self, warning: Diagnostic) {
        self.tally.warnings.push(warning);
    }

    fn progress(&mut self, progress: Progress) {
        if matches!(progress, Progress::Connected { .. }) {
            // Written immediately, because an interrupted scan has opened its session, too. An error is reported when
            // the scan ends.
            let _ = self.session.keep();
        }
        self.progress.progress(&progress);
        self.tally.progress(&progress);
    }

    fn repeated(&mut self, record: RepeatedRecord) {
        self.tally.repeated.push(record);
    }

    fn ledger(&mut self) -> Box<dyn IdLedger> {
        Box::new(Ledger::new(&self.temporary_folder))
    }
}
