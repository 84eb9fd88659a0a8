//! The store: the catalog on disk, which knows what there is, what there was, and what changed when.
//!
//! It knows no source and no format of an export. Scans write to it through a [`StoreScan`], one thread for all of them;
//! everybody else reads from a [`Catalog`].

use std::{
    mem,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread::{self, JoinHandle},
};

use catalog_model::{
    FieldRevision, ItemKey, SinkError, SourceId, Visualization, filter::FilterRule,
};
use tokio::sync::oneshot;

mod backup;
mod catalog;
mod change;
mod check;
mod closing;
mod copies;
mod cursors;
mod database;
mod error;
mod file_system;
mod files;
mod forget;
mod limits;
mod patience;
mod restore;
mod running;
mod schema;
mod sighting;
mod stored_item;
#[cfg(test)]
mod tests;
mod texts;
mod undo;
mod upsert;
mod usage;
mod writer;

#[cfg(test)]
pub(crate) use self::tests::Scratch;
pub(crate) use self::{
    backup::back_up,
    catalog::{
        Catalog, CatalogItem, Change, ChangesFrom, ItemScope, LastScan, StoredConnection,
        StoredScan,
    },
    change::{ChangeKind, State},
    check::{Health, check, check_file},
    closing::{Beginning, Closed, Closing},
    copies::{Copies, copies_with},
    cursors::{Cursor, Cursors},
    error::StoreError,
    forget::{Holding, forget, holding, refuse_used},
    limits::{MaxSize, StoreLimits},
    restore::restore,
    running::Counts,
    stored_item::{StoredContact, StoredItem, StoredValue},
};
use self::{
    database::Database,
    sighting::{Ruled, Seen, Sighting},
    writer::{Answer, Message, ScanNumber, Trouble, Writer},
};
use crate::spool::{Duplicates, Record};

/// The store, open for scans.
pub(crate) struct Store {
    path: PathBuf,
    messages: Option<mpsc::SyncSender<Message>>,
    thread: Option<JoinHandle<()>>,
    /// Set when the writer is to wait for no other process any more.
    stop: Arc<AtomicBool>,
}

/// A scan that writes to the store. Dropped before it is closed, it was interrupted.
pub(crate) struct StoreScan {
    path: PathBuf,
    messages: mpsc::SyncSender<Message>,
    number: ScanNumber,
    /// The revisions of the items' fields.
    revisions: Vec<FieldRevision>,
    batch: Vec<Sighting>,
    /// Bytes of the texts of `batch`.
    bytes: usize,
    trouble: Arc<Trouble>,
    closed: bool,
}

/// Maximum number of sightings in a batch.
const BATCH: usize = 1_000;
/// Bytes of texts from which on a batch is full, however few sightings it has.
const BATCH_BYTES: usize = 2 * 1024 * 1024;
/// Maximum number of batches that wait for the writer.
const WAITING: usize = 2;

impl Store {
    /// Opens the store, which is made if there is none.
    pub(crate) fn open(path: &Path, limits: impl Into<StoreLimits>) -> Result<Self, StoreError> {
        let stop = Arc::default();
        Self::with(database::open(path, &stop)?, path, limits, stop)
    }

    fn with(
        db: Database,
        path: &Path,
        limits: impl Into<StoreLimits>,
        stop: Arc<AtomicBool>,
    ) -> Result<Self, StoreError> {
        let writer = Writer::new(db, path, limits.into());
        let (messages, to_do) = mpsc::sync_channel(WAITING);
        let thread = thread::Builder::new()
            .name("store".to_owned())
            .spawn(move || writer.run(to_do))
            .map_err(|error| StoreError::folder(path, error))?;
        Ok(Self {
            path: path.to_path_buf(),
            messages: Some(messages),
            thread: Some(thread),
            stop,
        })
    }

