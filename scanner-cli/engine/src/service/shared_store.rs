//! The store, open as long as a scan writes to it.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use crate::{
    home::Home,
    store::{Store, StoreError, StoreLimits},
};

/// The store that all scans of the service share. Between scans it is closed: no cache is kept, and a disk that was full
/// is tried anew.
#[derive(Clone)]
pub(super) struct SharedStore {
    home: Home,
    open: Arc<Mutex<Weak<Store>>>,
}

impl SharedStore {
    pub(super) fn of(home: Home) -> Self {
        Self {
            home,
            open: Arc::default(),
        }
    }

    /// The store, which is opened if it is not open. It may take long; scans call it in their own threads.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub(super) fn open(&self, limits: StoreLimits) -> Result<Arc<Store>, StoreError> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(store) = open.upgrade() {
            return Ok(store);
        }
        let store = Arc::new(Store::open(&self.home.store(), limits)?);
        *open = Arc::downgrade(&store);
        Ok(store)
    }

    /// Ends all waiting of the store for locks of other processes.
    pub(super) fn stop_waiting(&self) {
        // A thread that opens the store at this moment holds the lock; it is left behind when the process ends.
        let open = self.open.try_lock();
        if let Some(store) = open.ok().and_then(|open| open.upgrade()) {
            store.stop_waiting();
        }
    }
}
