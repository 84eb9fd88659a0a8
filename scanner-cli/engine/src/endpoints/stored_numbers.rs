//! The numbers of the page that come from the store: they include scans of other processes, and survive a restart.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use catalog_model::FollowerName;
use tokio::{sync::Mutex, time::timeout};

use crate::store::{
    Catalog, FeedFollower, LastScan, StoreError, StoreLocation, StoredScan, fleet::Fleet,
};

/// The numbers that come from the store.
#[derive(Default)]
pub(super) struct StoredNumbers {
    /// The last scan of each connection and outcome.
    pub(super) last_scans: Vec<StoredScan>,
    /// The scanners that share the store.
    pub(super) fleet: Option<Fleet>,
    /// The numbers of each follower.
    pub(super) followers: BTreeMap<FollowerName, FollowerNumbers>,
}

/// The numbers of a follower.
#[derive(Clone, Copy, Debug)]
pub(super) struct FollowerNumbers {
    /// Number of changes that it has not delivered yet. Before its first delivery, these are all changes.
    pub(super) changes_behind: i64,
    /// Since when the oldest of them waits, in milliseconds since 1970.
    pub(super) waiting_since: Option<i64>,
    /// Number of items that it has written to its catalog.
    pub(super) sent: i64,
    /// Number of items and containers that its catalog refuses.
    pub(super) refused: i64,
    /// When it last delivered everything, in milliseconds since 1970.
    pub(super) succeeded: Option<i64>,
}

/// Reads the store for one request at a time, and at most every two seconds.
pub(super) struct StoreReader {
    store: StoreLocation,
    read: Arc<Mutex<Option<TimedNumbers>>>,
}

/// Numbers and the time at which they were read.
type TimedNumbers = (Instant, Arc<StoredNumbers>);

/// How long numbers are used before the store is read again, so that frequent requests do not slow it down.
const MAX_AGE: Duration = Duration::from_secs(2);
/// How long a request waits for the store, whose disk may not respond.
const READ_TIMEOUT: Duration = Duration::from_secs(5);

impl StoreReader {
    /// Reads this store.
    pub(super) fn new(store: StoreLocation) -> Self {
        Self {
            store,
            read: Arc::default(),
        }
    }

    /// The numbers, or nothing if the store cannot be read now.
    pub(super) async fn read(&self, followers: &[FeedFollower]) -> Option<Arc<StoredNumbers>> {
        let read = self.read_or_wait(followers);
        timeout(READ_TIMEOUT, read).await.ok().flatten()
    }

    async fn read_or_wait(&self, followers: &[FeedFollower]) -> Option<Arc<StoredNumbers>> {
        let mut read = Arc::clone(&self.read).lock_owned().await;
        if let Some((at, numbers)) = read.as_ref()
            && at.elapsed() < MAX_AGE
        {
            return Some(Arc::clone(numbers));
        }
        let (store, followers) = (self.store.clone(), followers.to_vec());
        // The task holds the lock: while a disk does not respond, no other request reads it.
        let task = tokio::task::spawn_blocking(move || {
            let numbers = Arc::new(numbers(&store, &followers).ok()?);
            *read = Some((Instant::now(), Arc::clone(&numbers)));
            Some(numbers)
        });
        task.await.ok().flatten()
    }
}

fn numbers(store: &StoreLocation, followers: &[FeedFollower]) -> Result<StoredNumbers, StoreError> {
    let Some(catalog) = Catalog::open(store)? else {
        return Ok(StoredNumbers::default());
    };
    let last = catalog.settled()?;
    let mut numbers = BTreeMap::new();
    for follower in followers {
        let cursor = catalog.cursor(follower)?;
        let of_it = FollowerNumbers {
            changes_behind: cursor.behind(last).unwrap_or(last),
            waiting_since: catalog.waiting_since(cursor.reached.unwrap_or(0))?,
            sent: cursor.sent,
            refused: cursor.refused,
            succeeded: cursor.succeeded,
        };
        numbers.insert(follower.name.clone(), of_it);
    }
    Ok(StoredNumbers {
        last_scans: catalog.last_scans(LastScan::OfEachOutcome)?,
        fleet: store.fleet()?,
        followers: numbers,
    })
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;

    use catalog_model::{
        Feed,
        follower::{Acknowledgement, ConnectionScope},
    };
    use catalog_store::{StoreFeed, scratch::Scratch};

    use super::*;

    #[tokio::test]
    async fn a_follower_is_behind_by_the_changes_after_its_position() {
        let scratch = Scratch::new();
        let follower = FeedFollower {
            name: FollowerName::new("f").unwrap(),
            scope: ConnectionScope::All,
            revision: 1,
        };
        let behind = || {
            let numbers = numbers(&scratch.path().into(), std::slice::from_ref(&follower)).unwrap();
            numbers.followers[&follower.name].changes_behind
        };
        assert_eq!(behind(), 0);
        scratch.scan(0, &[("a", "A"), ("b", "B")]).await;
        assert!(behind() >= 2, "all changes before the first delivery");
        let stop = Arc::new(AtomicBool::new(false));
        let clock = || jiff::Timestamp::UNIX_EPOCH;
        let feed = StoreFeed::open(scratch.path(), follower.clone(), clock, &stop);
        let feed = feed.unwrap().unwrap();
        let all = Acknowledgement::up_to(feed.end());
        feed.acknowledge(all).await.unwrap();
        assert_eq!(behind(), 0);
        scratch.scan(1, &[("a", "A2"), ("b", "B")]).await;
        assert_eq!(behind(), 1);
    }

    #[test]
    fn a_home_without_a_store_has_no_numbers() {
        let folder = tempfile::tempdir().unwrap();
        let numbers = numbers(&folder.path().join("catalog.db").into(), &[]).unwrap();
        assert!(numbers.last_scans.is_empty());
        assert!(numbers.followers.is_empty());
    }
}
