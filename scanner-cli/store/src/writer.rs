//! The writer thread of the store. All scans of the process share it, so that they do not wait for each other's locks
//! and need only one cache. Writing runs in parallel with decoding and lowering.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
    time::Duration,
};

use catalog_model::{Checkpoint, DigestKey};
use rusqlite::Connection;
use tokio::sync::oneshot;

use super::{
    closing::{self, Beginning, Closed, Closing},
    database::{self, Database, SCAN_CACHE_KIB, WRITER_CACHE_KIB},
    error::{Operation, StoreError},
    first_keys::{self, FirstKeys},
    key_order,
    known_records::{KnownRecords, MAX_KNOWN},
    limits::{MaxSize, StoreLimits},
    pruning::Pruning,
    recognition,
    running::Running,
    sighting::Sighting,
    undo, upsert,
};
use crate::{backlog::BacklogReceiver, spool::Duplicates};

/// A request to the thread.
pub(super) enum Message {
    Begin(Box<Beginning>, Answer<Begun>),
    /// Loads the digests of the connection's items. Answers with the key for digests.
    Recognize(ScanNumber, Answer<DigestKey>),
    Batch(ScanNumber, Vec<Sighting>),
    Restart(ScanNumber),
    Close(ScanNumber, Box<Closing>, Answer<(Closed, Duplicates)>),
    /// The scan was dropped without a closing statement, for example after Ctrl-C.
    Abandon(ScanNumber),
}

/// A scan that has begun.
pub(super) struct Begun {
    pub(super) number: ScanNumber,
    pub(super) first_error: Arc<FirstError>,
    pub(super) checkpoint: Option<Checkpoint>,
    pub(super) known: Arc<KnownRecords>,
}

pub(super) type Answer<T> = oneshot::Sender<Result<T, StoreError>>;

/// The first error of a scan's batches. Later batches are not written.
pub(super) type FirstError = OnceLock<StoreError>;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct ScanNumber(pub(super) i64);

/// Number of items at which a transaction ends. The last batch may exceed it. The changed pages fit in the cache.
const TRANSACTION_ITEMS: usize = 8_000;
/// The same for items that are only added, whose pages are changed once.
const TRANSACTION_FIRST_ITEMS: usize = 2_000;

/// Number of sightings of a batch from which on the scan writes many items. A scan for changes sends few.
const MANY_SIGHTINGS: usize = 500;

/// The database, open for writing, and the running scans.
pub(super) struct Writer {
    db: Database,
    path: PathBuf,
    running: HashMap<ScanNumber, (Running, Arc<FirstError>)>,
    limits: StoreLimits,
    /// The size of the cache in KiB.
    cache: i64,
    /// The keys of all items, while the store has only those that the running scans have added.
    first_keys: Option<FirstKeys>,
    /// What is deleted while nothing else is to do.
    pruning: Option<Pruning>,
}

impl Writer {
    pub(super) fn new(db: Database, path: &Path, limits: StoreLimits) -> Self {
        Self {
            db,
            path: path.to_path_buf(),
            running: HashMap::new(),
            limits,
            cache: WRITER_CACHE_KIB,
            first_keys: None,
            pruning: None,
        }
    }

    /// Handles messages until all senders have ended.
    pub(super) fn run(mut self, mut messages: BacklogReceiver<Message>) {
        let mut next = None;
        while let Some(message) = next.take().or_else(|| self.next_message(&mut messages)) {
            // The receiver of an answer is missing if the scan was interrupted.
            match message {
                Message::Begin(beginning, answer) => {
                    let _ = answer.send(self.begin(&beginning));
                }
                Message::Recognize(scan, answer) => {
                    let _ = answer.send(self.recognize(scan));
                }
                Message::Batch(scan, batch) => next = self.batches(scan, batch, &mut messages),
                Message::Restart(scan) => self.restart(scan),
                Message::Close(scan, closing, answer) => {
                    let _ = answer.send(self.close(scan, *closing));
                }
                Message::Abandon(scan) => self.abandon(scan),
            }
        }
        // Copies the log into the database. If this fails now, the next process does it.
        // Does not wait for current readers.
        let _ = self.db.busy_timeout(Duration::ZERO);
        let _ = self.db.pragma_update(None, "wal_checkpoint", "TRUNCATE");
    }

