//! Lists of items that a thread reads ahead.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use catalog_model::{
    FollowerName, ItemState, Visualization,
    follower::{Batches, ConnectionScope, Feed, FeedEntry, FeedError},
};

use crate::{FeedFollower, StoreFeed, scratch::Scratch};

/// More than two batches.
const COUNT: usize = 1_100;

fn open(scratch: &Scratch, stop: &Arc<AtomicBool>) -> StoreFeed {
    let follower = FeedFollower {
        name: FollowerName::new("f").unwrap(),
        scope: ConnectionScope::All,
        revision: 1,
    };
    let clock = || jiff::Timestamp::UNIX_EPOCH;
    let feed = StoreFeed::open(scratch.path(), follower, clock, stop);
    feed.unwrap().unwrap()
}

async fn items(feed: &StoreFeed) -> Box<dyn Batches<FeedEntry<Visualization>>> {
    let code = &feed.connections()[0].code;
    feed.items(code, ItemState::EXISTING).await.unwrap()
}

async fn scanned() -> (Scratch, Vec<String>) {
    let scratch = Scratch::new();
    let names: Vec<_> = (0..COUNT).map(|index| format!("{index:04}")).collect();
    let all: Vec<_> = names.iter().map(|name| (&**name, &**name)).collect();
    scratch.scan(0, &all).await;
    (scratch, names)
}

#[tokio::test]
async fn a_long_list_comes_in_order_and_ends() {
    let (scratch, names) = scanned().await;
    let feed = open(&scratch, &Arc::default());
    let mut items = items(&feed).await;
    let mut found = Vec::new();
    while let Some(batch) = items.next().await.unwrap() {
        assert!(!batch.is_empty());
        found.extend(batch.into_iter().map(|entry| entry.entity.name));
    }
    assert_eq!(found, names);
    assert!(items.next().await.unwrap().is_none(), "the end stays");
}

#[tokio::test]
async fn a_stopped_delivery_receives_no_further_batch() {
    let (scratch, _) = scanned().await;
    let stop = Arc::default();
    let feed = open(&scratch, &stop);
    let mut items = items(&feed).await;
    assert!(items.next().await.unwrap().is_some());
    stop.store(true, Ordering::Relaxed);
    for _ in 0..2 {
        assert!(matches!(items.next().await, Err(FeedError::Stopped)));
    }
}

#[tokio::test]
async fn nothing_reads_the_store_after_the_list_was_dropped() {
    let (scratch, _) = scanned().await;
    let feed = open(&scratch, &Arc::default());
    let mut items = items(&feed).await;
    assert!(items.next().await.unwrap().is_some());
    let readers = || Arc::strong_count(feed.reader());
    assert!(readers() > 1);
    drop(items);
    assert_eq!(readers(), 1);
}
