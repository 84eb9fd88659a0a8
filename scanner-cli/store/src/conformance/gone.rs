//! How long gone items are kept.

use super::*;

pub(crate) fn keeping_gone(keep_gone: Option<SignedDuration>) -> Scratch {
    Scratch::with(StoreLimits {
        keep_gone,
        ..SignedDuration::from_secs(3_000 * DAY).into()
    })
}

/// The keys of all items, whatever their state.
pub(crate) fn keys(store: &Scratch) -> Vec<String> {
    let mut keys = Vec::new();
    let catalog = store.catalog();
    let all = ItemScope {
        connection: None,
        states: &[
            ItemState::Present,
            ItemState::Gone,
            ItemState::Unreadable,
            ItemState::Excluded,
        ],
    };
    let read = catalog.each_item(all, |item| {
        keys.push(item.key);
        Ok::<_, StoreError>(())
    });
    read.unwrap();
    keys
}

pub async fn gone_items_are_kept_forever_unless_a_time_is_set() {
    for (days, kept) in [(None, true), (Some(100), true), (Some(10), false)] {
        let store = keeping_gone(days.map(|days| SignedDuration::from_secs(days * DAY)));
        store.scan(0, &[("a", "A"), ("b", "B")]).await;
        store.scan(1, &[("a", "A")]).await;
        store.scan(10, &[("a", "A")]).await;
        assert_eq!(keys(&store), ["c/a", "c/b"], "not yet");
        store.scan(12, &[("a", "A")]).await;
        assert_eq!(keys(&store).len(), if kept { 2 } else { 1 }, "{days:?}");
        store.scan(13, &[("a", "A"), ("b", "B")]).await;
        let last = store.changes().pop().unwrap();
        assert_eq!(last, if kept { "returned b" } else { "added b" });
    }
}

pub async fn an_item_is_gone_for_followers_before_it_is_deleted() {
    let store = keeping_gone(Some(SignedDuration::from_millis(1)));
    store.scan(0, &[("a", "A"), ("b", "B")]).await;
    let reached = store.catalog().settled().unwrap();
    store.scan(1, &[("a", "A")]).await;
    assert_eq!(store.changes().last().unwrap(), "removed b");
    assert!(store.catalog().forgotten().unwrap() <= reached);
    store.scan(2, &[("a", "A")]).await;
    assert_eq!(store.changes(), ["added a"]);
    // A follower that has not received the removal receives all items again. Others continue.
    let forgotten = store.catalog().forgotten().unwrap();
    assert!(reached < forgotten && forgotten <= store.catalog().settled().unwrap());
}

pub async fn a_clock_that_is_years_ahead_for_a_scan_deletes_nothing() {
    let store = keeping_gone(Some(SignedDuration::from_secs(40 * DAY)));
    store.scan(0, &[("a", "A"), ("b", "B")]).await;
    store.scan(1, &[("a", "A")]).await;
    store.scan(1_000, &[("a", "A")]).await;
    store.scan(2, &[("a", "A")]).await;
    assert_eq!(keys(&store), ["c/a", "c/b"]);
}
