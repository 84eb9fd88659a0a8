//! Loads the columns of the index into memory.

use std::{
    sync::{Arc, MutexGuard, PoisonError, atomic::Ordering},
    thread,
    time::{Duration, Instant},
};

use super::{
    super::{BrowseError, backend::BrowseReader, columns::Columns},
    Problems, Shared, UPDATE_INTERVAL,
};

/// The thread that loads the columns of a large index pauses for this many times the duration of the last load.
const LOADING_PAUSE: u32 = 4;
/// Maximum duration of loading the columns of a large index.
const LOADING_LIMIT: Duration = Duration::from_secs(300);

impl Shared {
    /// Returns the columns of the reader's snapshot of the index.
    pub(super) fn columns(&self, reader: &dyn BrowseReader) -> Result<Arc<Columns>, BrowseError> {
        let generation = reader.generation()?;
        if self.loaded().is_none() && self.notice_large(reader)? && self.loaded().is_none() {
            return Err(BrowseError::Loading);
        }
        let mut columns = self.loaded();
        if let Some(columns) = &*columns
            && (columns.generation == generation || self.is_for_thread(columns))
        {
            return Ok(Arc::clone(columns));
        }
        if self.is_large.load(Ordering::Relaxed) {
            return Err(BrowseError::Loading);
        }
        // The former ones are not needed any more.
        *columns = None;
        let loaded = Columns::load(reader, generation);
        // It may have taken too long.
        self.is_large.store(loaded.is_err(), Ordering::Relaxed);
        let loaded = Arc::new(loaded?);
        *columns = Some(Arc::clone(&loaded));
        Ok(loaded)
    }

    /// Leaves the first load of a large index to the thread. Returns whether the index is large.
    fn notice_large(&self, reader: &dyn BrowseReader) -> Result<bool, BrowseError> {
        let max = i64::try_from(self.settings.max_loaded_by_request).unwrap_or(i64::MAX);
        let is_large = reader.last_entity()? > max;
        let is_new = is_large && !self.is_large.swap(true, Ordering::Relaxed);
        if let Some(loader) = self.loader.get().filter(|_| is_new) {
            loader.unpark();
        }
        Ok(is_large)
    }

    fn loaded(&self) -> MutexGuard<'_, Option<Arc<Columns>>> {
        self.columns.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the thread loads columns like these.
    fn is_for_thread(&self, columns: &Columns) -> bool {
        columns.len() > self.settings.max_loaded_by_request
    }

    /// Loads the columns of a large index at the start, and again whenever it has changed, until the end. Requests go on
    /// meanwhile.
    pub(super) fn keep_columns(&self) {
        let mut problems = Problems::new("loaded");
        let _ = self.loader.set(thread::current());
        // If this fails, a request does it.
        let _ = self.pool.read(|reader| self.notice_large(reader));
        while !self.stop.load(Ordering::Relaxed) {
            let begun = Instant::now();
            let refreshed = self.refresh_columns();
            let pause = match refreshed {
                Ok(()) => UPDATE_INTERVAL.max(begun.elapsed() * LOADING_PAUSE),
                Err(_) => UPDATE_INTERVAL,
            };
            problems.report(refreshed);
            thread::park_timeout(pause);
        }
    }

    fn refresh_columns(&self) -> Result<(), BrowseError> {
        let known = self.loaded().clone();
        let is_large = known
            .as_ref()
            .is_some_and(|known| self.is_for_thread(known));
        if !is_large && !self.is_large.load(Ordering::Relaxed) {
            return Ok(());
        }
        let loaded = self.pool.read_within(LOADING_LIMIT, |reader| {
            let generation = reader.generation()?;
            let is_current =
                known.is_some_and(|known| known.generation == generation && known.has_orders());
            match is_current {
                true => Ok(None),
                false => Ok(Some(Columns::load_with_orders(reader, generation)?)),
            }
        })?;
        if let Some(loaded) = loaded {
            let mut columns = self.loaded();
            *columns = Some(Arc::new(loaded));
            self.is_large.store(false, Ordering::Relaxed);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{super::BrowseSettings, Browser},
        *,
    };
    use crate::{conformance::library, scratch::Scratch};

    #[tokio::test]
    async fn the_columns_of_a_large_index_are_loaded_before_the_first_request() {
        let scratch = Scratch::library().await;
        scratch.browser().update().unwrap();
        let settings = BrowseSettings {
            max_loaded_by_request: 1,
            ..library::settings()
        };
        let browser = Browser::open(scratch.location(), settings).unwrap();
        let end = Instant::now() + Duration::from_secs(60);
        while browser.shared.loaded().is_none() {
            assert!(Instant::now() < end, "they are not loaded");
            thread::sleep(Duration::from_millis(10));
        }
        assert!(!browser.shared.is_large.load(Ordering::Relaxed));
    }
}
