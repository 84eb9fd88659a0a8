//! The store: the catalog on disk, with current and former items and a log of changes.
//!
//! It is independent of sources and export formats. Scans write to it through a [`StoreScan`], with one writer thread
//! for all scans. Readers use a [`Catalog`](crate::Catalog).

use std::{
    mem,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
};

use catalog_model::{
    Checkpoint, Container, ContainerKind, DigestKey, FieldRevision, ItemKey, Origin, RecordDigest,
    ScanState, SourceId, UnchangedRest, Visualization, filter::FilterRule,
};
use tokio::sync::oneshot;

use crate::{
    backlog::{BacklogReceiver, BacklogSender, backlog},
    closing::{Beginning, Closed, Closing},
    database::Database,
    error::StoreError,
    known_records::KnownRecords,
    limits::StoreLimits,
    location::StoreLocation,
    opening, scan_writer,
    sighting::{SeenEntity, Sighting, WithheldRecord},
    spool::{Duplicates, Record},
    writer::{Answer, Begun, FirstError, Message, ScanNumber, Writer},
};

/// The store, open for scans.
pub struct Store {
    location: StoreLocation,
    path: PathBuf,
    messages: Option<BacklogSender<Message>>,
    thread: Option<JoinHandle<()>>,
    /// Set to end waiting for other processes.
    stop: Arc<AtomicBool>,
}

/// A scan that writes to the store. If it is dropped before it is closed, it is recorded as interrupted.
pub struct StoreScan {
    path: PathBuf,
    messages: BacklogSender<Message>,
    number: ScanNumber,
    /// The revisions of the items' fields.
    revisions: Vec<FieldRevision>,
    batch: Vec<Sighting>,
    /// Size of the texts in `batch` in bytes.
    bytes: usize,
    first_error: Arc<FirstError>,
    checkpoint: Option<Checkpoint>,
    closed: bool,
    /// The records that the scan recognizes, and its attempt.
    known: Arc<KnownRecords>,
    attempt: i64,
    /// The key for digests, once the digests are loaded.
    key: Option<oneshot::Receiver<Result<DigestKey, StoreError>>>,
    /// The record that was recognized last.
    recognized: Option<RecordDigest>,
}

/// Maximum number of sightings in a batch.
const MAX_BATCH_SIGHTINGS: usize = 1_000;
/// Size of the texts in bytes at which a batch is full, even if it has few sightings.
const MAX_BATCH_BYTES: usize = 2 * 1024 * 1024;
/// Maximum number of batches that wait for the writer.
const MAX_WAITING_BATCHES: usize = 2;

impl Store {
    /// Opens the store, and creates it if it does not exist.
    ///
    /// # Errors
    /// If the database cannot be opened, created or brought up to date.
    pub fn open(
        location: impl Into<StoreLocation>,
        limits: impl Into<StoreLimits>,
    ) -> Result<Self, StoreError> {
        let stop = Arc::default();
        match location.into() {
            StoreLocation::File(path) => {
                Self::with(opening::open(&path, &stop)?, &path, limits, stop)
            }
            StoreLocation::Server(server) => {
                let writer = server.writer(limits.into(), &stop)?;
                let run = move |messages| scan_writer::run(writer, messages);
                Self::start(StoreLocation::Server(server), stop, run)
            }
        }
    }

    pub(crate) fn with(
        db: Database,
        path: &Path,
        limits: impl Into<StoreLimits>,
        stop: Arc<AtomicBool>,
    ) -> Result<Self, StoreError> {
        let writer = Writer::new(db, path, limits.into());
        Self::start(path.into(), stop, move |messages| writer.run(messages))
    }

    /// Starts the thread that writes.
    fn start(
        location: StoreLocation,
        stop: Arc<AtomicBool>,
        run: impl FnOnce(BacklogReceiver<Message>) + Send + 'static,
    ) -> Result<Self, StoreError> {
        let path = match &location {
            StoreLocation::File(path) => path.clone(),
            StoreLocation::Server(server) => server.address().into(),
        };
        let (messages, to_do) = backlog(MAX_WAITING_BATCHES);
        let thread = thread::Builder::new()
            .name("store".to_owned())
            .spawn(move || run(to_do))
            .map_err(|error| StoreError::folder(&path, error))?;
        Ok(Self {
            location,
            path,
            messages: Some(messages),
            thread: Some(thread),
            stop,
        })
    }

