//! Histories of scans, delivered without faults.

use super::{
    CatalogFault, Closing, FeedFault, FollowerUnderTest, MemoryStore, compare, deliver,
    deliver_all, failed_stages,
};
use crate::{
    ConnectionCode,
    contract::{Violation, expect},
};

/// Names that may be difficult for catalogs, files and protocols.
const ODD_NAMES: [(&str, &str); 8] = [
    ("a", "Regions"),
    ("b", "Umsätze \"2024\" / 日本 📈"),
    ("c", "C:\\new\\table"),
    ("d", "two\nlines\tand\u{2028}more"),
    ("e", "<b>&amp;</b> %2F 100%"),
    ("f", "=1+1; DROP TABLE item; --"),
    ("g", "\u{202e}reversed\u{0}"),
    ("h", ""),
];

/// The connections of the scenarios.
pub(super) fn codes() -> [ConnectionCode; 2] {
    ["east", "west"].map(|code| ConnectionCode::new(code).expect("a code that is not blank"))
}

/// Creates a store with two connections that had complete scans.
pub(super) fn store() -> MemoryStore {
    let [east, west] = codes();
    let store = MemoryStore::default();
    store.scan(
        &east,
        &[("a", "A"), ("b", "B"), ("c", "C")],
        Closing::Complete,
    );
    store.scan(&west, &[("a", "A of the west")], Closing::Complete);
    store
}

pub(super) async fn compare_both(
    subject: &dyn FollowerUnderTest,
    store: &MemoryStore,
    when: &str,
) -> Result<(), Violation> {
    for code in codes() {
        compare(subject, store, &code, when).await?;
    }
    Ok(())
}

pub(super) async fn name_is_stable(subject: &dyn FollowerUnderTest) -> Result<(), Violation> {
    let [first, second] = [subject.open().await, subject.open().await];
    expect(first.name() == second.name(), || {
        "a follower opened again has the same name".to_owned()
    })?;
    expect(first.revision() == second.revision(), || {
        "a follower opened again has the same revision".to_owned()
    })
}

pub(super) async fn stages(subject: &dyn FollowerUnderTest) -> Result<(), Violation> {
    subject.clear().await;
    let failed = failed_stages(subject).await?;
    expect(failed.is_empty(), || {
        format!("a catalog that works passes every stage of a check, not {failed:?}")
    })?;
    if subject.fail(CatalogFault::RefusesAfter(0)).await {
        let failed = failed_stages(subject).await?;
        expect(!failed.is_empty(), || {
            "a catalog that refuses everything fails a stage of a check".to_owned()
        })?;
    }
    Ok(())
}

pub(super) async fn empty_store(subject: &dyn FollowerUnderTest) -> Result<(), Violation> {
    subject.clear().await;
    let store = MemoryStore::default();
    deliver_all(subject, &store).await?;
    let shown = subject.items().await;
    expect(shown.is_empty(), || {
        format!("an empty store shows nothing, not {shown:?}")
    })?;
    // The first scan comes later.
    let [east, _] = codes();
    store.scan(&east, &[("a", "A")], Closing::Complete);
    deliver_all(subject, &store).await?;
    compare(subject, &store, &east, "after the first scan").await
}

pub(super) async fn first_delivery(subject: &dyn FollowerUnderTest) -> Result<(), Violation> {
    subject.clear().await;
    let [east, _] = codes();
    let store = store();
    store.scan(&east, &ODD_NAMES, Closing::Complete);
    store.exclude(&east, "b");
    deliver_all(subject, &store).await?;
    compare_both(subject, &store, "after the first delivery").await?;
    let before = subject.writes().await;
    deliver_all(subject, &store).await?;
    store.scan(&east, &ODD_NAMES[..1], Closing::Partial);
    deliver_all(subject, &store).await?;
    expect(subject.writes().await == before, || {
        "nothing is written if nothing changed".to_owned()
    })
}

