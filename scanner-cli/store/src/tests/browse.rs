//! How the index follows the store.

use super::*;
use crate::{
    browse::{BrowseError, BrowseFilter, Browser, SearchRequest},
    conformance::library::{find, page, select, settings},
};

#[tokio::test]
async fn an_item_that_can_be_read_again_has_its_state_again() {
    let scratch = Scratch::new();
    scratch.scan(0, &[("a", "A"), ("b", "B")]).await;
    let browser = scratch.browser();
    let unreadable = BrowseFilter {
        states: vec![ItemState::Unreadable],
        ..BrowseFilter::default()
    };
    assert!(select(&browser, unreadable.clone()).is_empty());
    let mut scan = scratch.begin(1).await;
    see(&mut scan, "a", "A", Contacts::Unknown);
    scan.unreadable(&SourceId("id-b".to_owned()));
    close(scan, 1).await.unwrap();
    browser.update().unwrap();
    assert_eq!(select(&browser, unreadable.clone()), ["c/b"]);
    scratch.scan(2, &[("a", "A"), ("b", "B")]).await;
    browser.update().unwrap();
    assert!(select(&browser, unreadable).is_empty());
    assert_eq!(browser.count("", &BrowseFilter::default()).unwrap(), 2);
}

#[tokio::test]
async fn items_of_a_failed_first_scan_and_of_a_running_one_are_not_found() {
    let scratch = Scratch::new();
    let mut scan = scratch.begin(0).await;
    see(&mut scan, "a", "A", Contacts::Unknown);
    scan.flush().await.unwrap();
    let browser = scratch.browser();
    browser.update().unwrap();
    assert_eq!(find(&browser, "").total, 0);
    close(scan, 0).await.unwrap();
    assert_eq!(find(&browser, "").total, 1);
}

#[tokio::test]
async fn a_forgotten_connection_leaves_no_index() {
    let scratch = Scratch::library().await;
    let browser = scratch.browser();
    find(&browser, "sales");
    let index = scratch.path().with_extension("index");
    assert!(index.exists());
    drop(browser);
    let (
        path,
        Scratch {
            folder: kept,
            store,
        },
    ) = (scratch.path(), scratch);
    drop(store);
    crate::forget(&path, "c").unwrap();
    assert!(!index.exists());
    let browser = Browser::open(&path, settings()).unwrap();
    assert_eq!(find(&browser, "").total, 0);
    drop(kept);
}

#[tokio::test]
async fn a_store_that_does_not_exist_yet_is_an_error_of_the_request() {
    let folder = tempfile::tempdir().unwrap();
    let browser = Browser::open(folder.path().join("catalog.db"), settings()).unwrap();
    let found = browser.search(&SearchRequest::default());
    assert!(matches!(found, Err(BrowseError::NoStore)), "{found:?}");
}

#[tokio::test]
async fn an_index_that_cannot_be_written_is_in_a_temporary_folder() {
    let scratch = Scratch::library().await;
    // No database can be created in its place.
    std::fs::create_dir(scratch.path().with_extension("index")).unwrap();
    assert_eq!(find(&scratch.browser(), "sales").total, 3);
}

#[tokio::test]
async fn an_index_that_is_no_database_is_created_again() {
    let scratch = Scratch::library().await;
    let index = scratch.path().with_extension("index");
    std::fs::write(
        index,
        "no database, but long enough to be read as one".repeat(100),
    )
    .unwrap();
    assert_eq!(find(&scratch.browser(), "sales").total, 3);
}

#[tokio::test]
async fn an_update_that_was_killed_is_continued() {
    let scratch = Scratch::new();
    let keys: Vec<_> = (0..50).map(|number| format!("k{number}")).collect();
    let items: Vec<_> = keys.iter().map(|key| (key.as_str(), "Name")).collect();
    scratch.scan(0, &items).await;
    scratch.browser().update().unwrap();
    let index = rusqlite::Connection::open(scratch.path().with_extension("index")).unwrap();
    index
        .execute_batch(
            "DELETE FROM search WHERE rowid > 16; DELETE FROM doc WHERE id > 16; DELETE FROM event; \
             DELETE FROM hour; DELETE FROM meta WHERE name IN ('position', 'last_scan'); \
             INSERT INTO meta VALUES ('pass', 16)",
        )
        .unwrap();
    let browser = scratch.browser();
    assert_eq!(find(&browser, "name").total, 50);
    let days = browser.days(&[], 0).unwrap();
    assert_eq!(days[0].counts.added, 50);
    let sql = "SELECT count(*) FROM search WHERE search MATCH 'name'";
    let found: i64 = index.query_row(sql, [], |row| row.get(0)).unwrap();
    assert_eq!(found, 50);
}

#[tokio::test]
async fn a_restored_store_has_a_new_index() {
    let scratch = Scratch::library().await;
    let browser = scratch.browser();
    assert_eq!(find(&browser, "sales").total, 3);
    let backup = scratch.folder.path().join("catalog.backup");
    crate::back_up(&scratch.path(), &backup).unwrap();
    scratch
        .scan_library(1, &[], &[page("b1", "p1", "Other")])
        .await;
    assert_eq!(find(&browser, "other").total, 1);
    let (
        path,
        Scratch {
            folder: kept,
            store,
        },
    ) = (scratch.path(), scratch);
    drop(store);
    drop(browser);
    crate::restore(&path, &backup).unwrap();
    let browser = Browser::open(&path, settings()).unwrap();
    browser.update().unwrap();
    assert_eq!(find(&browser, "other").total, 0);
    assert_eq!(find(&browser, "sales").total, 3);
    drop(browser);
    drop(kept);
}

#[tokio::test]
async fn requests_do_not_wait_for_a_transaction_of_a_scan() {
    let scratch = Scratch::library().await;
    let browser = scratch.browser();
    let version = browser.version().unwrap();
    let writer = rusqlite::Connection::open(scratch.path()).unwrap();
    writer
        .execute_batch("BEGIN IMMEDIATE; UPDATE item SET state = 3; DELETE FROM change")
        .unwrap();
    // Uncommitted changes are not seen, and no request fails.
    assert_eq!(find(&browser, "sales").total, 3);
    browser.update().unwrap();
    assert_eq!(browser.version().unwrap(), version);
    assert_eq!(browser.entry("c/b1/p1").unwrap().unwrap().history.len(), 1);
    writer.execute_batch("ROLLBACK").unwrap();
}
