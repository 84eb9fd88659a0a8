//! Delivers changes to followers. Each delivery runs in its own thread, so that a catalog that is slow or blocks does
//! not delay other catalogs, scans or exports.

use std::{
    collections::BTreeSet,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use catalog_model::{
    ConnectionCode, FollowError, FollowerName,
    follower::{ConfiguredFollower, ConnectionScope, Delivery, FeedError},
    with_causes,
};
use catalog_store::{
    Catalog, Cursor, Cursors, FeedFollower, StoreError, StoreErrorKind, StoreFeed,
};
use tokio::{
    runtime::Handle,
    task::{JoinSet, spawn_blocking},
    time::timeout,
};

mod delivery_run;
mod dry_run;
mod record;
mod selection;

pub use self::{
    delivery_run::{DeliveryRun, is_failing, refusals},
    record::{DeliveryRecord, PlannedRecord},
    selection::{DisabledFollower, select},
};
use crate::{
    clock::Clock,
    home::{Home, shown},
    lock::{Lock, LockError},
    stop::{Stop, StopReason},
};

/// The configured followers, in the order of the settings.
pub type Followers = Vec<Arc<ConfiguredFollower>>;

/// Delivers the changes in the store of a home to followers. Stopping one clone stops all clones.
#[derive(Clone, Debug)]
pub struct Deliverer {
    home: Home,
    clock: Clock,
    /// Stops waiting for the store.
    stop_reading: Arc<AtomicBool>,
    /// Stops waiting for a catalog.
    stop: Stop,
    extent: Extent,
    /// The followers whose runs have not ended.
    running: Arc<Mutex<BTreeSet<FollowerName>>>,
    /// Pauses after which a delivery that failed is tried again within its run.
    pub(crate) pauses: &'static [Duration],
}

/// What is delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Extent {
    /// What has changed since the last delivery.
    Changes,
    /// Everything, compared with what the catalog has.
    Full,
}

/// The pauses within a run.
const PAUSES: [Duration; 2] = [Duration::from_millis(200), Duration::from_secs(1)];

/// How long a run waits for another process that is delivering to the same follower.
const WAIT_FOR_OTHERS: Duration = Duration::from_secs(60);

/// Interval at which the run checks whether another scanner has finished.
const HELD_INTERVAL: Duration = Duration::from_secs(2);

/// Interval at which the run checks whether the other process has finished.
const LOCK_INTERVAL: Duration = Duration::from_millis(50);

/// Time between the first failure of a follower and its next run. It doubles with each further failure.
const FIRST_RETRY: Duration = Duration::from_secs(60);

/// Maximum time between two runs of a follower that fails.
pub(crate) const MAX_RETRY: Duration = Duration::from_secs(900);

/// Time until the next run of a follower after this number of failures in a row.
#[must_use]
pub fn retry_after(failures: u32) -> Duration {
    let doublings = failures.saturating_sub(1).min(10);
    (FIRST_RETRY * 2_u32.pow(doublings)).min(MAX_RETRY)
}

/// When the service retries a follower that failed, in milliseconds since 1970.
#[must_use]
pub fn next_retry(cursor: &Cursor) -> Option<i64> {
    let failures = u32::try_from(cursor.failures)
        .ok()
        .filter(|count| *count > 0)?;
    let pause = i64::try_from(retry_after(failures).as_millis()).ok()?;
    cursor.failed?.checked_add(pause)
}

impl Deliverer {
    /// Creates a deliverer for the store of this home.
    #[must_use]
    pub fn new(home: Home, clock: Clock) -> Self {
        Self {
            home,
            clock,
            stop_reading: Arc::default(),
            stop: Stop::default(),
            extent: Extent::Changes,
            running: Arc::default(),
            pauses: &PAUSES,
        }
    }

    /// The same deliverer, which compares everything with what the catalogs have, and repairs the difference.
    #[must_use]
    pub fn full(self) -> Self {
        Self {
            extent: Extent::Full,
            ..self
        }
    }

    /// Stops all runs at points where nothing is lost.
    pub fn stop(&self) {
        self.stop_reading.store(true, Ordering::Relaxed);
        self.stop.ask(StopReason::Asked);
    }

    /// Returns a run, to be called in its own thread. This method must be called on a thread of the runtime.
    pub fn task(&self, follower: Arc<ConfiguredFollower>) -> impl FnOnce() -> DeliveryRun + use<> {
        let (deliverer, handle) = (self.clone(), Handle::current());
        move || deliverer.run(&follower, &handle)
    }

    /// The names of the followers whose runs have not ended.
    #[must_use]
    pub fn unfinished(&self) -> Vec<String> {
        self.running().iter().map(ToString::to_string).collect()
    }

