//! The last scans in the store, including those of other processes and those before a restart.

use std::{
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::{sync::Mutex, time::timeout};

use crate::store::{Catalog, LastScan, StoreError, StoredScan};

/// The last scan of each connection and outcome. The store is read at most every few seconds, and by one task at a
/// time.
pub(super) struct LastScans {
    store: PathBuf,
    read: Arc<Mutex<Option<(Instant, Scans)>>>,
}

type Scans = Arc<[StoredScan]>;

/// How long scans that were read are reused, so that frequent requests do not load the disk.
const CACHE_TIME: Duration = Duration::from_secs(2);
/// How long a request waits for a disk that does not respond.
const READ_TIMEOUT: Duration = Duration::from_secs(5);

impl LastScans {
    /// The last scans of the store at this path.
    pub(super) fn new(store: PathBuf) -> Self {
        Self {
            store,
            read: Arc::default(),
        }
    }

    /// The scans, or `None` if the store cannot be read now.
    pub(super) async fn read(&self) -> Option<Scans> {
        timeout(READ_TIMEOUT, self.read_or_wait())
            .await
            .ok()
            .flatten()
    }

    async fn read_or_wait(&self) -> Option<Scans> {
        let mut read = Arc::clone(&self.read).lock_owned().await;
        if let Some((at, scans)) = read.as_ref()
            && at.elapsed() < CACHE_TIME
        {
            return Some(Arc::clone(scans));
        }
        let store = self.store.clone();
        // The task owns the lock: while a disk does not respond, no other task reads it.
        let task = tokio::task::spawn_blocking(move || {
            let scans: Scans = scans(&store).ok()?.into();
            *read = Some((Instant::now(), Arc::clone(&scans)));
            Some(scans)
        });
        task.await.ok().flatten()
    }
}

fn scans(store: &std::path::Path) -> Result<Vec<StoredScan>, StoreError> {
    match Catalog::open(store)? {
        Some(catalog) => catalog.last_scans(LastScan::OfEachOutcome),
        None => Ok(Vec::new()),
    }
}
