//! Scans: what is written, removed and kept.

use super::*;

pub async fn unreadable_items_do_not_hide_the_removal_of_most_others() {
    let scratch = Scratch::new();
    let keys: Vec<_> = (0..62).map(|number| number.to_string()).collect();
    let all: Vec<_> = keys.iter().map(|key| (key.as_str(), "A")).collect();
    scratch.scan(0, &all).await;
    let mut last = None;
    for day in 1..=2 {
        let mut scan = scratch.begin(day).await;
        for key in &keys[..50] {
            scan.unreadable(&SourceId(format!("id-{key}")));
        }
        // In the second scan, one of the twelve items that could be read remains.
        for (key, name) in &all[if day == 1 { 50 } else { 61 }..] {
            see(&mut scan, key, name, Contacts::Unknown);
        }
        last = Some(close_with(scan, day, Removals::Limited).await.unwrap());
    }
    let last = last.unwrap();
    assert!(
        matches!(last.statement, Some(Completeness::Partial(_))),
        "{last:?}"
    );
    assert_eq!(last.counts.removed, 0);
}

pub async fn a_scan_that_was_recorded_as_interrupted_removes_nothing() {
    let scratch = Scratch::new();
    scratch.scan(0, &[("a", "A"), ("b", "B")]).await;
    let mut first = scratch.begin(1).await;
    see(&mut first, "a", "A", Contacts::Unknown);
    scratch.scan(1, &[("a", "A"), ("b", "B")]).await;
    let error = close(first, 1).await.unwrap_err();
    assert!(error.to_string().contains("was discarded"), "{error}");
    assert_eq!(scratch.changes(), ["added a", "added b"]);
}

pub async fn different_known_contacts_are_a_change_and_unknown_contacts_are_not() {
    let scratch = Scratch::new();
    for (contacts, changed) in [
        (Contacts::Unknown, 0),
        (contact("a@example.com"), 1),
        (Contacts::Unknown, 0),
        (contact("a@example.com"), 0),
        (contact("b@example.com"), 1),
        (Contacts::Known(Vec::new()), 1),
    ] {
        let mut scan = scratch.begin(0).await;
        see(&mut scan, "a", "A", contacts);
        assert_eq!(close(scan, 0).await.unwrap().counts.changed, changed);
    }
    assert_eq!(scratch.changes()[1], "changed a contacts");
}

pub async fn a_clock_that_goes_backwards_does_not_change_the_order() {
    let scratch = Scratch::new();
    scratch.scan(100, &[("a", "A"), ("b", "B")]).await;
    scratch.scan(5, &[("a", "A2"), ("b", "B")]).await;
    scratch.scan(-700, &[("a", "A2")]).await;
    scratch.scan(99, &[("a", "A2"), ("b", "B")]).await;
    assert_eq!(
        scratch.changes(),
        [
            "added a",
            "added b",
            "changed a name",
            "removed b",
            "returned b"
        ]
    );
    let mut states = Vec::new();
    let scope = ItemScope {
        connection: None,
        states: &[ItemState::Present, ItemState::Gone],
    };
    let read = scratch.catalog().each_item(scope, |item| {
        states.push((item.key, item.state));
        Ok::<_, StoreError>(())
    });
    read.unwrap();
    assert_eq!(
        states,
        [
            ("c/a".to_owned(), ItemState::Present),
            ("c/b".to_owned(), ItemState::Present)
        ]
    );
}

pub async fn old_changes_are_deleted_and_items_are_not() {
    let scratch = Scratch::new();
    scratch.scan(0, &[("a", "A")]).await;
    scratch.scan(20, &[("a", "A2")]).await;
    scratch.scan(40, &[("a", "A3")]).await;
    assert_eq!(scratch.changes(), ["changed a name", "changed a name"]);
    // The first change, and the number of the first complete scan.
    assert_eq!(scratch.catalog().forgotten().unwrap(), 2);
    assert_eq!(
        scratch.catalog().item("c/a").unwrap().unwrap().item.name,
        "A3"
    );
}

pub async fn a_clock_that_is_ahead_for_a_while_deletes_no_changes() {
    let scratch = Scratch::new();
    scratch.scan(0, &[("a", "A")]).await;
    // The clock is wrong twice, far in the future, and then correct again.
    scratch.scan(5_000, &[("a", "A2")]).await;
    scratch.scan(5_001, &[("a", "A3")]).await;
    scratch.scan(2, &[("a", "A4")]).await;
    assert_eq!(scratch.changes().len(), 4);
    assert_eq!(scratch.catalog().forgotten().unwrap(), 0);
    // Changes that are dated in the future are deleted together with the changes before and after them.
    scratch.scan(25, &[("a", "A5")]).await;
    scratch.scan(50, &[("a", "A6")]).await;
    assert_eq!(
        scratch.changes(),
        ["changed a name", "changed a name"],
        "days 25 and 50"
    );
}

pub async fn a_step_of_the_clock_is_accepted_after_a_week() {
    let scratch = Scratch::new();
    scratch.scan(0, &[("a", "A")]).await;
    for day in [400, 405, 408] {
        assert_eq!(scratch.changes().len(), 1);
        scratch.scan(day, &[("a", "A")]).await;
    }
    assert!(scratch.changes().is_empty());
}
