//! The last scans as the store has them, whichever process scanned, and before a restart, too.

use std::{
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::{sync::Mutex, time::timeout};

use crate::store::{Catalog, LastScan, StoreError, StoredScan};

/// The last scan of each connection and outcome; read anew at most every few seconds, and by one at a time.
pub(super) struct LastScans {
    store: PathBuf,
    read: Arc<Mutex<Option<(Instant, Scans)>>>,
}

type Scans = Arc<[StoredScan]>;

/// So long what was read is good, so that those who ask often are no burden.
const GOOD: Duration = Duration::from_secs(2);
/// A disk that does not answer is not waited for longer.
const PATIENCE: Duration = Duration::from_secs(5);

impl LastScans {
    /// Those of the store at `store`.
    pub(super) fn of(store: PathBuf) -> Self {
        Self {
            store,
            read: Arc::default(),
        }
    }

    /// The scans; nothing if the store cannot be read now.
    pub(super) async fn read(&self) -> Option<Scans> {
        timeout(PATIENCE, self.read_or_wait()).await.ok().flatten()
    }

    async fn read_or_wait(&self) -> Option<Scans> {
        let mut read = Arc::clone(&self.read).lock_owned().await;
        if let Some((at, scans)) = read.as_ref()
            && at.elapsed() < GOOD
        {
            return Some(Arc::clone(scans));
        }
        let store = self.store.clone();
        // The lock goes with it: while a disk does not answer, nobody else asks it.
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
