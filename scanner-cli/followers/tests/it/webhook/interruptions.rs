//! Deliveries that are killed, and answers that are lost: no event is lost, and what is sent again is the same.

use std::{future::poll_fn, pin::pin, task::Poll};

use catalog_model::{
    contract::follower::{Closing, FeedFault, MemoryFeed, MemoryStore},
    follower::Feed,
};

use super::{Webhook, east, west};
use crate::fake_receiver::Fault;

/// Maximum number of points at which a delivery is interrupted.
const MAX_POINTS: usize = 300;

/// A history: each delivery follows some scans.
fn scan(store: &MemoryStore, step: usize) {
    let west = west();
    match step {
        0 => {
            store.scan(
                &east(),
                &[("a", "A"), ("b", "B"), ("c", "C")],
                Closing::Complete,
            );
            store.scan(&west, &[("a", "W")], Closing::Complete);
            store.exclude(&west, "a");
        }
        1 => {
            store.scan(
                &east(),
                &[("a", "A2"), ("c", "C"), ("d", "D")],
                Closing::Complete,
            );
            store.scan(&west, &[("a", "W"), ("b", "X")], Closing::Complete);
            store.scan(&east(), &[("a", "A3"), ("b", "B")], Closing::Complete);
        }
        _ => store.scan(&east(), &[("a", "A4")], Closing::Complete),
    }
}

/// Delivers; a hanging feed is a program that was killed.
async fn deliver(webhook: &Webhook, feed: &MemoryFeed<'_>) {
    let follower = webhook.follower();
    let mut following = pin!(follower.follow(feed));
    poll_fn(|context| match following.as_mut().poll(context) {
        Poll::Ready(_) => Poll::Ready(()),
        Poll::Pending if feed.is_hanging() => Poll::Ready(()),
        Poll::Pending => Poll::Pending,
    })
    .await;
}

/// The ids of all events without the store's own part, and whether a delivery of this history was interrupted.
async fn history(
    webhook: &Webhook,
    killed_step: usize,
    fault: FeedFault,
    is_changed_in_between: bool,
) -> (Vec<String>, bool) {
    webhook.receiver().clear();
    let store = MemoryStore::default();
    let mut is_interrupted = false;
    for step in 0..3 {
        scan(&store, step);
        if step == killed_step {
            let feed = store.feed(fault);
            deliver(webhook, &feed).await;
            is_interrupted = feed.is_hanging();
            if is_changed_in_between {
                continue;
            }
        }
        deliver(webhook, &store.feed(FeedFault::None)).await;
        assert!(store.is_delivered());
    }
    webhook.receiver().assert_no_violation();
    let id = store.feed(FeedFault::None).store_id().to_owned();
    let ids = webhook.receiver().ids().into_iter();
    (
        ids.map(|one| one.replace(&id, "")).collect(),
        is_interrupted,
    )
}

#[tokio::test]
async fn a_killed_delivery_loses_no_event_and_repeats_the_same() {
    for events in ["item", "[item, scan]"] {
        let mut webhook = Webhook::new();
        webhook.more.push(("events", events));
        let (expected, _) = history(&webhook, 9, FeedFault::None, false).await;
        assert!(expected.len() >= 12, "{expected:?}");
        for step in 0..3 {
            for fault in [
                FeedFault::HangsAt as fn(usize) -> FeedFault,
                FeedFault::HangsAfter,
            ] {
                for point in 0..MAX_POINTS {
                    let (ids, is_killed) = history(&webhook, step, fault(point), false).await;
                    assert_eq!(ids, expected, "step {step}, {:?}", fault(point));
                    if !is_killed {
                        break;
                    }
                }
            }
        }
    }
}

/// Sorts the ends of scans, which come after all changes of a delivery, connection by connection.
fn in_order(mut ids: Vec<String>) -> Vec<String> {
    ids.sort_by_key(|id| id.contains("-scan-").then(|| id.clone()));
    ids
}

#[tokio::test]
async fn a_batch_is_repeated_as_it_was_although_its_items_have_changed() {
    let mut webhook = Webhook::new();
    webhook.more.push(("events", "[item, scan]"));
    let (expected, _) = history(&webhook, 9, FeedFault::None, false).await;
    let expected = in_order(expected);
    let last = webhook.receiver().state().items.clone();
    for fault in [
        FeedFault::HangsAt as fn(usize) -> FeedFault,
        FeedFault::HangsAfter,
    ] {
        for point in 0..MAX_POINTS {
            let (ids, is_killed) = history(&webhook, 1, fault(point), true).await;
            // The receiver would report a request or an event with two contents.
            assert_eq!(in_order(ids), expected, "{:?}", fault(point));
            assert_eq!(webhook.receiver().state().items, last);
            if !is_killed {
                break;
            }
        }
    }
}

#[tokio::test]
async fn a_lost_answer_is_followed_by_the_same_request() {
    for fault in [Fault::CutAfterStoring, Fault::CutAnswer, Fault::Slow] {
        for position in 0..6 {
            let (webhook, store) = (Webhook::new(), MemoryStore::default());
            webhook.receiver().state().faults = [vec![Fault::None; position], vec![fault; 2]]
                .concat()
                .into();
            for step in 0..3 {
                scan(&store, step);
                for _ in 0..4 {
                    deliver(&webhook, &store.feed(FeedFault::None)).await;
                }
                assert!(store.is_delivered());
            }
            webhook.receiver().assert_no_violation();
            let id = store.feed(FeedFault::None).store_id().to_owned();
            let ids = webhook.receiver().ids().into_iter();
            let ids: Vec<_> = ids.map(|one| one.replace(&id, "")).collect();
            let undisturbed = Webhook::new();
            let (expected, _) = history(&undisturbed, 9, FeedFault::None, false).await;
            assert_eq!(ids, expected, "{fault:?} at {position}");
            let requests = &webhook.receiver().state().requests;
            let is_repeated = requests.values().any(|(_, count)| *count > 1);
            assert_eq!(is_repeated, fault == Fault::CutAfterStoring, "{fault:?}");
        }
    }
}

#[tokio::test]
async fn the_events_of_a_large_first_delivery_resume_where_they_stopped() {
    let (webhook, store) = (Webhook::new(), MemoryStore::default());
    let ids: Vec<_> = (0..450).map(|number| format!("i{number:03}")).collect();
    let items: Vec<_> = ids.iter().map(|id| (id.as_str(), "Name")).collect();
    store.scan(&east(), &items, Closing::Complete);
    webhook.receiver().state().later = Some((3, Fault::Status(503)));
    webhook.deliver(&store).await.unwrap_err();
    webhook.receiver().state().later = None;
    let before = webhook.receiver().state().posts;
    webhook.deliver(&store).await.unwrap();
    assert_eq!(webhook.receiver().state().items.len(), 450);
    // The one that was refused, and the last.
    assert_eq!(webhook.receiver().state().posts, before + 2);
    assert_eq!(webhook.server.max_in_flight(), 1);
    assert_eq!(webhook.server.connections(), 2);
    webhook.receiver().assert_no_violation();
}
