//! The content of a follower's feed, and the notes and position that it records for the follower.

use std::{
    collections::BTreeSet,
    pin::pin,
    sync::{Arc, atomic::AtomicBool},
    task::{Context, Poll, Waker},
};

use catalog_model::{
    ConnectionCode, FollowerName, ItemKey, ItemState, ScanOutcome,
    follower::{
        Acknowledgement, Batches, ChangeDetail, ConnectionScope, Delivered, Delivery, Feed,
        FeedError, Refusal, Start,
    },
};

use crate::{Cursors, FeedFollower, StoreFeed, scratch::Scratch};

pub(crate) fn follower() -> FeedFollower {
    FeedFollower {
        name: FollowerName::new("f").unwrap(),
        scope: ConnectionScope::All,
        revision: 1,
    }
}

pub(crate) fn open_as(scratch: &Scratch, follower: FeedFollower) -> StoreFeed {
    let clock = || jiff::Timestamp::UNIX_EPOCH;
    let feed = StoreFeed::open(scratch.location(), follower, clock, &Arc::default());
    feed.unwrap().unwrap()
}

pub(crate) fn open(scratch: &Scratch) -> StoreFeed {
    open_as(scratch, follower())
}

/// Returns the result of a future that is ready at once.
pub(crate) fn now<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(done) => done,
        Poll::Pending => panic!("the future is not ready"),
    }
}

pub(crate) fn all<T>(mut batches: Box<dyn Batches<T>>) -> Vec<T> {
    let mut found = Vec::new();
    while let Some(batch) = now(batches.next()).unwrap() {
        assert!(!batch.is_empty());
        found.extend(batch);
    }
    found
}

/// Lists the content of a feed: `reset`, if it starts anew, then items or changes.
pub(crate) fn content(feed: &StoreFeed) -> Vec<String> {
    let mut content = Vec::new();
    if feed.start() == Start::Reset {
        content.push("reset".to_owned());
        for connection in feed.connections() {
            let items = now(feed.items(&connection.code, &ItemState::ALL)).unwrap();
            content.extend(all(items).into_iter().map(|entry| {
                format!(
                    "{} {} {}",
                    entry.state.word(),
                    entry.entity.key,
                    entry.entity.name
                )
            }));
        }
    }
    let changes = now(feed.changes(ChangeDetail::Entity)).unwrap();
    content.extend(all(changes).into_iter().map(|change| {
        let entry = change.entry.unwrap();
        format!(
            "{} {} ({})",
            change.kind.word(),
            change.key,
            entry.state.word()
        )
    }));
    content
}

/// Delivers everything.
pub(crate) fn deliver(scratch: &Scratch) -> Vec<String> {
    let feed = open(scratch);
    let content = content(&feed);
    now(feed.acknowledge(Acknowledgement::up_to(feed.end()))).unwrap();
    content
}

pub async fn a_new_follower_receives_all_items_and_then_changes() {
    let scratch = Scratch::new();
    scratch.scan(0, &[("b", "B"), ("a", "A")]).await;
    assert_eq!(
        deliver(&scratch),
        ["reset", "present c/a A", "present c/b B"]
    );
    assert!(deliver(&scratch).is_empty());
    scratch.scan(1, &[("a", "A2")]).await;
    assert_eq!(
        deliver(&scratch),
        ["changed c/a (present)", "removed c/b (gone)"]
    );
}

pub async fn a_feed_has_the_id_of_its_store() {
    let scratch = Scratch::new();
    scratch.scan(0, &[("a", "A")]).await;
    let id = scratch.catalog().store_id().to_owned();
    assert!(!id.is_empty());
    assert_eq!(open(&scratch).store_id(), id);
}

