//! A database that another process has locked.

use std::{pin::pin, time::Duration};

use rusqlite::Connection;
use tokio::time::sleep;

use super::*;

/// More items than fit in the writer, its backlog and a batch.
const ITEMS: i64 = 10_000;

async fn see_all(scan: &mut StoreScan) -> Result<(), StoreError> {
    for number in 0..ITEMS {
        scan.ready().await?;
        see(scan, &number.to_string(), "Name", Contacts::Unknown);
    }
    Ok(())
}

#[tokio::test(flavor = "current_thread")]
async fn a_locked_database_blocks_a_scan_and_no_other_task_of_its_thread() {
    let scratch = Scratch::new();
    let mut scan = scratch.begin(0).await;
    let path = scratch.folder.path().join("data").join("catalog.db");
    let other = Connection::open(path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    {
        let mut seeing = pin!(see_all(&mut scan));
        let others = async {
            for _ in 0..20 {
                sleep(Duration::from_millis(1)).await;
            }
        };
        // If a send blocked the only thread, this would not return before the writer gives up.
        tokio::select! {
            seen = &mut seeing => panic!("the scan went on: {seen:?}"),
            () = others => {}
        }
        other.execute_batch("COMMIT").unwrap();
        seeing.await.unwrap();
    }
    let closed = close(scan, 0).await.unwrap();
    assert_eq!(closed.counts.seen, ITEMS);
}

#[tokio::test(flavor = "current_thread")]
async fn a_stopped_scan_does_not_wait_for_a_locked_database() {
    let scratch = Scratch::new();
    let mut scan = scratch.begin(0).await;
    let path = scratch.folder.path().join("data").join("catalog.db");
    let other = Connection::open(path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    {
        let stop = sleep(Duration::from_millis(1));
        tokio::select! {
            seen = see_all(&mut scan) => panic!("the scan went on: {seen:?}"),
            () = stop => {}
        }
    }
    // A scan that is dropped while the database is locked ends. So does the store, once waiting has been stopped.
    drop(scan);
    scratch.store.stop_waiting();
    drop(scratch.store);
    other.execute_batch("COMMIT").unwrap();
}
