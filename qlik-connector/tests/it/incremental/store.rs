//! A store that a connection is scanned into, and what it contains as text.

use std::time::Duration;

use async_trait::async_trait;
use catalog_model::{
    Checkpoint, Completeness, Connection, Diagnostic, DigestKey, Extent, IdLedger, ItemState,
    MemoryLedger, Observation, Progress, RecordDigest, RepeatedRecord, ScanRequest, ScanSink,
    SinkError,
};
use catalog_store::{
    Beginning, Catalog, Closing, Counts, ItemScope, Store, StoreError, StoreScan, fuse::Removals,
};
use tempfile::TempDir;

use crate::site::code;

/// A store in a folder of its own.
pub(crate) struct TestStore {
    folder: TempDir,
    store: Store,
}

/// What a scan says.
#[derive(Debug)]
pub(crate) struct Scanned {
    pub(crate) closing: Result<Completeness, String>,
    pub(crate) counts: Counts,
    pub(crate) extent: Option<Extent>,
    pub(crate) restarts: Vec<String>,
    pub(crate) bytes: u64,
    /// Number of records that the store recognized.
    pub(crate) recognized: u64,
    /// Warnings, and how often the rules of the filter applied.
    pub(crate) said: Vec<String>,
}

impl Scanned {
    /// Why it read everything; `None` if it did not.
    pub(crate) fn why(&self) -> Option<&str> {
        match &self.extent {
            Some(Extent::Everything(why)) => Some(why),
            _ => None,
        }
    }
}

/// How much a scan may read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reads {
    Changes,
    /// Everything, and leaves out the records that the store recognizes.
    Everything,
    /// Everything, and each record is compared with the store.
    EachRecord,
}

impl TestStore {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let keep = jiff::SignedDuration::from_hours(24 * 365);
        let store = Store::open(folder.path().join("catalog.db"), keep).unwrap();
        Self { folder, store }
    }

    /// Scans a connection at this hour.
    pub(crate) async fn scan(
        &self,
        connection: &dyn Connection,
        hour: i64,
        reads: Reads,
    ) -> Scanned {
        let time = jiff::Timestamp::from_second(1_700_000_000 + hour * 3_600).unwrap();
        let beginning = Beginning {
            code: code(),
            name: "Test".to_owned(),
            key_parts: vec!["app", "sheet"],
            revisions: connection.schema().revisions.to_vec(),
            time,
        };
        let mut scan = self.store.begin(beginning).await.unwrap();
        let checkpoint = scan.checkpoint();
        let request = match reads {
            Reads::Changes => ScanRequest::Changes(checkpoint),
            Reads::Everything | Reads::EachRecord => ScanRequest::Full,
        };
        let mut sink = StoreSink {
            scan,
            extent: None,
            restarts: Vec::new(),
            lists: Vec::new(),
            said: Vec::new(),
            recognizes: reads != Reads::EachRecord,
            recognized: 0,
        };
        let closing = connection.scan(request, &mut sink).await;
        let closing = closing.map_err(|error| error.to_string());
        let closed = sink.scan.close(Closing {
            statement: closing.clone(),
            time,
            site_version: None,
            bytes: 0,
            removals: Removals::Accepted,
            advice: String::new(),
        });
        let (closed, _) = closed.await.unwrap();
        Scanned {
            closing,
            counts: closed.counts,
            extent: sink.extent,
            restarts: sink.restarts,
            said: sink.said,
            recognized: sink.recognized,
            bytes: sink.lists.iter().map(|(_, bytes)| bytes).sum(),
        }
    }

    /// The checkpoint, as if it were this old.
    pub(crate) async fn checkpoint(&self, age: Duration) -> Option<Checkpoint> {
        let begun = self.store.begin(Beginning {
            code: code(),
            name: "Test".to_owned(),
            key_parts: vec!["app", "sheet"],
            revisions: Vec::new(),
            time: jiff::Timestamp::from_second(1_700_000_000).unwrap(),
        });
        let mut scan = begun.await.unwrap();
        scan.checkpoint().map(|checkpoint| Checkpoint {
            since_full: age,
            ..checkpoint
        })
    }

    /// All items and containers, one a line, and all changes.
    pub(crate) fn content(&self) -> Vec<String> {
        let catalog = Catalog::open(self.folder.path().join("catalog.db"));
        let catalog = catalog.unwrap().unwrap();
        let scope = ItemScope {
            connection: None,
            states: &ItemState::ALL,
        };
        let mut lines = Vec::new();
        let read = catalog.each_item(scope, |item| {
            lines.push(format!(
                "{} {:?} {} first {} last {} gone {:?} {:?}",
                item.key,
                item.state,
                item.source_id,
                item.first_seen,
                item.last_seen,
                item.gone_since,
                item.item
            ));
            Ok::<_, StoreError>(())
        });
        read.unwrap();
        let read = catalog.each_container(scope, |found| {
            lines.push(format!(
                "{:?} first {} last {} gone {:?} {:?}",
                found.state, found.first_seen, found.last_seen, found.gone_since, found.container
            ));
            Ok::<_, StoreError>(())
        });
        read.unwrap();
        let mut changes = Vec::new();
        let read = catalog.each_change(|change| {
            let fields = change.fields.join(" ");
            let line = format!("{} {} {:?} {fields}", change.time, change.key, change.kind);
            changes.push(line);
            Ok::<_, StoreError>(())
        });
        read.unwrap();
        changes.sort();
        lines.extend(changes);
        lines
    }
}