    fn running(&self) -> MutexGuard<'_, BTreeSet<FollowerName>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Delivers to all followers in parallel, and waits until all runs have ended.
    pub async fn deliver(&self, followers: &Followers) -> Vec<DeliveryRun> {
        let mut runs = JoinSet::new();
        for follower in followers {
            runs.spawn_blocking(self.task(Arc::clone(follower)));
        }
        let mut ended = runs.join_all().await;
        let place = |run: &DeliveryRun| {
            let mut names = followers.iter().map(|follower| follower.follower.name());
            names.position(|name| *name == run.follower)
        };
        ended.sort_by_key(place);
        ended
    }

    /// Marks all items of a connection as removed, so that followers remove them as well. The caller must hold the
    /// connection's lock.
    ///
    /// # Errors
    /// If the store cannot be written.
    pub async fn remove_all(&self, code: &ConnectionCode) -> Result<(), StoreError> {
        let (deliverer, code) = (self.clone(), code.to_string());
        let removed = spawn_blocking(move || {
            let mut cursors = Cursors::open(deliverer.home.store(), &deliverer.stop_reading)?;
            cursors.remove_all(&code, (deliverer.clock)())
        });
        match removed.await {
            Ok(removed) => removed,
            Err(crashed) => std::panic::resume_unwind(crashed.into_panic()),
        }
    }

    /// Delivers to one follower, and records the result.
    fn run(&self, follower: &ConfiguredFollower, handle: &Handle) -> DeliveryRun {
        let name = follower.follower.name().clone();
        self.running().insert(name.clone());
        let starts_again = self.starts_again(follower);
        let outcome = unless_crashed(|| self.attempts(follower, handle));
        let outcome = self.record(&name, outcome);
        let unmaintained = match starts_again && outcome.is_ok() {
            true => self.files_out_of_scope(follower),
            false => Vec::new(),
        };
        self.running().remove(&name);
        DeliveryRun {
            follower: name,
            outcome,
            unmaintained,
        }
    }

    fn attempts(
        &self,
        follower: &ConfiguredFollower,
        handle: &Handle,
    ) -> Result<Delivery, FollowError> {
        let _lock = self.lock(follower.follower.name(), handle);
        self.end_killed_scans().map_err(store_failed)?;
        let mut outcome = self.attempt(follower, handle);
        for pause in self.pauses {
            let is_final =
                !matches!(&outcome, Err(error) if error.may_pass() && !is_of_others(error));
            if is_final || self.is_stopped() {
                break;
            }
            self.pause(*pause, handle);
            outcome = self.attempt(follower, handle);
        }
        outcome
    }

    fn attempt(
        &self,
        follower: &ConfiguredFollower,
        handle: &Handle,
    ) -> Result<Delivery, FollowError> {
        let feed = self.open_feed(FeedFollower::new(follower), handle);
        let Some(feed) = feed.map_err(store_failed)? else {
            return Ok(Delivery::default());
        };
        let feed = self.extended(feed);
        self.until_stopped(follower.follower.follow(&feed), handle)
    }

    /// Opens the feed. Waits until no other scanner delivers to the follower.
    fn open_feed(
        &self,
        follower: FeedFollower,
        handle: &Handle,
    ) -> Result<Option<StoreFeed>, StoreError> {
        let started = Instant::now();
        loop {
            let follower = follower.clone();
            let feed = StoreFeed::open(self.home.store(), follower, self.clock, &self.stop_reading);
            let is_held =
                matches!(&feed, Err(error) if error.kind() == StoreErrorKind::HeldElsewhere);
            if !is_held || self.is_stopped() || started.elapsed() >= WAIT_FOR_OTHERS {
                return feed;
            }
            self.pause(HELD_INTERVAL, handle);
        }
    }

    fn extended(&self, feed: StoreFeed) -> StoreFeed {
        match self.extent {
            Extent::Changes => feed,
            Extent::Full => feed.full(),
        }
    }

    fn until_stopped(
        &self,
        following: impl Future<Output = Result<Delivery, FollowError>>,
        handle: &Handle,
    ) -> Result<Delivery, FollowError> {
        handle.block_on(async {
            tokio::select! {
                outcome = following => outcome,
                () = self.stop.asked() => Err(FeedError::Stopped.into()),
            }
        })
    }

