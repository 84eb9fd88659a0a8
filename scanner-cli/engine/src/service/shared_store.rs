//! The store, open only while a scan writes to it.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use crate::{
    home::Home,
    store::{Store, StoreError, StoreLimits},
};

/// The store that all scans of the service share. It is closed between scans, so that no cache stays in memory and a
/// disk that was full is tried again.
#[derive(Clone)]
pub(super) struct SharedStore {
    home: Home,
    open: Arc<Mutex<Weak<Store>>>,
}

impl SharedStore {
    pub(super) fn new(home: Home) -> Self {
        Self {
            home,
            open: Arc::default(),
        }
    }

    /// Returns the store, and opens it if necessary. Opening may take long, so scans call this in their own threads.
    ///
    /// # Errors
    /// If the store cannot be opened.
    pub(super) fn open(&self, limits: StoreLimits) -> Result<Arc<Store>, StoreError> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(store) = open.upgrade() {
            return Ok(store);
        }
        let store = Arc::new(Store::open(self.home.store(), limits)?);
        *open = Arc::downgrade(&store);
        Ok(store)
    }

    /// Stops the store from waiting for locks of other processes.
    pub(super) fn stop_waiting(&self) {
        // A thread that is opening the store holds the lock. It is abandoned when the process exits.
        let open = self.open.try_lock();
        if let Some(store) = open.ok().and_then(|open| open.upgrade()) {
            store.stop_waiting();
        }
    }
}
