//! The reading interface.

use std::{
    cell::RefCell,
    collections::HashMap,
    fmt::Display,
    sync::{
        Arc, Condvar, Mutex, OnceLock, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle, Thread},
    time::Duration,
};

use catalog_model::{ContainerKind, ItemKey};
use rusqlite::Connection;

use super::{
    BrowseError, BrowseSettings, ContainerRef, Facets, IndexState,
    backend::{BrowseReader, BrowseStore},
    columns::Columns,
    pool::{self, Pool},
    recent::Recent,
    sqlite::SqliteBrowse,
};
use crate::{LastScan, StoreError, StoreLocation, catalog::CatalogReader, hashes::hash};

mod entries;
mod events;
mod hits;
mod lists;
mod loading;
mod named;
mod overview;
mod searching;
mod selecting;

use hits::TextHits;

/// How often the store is compared with the index without being asked to.
const UPDATE_INTERVAL: Duration = Duration::from_secs(2);
/// How often requests that take too long are looked for.
const TICK_INTERVAL: Duration = Duration::from_millis(250);
/// Maximum number of changes, or of items of a store, that a request indexes itself, so that it does not miss them.
const MAX_AT_ONCE: i64 = 1_000;
/// Number of searches whose hits are remembered: two bits for each item.
const RECENT_SEARCHES: usize = 24;
/// Number of remembered facets.
const RECENT_FACETS: usize = 32;
/// Number of remembered counts. The home page has one for each list of what items lack.
const RECENT_COUNTS: usize = 128;

/// The store, open for requests. Any number of threads can share it.
///
/// Three threads of its own keep the index up to date, load the columns of a large one, and end requests that take too long.
/// They end with this value. Until the first scan has created the store, requests end with [`BrowseError::NoStore`].
pub struct Browser {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

/// What requests and threads share.
struct Shared {
    location: StoreLocation,
    settings: BrowseSettings,
    store: Arc<dyn BrowseStore>,
    pool: Pool,
    columns: Mutex<Option<Arc<Columns>>>,
    /// Whether a thread loads the columns because requests cannot.
    is_large: AtomicBool,
    /// The thread that loads the columns.
    loader: OnceLock<Thread>,
    hits: Recent<Arc<TextHits>>,
    facets: Recent<Arc<Facets>>,
    counts: Recent<u64>,
    /// Searches the texts of a page again, to mark the hits.
    memory: Mutex<Option<Connection>>,
    stop: AtomicBool,
    /// Whether an update is wanted at once.
    wanted: Mutex<bool>,
    wake: Condvar,
}

/// A request with its snapshot.
struct Session<'a> {
    shared: &'a Shared,
    reader: &'a dyn BrowseReader,
    columns: Arc<Columns>,
    state: IndexState,
    /// The containers that this request has read, with the keys of those around them.
    containers: RefCell<HashMap<ItemKey, Option<FoundContainer>>>,
}

/// A container with the key of the one around it.
type FoundContainer = (ContainerRef, Option<ItemKey>);

impl std::fmt::Debug for Browser {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut shown = formatter.debug_struct("Browser");
        shown
            .field("store", &self.shared.location)
            .finish_non_exhaustive()
    }
}

impl Browser {
    /// Opens a store, which does not have to exist yet.
    ///
    /// # Errors
    /// If the threads cannot be started.
    pub fn open(
        location: impl Into<StoreLocation>,
        settings: BrowseSettings,
    ) -> Result<Self, BrowseError> {
        let location = location.into();
        let store: Arc<dyn BrowseStore> = match &location {
            StoreLocation::File(path) => Arc::new(SqliteBrowse::new(path, settings.clone())),
            StoreLocation::Server(server) => server.browse(&settings).into(),
        };
        let shared = Arc::new(Shared {
            pool: Pool::new(Arc::clone(&store), settings.time_limit),
            location,
            settings,
            store,
            columns: Mutex::default(),
            is_large: AtomicBool::new(false),
            loader: OnceLock::new(),
            hits: Recent::new(RECENT_SEARCHES),
            facets: Recent::new(RECENT_FACETS),
            counts: Recent::new(RECENT_COUNTS),
            memory: Mutex::default(),
            stop: AtomicBool::new(false),
            wanted: Mutex::new(true),
            wake: Condvar::new(),
        });
        let start = |name: &str, work: fn(&Shared)| {
            let started = Arc::clone(&shared);
            let thread = thread::Builder::new().name(name.to_owned());
            let thread = thread.spawn(move || work(&started));
            let place = shared.location.to_string();
            thread.map_err(|error| StoreError::folder(place.as_ref(), error))
        };
        let threads = vec![
            start("index", Shared::keep_index)?,
            start("columns", Shared::keep_columns)?,
            start("requests", Shared::tick)?,
        ];
        Ok(Self { shared, threads })
    }

    /// The settings.
    #[must_use]
    pub fn settings(&self) -> &BrowseSettings {
        &self.shared.settings
    }

    /// Returns the maximum number of requests that are answered at once. Others wait in their threads.
    #[must_use]
    pub fn max_readers() -> usize {
        pool::max_readers()
    }

    /// Starts to update the index, for example because a scan has ended. Does not wait for it. Without this, the index
    /// follows within seconds.
    pub fn update_soon(&self) {
        *self
            .shared
            .wanted
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = true;
        self.shared.wake.notify_all();
    }

    /// Updates the index, and waits for it.
    ///
    /// # Errors
    /// If the store or the index cannot be read or written.
    pub fn update(&self) -> Result<(), BrowseError> {
        Ok(self.shared.update(i64::MAX)?)
    }