    /// Waits for the next message. Deletes old rows in the meantime.
    fn next_message(&mut self, messages: &mut BacklogReceiver<Message>) -> Option<Message> {
        loop {
            if let Some(message) = messages.try_receive() {
                return Some(message);
            }
            let Some(mut pruning) = self.pruning.take() else {
                return messages.receive();
            };
            // If it fails, for example because another process has the store, the next scan does it.
            if prune(&mut self.db, &mut pruning, self.running.len()).is_ok() && !pruning.is_done() {
                self.pruning = Some(pruning);
            }
        }
    }

    fn begin(&mut self, beginning: &Beginning) -> Result<Begun, StoreError> {
        let is_alone = self.running.is_empty();
        let (begun, first_keys) = self.transaction(|db| {
            let begun = closing::begin(db, beginning)?;
            let first_keys = is_alone.then(|| FirstKeys::begin(db)).transpose()?;
            Ok((begun, first_keys))
        })?;
        if let Some(first_keys) = first_keys {
            self.first_keys = first_keys;
        }
        let (running, checkpoint) = begun;
        let number = ScanNumber(running.scan);
        let first_error = Arc::new(FirstError::new());
        let known = Arc::clone(&running.known);
        self.running
            .insert(number, (running, Arc::clone(&first_error)));
        Ok(Begun {
            number,
            first_error,
            checkpoint,
            known,
        })
    }

    fn recognize(&mut self, scan: ScanNumber) -> Result<DigestKey, StoreError> {
        let all = self.running.values();
        let known: usize = all.map(|(running, _)| running.known.len()).sum();
        let max = MAX_KNOWN.saturating_sub(known);
        let Some((running, _)) = self.running.get_mut(&scan) else {
            return Err(StoreError::writer_crashed(&self.path));
        };
        let loaded = match running.known.len() {
            0 => recognition::load(&self.db, running, max),
            // A new attempt: they are in memory already.
            _ => Ok(()),
        };
        loaded
            .and_then(|()| recognition::digest_key(&self.db))
            .map_err(|error| StoreError::from_sqlite(&self.path, Operation::Read, error))
    }

    /// Writes a batch, and the batches that wait behind it, in one transaction. Returns the first message of another
    /// kind.
    ///
    /// The keys of a batch are distributed over the whole index, so even a small transaction writes most of its pages.
    /// If the source is slower than the disk, no batch waits, and transactions are short for other processes.
    fn batches(
        &mut self,
        scan: ScanNumber,
        batch: Vec<Sighting>,
        messages: &mut BacklogReceiver<Message>,
    ) -> Option<Message> {
        if batch.len() >= MANY_SIGHTINGS && self.first_keys.is_none() {
            self.set_cache(SCAN_CACHE_KIB);
        }
        let (mut scans, mut next) = (vec![scan], None);
        let (running, first_keys) = (&mut self.running, &mut self.first_keys);
        let max_size = self.limits.max_size.as_ref();
        let all = limited(&mut self.db, max_size, |db| {
            let (mut scan, mut batch, mut rows) = (scan, batch, 0);
            loop {
                rows += batch.len();
                if let Some((running, first_error)) = running.get_mut(&scan)
                    && first_error.get().is_none()
                {
                    upsert::write_batch(db, running, first_keys, batch)?;
                    key_order::drop_if_many(db, running)?;
                }
                let max_rows = match first_keys {
                    Some(_) => TRANSACTION_FIRST_ITEMS,
                    None => TRANSACTION_ITEMS,
                };
                if rows >= max_rows {
                    return Ok(());
                }
                (scan, batch) = match messages.try_receive() {
                    Some(Message::Batch(scan, batch)) => (scan, batch),
                    other => {
                        next = other;
                        return Ok(());
                    }
                };
                scans.push(scan);
            }
        });
        if let Err(error) = all {
            if self.first_keys.is_none() {
                // The transaction may have created it.
                let _ = limited(&mut self.db, max_size, first_keys::create_index);
            }
            let error = match &self.limits.max_size {
                Some(max_size) => max_size.error(&self.path, error),
                None => StoreError::from_sqlite(&self.path, Operation::Write, error),
            };
            for (_, first_error) in scans.iter().filter_map(|scan| self.running.get(scan)) {
                // Only the first error is kept.
                let _ = first_error.set(error.again());
            }
        }
        next
    }

