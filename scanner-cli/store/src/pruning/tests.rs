//! What is deleted after a scan, and how much at once.

use jiff::SignedDuration;

use super::*;
use crate::{
    LastScan, Store, StoreLimits,
    database::open_any_version,
    scratch::{DAY, Scratch, at},
};

fn count(scratch: &Scratch, sql: &str) -> i64 {
    let db = open_any_version(&scratch.path()).unwrap().unwrap();
    db.query_row(sql, [], |row| row.get(0)).unwrap()
}

/// Waits until the writer has deleted what is too old: it ends after its last step.
fn settle(mut scratch: Scratch) -> Scratch {
    let store = Store::open(scratch.folder.path().join("other.db"), limits(30)).unwrap();
    drop(mem::replace(&mut scratch.store, store));
    scratch.store = Store::open(scratch.path(), limits(30)).unwrap();
    scratch
}

fn limits(days: i64) -> StoreLimits {
    SignedDuration::from_secs(days * DAY).into()
}

/// Adds scans that found nothing, one each minute from this day on.
fn add_scans(scratch: &Scratch, day: i64, scans: i64) {
    let db = Connection::open(scratch.path()).unwrap();
    db.execute(
        "WITH RECURSIVE number (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM number WHERE n + 1 < ?1) \
         INSERT INTO scan (connection, started, ended, outcome) \
         SELECT 1, ?2 + n * 60000, ?2 + n * 60000, CASE n % 100 WHEN 7 THEN 'failed' ELSE 'complete' END FROM number",
        [scans, at(day).as_millisecond()],
    )
    .unwrap();
}

#[tokio::test]
async fn old_scans_are_deleted_except_those_that_are_needed() {
    let scratch = Scratch::new();
    scratch.scan(0, &[("a", "A"), ("b", "B")]).await;
    scratch.scan(1, &[("a", "A")]).await;
    let scratch = settle(scratch);
    add_scans(&scratch, 2, 2_500);
    for day in [10, 30] {
        scratch.scan(day, &[("a", "A")]).await;
    }
    let scratch = settle(scratch);
    assert_eq!(
        count(&scratch, "SELECT count(*) FROM scan"),
        2_504,
        "none is old"
    );
    scratch.scan(45, &[("a", "A")]).await;
    let scratch = settle(scratch);
    // The last scan that failed, the scan that saw `b` last, and those of days 30 and 45.
    assert_eq!(count(&scratch, "SELECT count(*) FROM scan"), 4);
    assert_eq!(
        count(
            &scratch,
            "SELECT count(*) FROM scan WHERE outcome = 'failed'"
        ),
        1
    );
    assert!(
        crate::check(&scratch.path())
            .unwrap()
            .unwrap()
            .problems
            .is_empty()
    );
    let catalog = scratch.catalog();
    let gone = catalog.item("c/b").unwrap().unwrap();
    assert_eq!(gone.last_seen, at(0).as_millisecond());
    let last = catalog.last_scans(LastScan::Any).unwrap();
    assert_eq!(last[0].started, at(45).as_millisecond());
}

#[tokio::test]
async fn a_transaction_deletes_a_limited_number_of_changes() {
    let scratch = Scratch::new();
    scratch.scan(0, &[("a", "A")]).await;
    let scratch = settle(scratch);
    {
        let db = Connection::open(scratch.path()).unwrap();
        db.execute(
            "WITH RECURSIVE number (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM number WHERE n < ?1) \
             INSERT INTO change (scan, item, kind, time) SELECT 1, 1, 1, ?2 FROM number",
            [3 * MAX_CHANGES as i64, at(1).as_millisecond()],
        )
        .unwrap();
        let (before, now) = (at(90).as_millisecond(), at(100).as_millisecond());
        let expiry = Expiry { before, now };
        let before = count(&scratch, "SELECT count(*) FROM change");
        assert!(log_age::forget(&db, expiry, MAX_CHANGES).unwrap());
        let deleted = before - count(&scratch, "SELECT count(*) FROM change");
        assert_eq!(deleted, MAX_CHANGES as i64);
        assert_eq!(
            scratch.catalog().forgotten().unwrap(),
            count(&scratch, "SELECT min(seq) FROM change") - 1
        );
    }
    for day in [10, 35, 60] {
        scratch.scan(day, &[("a", "A")]).await;
    }
    let scratch = settle(scratch);
    assert_eq!(
        count(&scratch, "SELECT count(*) FROM change"),
        0,
        "the writer deletes the rest"
    );
}
