//! Tests of the store on SQLite alone. What every kind of store does is in `conformance`.

use catalog_model::{
    Completeness, ConnectionCode, Contacts, Properties, SourceId, Visualization, with_causes,
};
use jiff::SignedDuration;

use super::{
    Catalog, ItemState, Store, StoreError, StoreErrorKind, StoreScan,
    conformance::*,
    fuse::Removals,
    scratch::{DAY, Scratch, close_with, item, see},
};

mod browse;
mod changed_values;
mod containers;
mod feed;
mod locked;
mod read_ahead;
mod recognized;
mod texts;
mod unchanged;

mod all {
    crate::conformance_suite!();
}

#[tokio::test]
async fn only_items_that_the_last_attempt_saw_remain() {
    let scratch = Scratch::new();
    let mut scan = scratch.begin(0).await;
    see(&mut scan, "a", "A", Contacts::Unknown);
    see(&mut scan, "b", "B", Contacts::Unknown);
    scan.flush().await.unwrap();
    scan.restart().unwrap();
    see(&mut scan, "b", "B", Contacts::Unknown);
    let closed = close(scan, 0).await.unwrap();
    assert_eq!((closed.counts.seen, closed.counts.removed), (1, 1));
    assert_eq!(scratch.changes(), ["added a", "added b", "removed a"]);
}

#[tokio::test]
async fn items_of_an_aborted_attempt_do_not_blow_the_fuse() {
    let scratch = Scratch::new();
    scratch.scan(0, &[("a", "A"), ("b", "B")]).await;
    let mut scan = scratch.begin(1).await;
    for fresh in ["x", "y"] {
        see(&mut scan, fresh, "X", Contacts::Unknown);
    }
    scan.flush().await.unwrap();
    scan.restart().unwrap();
    see(&mut scan, "a", "A", Contacts::Unknown);
    see(&mut scan, "b", "B", Contacts::Unknown);
    let closed = close_with(scan, 1, Removals::Limited).await.unwrap();
    assert_eq!(closed.statement, Some(Completeness::Complete));
    assert_eq!(closed.counts.removed, 2);
}

#[tokio::test]
async fn a_scan_that_exceeds_the_size_of_the_database_fails_and_removes_nothing() {
    let scratch = Scratch::new();
    scratch.scan(0, &[("a", "A"), ("b", "B")]).await;
    let path = scratch.folder.path().join("data").join("catalog.db");
    drop(scratch.store);
    let db = super::opening::open(&path, &Default::default()).unwrap();
    let pages: i64 = db
        .pragma_query_value(None, "page_count", |row| row.get(0))
        .unwrap();
    db.pragma_update(None, "max_page_count", pages).unwrap();
    let store = Store::with(
        db,
        &path,
        SignedDuration::from_secs(30 * DAY),
        Default::default(),
    )
    .unwrap();
    let scratch = Scratch {
        folder: scratch.folder,
        store,
    };
    let mut scan = scratch.begin(1).await;
    see(&mut scan, "a", "A", Contacts::Unknown);
    for number in 0..1_000 {
        see(
            &mut scan,
            &format!("new-{number}"),
            &"long ".repeat(100),
            Contacts::Unknown,
        );
    }
    let error = close(scan, 1).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::DiskFull);
    let message = with_causes(&error);
    assert!(
        message.contains("cannot be written: database or disk is full"),
        "{message}"
    );
    assert_eq!(scratch.changes(), ["added a", "added b"]);
}
