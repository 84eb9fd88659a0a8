//! A few connections for reading, which all requests share.
//!
//! A request has a snapshot of the store only while it is answered. Connections that are not used are closed soon, so that
//! commands that need the store alone, such as a restore, do not have to wait.

use std::{
    collections::HashMap,
    num::NonZero,
    path::{Path, PathBuf},
    sync::{Condvar, LazyLock, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use rusqlite::{Connection, InterruptHandle};

use super::{BrowseError, index};
use crate::{
    catalog::SqliteCatalog,
    database,
    error::{Operation, StoreError},
};

/// Maximum number of requests that are answered at once. The others wait, and need no memory for the database.
pub(super) fn max_readers() -> usize {
    static READERS: LazyLock<usize> = LazyLock::new(|| {
        let cores = thread::available_parallelism().map_or(1, NonZero::get);
        cores.clamp(2, 4)
    });
    *READERS
}

/// Cache of a connection to the store, in KiB. A request reads the rows of a page.
const CACHE_KIB: i64 = 1024;
/// How long a connection stays open after a request.
const IDLE_TIME: Duration = Duration::from_secs(1);

/// A snapshot of the store, and the index if there is one.
pub(super) struct Reader {
    pub(super) catalog: SqliteCatalog,
    pub(super) index: Option<Connection>,
    idle_since: Instant,
}

/// The connections.
pub(super) struct Pool {
    store: PathBuf,
    index: Mutex<PathBuf>,
    time_limit: Duration,
    state: Mutex<State>,
    is_free: Condvar,
}

#[derive(Default)]
struct State {
    idle: Vec<Reader>,
    in_use: usize,
    /// The requests that are being answered, with the times at which they must end.
    running: HashMap<u64, (Instant, Vec<InterruptHandle>)>,
    next: u64,
}

impl Pool {
    pub(super) fn new(store: &Path, index: PathBuf, time_limit: Duration) -> Self {
        Self {
            store: store.to_path_buf(),
            index: Mutex::new(index),
            time_limit,
            state: Mutex::default(),
            is_free: Condvar::new(),
        }
    }

    /// Where the index is.
    pub(super) fn index_path(&self) -> PathBuf {
        let path = self.index.lock().unwrap_or_else(PoisonError::into_inner);
        path.clone()
    }

    /// Uses an index at another path from now on.
    pub(super) fn move_index(&self, path: PathBuf) {
        *self.index.lock().unwrap_or_else(PoisonError::into_inner) = path;
    }

    /// Answers a request with a snapshot.
    pub(super) fn read<T>(
        &self,
        work: impl FnOnce(&Reader) -> Result<T, BrowseError>,
    ) -> Result<T, BrowseError> {
        let end = Instant::now() + self.time_limit;
        let idle = self.enter(end)?;
        let done = self.reader(idle).and_then(|mut reader| {
            let number = self.begin(end, &reader);
            let answer = work(&reader);
            self.state().running.remove(&number);
            if Instant::now() >= end && answer.is_err() {
                return Err(BrowseError::TimedOut);
            }
            let answer = answer?;
            // A connection that failed is not used again.
            reader.rest().map_err(|error| self.failed(error))?;
            reader.idle_since = Instant::now();
            Ok((answer, reader))
        });
        let mut state = self.state();
        state.in_use -= 1;
        let done = done.map(|(answer, reader)| {
            state.idle.push(reader);
            answer
        });
        drop(state);
        self.is_free.notify_one();
        done
    }

    /// Waits for a place. Returns a connection that is open, if there is one.
    fn enter(&self, end: Instant) -> Result<Option<Reader>, BrowseError> {
        let mut state = self.state();
        while state.in_use >= max_readers() {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(BrowseError::TimedOut);
            }
            let waited = self.is_free.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        state.in_use += 1;
        Ok(state.idle.pop())
    }

    fn reader(&self, idle: Option<Reader>) -> Result<Reader, BrowseError> {
        let mut reader = match idle {
            Some(reader) => reader,
            None => {
                let catalog = SqliteCatalog::open_file(&self.store)?.ok_or(BrowseError::NoStore)?;
                catalog.query(|db| database::cache(db, CACHE_KIB))?;
                Reader {
                    catalog,
                    index: None,
                    idle_since: Instant::now(),
                }
            }
        };
        reader.catalog.refresh()?;
        if reader.index.is_none() {
            let index = index::open_to_read(&self.index_path());
            reader.index = index.map_err(|error| self.failed(error))?;
        }
        if let Some(index) = &reader.index {
            index
                .execute_batch("BEGIN")
                .map_err(|error| self.failed(error))?;
        }
        Ok(reader)
    }

    fn begin(&self, end: Instant, reader: &Reader) -> u64 {
        let mut handles = vec![reader.catalog.interrupt_handle()];
        handles.extend(reader.index.as_ref().map(Connection::get_interrupt_handle));
        let mut state = self.state();
        let number = state.next;
        state.next += 1;
        state.running.insert(number, (end, handles));
        number
    }

    /// Ends requests that take too long, and closes connections that are not used. To be called several times a second.
    pub(super) fn tick(&self) {
        let now = Instant::now();
        let mut state = self.state();
        for (_, handles) in state.running.values().filter(|(end, _)| *end <= now) {
            handles.iter().for_each(InterruptHandle::interrupt);
        }
        let keep = |reader: &mut Reader| now.duration_since(reader.idle_since) < IDLE_TIME;
        let closed: Vec<_> = state.idle.extract_if(.., |reader| !keep(reader)).collect();
        drop(state);
        drop(closed);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn failed(&self, error: rusqlite::Error) -> BrowseError {
        StoreError::from_sqlite(&self.index_path(), Operation::Read, error).into()
    }
}

impl Reader {
    /// The index, if it belongs to this store.
    pub(super) fn index_of_store(&self) -> rusqlite::Result<Option<&Connection>> {
        let Some(index) = &self.index else {
            return Ok(None);
        };
        let basis: Option<String> = index::meta(index, "settings")?;
        let is_own = basis.is_some_and(|basis| basis.starts_with(self.catalog.store_id()));
        Ok(is_own.then_some(index))
    }

    /// Ends the snapshots.
    fn rest(&mut self) -> rusqlite::Result<()> {
        if let Some(index) = &self.index {
            index.execute_batch("COMMIT")?;
        }
        self.catalog.rest()
    }
}
