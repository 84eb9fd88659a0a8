//! What every catalog that is a server must survive: tests that its kinds share.

use std::{future::poll_fn, pin::pin, task::Poll};

use catalog_model::{
    ConnectionCode, Feed,
    contract::follower::{Closing, FeedFault, FollowerUnderTest, MemoryStore},
    follower::Delivery,
    with_causes,
};

use crate::faults::Fault;

/// A catalog that is a server whose answers fail as told.
pub(crate) trait Served: FollowerUnderTest + Sized {
    /// A new server of each generation, whose follower has only these settings besides its URL and token.
    fn all(more: &[(&'static str, &'static str)]) -> Vec<Self>;

    /// Lets the next writes fail like this.
    fn fail_next(&self, faults: Vec<Fault>);

    /// Lets all writes fail like this.
    fn fail_all(&self, fault: Fault);

    /// Refuses bodies of more bytes.
    fn limit(&self, bytes: usize);

    /// The ids of the tags of an item, without what the catalog puts before the name.
    fn tag_names(&self, id: &str) -> Vec<String>;

    /// The largest number of requests that were answered at the same time, and the number of connections.
    fn load(&self) -> (usize, usize);

    /// Delivers what a store has.
    async fn deliver(&self, store: &MemoryStore) -> Result<Delivery, String> {
        let feed = store.feed(FeedFault::None);
        let delivered = self.open().await.follow(&feed).await;
        delivered.map_err(|error| with_causes(&error))
    }
}

/// Failures are not retried by the client.
const HASTY: [(&str, &str); 1] = [("time_limits.retry", "1 ms")];

pub(crate) fn east() -> ConnectionCode {
    ConnectionCode::new("east").unwrap()
}

/// The settings of a follower that sends a request while it prepares the next one.
const OVERLAPPING: [(&str, &str); 2] = [("time_limits.retry", "1 ms"), ("parallel", "1")];

/// Number of items that need several requests.
const MANY: usize = 60;

/// Scans so many items.
pub(crate) fn scan_many(store: &MemoryStore, count: usize) {
    scan_named(store, count, "Name");
}

/// Scans so many items with this name.
fn scan_named(store: &MemoryStore, count: usize, name: &str) {
    let ids: Vec<_> = (0..count).map(|number| format!("i{number}")).collect();
    let items: Vec<_> = ids.iter().map(|id| (id.as_str(), name)).collect();
    store.scan(&east(), &items, Closing::Complete);
}

/// Delivers. If the feed fails, the delivery ends; if it hangs, the program is killed.
async fn deliver_until<C: Served>(catalog: &C, store: &MemoryStore, fault: FeedFault) {
    let follower = catalog.open().await;
    let feed = store.feed(fault);
    let mut following = pin!(follower.follow(&feed));
    poll_fn(|context| match following.as_mut().poll(context) {
        Poll::Ready(_) => Poll::Ready(()),
        Poll::Pending if feed.is_hanging() => Poll::Ready(()),
        Poll::Pending => Poll::Pending,
    })
    .await;
}

