//! When the service retries a follower, on a clock that the test holds.

use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use catalog_model::{
    Feed, FollowError, Follower, Stage,
    follower::{Acknowledgement, ConnectionScope, Example, FeedError},
};
use catalog_store::scratch::Scratch;

use super::*;

/// A follower whose catalog can be repaired.
struct Catalog {
    name: FollowerName,
    works: Arc<AtomicBool>,
    error: fn() -> FollowError,
}

#[async_trait]
impl Follower for Catalog {
    fn name(&self) -> &FollowerName {
        &self.name
    }

    async fn check(&self, _example: Option<&Example>) -> Vec<Stage> {
        Vec::new()
    }

    async fn follow(&self, feed: &dyn Feed) -> Result<Delivery, FollowError> {
        if !self.works.load(Ordering::Relaxed) {
            return Err((self.error)());
        }
        feed.acknowledge(Acknowledgement::up_to(feed.end())).await?;
        Ok(Delivery::default())
    }
}

fn follower(works: &Arc<AtomicBool>, error: fn() -> FollowError) -> Arc<ConfiguredFollower> {
    Arc::new(ConfiguredFollower {
        follower: Box::new(Catalog {
            name: FollowerName::new("f").unwrap(),
            works: Arc::clone(works),
            error,
        }),
        kind: "test".to_owned(),
        scope: ConnectionScope::All,
    })
}

fn unreachable() -> FollowError {
    FollowError::target("the catalog does not respond", "refused")
}

/// The deliveries of a service to one follower, and the time on its clock.
struct TestService {
    deliveries: Deliveries,
    counts: Tallies,
    now: Instant,
}

impl TestService {
    fn new(scratch: &Scratch, works: &Arc<AtomicBool>) -> Self {
        Self::with_error(scratch, works, unreachable)
    }

    fn with_error(scratch: &Scratch, works: &Arc<AtomicBool>, error: fn() -> FollowError) -> Self {
        let home = Home::new(scratch.folder.path().to_path_buf());
        let now = Instant::now();
        let clock = || jiff::Timestamp::UNIX_EPOCH;
        let mut deliveries = Deliveries::new(home, clock, vec![follower(works, error)], now);
        deliveries.deliverer.pauses = &[];
        Self {
            deliveries,
            counts: Tallies::default(),
            now,
        }
    }

    /// Starts what is due, and waits for its end. Returns whether anything was due.
    async fn tick(&mut self) -> bool {
        self.deliveries.begin(self.now);
        if self.deliveries.runs.is_empty() {
            return false;
        }
        let run = self.deliveries.ended().await;
        self.deliveries.finished(run, &mut self.counts, self.now);
        true
    }

    async fn after(&mut self, seconds: u64) -> bool {
        self.now += Duration::from_secs(seconds);
        self.tick().await
    }
}

#[tokio::test]
async fn the_service_retries_a_failing_follower_after_1_2_4_8_and_then_every_15_minutes() {
    let scratch = Scratch::new();
    scratch.scan(0, &[("a", "A")]).await;
    let works = Arc::new(AtomicBool::new(false));
    let mut service = TestService::new(&scratch, &works);
    assert!(service.tick().await, "the first run is at the start");
    for minutes in [1, 2, 4, 8, 15, 15] {
        assert!(!service.after(minutes * 60 - 1).await, "{minutes}");
        assert!(service.after(1).await, "{minutes}");
    }
    assert_eq!(service.counts.get("f", "failed"), 7);
    works.store(true, Ordering::Relaxed);
    assert!(service.after(15 * 60).await);
    assert_eq!(service.counts.get("f", "succeeded"), 1);
    assert!(!service.after(24 * 3600).await, "it has everything");
    works.store(false, Ordering::Relaxed);
    service.deliveries.wake(service.now);
    assert!(service.tick().await);
    assert!(!service.after(59).await);
    assert!(
        service.after(1).await,
        "the pauses start with one minute again"
    );
}

#[tokio::test]
async fn a_scan_does_not_shorten_the_pause_of_a_failing_follower_but_new_settings_do() {
    let scratch = Scratch::new();
    scratch.scan(0, &[("a", "A")]).await;
    let works = Arc::new(AtomicBool::new(false));
    let mut service = TestService::new(&scratch, &works);
    assert!(service.tick().await);
    service.deliveries.wake(service.now);
    assert!(!service.after(59).await);
    service
        .deliveries
        .replace(vec![follower(&works, unreachable)], service.now);
    assert!(service.tick().await);
    assert!(!service.after(119).await, "it has failed twice");
    assert!(service.after(1).await);
}

#[tokio::test]
async fn a_failure_of_the_store_is_followed_by_shorter_pauses() {
    let scratch = Scratch::new();
    scratch.scan(0, &[("a", "A")]).await;
    let works = Arc::new(AtomicBool::new(false));
    let mut service = TestService::with_error(&scratch, &works, || {
        FeedError::Store("the database is starting".into()).into()
    });
    assert!(service.tick().await);
    for seconds in [10, 20, 40, 80, 160, 320, 640, 900, 900] {
        // Scans end meanwhile.
        service.deliveries.wake(service.now);
        assert!(!service.after(seconds - 1).await, "{seconds}");
        assert!(service.after(1).await, "{seconds}");
    }
    works.store(true, Ordering::Relaxed);
    assert!(service.after(900).await);
    assert_eq!(service.counts.get("f", "succeeded"), 1);
}