    /// Returns a text that changes whenever an answer may change. For `ETag`.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn version(&self) -> Result<String, BrowseError> {
        self.shared.read(|session| {
            let catalog = session.catalog();
            let scans = catalog.last_scans(LastScan::Any)?;
            let last = scans.iter().map(|scan| scan.id).max().unwrap_or_default();
            let ended = scans
                .iter()
                .filter_map(|scan| scan.ended)
                .max()
                .unwrap_or_default();
            let followers = session.reader.followers()?;
            let followers = followers.iter().map(|follower| {
                let cursor = &follower.cursor;
                format!(
                    "{} {:?} {} {:?} {}",
                    follower.name, cursor.reached, cursor.failures, cursor.followed, cursor.refused
                )
            });
            Ok(format!(
                "{}-{}-{last}-{ended}-{}-{:x}",
                catalog.store_id(),
                catalog.settled()?,
                session.columns.generation,
                hash(&followers.collect::<Vec<_>>().join(","))
            ))
        })
    }

    /// Returns the id of the store, which no other store has.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn store_id(&self) -> Result<String, BrowseError> {
        self.shared
            .read(|session| Ok(session.catalog().store_id().to_owned()))
    }

    /// Returns the kinds of containers of the store, sorted by id.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn container_kinds(&self) -> Result<Vec<ContainerKind>, BrowseError> {
        self.shared
            .read(|session| Ok(session.container_kinds().collect()))
    }

    /// Returns how far the index is.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn index_state(&self) -> Result<IndexState, BrowseError> {
        self.shared.read(|session| Ok(session.state))
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
        self.shared.store.interrupt();
        self.update_soon();
        for thread in self.threads.drain(..) {
            thread.thread().unpark();
            // A thread that panicked has reported it.
            let _ = thread.join();
        }
    }
}

/// What a thread could not do with the index. The same problem is logged once until it is over.
struct Problems {
    what: &'static str,
    reported: Option<String>,
}

impl Problems {
    fn new(what: &'static str) -> Self {
        let reported = None;
        Self { what, reported }
    }

    fn report(&mut self, done: Result<(), impl Display>) {
        let error = done.err().map(|error| error.to_string());
        if let Some(error) = error
            .as_ref()
            .filter(|error| self.reported.as_ref() != Some(*error))
        {
            let what = self.what;
            tracing::warn!("the index of the catalog's pages cannot be {what}: {error}");
        }
        self.reported = error;
    }
}

impl Shared {
    /// Answers a request.
    fn read<T>(
        &self,
        work: impl Fn(&Session<'_>) -> Result<T, BrowseError>,
    ) -> Result<T, BrowseError> {
        let answer = self.pool.read(|reader| {
            let state = reader.index_state()?;
            match may_catch_up(reader, state) {
                true => Ok(None),
                false => self
                    .session(reader, state)
                    .and_then(|one| work(&one))
                    .map(Some),
            }
        })?;
        if let Some(answer) = answer {
            return Ok(answer);
        }
        if let Err(error) = self.update(MAX_AT_ONCE) {
            tracing::debug!("the index is not up to date: {error}");
        }
        self.pool.read(|reader| {
            let state = reader.index_state()?;
            self.session(reader, state).and_then(|one| work(&one))
        })
    }

    fn session<'a>(
        &'a self,
        reader: &'a dyn BrowseReader,
        state: IndexState,
    ) -> Result<Session<'a>, BrowseError> {
        Ok(Session {
            columns: self.columns(reader)?,
            shared: self,
            reader,
            state,
            containers: RefCell::default(),
        })
    }

    /// Updates the index. See [`BrowseStore::update`].
    fn update(&self, max_items: i64) -> Result<(), StoreError> {
        let updated = self.store.update(max_items, &self.stop);
        match self.stop.load(Ordering::Relaxed) {
            // The next process continues.
            true => Ok(()),
            false => updated,
        }
    }

    /// Keeps the index up to date until the end.
    fn keep_index(&self) {
        let mut problems = Problems::new("updated");
        while !self.stop.load(Ordering::Relaxed) {
            problems.report(self.update(i64::MAX));
            let wanted = self.wanted.lock().unwrap_or_else(PoisonError::into_inner);
            let waited = self
                .wake
                .wait_timeout_while(wanted, UPDATE_INTERVAL, |wanted| !*wanted);
            *waited.unwrap_or_else(PoisonError::into_inner).0 = false;
        }
    }

    fn tick(&self) {
        while !self.stop.load(Ordering::Relaxed) {
            self.pool.tick();
            thread::park_timeout(TICK_INTERVAL);
        }
    }
}

impl Session<'_> {
    fn catalog(&self) -> &dyn CatalogReader {
        self.reader.catalog()
    }

    fn container_kinds(&self) -> impl Iterator<Item = ContainerKind> {
        let kinds = self.catalog().container_kinds().iter();
        kinds.map(|(_, kind)| *kind)
    }
}

/// Whether so little is missing that the request should index it first.
fn may_catch_up(reader: &dyn BrowseReader, state: IndexState) -> bool {
    let max = MAX_AT_ONCE.unsigned_abs();
    match state {
        IndexState::Current => false,
        IndexState::Behind { changes } => changes <= max,
        IndexState::Building { total, .. } => {
            // Without items there is nothing to index.
            (1..=max).contains(&total) && !reader.catalog().connections().is_empty()
        }
    }
}
