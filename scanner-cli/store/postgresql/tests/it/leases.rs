//! Leases, and writers that have lost theirs.

use std::{sync::Arc, time::Duration};

use catalog_model::{Completeness, ConnectionCode, Contacts, ItemKey, Origin, Visualization};
use catalog_store::{
    Beginning, Catalog, Closed, Closing, Store, StoreError, StoreErrorKind, StoreLocation,
    StoreScan, fuse::Removals,
};
use jiff::{SignedDuration, Timestamp};
use postgresql_client::Session;
use postgresql_store::{LeaseError, PostgresqlStore};
use tokio::time::sleep;

use crate::server::{execute, location, schema, store, target};

/// As if the clock of the database had gone on by an hour.
const EXPIRE: &str = "UPDATE lease SET expires = expires - interval '1 hour'";

async fn begin(store: &Store) -> Result<StoreScan, StoreError> {
    store
        .begin(Beginning {
            code: ConnectionCode::new("c").unwrap(),
            name: "Connection".to_owned(),
            key_parts: vec!["app"],
            revisions: Vec::new(),
            time: Timestamp::UNIX_EPOCH,
        })
        .await
}

fn see(scan: &mut StoreScan, name: &str) {
    let item = Visualization {
        key: ItemKey::new(["c", name]).unwrap(),
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

fn open(schema: &str, scanner: &str) -> Store {
    Store::open(location(schema, scanner), SignedDuration::from_hours(24)).unwrap()
}

#[test]
fn a_lease_is_held_by_one_scanner_and_its_token_grows() {
    let schema = schema();
    let (one, other) = (store(&schema, "one"), store(&schema, "other"));
    let held = one.leases().acquire("x").unwrap();
    let Err(LeaseError::Held { name, holder }) = other.leases().acquire("x") else {
        panic!("the lease is held");
    };
    assert_eq!(name, "x");
    assert!(holder.starts_with("one (process "), "{holder}");
    other.leases().acquire("y").unwrap();
    let token = held.token();
    held.release().unwrap();
    assert!(other.leases().acquire("x").unwrap().token() > token);
}

#[tokio::test]
async fn a_lease_that_expires_by_the_clock_of_the_database_can_be_taken() {
    let schema = schema();
    let (one, other) = (store(&schema, "one"), store(&schema, "other"));
    let held = one.leases().acquire("x").unwrap();
    assert!(other.leases().acquire("x").is_err());
    execute(&schema, EXPIRE).await;
    let taken = other.leases().acquire("x").unwrap();
    assert!(taken.token() > held.token());
    // What comes back releases nothing.
    held.release().unwrap();
    assert!(one.leases().acquire("x").is_err());
}

#[tokio::test]
async fn two_scanners_do_not_scan_one_connection() {
    let schema = schema();
    let (one, other) = (open(&schema, "one"), open(&schema, "other"));
    let mut scan = begin(&one).await.unwrap();
    see(&mut scan, "a");
    let Err(error) = begin(&other).await else {
        panic!("the connection is being scanned");
    };
    assert_eq!(error.kind(), StoreErrorKind::HeldElsewhere, "{error}");
    assert!(error.to_string().contains("`one (process "), "{error}");
    close(scan).await.unwrap();
    let mut scan = begin(&other).await.unwrap();
    see(&mut scan, "a");
    assert_eq!(close(scan).await.unwrap().counts.seen, 1);
}

#[tokio::test]
async fn a_scanner_that_has_lost_its_lease_does_not_interrupt_the_scan_of_the_next_one() {
    let schema = schema();
    let store = open(&schema, "one");
    close(begin(&store).await.unwrap()).await.unwrap();
    // The beginning waits for this transaction, as if the scanner was paused.
    let session = Session::open(&target(&schema)).await.unwrap();
    let hold =
        format!("SET search_path = {schema}, pg_catalog; BEGIN; SELECT FROM connection FOR UPDATE");
    session.batch(&hold).await.unwrap();
    let begun = tokio::spawn(async move { begin(&store).await.map(drop) });
    let waits = format!(
        "DO $$ BEGIN FOR attempt IN 1..100 LOOP PERFORM pg_stat_clear_snapshot(); \
         IF EXISTS (SELECT FROM pg_stat_activity WHERE application_name = 'scanner-cli ({schema})' AND wait_event_type = 'Lock') \
         THEN RETURN; END IF; PERFORM pg_sleep(0.1); END LOOP; RAISE 'nobody waits'; END $$"
    );
    session.batch(&waits).await.unwrap();
    let next = "INSERT INTO scan (connection, started) SELECT id, 7 FROM connection";
    session.batch(next).await.unwrap();
    let taken = "UPDATE lease SET holder = 'other', token = token + 1 WHERE name = 'scan c'";
    execute(&schema, taken).await;
    session.batch("COMMIT").await.unwrap();
    let error = begun.await.unwrap().unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Overtaken, "{error}");
    let running = session.query("SELECT FROM scan WHERE outcome IS NULL", &[]);
    assert_eq!(running.await.unwrap().len(), 1);
    session.close().await;
}

#[tokio::test]
async fn a_scanner_that_was_paused_for_longer_than_its_lease_writes_nothing() {
    let schema = schema();
    let (one, other) = (open(&schema, "one"), open(&schema, "other"));
    let mut scan = begin(&one).await.unwrap();
    see(&mut scan, "a");
    close(scan).await.unwrap();
    let mut paused = begin(&one).await.unwrap();
    see(&mut paused, "late");
    execute(&schema, EXPIRE).await;
    // Whether another one has taken over or not.
    let error = close(paused).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Overtaken, "{error}");
    let mut paused = begin(&one).await.unwrap();
    see(&mut paused, "late");
    execute(&schema, EXPIRE).await;
    let mut scan = begin(&other).await.unwrap();
    see(&mut scan, "b");
    let error = close(paused).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Overtaken, "{error}");
    see(&mut scan, "c");
    assert_eq!(close(scan).await.unwrap().counts.added, 2);
    let catalog = Catalog::open(location(&schema, "reader")).unwrap().unwrap();
    assert!(catalog.item("c/late").unwrap().is_none());
    assert!(catalog.item("c/c").unwrap().is_some());
}

#[tokio::test]
async fn a_scan_may_take_longer_to_write_than_its_lease_lasts() {
    let schema = schema();
    let short = PostgresqlStore::with_lease(target(&schema), "one", Duration::from_secs(15));
    let short = StoreLocation::Server(Arc::new(short));
    let store = Store::open(short, SignedDuration::from_hours(24)).unwrap();
    let mut scan = begin(&store).await.unwrap();
    see(&mut scan, "a");
    // The transaction that writes the scan waits for this lock.
    let lock = "hashtext('scanner-cli long texts ' || current_schema())";
    let hold = format!(
        "SELECT pg_advisory_lock({lock}); SELECT pg_sleep(20); SELECT pg_advisory_unlock({lock})"
    );
    let held = execute(&schema, &hold);
    let closed = async {
        sleep(Duration::from_millis(500)).await;
        close(scan).await
    };
    let ((), closed) = tokio::join!(held, closed);
    assert_eq!(closed.unwrap().counts.added, 1);
}
