//! What every catalog that is a server must survive: tests that its kinds share.

use catalog_model::{
    ConnectionCode,
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

/// Scans so many items.
pub(crate) fn scan_many(store: &MemoryStore, count: usize) {
    let ids: Vec<_> = (0..count).map(|number| format!("i{number}")).collect();
    let items: Vec<_> = ids.iter().map(|id| (id.as_str(), "Name")).collect();
    store.scan(&east(), &items, Closing::Complete);
}

pub(crate) async fn requests_are_halved_if_they_are_too_large<C: Served>() {
    for catalog in C::all(&HASTY) {
        let store = MemoryStore::default();
        scan_many(&store, 60);
        catalog.limit(8_000);
        let delivery = catalog.deliver(&store).await.unwrap();
        assert_eq!(delivery.refused, []);
        assert_eq!(catalog.items().await.len(), 60);
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
