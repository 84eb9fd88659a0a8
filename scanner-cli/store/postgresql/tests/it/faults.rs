//! Scanners that are killed, sessions that are cut, and several scanners at once.

use std::{
    collections::BTreeMap,
    mem::{self, ManuallyDrop},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use catalog_model::{Completeness, ConnectionCode, Contacts, ItemKey, Origin, Visualization};
use catalog_store::{
    Beginning, Catalog, Closed, Closing, ItemScope, ItemState, Store, StoreError, StoreErrorKind,
    StoreLocation, StoreScan, fuse::Removals,
};
use jiff::{SignedDuration, Timestamp};

use crate::server::{execute, location, schema};

/// Ends all sessions of scanners in the schema.
async fn cut_sessions(schema: &str) {
    let sql = format!(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'scanner-cli ({schema})'"
    );
    execute(schema, &sql).await;
}

pub(crate) async fn begin(store: &Store, code: &str, time: i64) -> Result<StoreScan, StoreError> {
    store
        .begin(Beginning {
            code: ConnectionCode::new(code).unwrap(),
            name: "Connection".to_owned(),
            key_parts: vec!["app"],
            revisions: Vec::new(),
            time: Timestamp::from_second(time).unwrap(),
        })
        .await
}

fn see(scan: &mut StoreScan, code: &str, key: &str, name: &str) {
    let item = Visualization {
        key: ItemKey::new([code, key]).unwrap(),
        container: None,
        label: Vec::new(),
        name: name.to_owned(),
        description: None,
        contacts: Contacts::Unknown,
        catalog: None,
        precedence: Default::default(),
        properties: Default::default(),
    };
    scan.item(&item, &Origin::default()).unwrap();
}

async fn close(scan: StoreScan) -> Result<Closed, StoreError> {
    let closing = Closing {
        statement: Ok(Completeness::Complete),
        time: Timestamp::UNIX_EPOCH,
        site_version: None,
        bytes: 0,
        removals: Removals::Accepted,
        advice: String::new(),
    };
    scan.close(closing).await.map(|(closed, _)| closed)
}

fn open(location: &StoreLocation) -> Store {
    Store::open(location, SignedDuration::from_hours(24 * 365)).unwrap()
}

/// The present items with their names.
fn items(location: &StoreLocation) -> BTreeMap<String, String> {
    let catalog = Catalog::open(location).unwrap().unwrap();
    let scope = ItemScope {
        connection: None,
        states: &[ItemState::Present],
    };
    let mut items = BTreeMap::new();
    let read = catalog.each_item(scope, |item| {
        items.insert(item.key, item.item.name);
        Ok::<_, StoreError>(())
    });
    read.unwrap();
    items
}

/// The positions of all changes.
fn positions(location: &StoreLocation, until: i64) -> Vec<i64> {
    let Some(catalog) = Catalog::open(location).unwrap() else {
        return Vec::new();
    };
    let mut positions = Vec::new();
    let read = catalog.each_delivery(0, until, |change| {
        positions.push(change.seq);
        Ok::<_, StoreError>(())
    });
    read.unwrap();
    positions
}

#[tokio::test]
async fn a_scan_whose_session_is_cut_leaves_the_last_state_and_the_next_one_works() {
    let schema = schema();
    let location = location(&schema, "one");
    let store = open(&location);
    let mut scan = begin(&store, "c", 0).await.unwrap();
    see(&mut scan, "c", "a", "A");
    close(scan).await.unwrap();
    let before = items(&location);
    let mut scan = begin(&store, "c", 1).await.unwrap();
    for number in 0..1_500 {
        scan.ready().await.unwrap();
        see(&mut scan, "c", &number.to_string(), "New");
    }
    cut_sessions(&schema).await;
    let error = close(scan).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Unreachable, "{error:?}");
    assert_eq!(items(&location), before);
    let mut scan = begin(&store, "c", 2).await.unwrap();
    see(&mut scan, "c", "a", "A2");
    assert_eq!(close(scan).await.unwrap().counts.changed, 1);
}