struct StoreSink {
    scan: StoreScan,
    extent: Option<Extent>,
    restarts: Vec<String>,
    lists: Vec<(&'static str, u64)>,
    said: Vec<String>,
    recognizes: bool,
    recognized: u64,
}

fn failed(error: StoreError) -> SinkError {
    SinkError {
        message: "the store".to_owned(),
        source: Some(Box::new(error)),
    }
}

#[async_trait]
impl ScanSink for StoreSink {
    async fn ready(&mut self) -> Result<(), SinkError> {
        self.scan.ready().await.map_err(failed)
    }

    async fn digest_key(&mut self) -> Option<DigestKey> {
        match self.recognizes {
            true => self.scan.digest_key().await,
            false => None,
        }
    }

    fn recognizes(&mut self, digest: RecordDigest) -> bool {
        let known = self.scan.recognizes(digest);
        self.recognized += u64::from(known);
        known
    }

    fn observe(&mut self, observation: Observation) -> Result<(), SinkError> {
        let scan = &mut self.scan;
        match observation {
            Observation::Item(item, origin) => scan.item(&item, &origin).map_err(failed)?,
            Observation::Unreadable(record) => {
                if let Some(id) = &record.id {
                    scan.unreadable(id);
                }
            }
            Observation::Excluded(item) => {
                let record = (item.precedence, item.id.as_ref());
                scan.excluded(&item.key, record, &item.rule);
            }
            Observation::Undecided(item) => {
                scan.undecided(&item.key, (item.precedence, item.id.as_ref()));
            }
            Observation::Unchanged(rest) => scan.unchanged(rest),
            Observation::State(state) => scan.state(state),
            Observation::Container(container) => scan.container(&container).map_err(failed)?,
            Observation::HiddenContainers(kind) => scan.hidden_containers(kind),
        }
        Ok(())
    }

    fn restart(&mut self, cause: &str) -> Result<(), SinkError> {
        self.restarts.push(cause.to_owned());
        self.scan.restart().map_err(failed)
    }

    fn warn(&mut self, warning: Diagnostic) {
        self.said.push(format!("{warning:?}"));
    }

    fn progress(&mut self, progress: Progress) {
        match progress {
            Progress::FilterRule { .. } => self.said.push(format!("{progress:?}")),
            Progress::Extent(extent) => self.extent = Some(extent),
            Progress::Reading { list, bytes, .. } => {
                self.lists.retain(|(known, _)| *known != list);
                self.lists.push((list, bytes));
            }
            _ => {}
        }
    }

    fn repeated(&mut self, _: RepeatedRecord) {}

    fn ledger(&mut self) -> Box<dyn IdLedger> {
        Box::<MemoryLedger>::default()
    }
}
