//! Recognized: what only a store on SQLite does.

use super::*;
use crate::conformance::recognized::*;

#[tokio::test]
async fn an_unchanged_item_is_seen_and_not_written() {
    let scratch = Scratch::new();
    let (counts, recognized) = complete(&scratch, 0, &ALL).await;
    assert_eq!((counts.seen, counts.added, recognized.len()), (4, 4, 0));
    let (counts, recognized) = complete(&scratch, 1, &ALL).await;
    assert_eq!((counts.seen, counts.removed, recognized.len()), (4, 0, 4));
    let db = rusqlite::Connection::open(scratch.path()).unwrap();
    let written = "SELECT count(*) FROM item WHERE scan = 2";
    let written: i64 = db.query_row(written, [], |row| row.get(0)).unwrap();
    assert_eq!(written, 0);
    assert_eq!(found(&scratch, "a"), present("A", 1));
}

#[tokio::test]
async fn a_digest_is_worth_nothing_after_a_scan_without_one() {
    let scratch = Scratch::new();
    complete(&scratch, 0, &ALL).await;
    // Content and digest are written together, even if the scan is interrupted afterwards.
    let mut scan = scratch.begin(1).await;
    see(&mut scan, "a", "New", Contacts::Unknown);
    scan.flush().await.unwrap();
    scan.digest_key().await.unwrap();
    drop(scan);
    let (counts, recognized) = complete(&scratch, 2, &ALL).await;
    assert_eq!(recognized, ["b", "c", "d"]);
    assert_eq!(
        (counts.changed, found(&scratch, "a").1),
        (1, "A".to_owned())
    );
}

#[tokio::test]
async fn what_only_an_earlier_attempt_has_written_is_not_recognized() {
    for loads_first in [true, false] {
        let scratch = Scratch::new();
        complete(&scratch, 0, &ALL[2..]).await;
        let mut scan = scratch.begin(1).await;
        if loads_first {
            scan.digest_key().await.unwrap();
        }
        for record in [ALL[0], ALL[1], ("c", "New")] {
            offer(&mut scan, record);
        }
        scan.flush().await.unwrap();
        scan.restart().unwrap();
        scan.digest_key().await.unwrap();
        assert!(!offer(&mut scan, ALL[0]));
        assert!(!offer(&mut scan, ALL[2]));
        assert!(offer(&mut scan, ALL[3]));
        let closed = close(scan, 1).await.unwrap();
        assert_eq!((closed.counts.seen, closed.counts.changed), (3, 0));
        for (key, state) in [
            ("a", ItemState::Present),
            ("b", ItemState::Gone),
            ("c", ItemState::Present),
            ("d", ItemState::Present),
        ] {
            assert_eq!(found(&scratch, key).0, state, "{key}");
        }
    }
}

#[tokio::test]
async fn a_store_of_the_former_version_gets_digests_with_its_next_scan() {
    let scratch = Scratch::new();
    scratch.scan(0, &ALL).await;
    let path = scratch.path();
    let Scratch {
        folder: kept,
        store,
    } = scratch;
    drop(store);
    let db = rusqlite::Connection::open(&path).unwrap();
    db.execute_batch(
        "ALTER TABLE item DROP COLUMN digest; ALTER TABLE store DROP COLUMN digest_key; \
         ALTER TABLE connection DROP COLUMN read_by; ALTER TABLE connection RENAME COLUMN seen_by TO unread_by; \
         PRAGMA user_version = 11",
    )
    .unwrap();
    drop(db);
    let store = Store::open(&path, SignedDuration::from_secs(30 * DAY)).unwrap();
    let scratch = Scratch {
        folder: kept,
        store,
    };
    assert_eq!(found(&scratch, "a"), present("A", 0));
    let (counts, recognized) = complete(&scratch, 1, &ALL).await;
    assert_eq!((counts.seen, counts.changed, recognized.len()), (4, 0, 0));
    assert_eq!(complete(&scratch, 2, &ALL).await.1.len(), 4);
    assert_eq!(found(&scratch, "a"), present("A", 2));
}
