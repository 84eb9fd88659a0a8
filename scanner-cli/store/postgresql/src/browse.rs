//! Browsing the store. Its index is in the same schema and is shared by all who serve pages.

use std::{
    sync::{
        Arc, Mutex, PoisonError, TryLockError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use catalog_store::{
    StoreError,
    backend::{BrowseReader, BrowseStore},
    browse::BrowseSettings,
};
use postgresql_client::Target;
use tokio::time::timeout;

use crate::{
    connecting::Database,
    error::{DatabaseError, Operation, Result},
    index::Indexer,
    reader::Reader,
    runtime,
    schema::is_there,
};

mod lists;
mod log;
mod reader;

use reader::PostgresqlBrowseReader;

/// How long a connection stays open after a request. A login takes longer than most requests.
const IDLE_TIME: Duration = Duration::from_secs(60);

/// Maximum time of a step of the thread that keeps the index up to date. The first step of a large store notes all items.
const STEP_LIMIT: Duration = Duration::from_secs(300);
/// Maximum share of a request's time that the update for it takes: two fifths. The request then shows the state before it.
const UPDATE_SHARE: f64 = 0.4;
/// Pause between two attempts of a request to update the index.
const RETRY_INTERVAL: Duration = Duration::from_millis(10);

/// Settings of sessions that read. All queries have an index, and a search for a frequent word that reads the table instead
/// would read all words of all items.
const SETTINGS: &str = "SET enable_seqscan = off; SET default_transaction_read_only = on";

/// A store that people browse.
pub(crate) struct PostgresqlBrowse {
    target: Arc<Target>,
    settings: BrowseSettings,
    /// What updates the index, with its session. `None` before the first update, and after an error.
    indexer: Mutex<Option<Indexer>>,
}

impl PostgresqlBrowse {
    pub(crate) fn new(target: Arc<Target>, settings: BrowseSettings) -> Self {
        Self {
            target,
            settings,
            indexer: Mutex::default(),
        }
    }

    fn failed(&self, error: DatabaseError, operation: Operation) -> StoreError {
        error.of_store(&self.target.address(), operation)
    }

    /// Takes one step. Returns whether there is more to do.
    fn step(
        &self,
        indexer: &mut Option<Indexer>,
        (max_items, limit): (i64, Duration),
    ) -> std::result::Result<bool, StoreError> {
        let (known, target) = (indexer.take(), Arc::clone(&self.target));
        let settings = self.settings.clone();
        let step = async move {
            let opened = match known {
                Some(indexer) => Some(indexer),
                None => Indexer::open(&target, settings).await?,
            };
            let Some(mut indexer) = opened else {
                return Ok((None, false));
            };
            let has_more = indexer.step(max_items).await?;
            Ok((Some(indexer), has_more))
        };
        let done = runtime::wait(async move {
            // The transaction ends with its session.
            let done = timeout(limit, step).await;
            done.unwrap_or(Err(DatabaseError::Late))
        });
        let done = done.map_err(DatabaseError::from).flatten();
        let (left, has_more) = done.map_err(|error| self.failed(error, Operation::Write))?;
        *indexer = left;
        Ok(has_more)
    }
}

/// Opens a session for reading. `None` if there is no store.
async fn open(target: &Target) -> Result<Option<Reader>> {
    let mut db = Database::open(target).await?;
    if !is_there(&db, target).await? {
        return Ok(None);
    }
    db.batch(SETTINGS).await?;
    db.keep_statements();
    Reader::begin(db, target).await.map(Some)
}

impl BrowseStore for PostgresqlBrowse {
    fn reader(&self) -> std::result::Result<Option<Box<dyn BrowseReader>>, StoreError> {
        let target = Arc::clone(&self.target);
        let opened = runtime::wait(async move { open(&target).await });
        let opened = opened.map_err(DatabaseError::from).flatten();
        let reader = opened.map_err(|error| self.failed(error, Operation::Read))?;
        Ok(reader.map(|reader| Box::new(PostgresqlBrowseReader::new(reader)) as _))
    }

    fn idle_time(&self) -> Duration {
        IDLE_TIME
    }

    fn update(&self, max_items: i64, stop: &AtomicBool) -> std::result::Result<(), StoreError> {
        let is_for_all = max_items == i64::MAX;
        if is_for_all {
            let mut indexer = self.indexer.lock().unwrap_or_else(PoisonError::into_inner);
            while !stop.load(Ordering::Relaxed)
                && self.step(&mut indexer, (max_items, STEP_LIMIT))?
            {}
            return Ok(());
        }
        let end = Instant::now() + self.settings.time_limit.mul_f64(UPDATE_SHARE);
        let left = || end.saturating_duration_since(Instant::now());
        // Another thread may wait for a server that does not answer.
        let mut indexer = loop {
            match self.indexer.try_lock() {
                Ok(indexer) => break indexer,
                Err(TryLockError::Poisoned(poisoned)) => break poisoned.into_inner(),
                Err(TryLockError::WouldBlock) if left().is_zero() => return Ok(()),
                Err(TryLockError::WouldBlock) => thread::sleep(RETRY_INTERVAL),
            }
        };
        while !stop.load(Ordering::Relaxed) && self.step(&mut indexer, (max_items, left()))? {}
        Ok(())
    }

    fn interrupt(&self) {
        // A step is short.
    }
}