    /// Where the store is.
    #[must_use]
    pub fn location(&self) -> &StoreLocation {
        &self.location
    }

    /// Ends waiting for locks of other processes. Later writes fail if they cannot get a lock at once.
    pub fn stop_waiting(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    /// Begins a scan. The caller must hold the connection's lock.
    ///
    /// # Errors
    /// If the store cannot be written.
    pub async fn begin(&self, beginning: Beginning) -> Result<StoreScan, StoreError> {
        let messages = self.messages.clone();
        let messages = messages.ok_or_else(|| StoreError::writer_crashed(&self.path))?;
        let revisions = beginning.revisions.clone();
        let Begun {
            number,
            first_error,
            checkpoint,
            known,
        } = request(&messages, &self.path, |answer| {
            Message::Begin(Box::new(beginning), answer)
        })
        .await?;
        Ok(StoreScan {
            path: self.path.clone(),
            messages,
            number,
            revisions,
            batch: Vec::with_capacity(MAX_BATCH_SIGHTINGS),
            bytes: 0,
            first_error,
            checkpoint,
            closed: false,
            known,
            attempt: 1,
            key: None,
            recognized: None,
        })
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        drop(self.messages.take());
        if let Some(thread) = self.thread.take() {
            // A panic has been reported already.
            let _ = thread.join();
        }
    }
}

impl StoreScan {
    /// Waits until there is room for more, without blocking the thread. While the writer waits for the disk or another
    /// process, the scan waits as well.
    ///
    /// # Errors
    /// If something that the scan saw before could not be written.
    pub async fn ready(&mut self) -> Result<(), StoreError> {
        if self.batch.len() < MAX_BATCH_SIGHTINGS && self.bytes < MAX_BATCH_BYTES {
            return Ok(());
        }
        self.flush().await
    }

    /// Begins to load the digests of the store's items, for a scan that will read everything.
    pub fn load_digests(&mut self) {
        let (answer, key) = oneshot::channel();
        let message = Message::Recognize(self.number, answer);
        // A writer that has ended fails the next batch, too.
        let sent = self.messages.send_now(message);
        self.key = sent.is_ok().then_some(key);
    }

    /// Returns the key for digests of records, after the store has loaded the digests of its items.
    pub async fn digest_key(&mut self) -> Option<DigestKey> {
        if self.key.is_none() {
            self.load_digests();
        }
        // A store that cannot be read fails with the next batch, too.
        self.key.take()?.await.ok()?.ok()
    }

    /// Whether the store has the item of a record with this digest. The item then counts as seen.
    pub fn recognizes(&mut self, digest: RecordDigest) -> bool {
        let known = self.known.recognize(self.attempt, digest);
        self.recognized = known.then_some(digest);
        known
    }

    /// Adds an item. Does nothing if its record is the one that was just recognized.
    ///
    /// # Errors
    /// If the item cannot be written as JSON.
    pub fn item(&mut self, item: &Visualization, origin: &Origin) -> Result<(), StoreError> {
        if origin.digest.is_some() && self.recognized.take() == origin.digest {
            return Ok(());
        }
        let seen = SeenEntity::new(item, origin, &self.revisions);
        let seen =
            seen.map_err(|error| StoreError::unwritable(&self.path, item.key.as_str(), error))?;
        self.add(Sighting::Item(seen));
        Ok(())
    }

    /// Adds the id of a record that could not be read.
    pub fn unreadable(&mut self, id: &SourceId) {
        self.add(Sighting::Unreadable(id.0.clone()));
    }

    /// The last complete scan of the connection, unless another scan has written anything since.
    pub fn checkpoint(&mut self) -> Option<Checkpoint> {
        self.checkpoint.take()
    }