    /// Records the failure or success of a run in the store.
    fn record(
        &self,
        follower: &FollowerName,
        outcome: Result<Delivery, FollowError>,
    ) -> Result<Delivery, FollowError> {
        let path = self.home.store();
        let is_stopped = outcome.as_ref().is_err_and(FollowError::is_stopped);
        let is_of_others = outcome.as_ref().is_err_and(is_of_others);
        if is_stopped || is_of_others || !path.exists() {
            return outcome;
        }
        let now = (self.clock)();
        let recorded =
            Cursors::open(&path, &self.stop_reading).and_then(|mut cursors| match &outcome {
                Ok(delivery) => {
                    let error = refusals(delivery);
                    cursors.ended(follower, (delivery, error.as_deref()), now)
                }
                Err(error) => cursors.failed_with(follower, &with_causes(error), now),
            });
        match recorded {
            Err(error) if outcome.is_ok() => Err(store_failed(error)),
            _ => outcome,
        }
    }

    /// Whether a follower that receives some connections only has no position, for example because `connections` changed.
    fn starts_again(&self, follower: &ConfiguredFollower) -> bool {
        let ConnectionScope::Only(_) = follower.scope else {
            return false;
        };
        let catalog = Catalog::open(self.home.store()).ok().flatten();
        let cursor = catalog.map(|catalog| catalog.cursor(&FeedFollower::new(follower)));
        matches!(cursor, Some(Ok(Cursor { reached: None, .. })))
    }

    /// The existing files of a follower that contain items of connections that it does not receive.
    fn files_out_of_scope(&self, follower: &ConfiguredFollower) -> Vec<String> {
        let Ok(Some(catalog)) = Catalog::open(self.home.store()) else {
            return Vec::new();
        };
        let codes = catalog.connections().iter();
        let codes = codes.filter_map(|connection| ConnectionCode::new(&connection.code).ok());
        let excluded = codes.filter(|code| !follower.scope.includes(code));
        let files = excluded.flat_map(|code| follower.follower.files_of(&code));
        let existing = files.filter(|file| file.exists());
        existing
            .map(|file| follower.follower.redact(shown(&file)))
            .collect()
    }

    /// Waits until no other process delivers to the follower, so that older data does not replace newer data. If the
    /// other process hangs, the wait ends after a minute: if it overwrites something later, the next run corrects that.
    fn lock(&self, follower: &FollowerName, handle: &Handle) -> Option<Lock> {
        let started = Instant::now();
        let path = self.home.follower_lock(follower);
        while started.elapsed() < WAIT_FOR_OTHERS && !self.is_stopped() {
            match Lock::acquire(&path, (self.clock)()) {
                Ok(lock) => return Some(lock),
                Err(LockError::Unusable(_)) => return None,
                Err(LockError::Busy(_)) => self.pause(LOCK_INTERVAL, handle),
            }
        }
        None
    }

    /// Marks scans in the store as interrupted if their process was killed, so that they do not delay followers. The
    /// connection of such a scan is not locked.
    fn end_killed_scans(&self) -> Result<(), StoreError> {
        let path = self.home.store();
        if !path.exists() {
            return Ok(());
        }
        let cursors = Cursors::open(&path, &self.stop_reading)?;
        for code in cursors.open_scans()? {
            let Ok(code) = ConnectionCode::new(&code) else {
                continue;
            };
            if let Ok(_lock) = Lock::acquire(&self.home.data(&code, "lock"), (self.clock)()) {
                cursors.interrupted(code.as_str())?;
            }
        }
        Ok(())
    }

    fn is_stopped(&self) -> bool {
        self.stop_reading.load(Ordering::Relaxed)
    }

    /// Waits for a duration, or until the runs must stop.
    fn pause(&self, pause: Duration, handle: &Handle) {
        let _ = handle.block_on(timeout(pause, self.stop.asked()));
    }
}

/// A panic in one follower must not end the program. The next run repeats what this one did not complete.
fn unless_crashed(
    deliver: impl FnOnce() -> Result<Delivery, FollowError>,
) -> Result<Delivery, FollowError> {
    catch_unwind(AssertUnwindSafe(deliver)).unwrap_or_else(|_| {
        let message = "the follower crashed; please report this";
        Err(FollowError::target(
            message,
            "the reason is on standard error",
        ))
    })
}

/// Whether the store is the reason of an error, and not the catalog.
pub(crate) fn is_of_store(error: &FollowError) -> bool {
    matches!(error, FollowError::Feed(FeedError::Store(_)))
}

/// Whether another scanner delivers to the follower, which then records how that ends.
pub(crate) fn is_of_others(error: &FollowError) -> bool {
    let FollowError::Feed(FeedError::Store(error)) = error else {
        return false;
    };
    let kind = error.downcast_ref().map(StoreError::kind);
    matches!(
        kind,
        Some(StoreErrorKind::HeldElsewhere | StoreErrorKind::Overtaken)
    )
}

fn store_failed(error: StoreError) -> FollowError {
    FeedError::Store(Box::new(error)).into()
}

#[cfg(test)]
mod tests;