pub(crate) async fn what_was_stored_is_acknowledged_if_the_feed_fails<C: Served>(of: &str) {
    for call in (10..190).step_by(17) {
        for catalog in C::all(&OVERLAPPING) {
            let store = MemoryStore::default();
            scan_many(&store, MANY);
            catalog.fail_all(Fault::Slow);
            deliver_until(&catalog, &store, FeedFault::FailsAt(call)).await;
            let stored = catalog.items().await.into_keys();
            let keys: Vec<_> = stored.map(|key| format!("{of}:{key}")).collect();
            let notes = store.feed(FeedFault::None).notes(&keys).await.unwrap();
            for (key, note) in keys.iter().zip(notes) {
                let note = note.unwrap_or_default();
                assert!(note.contains(r#""h":"#), "{call}: {key} {note}");
            }
        }
    }
}

pub(crate) async fn a_killed_delivery_of_several_requests_is_completed<C: Served>() {
    for call in (10..190).step_by(37) {
        for fault in [FeedFault::HangsAt(call), FeedFault::HangsAfter(call)] {
            for catalog in C::all(&OVERLAPPING) {
                let store = MemoryStore::default();
                scan_named(&store, MANY, "Before");
                deliver_until(&catalog, &store, fault).await;
                scan_named(&store, MANY, "After");
                catalog.deliver(&store).await.unwrap();
                assert_eq!(catalog.items().await, store.existing(&east()));
                for number in 0..MANY {
                    let tags = catalog.tag_names(&format!("i{number}"));
                    assert_eq!(tags, ["After"], "{fault:?}: i{number}");
                }
            }
        }
    }
}

pub(crate) async fn requests_are_halved_if_they_are_too_large<C: Served>() {
    for catalog in C::all(&HASTY) {
        let store = MemoryStore::default();
        scan_many(&store, MANY);
        catalog.limit(8_000);
        let delivery = catalog.deliver(&store).await.unwrap();
        assert_eq!(delivery.refused, []);
        assert_eq!(catalog.items().await.len(), MANY);
    }
}

pub(crate) async fn a_page_with_success_is_no_success<C: Served>() {
    for catalog in C::all(&HASTY) {
        let store = MemoryStore::default();
        store.scan(&east(), &[("a", "A")], Closing::Complete);
        catalog.fail_all(Fault::Page);
        let error = catalog.deliver(&store).await.unwrap_err();
        assert!(error.contains("web page"), "{error}");
        assert!(!store.is_delivered());
    }
}

pub(crate) async fn bad_answers_do_no_harm<C: Served>() {
    for fault in [
        Fault::Half,
        Fault::Duplicates,
        Fault::SilentAnswer,
        Fault::Slow,
        Fault::CutAnswer,
    ] {
        for catalog in C::all(&HASTY) {
            let store = MemoryStore::default();
            store.scan(&east(), &[("a", "A"), ("b", "B")], Closing::Complete);
            catalog.fail_next(vec![fault; 9]);
            if catalog.deliver(&store).await.is_err() {
                catalog.fail_next(Vec::new());
                catalog.deliver(&store).await.unwrap();
            }
            assert_eq!(catalog.items().await.len(), 2, "{fault:?}");
            assert_eq!(catalog.tag_names("b"), ["B"], "{fault:?}");
        }
    }
}

pub(crate) async fn a_busy_server_is_asked_again<C: Served>() {
    for fault in [
        Fault::Status(429),
        Fault::Status(503),
        Fault::CutAfterStoring,
    ] {
        for catalog in C::all(&[]) {
            let store = MemoryStore::default();
            store.scan(&east(), &[("a", "A")], Closing::Complete);
            catalog.fail_next(vec![fault]);
            catalog.deliver(&store).await.unwrap();
            assert_eq!(catalog.items().await.len(), 1, "{fault:?}");
            // The same for a change.
            catalog.fail_next(vec![Fault::None, fault]);
            store.scan(&east(), &[("a", "A2")], Closing::Complete);
            catalog.deliver(&store).await.unwrap();
            assert_eq!(catalog.tag_names("a"), ["A2"], "{fault:?}");
        }
    }
}

/// Returns the catalogs, with 250 items each.
pub(crate) async fn connections_are_used_again_and_requests_are_limited<C: Served>() -> Vec<C> {
    let catalogs = C::all(&[("parallel", "2")]);
    for catalog in &catalogs {
        let store = MemoryStore::default();
        scan_many(&store, 250);
        catalog.fail_all(Fault::Slow);
        catalog.deliver(&store).await.unwrap();
        assert_eq!(catalog.items().await.len(), 250);
        let (in_flight, connections) = catalog.load();
        assert_eq!(in_flight, 2);
        assert!(connections <= 4, "{connections}");
    }
    catalogs
}