    fn restart(&mut self, scan: ScanNumber) {
        if let Some((running, first_error)) = self.running.get_mut(&scan) {
            running.attempt += 1;
            running.counts.seen = 0;
            running.counts.unreadable = 0;
            running.counts.excluded = 0;
            running.hidden_containers.clear();
            running.duplicates = Duplicates::default();
            running.withheld = 0;
            running.unread = None;
            running.state = None;
            running.known.restart(running.attempt);
            let scan = running.scan;
            let forgotten = undo::forget_attempt(&self.db, scan);
            if let Err(error) = forgotten {
                let error = StoreError::from_sqlite(&self.path, Operation::Write, error);
                // Only the first error is kept.
                let _ = first_error.set(error);
            }
        }
    }

    /// Ends a scan. If a batch could not be written, the scan has failed, even if the source reported success.
    fn close(
        &mut self,
        scan: ScanNumber,
        mut closing: Closing,
    ) -> Result<(Closed, Duplicates), StoreError> {
        let Some((mut running, first_error)) = self.running.remove(&scan) else {
            return Err(StoreError::writer_crashed(&self.path));
        };
        if let Some(error) = first_error.get() {
            closing.statement = Err(error.to_string());
        }
        if closing::is_overtaken(&self.db, &running)
            .map_err(|error| StoreError::from_sqlite(&self.path, Operation::Read, error))?
        {
            return Err(StoreError::overtaken(&self.path));
        }
        // The end of a scan reads rows once, in their order.
        self.set_cache(WRITER_CACHE_KIB);
        self.create_indexes();
        let times = (running.time, closing.time.as_millisecond());
        let limits = self.limits.clone();
        let closed = self.transaction(|db| {
            let closed = closing::close(db, &mut running, &closing)?;
            undo::forget_scan(db, running.scan)?;
            let mut pruning = Pruning::new(db, &limits, times)?;
            pruning.first(db)?;
            Ok((closed, running.duplicates, pruning))
        });
        let closed = closed.map(|(closed, duplicates, pruning)| {
            self.pruning = (!pruning.is_done()).then_some(pruning);
            (closed, duplicates)
        });
        first_error.get().map_or(closed, |error| Err(error.again()))
    }

    /// Sets the size of the cache. A smaller one releases memory.
    fn set_cache(&mut self, kib: i64) {
        if self.cache != kib && database::cache(&self.db, kib).is_ok() {
            self.cache = kib;
        }
    }

    /// Creates the indexes that are missing. If that fails, keys are searched and sorted without them.
    fn create_indexes(&mut self) {
        let max_size = self.limits.max_size.as_ref();
        if self.first_keys.take().is_some() {
            let _ = limited(&mut self.db, max_size, first_keys::create_index);
        }
        if !key_order::exists(&self.db).is_ok_and(|exists| exists) {
            let _ = limited(&mut self.db, max_size, key_order::create);
        }
    }

    fn abandon(&mut self, scan: ScanNumber) {
        if let Some((running, _)) = self.running.remove(&scan) {
            // If this fails, the connection's next scan records it.
            let _ = self.transaction(|db| {
                undo::forget_scan(db, running.scan)?;
                closing::interrupt(db, running.connection)
            });
        }
    }

    fn transaction<T>(
        &mut self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        let done = transaction(&mut self.db, work);
        done.map_err(|error| StoreError::from_sqlite(&self.path, Operation::Write, error))
    }
}

/// Runs a transaction that fails if the database would exceed its maximum size.
fn limited<T>(
    db: &mut Database,
    max_size: Option<&MaxSize>,
    work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
) -> rusqlite::Result<T> {
    let Some(max_size) = max_size else {
        return transaction(db, work);
    };
    max_size.set(db)?;
    let done = transaction(db, work);
    MaxSize::lift(db).and(done)
}

/// Deletes some old rows in one transaction.
fn prune(db: &mut Database, pruning: &mut Pruning, running: usize) -> rusqlite::Result<()> {
    // SQLite would search all items for each scan that is deleted. Only scans that nothing needs are.
    db.pragma_update(None, "foreign_keys", "OFF")?;
    let done = transaction(db, |db| pruning.step(db, running));
    db.pragma_update(None, "foreign_keys", "ON").and(done)
}

fn transaction<T>(
    db: &mut Database,
    work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
) -> rusqlite::Result<T> {
    let behavior = db.behavior();
    let transaction = db.transaction_with_behavior(behavior)?;
    let done = work(&transaction)?;
    transaction.commit()?;
    Ok(done)
}
