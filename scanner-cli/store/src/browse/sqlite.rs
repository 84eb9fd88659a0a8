//! Browsing a store on SQLite, whose index is a file beside it.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError, atomic::AtomicBool},
    time::Duration,
};

use rusqlite::InterruptHandle;
use tempfile::TempDir;

use super::{
    BrowseSettings,
    backend::{BrowseReader, BrowseStore},
    index::update::Updater,
};
use crate::{StoreError, StoreErrorKind, files};

mod lists;
mod log;
mod reader;

use reader::SqliteBrowseReader;

/// How long a connection stays open after a request: commands that need the store alone, such as a restore, wait for it.
const IDLE_TIME: Duration = Duration::from_secs(1);

/// A store on SQLite.
pub(super) struct SqliteBrowse {
    store: PathBuf,
    settings: BrowseSettings,
    index: Arc<Mutex<PathBuf>>,
    /// Held while the index is updated by this process.
    update: Mutex<Option<TempDir>>,
    /// Interrupts the update that is running.
    interrupt: Mutex<Option<InterruptHandle>>,
}

impl SqliteBrowse {
    pub(super) fn new(store: &Path, settings: BrowseSettings) -> Self {
        Self {
            index: Arc::new(Mutex::new(files::index(store))),
            store: store.to_path_buf(),
            settings,
            update: Mutex::default(),
            interrupt: Mutex::default(),
        }
    }

    /// Where the index is.
    fn index_path(&self) -> PathBuf {
        lock(&self.index).clone()
    }

    fn update_at(&self, index: &Path, max_items: i64, stop: &AtomicBool) -> Result<(), StoreError> {
        let updater = Updater::open(&self.store, index, &self.settings, stop)?;
        let Some(mut updater) = updater else {
            return Ok(());
        };
        *lock(&self.interrupt) = Some(updater.interrupt_handle());
        let updated = updater.run(max_items);
        *lock(&self.interrupt) = None;
        updated
    }
}

impl BrowseStore for SqliteBrowse {
    fn reader(&self) -> Result<Option<Box<dyn BrowseReader>>, StoreError> {
        let reader = SqliteBrowseReader::open(&self.store, Arc::clone(&self.index))?;
        Ok(reader.map(|reader| Box::new(reader) as Box<dyn BrowseReader>))
    }

    fn idle_time(&self) -> Duration {
        IDLE_TIME
    }

    /// A pass takes place only if the store has at most `max_items`.
    fn update(&self, max_items: i64, stop: &AtomicBool) -> Result<(), StoreError> {
        let mut temporary = lock(&self.update);
        let updated = self.update_at(&self.index_path(), max_items, stop);
        match updated {
            Err(error) if temporary.is_none() && is_unwritable(&error) => {
                // For example a copy of the store in a folder that cannot be written.
                let folder =
                    tempfile::tempdir().map_err(|cause| StoreError::folder(&self.store, cause))?;
                let path = folder.path().join("catalog.index");
                *temporary = Some(folder);
                lock(&self.index).clone_from(&path);
                self.update_at(&path, max_items, stop)
            }
            updated => updated,
        }
    }

    fn interrupt(&self) {
        if let Some(handle) = &*lock(&self.interrupt) {
            handle.interrupt();
        }
    }
}

/// Whether the file of the index cannot be created or written.
fn is_unwritable(error: &StoreError) -> bool {
    matches!(
        error.kind(),
        StoreErrorKind::NotWritable | StoreErrorKind::DiskFull | StoreErrorKind::Disk
    )
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
