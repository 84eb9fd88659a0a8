use std::{
    future::pending,
    sync::{
        Mutex,
        atomic::AtomicUsize,
        mpsc::{Receiver, SyncSender, sync_channel},
    },
};

use async_trait::async_trait;
use catalog_model::{
    Feed, Follower, ItemKey, Stage,
    follower::{Acknowledgement, ConnectionScope, Example, Refusal},
};
use catalog_store::scratch::Scratch;

use super::*;

/// The behavior of a test follower.
enum Behavior {
    Delivers,
    Panics,
    /// It receives a message when it begins, and blocks its thread until it receives another one.
    Blocks(Mutex<Receiver<()>>),
    /// Its catalog never responds.
    Hangs,
    Refuses,
    /// Its catalog cannot be reached. The number of deliveries is counted.
    IsUnreached(Arc<AtomicUsize>),
    /// Its catalog rejects the credentials. The number of deliveries is counted.
    Rejects(Arc<AtomicUsize>),
}

struct TestFollower {
    name: FollowerName,
    behavior: Behavior,
}

#[async_trait]
impl Follower for TestFollower {
    fn name(&self) -> &FollowerName {
        &self.name
    }

    async fn check(&self, _example: Option<&Example>) -> Vec<Stage> {
        Vec::new()
    }

    async fn follow(&self, feed: &dyn Feed) -> Result<Delivery, FollowError> {
        let mut delivery = Delivery::default();
        match &self.behavior {
            Behavior::Delivers => {}
            Behavior::Panics => panic!("on purpose"),
            Behavior::Blocks(messages) => {
                let messages = messages.lock().unwrap();
                messages.recv().unwrap();
                messages.recv().unwrap();
            }
            Behavior::Hangs => pending().await,
            Behavior::Refuses => delivery.refused.push(Refusal {
                key: ItemKey::new(["c", "a"]).unwrap(),
                message: "no owner".to_owned(),
            }),
            Behavior::IsUnreached(count) => {
                count.fetch_add(1, Ordering::Relaxed);
                return Err(FollowError::Unreached {
                    message: "connection refused (tried 6 times)".to_owned(),
                    hint: None,
                });
            }
            Behavior::Rejects(count) => {
                count.fetch_add(1, Ordering::Relaxed);
                return Err(FollowError::Rejected {
                    message: "the token has expired".to_owned(),
                    hint: None,
                });
            }
        }
        feed.acknowledge(Acknowledgement::up_to(feed.end())).await?;
        Ok(delivery)
    }
}

fn follower(name: &str, behavior: Behavior) -> Arc<ConfiguredFollower> {
    let name = FollowerName::new(name).unwrap();
    Arc::new(ConfiguredFollower {
        follower: Box::new(TestFollower { name, behavior }),
        kind: "test".to_owned(),
        scope: ConnectionScope::All,
    })
}

/// A follower that blocks until it is released. Sending waits until it receives: first when it begins, then to release it.
fn blocking() -> (Arc<ConfiguredFollower>, SyncSender<()>) {
    let (release, released) = sync_channel(0);
    let blocks = Behavior::Blocks(Mutex::new(released));
    (follower("blocking", blocks), release)
}

async fn scanned() -> (Scratch, Deliverer) {
    let scratch = Scratch::new();
    scratch.scan(0, &[("a", "A")]).await;
    let home = Home::new(scratch.folder.path().to_path_buf());
    (
        scratch,
        Deliverer::new(home, || jiff::Timestamp::UNIX_EPOCH),
    )
}

fn cursor(scratch: &Scratch, follower: &ConfiguredFollower) -> Cursor {
    let cursor = scratch.catalog().cursor(&FeedFollower::new(follower));
    cursor.unwrap()
}

#[test]
fn a_follower_that_fails_again_is_retried_later_and_later() {
    let minutes = |failures| retry_after(failures).as_secs() / 60;
    assert_eq!([1, 2, 3, 4, 5, 100].map(minutes), [1, 2, 4, 8, 15, 15]);
}

