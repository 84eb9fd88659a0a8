//! The feed of a follower: the items and changes that it is to deliver, in batches.
//!
//! With a write-ahead log, the feed reads a single snapshot, unless the follower is so slow that the log would grow
//! large. With a rollback journal, a reader that waits for its catalog would block scans, so each batch is read
//! separately. Changes that happen in the meantime are part of the next delivery.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant as MonotonicInstant},
};

use async_trait::async_trait;
use catalog_model::{
    ConnectionCode, Container, FollowerName, Instant, ItemState, Visualization,
    follower::{
        Acknowledgement, Batches, ChangeDetail, ConfiguredFollower, ConnectionScope, EntityKind,
        Feed, FeedChange, FeedConnection, FeedEntry, FeedError, FeedScan, Position, Start,
    },
};
use jiff::Timestamp;

use self::{
    batches::{ChangeBatches, ContainerBatches, ItemBatches},
    reading::instant,
};
use super::{Catalog, Snapshots};
use crate::{Cursors, StoreError, StoreLocation};

mod batches;
mod read_ahead;
mod reading;

/// Maximum age of a snapshot. SQLite cannot truncate the log while a snapshot is open.
const MAX_SNAPSHOT_AGE: Duration = Duration::from_secs(600);

/// The items and changes that one follower is to deliver.
pub struct StoreFeed {
    reader: Arc<Reader>,
    cursors: Mutex<Cursors>,
    follower: FeedFollower,
    store_id: String,
    start: Start,
    is_full: bool,
    end: Position,
    connections: Vec<FeedConnection>,
    clock: fn() -> Timestamp,
}

/// The follower that a feed is for.
#[derive(Clone, Debug)]
pub struct FeedFollower {
    /// The name under which the store keeps its position.
    pub name: FollowerName,
    /// The connections that it receives.
    pub scope: ConnectionScope,
    /// The revision of the format in which it describes items.
    pub revision: u32,
}

impl FeedFollower {
    /// Creates the follower with these settings.
    #[must_use]
    pub fn new(configured: &ConfiguredFollower) -> Self {
        Self {
            name: configured.follower.name().clone(),
            scope: configured.scope.clone(),
            revision: configured.follower.revision(),
        }
    }

    /// A text that identifies what its position depends on besides the store. `None` for all connections in the first
    /// revision.
    #[must_use]
    pub fn basis(&self) -> Option<String> {
        let codes = match &self.scope {
            ConnectionScope::All if self.revision == 1 => return None,
            ConnectionScope::All => String::new(),
            ConnectionScope::Only(codes) => {
                // Codes contain no line breaks.
                let codes = codes.iter().map(|code| format!("\n{code}"));
                codes.collect()
            }
        };
        Some(format!("{}{codes}", self.revision))
    }
}

/// The store, open for reading.
struct Reader {
    catalog: Mutex<Catalog>,
    opened: MonotonicInstant,
    /// Set to end the delivery.
    stop: Arc<AtomicBool>,
}

impl StoreFeed {
    /// Opens the feed of a follower. Once `stop` is set, the feed no longer waits for other processes and ends with its
    /// next batch. `None` if there is no store.
    ///
    /// # Errors
    /// If the store cannot be read or written.
    pub fn open(
        location: impl Into<StoreLocation>,
        follower: FeedFollower,
        clock: fn() -> Timestamp,
        stop: &Arc<AtomicBool>,
    ) -> Result<Option<Self>, StoreError> {
        // Opening for writing first migrates an older store.
        let location = location.into();
        let mut cursors = Cursors::open(&location, stop)?;
        cursors.claim(&follower.name)?;
        Self::with(cursors, &location, follower, (clock, stop))
    }

    /// Opens the feed of a follower for a dry run: nothing in the store changes, and nothing can be acknowledged. `None`
    /// if there is no store.
    ///
    /// # Errors
    /// If the store cannot be read, or an older or newer program wrote it.
    pub fn open_to_read(
        location: impl Into<StoreLocation>,
        follower: FeedFollower,
        clock: fn() -> Timestamp,
        stop: &Arc<AtomicBool>,
    ) -> Result<Option<Self>, StoreError> {
        let location = location.into();
        match Cursors::open_to_read(&location, stop)? {
            Some(cursors) => Self::with(cursors, &location, follower, (clock, stop)),
            None => Ok(None),
        }
    }

