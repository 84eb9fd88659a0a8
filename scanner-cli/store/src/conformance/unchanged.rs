//! Scans that read only changes: what they did not read is seen, and not written.

use catalog_model::{Checkpoint, Origin, ScanState, UnchangedRest};

use super::*;

pub(crate) fn key_of(key: &str) -> ItemKey {
    ItemKey::new(["c", key]).unwrap()
}

pub(crate) fn rest(read: &[&str], excluded: u64) -> UnchangedRest {
    UnchangedRest {
        read: read.iter().copied().map(key_of).collect(),
        excluded,
    }
}

impl Scratch {
    pub(crate) fn item_now(&self, key: &str) -> Option<(ItemState, String, i64)> {
        let catalog = self.catalog();
        let item = catalog.item(key_of(key).as_str()).unwrap()?;
        let day = (item.last_seen / 1000 - at(0).as_second()) / DAY;
        Some((item.state, item.item.name.to_string(), day))
    }

    /// A complete scan of everything, which the connection remembers.
    pub(crate) async fn remembered(&self, day: i64, items: &[(&str, &str)]) {
        let mut scan = self.begin(day).await;
        for (key, name) in items {
            see(&mut scan, key, name, Contacts::Unknown);
        }
        scan.state(ScanState(vec![7]));
        close(scan, day).await.unwrap();
    }

    pub(crate) async fn checkpoint(&self, day: i64) -> Option<Checkpoint> {
        self.begin(day).await.checkpoint()
    }
}

pub async fn what_was_not_read_is_seen_and_keeps_its_content() {
    let scratch = Scratch::new();
    let all = [("a", "A"), ("b", "B"), ("c", "C"), ("d", "D")];
    scratch.remembered(0, &all).await;
    let before = scratch.changes();
    let mut scan = scratch.begin(1).await;
    see(&mut scan, "b", "New", Contacts::Unknown);
    scan.unchanged(rest(&["b", "c"], 3));
    let counts = close(scan, 1).await.unwrap().counts;
    assert_eq!((counts.seen, counts.removed, counts.changed), (3, 1, 1));
    assert_eq!(counts.excluded, 3);
    let name = |name: &str| name.to_owned();
    assert_eq!(
        scratch.item_now("a"),
        Some((ItemState::Present, name("A"), 1))
    );
    assert_eq!(
        scratch.item_now("b"),
        Some((ItemState::Present, name("New"), 1))
    );
    assert_eq!(scratch.item_now("c"), Some((ItemState::Gone, name("C"), 0)));
    let expected = ["changed b name label", "removed c"];
    assert_eq!(
        scratch.changes()[before.len()..].len(),
        expected.len(),
        "{:?}",
        scratch.changes()
    );

    // An item that goes later was seen by the scan that did not read it.
    let mut scan = scratch.begin(2).await;
    scan.unchanged(rest(&[], 0));
    close(scan, 2).await.unwrap();
    scratch.scan(3, &[("a", "A"), ("b", "New")]).await;
    assert_eq!(scratch.item_now("d"), Some((ItemState::Gone, name("D"), 2)));
}

pub async fn only_items_below_a_key_that_was_read_can_be_missing() {
    let scratch = Scratch::new();
    let mut scan = scratch.begin(0).await;
    for key in [["c", "one", "x"], ["c", "one", "y"], ["c", "two", "x"]] {
        let mut found = item("x", "X", Contacts::Unknown);
        found.key = ItemKey::new(key).unwrap();
        scan.item(&found, &Origin::default()).unwrap();
    }
    scan.state(ScanState(vec![1]));
    close(scan, 0).await.unwrap();
    let mut scan = scratch.begin(1).await;
    scan.unchanged(rest(&["two"], 0));
    let counts = close(scan, 1).await.unwrap().counts;
    assert_eq!((counts.seen, counts.removed), (2, 1));
}

pub async fn an_attempt_that_reads_everything_replaces_one_that_did_not() {
    let scratch = Scratch::new();
    scratch.remembered(0, &[("a", "A"), ("b", "B")]).await;
    let mut scan = scratch.begin(1).await;
    scan.unchanged(rest(&["a"], 0));
    scan.state(ScanState(vec![1]));
    scan.flush().await.unwrap();
    scan.restart().unwrap();
    see(&mut scan, "a", "A", Contacts::Unknown);
    let counts = close(scan, 1).await.unwrap().counts;
    assert_eq!((counts.seen, counts.removed), (1, 1));
    assert_eq!(scratch.checkpoint(2).await, None);
}

/// The state of such an item does not say that it was not seen.
pub async fn an_excluded_item_whose_record_cannot_be_read_is_not_seen() {
    let scratch = Scratch::new();
    scratch.remembered(0, &[("a", "A"), ("b", "B")]).await;
    let mut scan = scratch.begin(1).await;
    see(&mut scan, "a", "A", Contacts::Unknown);
    scan.excluded(&key_of("b"), excluded::UNRANKED, &excluded::rule());
    scan.state(ScanState(vec![7]));
    close(scan, 1).await.unwrap();
    for day in 2..4 {
        let mut scan = scratch.begin(day).await;
        scan.unreadable(&SourceId("id-b".to_owned()));
        scan.unchanged(rest(&["b"], 0));
        close(scan, day).await.unwrap();
        let (state, _, seen) = scratch.item_now("b").unwrap();
        assert_eq!((state, seen), (ItemState::Excluded, 1), "day {day}");
        assert_eq!(scratch.item_now("a").unwrap().2, day);
    }
}