    /// Adds what the scan did not read, because it read only changes since its checkpoint.
    pub fn unchanged(&mut self, rest: UnchangedRest) {
        self.add(Sighting::Unchanged(rest));
    }

    /// Adds what the connection remembers of the scan.
    pub fn state(&mut self, state: ScanState) {
        self.add(Sighting::State(state.0));
    }

    /// Adds the key of an item about which a filter cannot decide.
    pub fn undecided(&mut self, key: &ItemKey, record: Record<'_>) {
        self.add(Sighting::Withheld(WithheldRecord::new(key, record, None)));
    }

    /// Adds the key of an item that this rule of a filter excludes.
    pub fn excluded(&mut self, key: &ItemKey, record: Record<'_>, rule: &FilterRule) {
        let rule = Some(rule.to_string());
        self.add(Sighting::Withheld(WithheldRecord::new(key, record, rule)));
    }

    /// Adds a container.
    ///
    /// # Errors
    /// If the container cannot be written as JSON.
    pub fn container(&mut self, container: &Container) -> Result<(), StoreError> {
        let seen = SeenEntity::from_container(container, &self.revisions)
            .map_err(|error| StoreError::unwritable(&self.path, container.key.as_str(), error))?;
        self.add(Sighting::Container(Box::new(seen), container.inclusion));
        Ok(())
    }

    /// Records that there may be more containers of this kind, so that none of them is marked as gone.
    pub fn hidden_containers(&mut self, kind: ContainerKind) {
        self.add(Sighting::HiddenContainers(kind.id));
    }

    /// Discards what the scan has seen so far, and begins a new attempt.
    ///
    /// # Errors
    /// If something that the scan saw before could not be written.
    pub fn restart(&mut self) -> Result<(), StoreError> {
        self.batch.clear();
        self.bytes = 0;
        self.attempt += 1;
        self.key = None;
        self.recognized = None;
        self.check_first_error()?;
        let sent = self.messages.send_now(Message::Restart(self.number));
        sent.map_err(|_ended| StoreError::writer_crashed(&self.path))
    }

    /// Ends the scan.
    ///
    /// # Errors
    /// If the scan could not be written, or another process recorded it as interrupted.
    pub async fn close(mut self, closing: Closing) -> Result<(Closed, Duplicates), StoreError> {
        // The writer reports what could not be flushed.
        let _ = self.flush().await;
        let closed = request(&self.messages, &self.path, |answer| {
            Message::Close(self.number, Box::new(closing), answer)
        });
        let closed = closed.await;
        self.closed = true;
        closed
    }

    fn add(&mut self, sighting: Sighting) {
        self.bytes += sighting.bytes();
        self.batch.push(sighting);
    }

    pub(crate) async fn flush(&mut self) -> Result<(), StoreError> {
        self.check_first_error()?;
        let batch = mem::replace(&mut self.batch, Vec::with_capacity(MAX_BATCH_SIGHTINGS));
        self.bytes = 0;
        let sent = self.messages.send(Message::Batch(self.number, batch)).await;
        sent.map_err(|_ended| StoreError::writer_crashed(&self.path))
    }

    /// Fails if the writer could not write an earlier batch of the scan.
    fn check_first_error(&self) -> Result<(), StoreError> {
        self.first_error
            .get()
            .map_or(Ok(()), |error| Err(error.again()))
    }
}

impl Drop for StoreScan {
    fn drop(&mut self) {
        if !self.closed {
            let _ = self.messages.send_now(Message::Abandon(self.number));
        }
    }
}

async fn request<T>(
    messages: &BacklogSender<Message>,
    path: &Path,
    message: impl FnOnce(Answer<T>) -> Message,
) -> Result<T, StoreError> {
    let (answer, waiting) = oneshot::channel();
    let gone = || StoreError::writer_crashed(path);
    let sent = messages.send_now(message(answer));
    sent.map_err(|_ended| gone())?;
    waiting.await.unwrap_or_else(|_| Err(gone()))
}
