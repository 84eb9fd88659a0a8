//! A few connections for reading, which all requests share.
//!
//! A request has a snapshot of the store only while it is answered. Connections that are not used for a while are closed.

use std::{
    collections::HashMap,
    num::NonZero,
    sync::{Arc, Condvar, LazyLock, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use super::{
    BrowseError,
    backend::{BrowseReader, BrowseStore},
};

/// Maximum number of requests that are answered at once. The others wait, and need no memory for the database.
pub(super) fn max_readers() -> usize {
    static READERS: LazyLock<usize> = LazyLock::new(|| {
        let cores = thread::available_parallelism().map_or(1, NonZero::get);
        cores.clamp(2, 4)
    });
    *READERS
}

/// Ends a running statement.
type Interrupter = Box<dyn Fn() + Send>;

/// A connection that no request uses.
struct Idle {
    reader: Box<dyn BrowseReader>,
    since: Instant,
}

/// The connections.
pub(super) struct Pool {
    store: Arc<dyn BrowseStore>,
    time_limit: Duration,
    state: Mutex<State>,
    is_free: Condvar,
}

#[derive(Default)]
struct State {
    idle: Vec<Idle>,
    in_use: usize,
    /// The requests that are being answered, with the times at which they must end.
    running: HashMap<u64, (Instant, Interrupter)>,
    next: u64,
}

impl Pool {
    pub(super) fn new(store: Arc<dyn BrowseStore>, time_limit: Duration) -> Self {
        Self {
            store,
            time_limit,
            state: Mutex::default(),
            is_free: Condvar::new(),
        }
    }

    /// Answers a request with a snapshot.
    pub(super) fn read<T>(
        &self,
        work: impl FnOnce(&dyn BrowseReader) -> Result<T, BrowseError>,
    ) -> Result<T, BrowseError> {
        self.read_within(self.time_limit, work)
    }

    /// Does the same with another time limit.
    pub(super) fn read_within<T>(
        &self,
        limit: Duration,
        work: impl FnOnce(&dyn BrowseReader) -> Result<T, BrowseError>,
    ) -> Result<T, BrowseError> {
        let end = Instant::now() + limit;
        let idle = self.enter(end)?;
        let done = self.answer(idle, end, work);
        let mut state = self.state();
        state.in_use -= 1;
        let done = done.map(|(answer, reader)| {
            let since = Instant::now();
            state.idle.push(Idle { reader, since });
            answer
        });
        drop(state);
        self.is_free.notify_one();
        match done {
            Err(BrowseError::Store(_)) if Instant::now() >= end => Err(BrowseError::TimedOut),
            done => done,
        }
    }

    /// Answers a request. A connection that failed is not used again.
    fn answer<T>(
        &self,
        idle: Option<Box<dyn BrowseReader>>,
        end: Instant,
        work: impl FnOnce(&dyn BrowseReader) -> Result<T, BrowseError>,
    ) -> Result<(T, Box<dyn BrowseReader>), BrowseError> {
        let mut reader = self.begin(idle, end)?;
        let number = self.note(end, &*reader);
        let answer = work(&*reader);
        if let Some(number) = number {
            self.state().running.remove(&number);
        }
        let answer = answer?;
        reader.rest()?;
        Ok((answer, reader))
    }

    /// Waits for a place. Returns a connection that is open, if there is one.
    fn enter(&self, end: Instant) -> Result<Option<Box<dyn BrowseReader>>, BrowseError> {
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
        Ok(state.idle.pop().map(|idle| idle.reader))
    }

    fn begin(
        &self,
        idle: Option<Box<dyn BrowseReader>>,
        end: Instant,
    ) -> Result<Box<dyn BrowseReader>, BrowseError> {
        if let Some(mut reader) = idle {
            if reader.begin(end).is_ok() {
                return Ok(reader);
            }
            // The server may have closed all of them.
            let closed = std::mem::take(&mut self.state().idle);
            drop(closed);
        }
        let mut reader = self.store.reader()?.ok_or(BrowseError::NoStore)?;
        reader.begin(end)?;
        Ok(reader)
    }

    /// Notes when a request must end, if its statements do not end by themselves.
    fn note(&self, end: Instant, reader: &dyn BrowseReader) -> Option<u64> {
        let interrupt = reader.interrupter()?;
        let mut state = self.state();
        let number = state.next;
        state.next += 1;
        state.running.insert(number, (end, interrupt));
        Some(number)
    }

    /// Ends requests that take too long, and closes connections that are not used. To be called several times a second.
    pub(super) fn tick(&self) {
        let now = Instant::now();
        let keep_for = self.store.idle_time();
        let mut state = self.state();
        for (_, interrupt) in state.running.values().filter(|(end, _)| *end <= now) {
            interrupt();
        }
        let is_old = |idle: &mut Idle| now.duration_since(idle.since) >= keep_for;
        let closed: Vec<_> = state.idle.extract_if(.., is_old).collect();
        drop(state);
        drop(closed);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