pub(super) async fn changes(subject: &dyn FollowerUnderTest) -> Result<(), Violation> {
    subject.clear().await;
    let [east, _] = codes();
    let store = store();
    deliver_all(subject, &store).await?;
    let histories: [&[&[(&str, &str)]]; 5] = [
        &[&[("a", "A2"), ("b", "B"), ("c", "C"), ("d", "D")]],
        &[&[("a", "A2"), ("d", "D")]],
        &[&[("b", "B again"), ("d", "D")]],
        // Several scans between two deliveries.
        &[
            &[("b", "B3")],
            &[],
            &[("b", "B4")],
            &[("b", "B5"), ("a", "A5")],
        ],
        &[&[]],
    ];
    for (index, history) in histories.iter().enumerate() {
        for seen in *history {
            store.scan(&east, seen, Closing::Complete);
        }
        deliver_all(subject, &store).await?;
        compare_both(
            subject,
            &store,
            &format!("after history {index} of changes"),
        )
        .await?;
    }
    store.scan(&east, &[("a", "A"), ("b", "B")], Closing::Complete);
    store.exclude(&east, "a");
    deliver_all(subject, &store).await?;
    compare_both(subject, &store, "after an item was excluded").await
}

pub(super) async fn incomplete_scans(subject: &dyn FollowerUnderTest) -> Result<(), Violation> {
    subject.clear().await;
    let [east, _] = codes();
    let store = store();
    deliver_all(subject, &store).await?;
    store.scan(&east, &[("a", "A")], Closing::Partial);
    deliver_all(subject, &store).await?;
    compare_both(subject, &store, "after an incomplete scan").await?;
    // A new store with fewer items must not remove items from the catalog until a scan was complete.
    subject.replace_store().await;
    let store = MemoryStore::default();
    store.scan(&east, &[("a", "A")], Closing::Partial);
    deliver_all(subject, &store).await?;
    let shown = subject.items().await;
    for id in ["a", "b", "c"] {
        expect(shown.contains_key(&format!("{east}/f1/{id}")), || {
            format!("after an incomplete first scan of a new store: the catalog still has `{id}`")
        })?;
    }
    Ok(())
}

pub(super) async fn forgotten_changes(subject: &dyn FollowerUnderTest) -> Result<(), Violation> {
    subject.clear().await;
    let [east, _] = codes();
    let store = store();
    deliver_all(subject, &store).await?;
    store.scan(&east, &[("a", "A2"), ("d", "D")], Closing::Complete);
    store.forget_changes();
    deliver_all(subject, &store).await?;
    compare_both(subject, &store, "after changes were forgotten").await
}

pub(super) async fn another_store(subject: &dyn FollowerUnderTest) -> Result<(), Violation> {
    subject.clear().await;
    deliver_all(subject, &store()).await?;
    let [east, west] = codes();
    subject.replace_store().await;
    let store = MemoryStore::default();
    store.scan(&east, &[("a", "A"), ("b", "B")], Closing::Complete);
    store.scan(&east, &[("a", "A7")], Closing::Complete);
    store.scan(&west, &[("a", "A of the west")], Closing::Complete);
    deliver_all(subject, &store).await?;
    let shown = subject.items().await;
    let name = shown.get(&format!("{east}/f1/a")).map(String::as_str);
    expect(name == Some("A7"), || {
        format!("after the store was replaced: the catalog has its items, not {name:?}")
    })?;
    expect(!shown.contains_key(&format!("{east}/f1/b")), || {
        "after the store was replaced: the catalog does not have what is gone".to_owned()
    })?;
    // A delivery from a store that fails returns an error.
    let feed = store.feed(FeedFault::FailsAt(0));
    let outcome = deliver(subject, &feed).await?;
    expect(feed.calls() == 0 || matches!(outcome, Some(Err(_))), || {
        "a delivery from a store that fails is an error".to_owned()
    })
}