    fn with(
        cursors: Cursors,
        location: &StoreLocation,
        follower: FeedFollower,
        (clock, stop): (fn() -> Timestamp, &Arc<AtomicBool>),
    ) -> Result<Option<Self>, StoreError> {
        let Some(catalog) = Catalog::open(location)? else {
            return Ok(None);
        };
        let reached = cursors.cursor(&follower)?.reached;
        let (start, end) = catalog.range_after(reached)?;
        let connections = catalog.feed_connections(&follower.scope)?;
        let store_id = catalog.store_id().to_owned();
        catalog.release_snapshot(Snapshots::Blocking)?;
        Ok(Some(Self {
            reader: Arc::new(Reader {
                catalog: Mutex::new(catalog),
                opened: MonotonicInstant::now(),
                stop: Arc::clone(stop),
            }),
            cursors: Mutex::new(cursors),
            follower,
            store_id,
            start,
            is_full: false,
            end,
            connections,
            clock,
        }))
    }

    /// The same feed with everything, to be compared with what the catalog has.
    #[must_use]
    pub fn full(self) -> Self {
        Self {
            start: Start::Reset,
            is_full: true,
            ..self
        }
    }

    /// What reads the store.
    #[cfg(test)]
    pub(crate) fn reader(&self) -> &Arc<impl Sized + use<>> {
        &self.reader
    }

    fn cursors(&self) -> MutexGuard<'_, Cursors> {
        self.cursors.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Feed for StoreFeed {
    fn store_id(&self) -> &str {
        &self.store_id
    }

    fn now(&self) -> Instant {
        instant((self.clock)().as_millisecond())
    }

    fn start(&self) -> Start {
        self.start
    }

    fn is_full(&self) -> bool {
        self.is_full
    }

    fn end(&self) -> Position {
        self.end
    }

    fn connections(&self) -> &[FeedConnection] {
        &self.connections
    }

    async fn containers(
        &self,
        connection: &ConnectionCode,
        states: &[ItemState],
    ) -> Result<Box<dyn Batches<FeedEntry<Container>>>, FeedError> {
        let reader = Arc::clone(&self.reader);
        let of = EntityKind::Container;
        let ids = reader.read(|catalog| catalog.ids(of, connection, states))?;
        Ok(Box::new(ContainerBatches::new(reader, ids, states)?))
    }

    async fn items(
        &self,
        connection: &ConnectionCode,
        states: &[ItemState],
    ) -> Result<Box<dyn Batches<FeedEntry<Visualization>>>, FeedError> {
        let reader = Arc::clone(&self.reader);
        let of = EntityKind::Item;
        let ids = reader.read(|catalog| catalog.ids(of, connection, states))?;
        Ok(Box::new(ItemBatches::new(reader, ids, states)?))
    }

    async fn changes(
        &self,
        detail: ChangeDetail,
    ) -> Result<Box<dyn Batches<FeedChange>>, FeedError> {
        let after = match self.start {
            Start::After(position) => position,
            Start::Reset => self.end,
        };
        let scope = self.follower.scope.clone();
        let reader = Arc::clone(&self.reader);
        let batches = ChangeBatches::new(reader, (after, self.end), scope, detail);
        Ok(Box::new(batches))
    }

    async fn scans(
        &self,
        connection: &ConnectionCode,
        after: i64,
    ) -> Result<Vec<FeedScan>, FeedError> {
        (self.reader).read(|catalog| catalog.feed_scans(connection, after, self.end))
    }

    async fn acknowledge(&self, acknowledgement: Acknowledgement) -> Result<(), FeedError> {
        let recorded =
            (self.cursors()).acknowledge(&self.follower, &acknowledgement, (self.clock)());
        recorded.map_err(failed)
    }

    async fn notes(&self, keys: &[String]) -> Result<Vec<Option<String>>, FeedError> {
        let notes = self.cursors().notes(&self.follower.name, keys);
        notes.map_err(failed)
    }
}

impl Reader {
    fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Reads from the store, unless `stop` is set.
    fn read<T>(
        &self,
        read: impl FnOnce(&Catalog) -> Result<T, StoreError>,
    ) -> Result<T, FeedError> {
        if self.is_stopped() {
            return Err(FeedError::Stopped);
        }
        let catalog = self.catalog.lock().unwrap_or_else(PoisonError::into_inner);
        if self.opened.elapsed() > MAX_SNAPSHOT_AGE {
            catalog.release_snapshot(Snapshots::All).map_err(failed)?;
        }
        read(&catalog).map_err(failed)
    }
}

fn failed(error: StoreError) -> FeedError {
    FeedError::Store(Box::new(error))
}