#[tokio::test]
async fn rejected_credentials_are_not_sent_again_at_once() {
    let (_scratch, deliverer) = scanned().await;
    let count = Arc::default();
    let follower = follower("rejected", Behavior::Rejects(Arc::clone(&count)));
    let runs = deliverer.deliver(&vec![follower]).await;
    assert!(runs[0].outcome.is_err());
    assert_eq!(count.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn what_the_follower_has_retried_is_not_repeated_at_once() {
    let (_scratch, deliverer) = scanned().await;
    let count = Arc::default();
    let follower = follower("unreached", Behavior::IsUnreached(Arc::clone(&count)));
    let runs = deliverer.deliver(&vec![follower]).await;
    assert!(runs[0].outcome.is_err());
    assert_eq!(count.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_follower_that_blocks_delays_neither_another_one_nor_a_scan() {
    let (scratch, deliverer) = scanned().await;
    let (blocking, release) = blocking();
    let mut runs = JoinSet::new();
    runs.spawn_blocking(deliverer.task(Arc::clone(&blocking)));
    runs.spawn_blocking(deliverer.task(follower("quick", Behavior::Delivers)));
    let first = runs.join_next().await.unwrap().unwrap();
    assert_eq!(first.follower.as_str(), "quick");
    assert!(first.is_complete());
    release.send(()).unwrap();
    scratch.scan(1, &[("a", "A2")]).await;
    release.send(()).unwrap();
    let second = runs.join_next().await.unwrap().unwrap();
    assert_eq!(second.follower.as_str(), "blocking");
    assert!(second.is_complete());
    let (behind, last) = (
        cursor(&scratch, &blocking),
        scratch.catalog().settled().unwrap(),
    );
    assert!(
        behind.reached.unwrap() < last,
        "the next delivery contains the second scan"
    );
}

#[tokio::test]
async fn a_follower_that_panics_fails_alone() {
    let (scratch, deliverer) = scanned().await;
    let (panics, works) = (
        follower("panics", Behavior::Panics),
        follower("well", Behavior::Delivers),
    );
    let runs = deliverer
        .deliver(&vec![Arc::clone(&panics), Arc::clone(&works)])
        .await;
    let complete: Vec<_> = runs.iter().map(DeliveryRun::is_complete).collect();
    assert_eq!(complete, [false, true], "in the order of the settings");
    let failed = cursor(&scratch, &panics);
    assert_eq!((failed.failures, failed.reached), (1, None));
    assert!(failed.error.as_ref().unwrap().contains("please report"));
    assert_eq!(next_retry(&failed), Some(60_000));
    let works = cursor(&scratch, &works);
    assert!(works.reached.is_some());
    assert_eq!(next_retry(&works), None);
}

#[tokio::test]
async fn a_follower_whose_catalog_hangs_can_be_stopped() {
    let (scratch, deliverer) = scanned().await;
    let hangs = follower("hangs", Behavior::Hangs);
    let mut runs = JoinSet::new();
    runs.spawn_blocking(deliverer.task(Arc::clone(&hangs)));
    deliverer.stop();
    let run = runs.join_next().await.unwrap().unwrap();
    assert!(run.outcome.unwrap_err().is_stopped());
    assert_eq!(
        cursor(&scratch, &hangs),
        Cursor::default(),
        "a stopped run is not a failure"
    );
}

#[tokio::test]
async fn rejected_items_are_reported_and_retried() {
    let (scratch, deliverer) = scanned().await;
    let refuses = follower("refuses", Behavior::Refuses);
    let runs = deliverer.deliver(&vec![Arc::clone(&refuses)]).await;
    assert!(!runs[0].is_complete());
    let found = cursor(&scratch, &refuses);
    assert_eq!(found.failures, 1);
    let expected = "1 item refused, first `c/a`: no owner";
    assert_eq!(found.error.as_deref(), Some(expected));
    assert!(found.reached.is_some(), "everything else was delivered");
}

#[tokio::test]
async fn a_follower_waits_for_another_process_that_delivers_to_it() {
    let (_scratch, deliverer) = scanned().await;
    let works = follower("well", Behavior::Delivers);
    let path = deliverer.home.follower_lock(works.follower.name());
    let other = Lock::acquire(&path, jiff::Timestamp::UNIX_EPOCH).unwrap();
    let mut runs = JoinSet::new();
    runs.spawn_blocking(deliverer.task(works));
    assert!(runs.try_join_next().is_none());
    drop(other);
    assert!(runs.join_next().await.unwrap().unwrap().is_complete());
}

#[tokio::test]
async fn files_of_connections_that_a_follower_no_longer_receives_are_listed_once() {
    let (scratch, deliverer) = scanned().await;
    let export = scratch.folder.path().join("export");
    let narrowed = |scope| {
        let ndjson = catalog_followers::ndjson::NdjsonKind::new(scratch.folder.path());
        Arc::new(ConfiguredFollower {
            follower: Box::new(ndjson.unset()),
            kind: "ndjson".to_owned(),
            scope,
        })
    };
    let other = ConnectionCode::new("other").unwrap();
    let only_other = ConnectionScope::Only([other].into());
    let all = deliverer
        .deliver(&vec![narrowed(ConnectionScope::All)])
        .await;
    assert!(all[0].unmaintained.is_empty());
    let file = export.join("c.visualization.ndjson");
    assert!(file.exists());
    let first = deliverer.deliver(&vec![narrowed(only_other.clone())]).await;
    assert_eq!(first[0].unmaintained, [shown(&file)]);
    assert!(file.exists());
    let line = first[0].unmaintained_files().next().unwrap();
    assert!(
        line.contains("c.visualization.ndjson` is no longer maintained"),
        "{line}"
    );
    let second = deliverer.deliver(&vec![narrowed(only_other)]).await;
    assert!(second[0].unmaintained.is_empty());
}
