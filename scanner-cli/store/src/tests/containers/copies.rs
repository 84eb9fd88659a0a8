//! Containers in backups, and in stores of the previous version.

use super::*;
use crate::{back_up, connection_contents, forget, restore};

#[tokio::test]
async fn a_backup_contains_containers_and_forget_deletes_them() {
    let scratch = Scratch::new();
    scratch.scan_containers(0, &[full("1")]).await;
    let (path, backup) = (scratch.path(), scratch.folder.path().join("backup.db"));
    let Scratch { folder, store } = scratch;
    drop(store);
    let held = connection_contents(&path, "c").unwrap().unwrap();
    assert_eq!((held.items, held.gone), (1, 0), "only items are counted");
    back_up(&path, &backup).unwrap();
    forget(&path, "c").unwrap();
    let rows = |path: &std::path::Path| -> i64 {
        let db = rusqlite::Connection::open(path).unwrap();
        let sql = "SELECT count(*) FROM item WHERE container_kind IS NOT NULL";
        db.query_row(sql, [], |row| row.get(0)).unwrap()
    };
    assert_eq!(rows(&path), 0);
    assert_eq!(restore(&path, &backup).unwrap().items, 1);
    let catalog = Catalog::open(&path).unwrap().unwrap();
    let found = catalog.container("c/folder:1").unwrap().unwrap();
    assert_eq!(found.container, full("1"));
    drop(folder);
}

#[tokio::test]
async fn a_store_of_the_previous_version_gets_containers_with_its_next_scan() {
    let scratch = Scratch::new();
    scratch.scan(0, &[("a", "A"), ("b", "B")]).await;
    let path = scratch.path();
    let Scratch {
        folder: kept,
        store,
    } = scratch;
    drop(store);
    // As version 5 wrote it.
    let db = rusqlite::Connection::open(&path).unwrap();
    db.execute_batch(
        "DROP INDEX content_by_key; DROP INDEX change_by_item; DROP INDEX item_container; \
         DROP INDEX item_not_present; DROP INDEX scan_open; ALTER TABLE scan DROP COLUMN first_change; \
         ALTER TABLE item DROP COLUMN container_kind; DROP TABLE container_kind; \
         ALTER TABLE follower DROP COLUMN basis; DROP TABLE follower_note; \
         ALTER TABLE follower DROP COLUMN sent; ALTER TABLE follower DROP COLUMN refused; \
         ALTER TABLE follower DROP COLUMN succeeded; DROP TABLE follower_refusal; \
         DROP TABLE checkpoint; ALTER TABLE connection DROP COLUMN seen_by; ALTER TABLE connection DROP COLUMN read_by; \
         ALTER TABLE item DROP COLUMN digest; ALTER TABLE store DROP COLUMN digest_key; \
         ALTER TABLE scan DROP COLUMN unread; DROP TRIGGER change_deleted; DROP TABLE change_value; PRAGMA user_version = 5",
    )
    .unwrap();
    drop(db);
    assert!(Catalog::open(&path).is_err(), "only a writer changes it");
    let store = Store::open(&path, SignedDuration::from_secs(30 * DAY)).unwrap();
    let scratch = Scratch {
        folder: kept,
        store,
    };
    scratch.scan_containers(1, &[folder("1", "One")]).await;
    assert_eq!(scratch.changes(), ["added a", "added b", "removed b"]);
    assert_eq!(scratch.container_changes(), ["added folder:1"]);
}