pub async fn a_feed_has_the_time_and_the_scans_that_have_ended() {
    let scratch = Scratch::new();
    let running = scratch.begin_with(0, &[]).await;
    let code = ConnectionCode::new("c").unwrap();
    assert_eq!(open(&scratch).connections()[0].last_scan, None);
    assert_eq!(now(open(&scratch).scans(&code, 0)).unwrap(), []);
    drop(running);
    scratch.scan(1, &[("a", "A"), ("b", "B")]).await;
    scratch.scan(2, &[("a", "A2"), ("c", "C")]).await;
    let feed = open(&scratch);
    assert_eq!(feed.now().as_unix_millis(), 0);
    let scans = |after| now(feed.scans(&code, after)).unwrap();
    let last = feed.connections()[0].last_scan.clone().unwrap();
    assert_eq!(last.outcome, ScanOutcome::Complete);
    assert!(last.ended >= Some(last.started));
    let counts = last.counts;
    assert_eq!(
        (counts.seen, counts.added, counts.changed, counts.removed),
        (2, 1, 1, 1)
    );
    // The scans are numbered in order, also those that were interrupted.
    let all = scans(0);
    let outcomes: Vec<_> = all.iter().map(|scan| scan.outcome).collect();
    let complete = ScanOutcome::Complete;
    assert_eq!(outcomes, [ScanOutcome::Interrupted, complete, complete]);
    assert!(all.is_sorted_by(|a, b| a.number < b.number), "{all:?}");
    assert_eq!(scans(all[1].number), all[2..]);
    assert_eq!(scans(last.number), []);
    let other = ConnectionCode::new("other").unwrap();
    assert_eq!(now(feed.scans(&other, 0)).unwrap(), []);
}

pub async fn changes_that_were_not_acknowledged_are_delivered_again() {
    let scratch = Scratch::new();
    scratch.scan(0, &[("a", "A"), ("b", "B")]).await;
    deliver(&scratch);
    scratch.scan(1, &[("a", "A2"), ("b", "B2")]).await;
    let feed = open(&scratch);
    let changes = all(now(feed.changes(ChangeDetail::Key)).unwrap());
    assert!(changes.iter().all(|change| change.entry.is_none()));
    now(feed.acknowledge(Acknowledgement::up_to(changes[0].position))).unwrap();
    assert_eq!(deliver(&scratch), ["changed c/b (present)"]);
}

pub async fn a_follower_that_is_too_far_behind_receives_all_items_again() {
    let scratch = Scratch::new();
    scratch.scan(0, &[("a", "A")]).await;
    deliver(&scratch);
    scratch.scan(10, &[("a", "A2")]).await;
    scratch.scan(100, &[("a", "A3")]).await;
    // Such a large step of the clock is accepted a week later.
    scratch.scan(108, &[("a", "A3")]).await;
    assert_eq!(deliver(&scratch), ["reset", "present c/a A3"]);
}

pub async fn a_follower_receives_items_that_a_new_version_describes_in_another_way() {
    let scratch = Scratch::new();
    scratch.scan(0, &[("a", "A"), ("b", "B")]).await;
    deliver(&scratch);
    let seen = [("a", "A2"), ("b", "B")];
    scratch.scan_by_newer("name", 1, &seen).await;
    assert_eq!(
        deliver(&scratch),
        ["rewritten c/a (present)", "rewritten c/b (present)"]
    );
}

pub async fn a_new_scope_or_revision_resets_the_follower() {
    let scratch = Scratch::new();
    scratch.scan(0, &[("a", "A")]).await;
    deliver(&scratch);
    let other = ConnectionCode::new("other").unwrap();
    let only_other = FeedFollower {
        scope: ConnectionScope::Only(BTreeSet::from([other])),
        ..follower()
    };
    let feed = open_as(&scratch, only_other);
    assert_eq!(content(&feed), ["reset"], "the connection is not in scope");
    let revised = FeedFollower {
        revision: 2,
        ..follower()
    };
    assert_eq!(open_as(&scratch, revised).start(), Start::Reset);
    assert_ne!(open(&scratch).start(), Start::Reset);
}

pub async fn a_stopped_delivery_reads_no_further() {
    let scratch = Scratch::new();
    scratch.scan(0, &[("a", "A")]).await;
    let stop = Arc::new(AtomicBool::new(true));
    let clock = || jiff::Timestamp::UNIX_EPOCH;
    let feed = StoreFeed::open(scratch.location(), follower(), clock, &stop);
    let feed = feed.unwrap().unwrap();
    let code = &feed.connections()[0].code;
    let items = now(feed.items(code, ItemState::EXISTING));
    assert!(matches!(items, Err(FeedError::Stopped)));
}

pub async fn a_success_clears_the_error() {
    let scratch = Scratch::new();
    scratch.scan(0, &[("a", "A")]).await;
    deliver(&scratch);
    let mut cursors = Cursors::open(scratch.location(), &Arc::default()).unwrap();
    let (follower, now) = (follower(), jiff::Timestamp::UNIX_EPOCH);
    cursors.failed_with(&follower.name, "no", now).unwrap();
    let cursor = cursors.cursor(&follower).unwrap();
    assert_eq!((cursor.failures, cursor.error.as_deref()), (1, Some("no")));
    let all = (&Delivery::default(), None);
    cursors.ended(&follower.name, all, now).unwrap();
    let cursor = cursors.cursor(&follower).unwrap();
    assert_eq!(
        (cursor.failures, cursor.error, cursor.failed),
        (0, None, None)
    );
}