#[tokio::test]
async fn the_connection_of_a_killed_scanner_is_scanned_by_another_one_after_its_lease() {
    let schema = schema();
    let (one, other) = (location(&schema, "one"), location(&schema, "other"));
    // The thread of the first store waits for the scan that it has lost, also at its end.
    let (first, second) = (ManuallyDrop::new(open(&one)), open(&other));
    let mut scan = begin(&first, "c", 0).await.unwrap();
    see(&mut scan, "c", "a", "A");
    // As if the process were gone: it says nothing any more.
    mem::forget(scan);
    let refused = begin(&second, "c", 1).await.err().unwrap();
    assert_eq!(refused.kind(), StoreErrorKind::HeldElsewhere);
    execute(
        &schema,
        "UPDATE lease SET expires = expires - interval '1 hour'",
    )
    .await;
    let mut scan = begin(&second, "c", 2).await.unwrap();
    see(&mut scan, "c", "b", "B");
    close(scan).await.unwrap();
    let catalog = Catalog::open(&other).unwrap().unwrap();
    let mut outcomes = Vec::new();
    let read = catalog.each_scan(None, |scan| {
        outcomes.push(scan.outcome.unwrap_or_default());
        Ok::<_, StoreError>(())
    });
    read.unwrap();
    assert_eq!(outcomes, ["interrupted", "complete"]);
    assert_eq!(items(&other).into_keys().collect::<Vec<_>>(), ["c/b"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn changes_of_several_scanners_become_visible_in_the_order_of_their_numbers() {
    let schema = schema();
    let reader = location(&schema, "reader");
    drop(open(&reader));
    let is_over = Arc::new(AtomicBool::new(false));
    let watched = {
        let (reader, is_over) = (reader.clone(), Arc::clone(&is_over));
        std::thread::spawn(move || {
            let mut known: Vec<i64> = Vec::new();
            let mut settled = 0;
            while !is_over.load(Ordering::Relaxed) {
                assert_eq!(positions(&reader, settled), known, "none appears later");
                settled = Catalog::open(&reader).unwrap().unwrap().settled().unwrap();
                known = positions(&reader, settled);
            }
        })
    };
    let mut scanners = Vec::new();
    for number in 0..4 {
        let schema = schema.clone();
        scanners.push(tokio::spawn(async move {
            let code = format!("c{number}");
            let store = open(&location(&schema, &code));
            for round in 0..6 {
                let mut scan = begin(&store, &code, round).await.unwrap();
                for key in 0..40 {
                    scan.ready().await.unwrap();
                    see(&mut scan, &code, &key.to_string(), &format!("{round}"));
                }
                close(scan).await.unwrap();
            }
        }));
    }
    for scanner in scanners {
        scanner.await.unwrap();
    }
    is_over.store(true, Ordering::Relaxed);
    watched.join().unwrap();
    let catalog = Catalog::open(&reader).unwrap().unwrap();
    let last = catalog.settled().unwrap();
    // Each first complete scan has a position of its own.
    assert_eq!(last, 4 * (6 * 40 + 1));
    assert_eq!(positions(&reader, last).len(), 4 * 6 * 40);
    assert_eq!(items(&reader).len(), 4 * 40);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn ten_scanners_that_start_at_once_create_one_store() {
    let schema = schema();
    let mut scanners = Vec::new();
    for number in 0..10 {
        let schema = schema.clone();
        scanners.push(tokio::task::spawn_blocking(move || {
            let location = location(&schema, &format!("scanner {number}"));
            drop(open(&location));
            let catalog = Catalog::open(&location).unwrap().unwrap();
            catalog.store_id().to_owned()
        }));
    }
    let mut ids = Vec::new();
    for scanner in scanners {
        ids.push(scanner.await.unwrap());
    }
    ids.dedup();
    assert_eq!(ids.len(), 1, "{ids:?}");
}
