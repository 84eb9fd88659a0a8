//! Items that a filter excludes are excluded, not gone.

use catalog_model::{
    Place,
    filter::{FilterRule, RuleId},
};

use super::*;

/// What a scan observes of the item with this key.
#[derive(Clone, Copy)]
pub(crate) enum Observed {
    Kept(&'static str),
    Excluded(&'static str),
    Unreadable(&'static str),
    Undecided(&'static str),
}
use Observed::{Excluded, Kept, Undecided, Unreadable};

impl Scratch {
    /// Runs a complete scan with these observations.
    pub(crate) async fn scan_with(&self, day: i64, all: &[Observed]) -> Closed {
        let mut scan = self.begin(day).await;
        for observed in all {
            match observed {
                Kept(key) => see(&mut scan, key, "Name", Contacts::Unknown),
                Excluded(key) => scan.excluded(&key_of(key), UNRANKED, &rule()),
                Undecided(key) => scan.undecided(&key_of(key), UNRANKED),
                Unreadable(key) => scan.unreadable(&SourceId(format!("id-{key}"))),
            }
        }
        let closed = close_with(scan, day, Removals::Limited).await.unwrap();
        assert_eq!(closed.statement, Some(Completeness::Complete));
        closed
    }

    pub(crate) fn state(&self, key: &str) -> Option<ItemState> {
        let catalog = self.catalog();
        let item = catalog.item(key_of(key).as_str()).unwrap();
        item.map(|item| item.state)
    }
}

pub(super) const UNRANKED: (Precedence, Option<&SourceId>) = (
    Precedence {
        standing: 0,
        modified: None,
    },
    None,
);

pub(crate) fn key_of(key: &str) -> ItemKey {
    ItemKey::new(["c", key]).unwrap()
}

pub(super) fn rule() -> FilterRule {
    FilterRule {
        id: RuleId(0),
        name: "rule 1".to_owned(),
        place: Place::new("a.conf", 9, 3),
        text: String::new(),
    }
}

pub async fn an_item_that_a_filter_excludes_is_excluded_not_gone_and_can_return() {
    let scratch = Scratch::new();
    scratch.scan_with(0, &[Kept("a"), Kept("b")]).await;
    for day in 1..3 {
        let closed = scratch
            .scan_with(day, &[Kept("a"), Excluded("b"), Excluded("unknown")])
            .await;
        assert_eq!((closed.counts.seen, closed.counts.removed), (1, 0));
        assert_eq!(scratch.state("b"), Some(ItemState::Excluded));
        assert_eq!(scratch.state("unknown"), None);
    }
    scratch.scan_with(3, &[Kept("a"), Kept("b")]).await;
    assert_eq!(scratch.state("b"), Some(ItemState::Present));
    assert_eq!(
        scratch.changes(),
        [
            "added a",
            "added b",
            "excluded b rule 1 (a.conf:9:3)",
            "returned b",
        ]
    );
}

pub async fn a_gone_item_that_exists_again_but_is_excluded_by_a_filter_is_excluded() {
    let scratch = Scratch::new();
    scratch
        .scan_with(0, &[Kept("a"), Kept("b"), Kept("c")])
        .await;
    scratch.scan_with(1, &[Kept("a"), Kept("c")]).await;
    assert_eq!(scratch.state("b"), Some(ItemState::Gone));
    scratch
        .scan_with(2, &[Kept("a"), Excluded("b"), Kept("c")])
        .await;
    assert_eq!(scratch.state("b"), Some(ItemState::Excluded));
    let catalog = scratch.catalog();
    assert_eq!(catalog.item("c/b").unwrap().unwrap().gone_since, None);
}

pub async fn an_excluded_item_that_cannot_be_read_stays_excluded() {
    let scratch = Scratch::new();
    scratch.scan_with(0, &[Kept("a"), Kept("b")]).await;
    scratch.scan_with(1, &[Kept("a"), Excluded("b")]).await;
    scratch.scan_with(2, &[Kept("a"), Unreadable("b")]).await;
    assert_eq!(scratch.state("b"), Some(ItemState::Excluded));
    scratch.scan_with(3, &[Kept("a"), Kept("b")]).await;
    assert_eq!(scratch.state("b"), Some(ItemState::Present));
    assert_eq!(
        scratch.changes()[2..],
        ["excluded b rule 1 (a.conf:9:3)", "returned b"]
    );
}

pub async fn an_excluded_record_does_not_replace_a_kept_record_with_the_same_key() {
    for order in [[Excluded("b"), Kept("b")], [Kept("b"), Excluded("b")]] {
        let scratch = Scratch::new();
        for day in 0..3 {
            let closed = scratch.scan_with(day, &order).await;
            assert_eq!(closed.counts.seen, 1);
            assert_eq!(scratch.state("b"), Some(ItemState::Present));
        }
        assert_eq!(scratch.changes(), ["added b"]);
        // Followers have received the removal, so they must receive the return.
        let gone = Scratch::new();
        gone.scan_with(0, &[Kept("a"), Kept("b"), Kept("c")]).await;
        gone.scan_with(1, &[Kept("a"), Kept("c")]).await;
        let [first, second] = order;
        gone.scan_with(2, &[Kept("a"), first, second, Kept("c")])
            .await;
        assert_eq!(gone.state("b"), Some(ItemState::Present));
        assert_eq!(gone.changes()[3..], ["removed b", "returned b"]);
        scratch.scan_with(3, &[Excluded("b")]).await;
        scratch.scan_with(4, &order).await;
        assert_eq!(
            scratch.changes()[1..],
            ["excluded b rule 1 (a.conf:9:3)", "returned b"]
        );
    }
}

pub async fn an_undecided_item_keeps_its_state() {
    let scratch = Scratch::new();
    let all = [Kept("a"), Kept("b"), Kept("c"), Kept("d")];
    scratch.scan_with(0, &all).await;
    scratch
        .scan_with(1, &[Kept("a"), Kept("b"), Excluded("c")])
        .await;
    let before = scratch.changes();
    let undecided = [
        Kept("a"),
        Undecided("b"),
        Undecided("c"),
        Undecided("d"),
        Undecided("new"),
    ];
    for day in 2..4 {
        let closed = scratch.scan_with(day, &undecided).await;
        assert_eq!((closed.counts.removed, closed.counts.unreadable), (0, 4));
        let states = ["b", "c", "d", "new"].map(|key| scratch.state(key));
        let expected = [ItemState::Unreadable, ItemState::Excluded, ItemState::Gone].map(Some);
        assert_eq!(states[..3], expected);
        assert_eq!(states[3], None);
    }
    assert_eq!(scratch.changes(), before);
    // Another record with the key is kept.
    scratch
        .scan_with(4, &[Kept("a"), Undecided("b"), Kept("b"), Undecided("c")])
        .await;
    assert_eq!(scratch.state("b"), Some(ItemState::Present));
    assert_eq!(scratch.changes(), before);
}