    /// Ends all waiting for locks of other processes: what is written from now on is written at once, or not at all.
    pub(crate) fn stop_waiting(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    /// Begins a scan. Who calls has the connection's lock.
    pub(crate) async fn begin(&self, beginning: Beginning) -> Result<StoreScan, StoreError> {
        let messages = self.messages.clone();
        let messages = messages.ok_or_else(|| StoreError::gone(&self.path))?;
        let revisions = beginning.revisions.clone();
        let (number, trouble) = ask(&messages, &self.path, |answer| {
            Message::Begin(Box::new(beginning), answer)
        })
        .await?;
        Ok(StoreScan {
            path: self.path.clone(),
            messages,
            number,
            revisions,
            batch: Vec::with_capacity(BATCH),
            bytes: 0,
            trouble,
            closed: false,
        })
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        drop(self.messages.take());
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has said so.
            let _ = thread.join();
        }
    }
}

impl StoreScan {
    /// Takes an item.
    pub(crate) fn item(
        &mut self,
        item: &Visualization,
        id: Option<&SourceId>,
    ) -> Result<(), SinkError> {
        let seen = Seen::new(item, id, &self.revisions).map_err(|error| SinkError {
            message: format!("the item `{}` cannot be written as JSON", item.key),
            source: Some(Box::new(error)),
        })?;
        self.take(Sighting::Item(seen))
    }

    /// Takes the id of a record that could not be read.
    pub(crate) fn unreadable(&mut self, id: &SourceId) -> Result<(), SinkError> {
        self.take(Sighting::Unreadable(id.0.clone()))
    }

    /// Takes the key of an item of which nobody knows whether a filter leaves it out.
    pub(crate) fn undecided(&mut self, key: &ItemKey, record: Record<'_>) -> Result<(), SinkError> {
        self.take(Sighting::Ruled(Ruled::new(key, record, None)))
    }

    /// Takes the key of an item that a filter leaves out, by this rule.
    pub(crate) fn filtered(
        &mut self,
        key: &ItemKey,
        record: Record<'_>,
        rule: &FilterRule,
    ) -> Result<(), SinkError> {
        let rule = Some(rule.to_string());
        self.take(Sighting::Ruled(Ruled::new(key, record, rule)))
    }

    /// Forgets what the scan saw so far: it begins again.
    pub(crate) fn restart(&mut self) -> Result<(), SinkError> {
        self.batch.clear();
        self.bytes = 0;
        self.send(Message::Restart(self.number))
    }

    /// Ends the scan.
    pub(crate) async fn close(
        mut self,
        closing: Closing,
    ) -> Result<(Closed, Duplicates), StoreError> {
        // What could not be flushed, the writer knows.
        let _ = self.flush();
        let closed = ask(&self.messages, &self.path, |answer| {
            Message::Close(self.number, Box::new(closing), answer)
        });
        let closed = closed.await;
        self.closed = true;
        closed
    }

    fn take(&mut self, sighting: Sighting) -> Result<(), SinkError> {
        self.bytes += sighting.bytes();
        self.batch.push(sighting);
        if self.batch.len() < BATCH && self.bytes < BATCH_BYTES {
            return Ok(());
        }
        self.flush()
    }

    fn flush(&mut self) -> Result<(), SinkError> {
        let batch = mem::replace(&mut self.batch, Vec::with_capacity(BATCH));
        self.bytes = 0;
        self.send(Message::Batch(self.number, batch))
    }

    fn send(&self, message: Message) -> Result<(), SinkError> {
        if let Some(error) = self.trouble.get() {
            return Err(error.again().into());
        }
        self.messages
            .send(message)
            .map_err(|_message| StoreError::gone(&self.path).into())
    }
}

impl Drop for StoreScan {
    fn drop(&mut self) {
        if !self.closed {
            let _ = self.messages.send(Message::Abandon(self.number));
        }
    }
}

async fn ask<T>(
    messages: &mpsc::SyncSender<Message>,
    path: &Path,
    message: impl FnOnce(Answer<T>) -> Message,
) -> Result<T, StoreError> {
    let (answer, waiting) = oneshot::channel();
    let gone = || StoreError::gone(path);
    messages.send(message(answer)).map_err(|_message| gone())?;
    waiting.await.unwrap_or_else(|_| Err(gone()))
}
