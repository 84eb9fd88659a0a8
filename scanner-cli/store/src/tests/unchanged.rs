//! Items that a connection reports as unchanged are seen, but not written.

use super::*;

fn key_of(key: &str) -> ItemKey {
    ItemKey::new(["c", key]).unwrap()
}

impl Scratch {
    fn item_name(&self, key: &str) -> Option<(ItemState, String)> {
        let catalog = self.catalog();
        let item = catalog.item(key_of(key).as_str()).unwrap();
        item.map(|item| (item.state, item.item.name.to_string()))
    }
}

#[tokio::test]
async fn an_unchanged_item_is_seen_and_keeps_its_content() {
    let scratch = Scratch::new();
    scratch.scan(0, &[("a", "A"), ("b", "B"), ("c", "C")]).await;
    let before = scratch.changes();
    let mut scan = scratch.begin(1).await;
    for key in ["a", "b", "a"] {
        scan.unchanged(&key_of(key));
    }
    let closed = close(scan, 1).await.unwrap();
    let counts = closed.counts;
    assert_eq!((counts.seen, counts.removed, counts.changed), (2, 1, 0));
    for (key, name) in [("a", "A"), ("b", "B")] {
        let expected = Some((ItemState::Present, name.to_owned()));
        assert_eq!(scratch.item_name(key), expected);
    }
    assert_eq!(scratch.changes()[before.len()..], ["removed c"]);
}

#[tokio::test]
async fn an_unchanged_item_that_is_not_present_in_the_store_keeps_its_state() {
    let scratch = Scratch::new();
    scratch.scan(0, &[("a", "A"), ("gone", "G")]).await;
    scratch.scan(1, &[("a", "A")]).await;
    let before = scratch.changes();
    let mut scan = scratch.begin(2).await;
    for key in ["a", "gone", "new"] {
        scan.unchanged(&key_of(key));
    }
    let closed = close(scan, 2).await.unwrap();
    assert_eq!((closed.counts.seen, closed.counts.unreadable), (1, 2));
    let gone = scratch.item_name("gone").map(|(state, _)| state);
    assert_eq!(gone, Some(ItemState::Gone));
    assert_eq!(scratch.item_name("new"), None);
    assert_eq!(scratch.changes(), before);
}

#[tokio::test]
async fn an_unchanged_item_undoes_what_an_earlier_attempt_wrote() {
    let scratch = Scratch::new();
    scratch.scan(0, &[("a", "A")]).await;
    let before = scratch.changes();
    let mut scan = scratch.begin(1).await;
    see(&mut scan, "a", "Other", Contacts::Unknown);
    scan.restart().unwrap();
    scan.unchanged(&key_of("a"));
    let closed = close(scan, 1).await.unwrap();
    assert_eq!((closed.counts.seen, closed.counts.changed), (1, 0));
    let expected = Some((ItemState::Present, "A".to_owned()));
    assert_eq!(scratch.item_name("a"), expected);
    assert_eq!(scratch.changes(), before);
}