pub async fn notes_alone_are_not_a_delivery() {
    let scratch = Scratch::new();
    scratch.scan(0, &[("a", "A")]).await;
    let cursors = Cursors::open(scratch.location(), &Arc::default()).unwrap();
    let (follower, time) = (follower(), jiff::Timestamp::UNIX_EPOCH);
    let noted = Acknowledgement::default().with_note("k", "sent".to_owned());
    for failures in 1..4 {
        now(open(&scratch).acknowledge(noted.clone())).unwrap();
        cursors.failed_with(&follower.name, "no", time).unwrap();
        let cursor = cursors.cursor(&follower).unwrap();
        assert_eq!((cursor.followed, cursor.failures), (None, failures));
        assert_eq!(cursor.error.as_deref(), Some("no"));
    }
    deliver(&scratch);
    now(open(&scratch).acknowledge(noted)).unwrap();
    let cursor = cursors.cursor(&follower).unwrap();
    assert_eq!((cursor.followed, cursor.failures), (Some(0), 0));
}

pub async fn the_end_of_a_delivery_counts_items_and_keeps_the_first_refusals() {
    let scratch = Scratch::new();
    scratch.scan(0, &[("a", "A")]).await;
    deliver(&scratch);
    let mut cursors = Cursors::open(scratch.location(), &Arc::default()).unwrap();
    let (follower, now) = (follower(), jiff::Timestamp::UNIX_EPOCH);
    let mut delivery = Delivery::new(vec![Delivered {
        connection: ConnectionCode::new("c").unwrap(),
        items: 7,
        target: "there".to_owned(),
    }]);
    let all = (&delivery, None);
    cursors.ended(&follower.name, all, now).unwrap();
    for number in 0..120 {
        delivery.refused.push(Refusal {
            key: ItemKey::new(["c", &format!("{number:03}")]).unwrap(),
            message: format!("no {number}"),
        });
    }
    let partial = (&delivery, Some("120 items refused"));
    cursors.ended(&follower.name, partial, now).unwrap();
    let cursor = cursors.cursor(&follower).unwrap();
    assert_eq!((cursor.sent, cursor.refused), (14, 120));
    assert_eq!((cursor.succeeded, cursor.failures), (Some(0), 1));
    let refusals = scratch.catalog().refusals(&follower.name).unwrap();
    assert_eq!(refusals.len(), 100);
    assert_eq!(refusals[1].key.as_str(), "c/001");
    assert_eq!(refusals[1].message, "no 1");
    delivery.refused.clear();
    let all = (&delivery, None);
    cursors.ended(&follower.name, all, now).unwrap();
    assert!(
        scratch
            .catalog()
            .refusals(&follower.name)
            .unwrap()
            .is_empty()
    );
    assert_eq!(cursors.cursor(&follower).unwrap().refused, 0);
}

pub async fn a_full_feed_has_everything_and_keeps_the_position_until_it_is_acknowledged() {
    let scratch = Scratch::new();
    scratch.scan(0, &[("a", "A")]).await;
    deliver(&scratch);
    let (stop, clock) = (Arc::default(), || jiff::Timestamp::UNIX_EPOCH);
    let feed = StoreFeed::open(scratch.location(), follower(), clock, &stop);
    let feed = feed.unwrap().unwrap();
    let end = feed.end();
    assert_eq!((feed.start(), feed.is_full()), (Start::After(end), false));
    let full = feed.full();
    assert_eq!((full.start(), full.is_full()), (Start::Reset, true));
    let note = Acknowledgement::default().with_note("key", "note".to_owned());
    full.acknowledge(note).await.unwrap();
    let cursor = Cursors::open(scratch.location(), &stop).unwrap();
    assert_eq!(
        cursor.cursor(&follower()).unwrap().reached,
        Some(end.get()),
        "a full delivery that is killed loses nothing"
    );
    let read_only = StoreFeed::open_to_read(scratch.location(), follower(), clock, &stop);
    let read_only = read_only.unwrap().unwrap();
    assert_eq!(read_only.start(), Start::After(end));
    let refused = read_only.acknowledge(Acknowledgement::up_to(end)).await;
    assert!(refused.is_err(), "a dry run cannot change the store");
}
