//! The index of items by key, in whose order lists are read.
//!
//! The keys of new items are distributed over the whole index, so that each transaction of a large first scan would
//! rewrite most of it. Such a scan drops the index, and its end creates it again, which only sorts the keys. Readers
//! sort if it is missing.

use rusqlite::{Connection, OptionalExtension};

use super::running::Running;

/// Number of items that a scan adds before the index may be dropped.
const MIN_ADDED: i64 = if cfg!(test) { 512 } else { 16_384 };
/// The share of the stored items that these must be.
const MIN_SHARE: i64 = 4;

/// Drops the index if the scan adds very many items.
pub(super) fn drop_if_many(db: &Connection, running: &Running) -> rusqlite::Result<()> {
    let added = running.counts.added;
    if added < MIN_ADDED {
        return Ok(());
    }
    let last: Option<i64> = db.query_row("SELECT max(id) FROM item", [], |row| row.get(0))?;
    match added.saturating_mul(MIN_SHARE) >= last.unwrap_or_default() {
        true => db.execute_batch("DROP INDEX IF EXISTS content_by_key"),
        false => Ok(()),
    }
}

/// Whether the index exists.
pub(super) fn exists(db: &Connection) -> rusqlite::Result<bool> {
    let sql = "SELECT 1 FROM sqlite_schema WHERE type = 'index' AND name = 'content_by_key'";
    let found = db.prepare_cached(sql)?.query_row([], |_| Ok(())).optional();
    Ok(found?.is_some())
}

/// Creates the index.
pub(super) fn create(db: &Connection) -> rusqlite::Result<()> {
    db.execute_batch("CREATE INDEX IF NOT EXISTS content_by_key ON content (key)")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use catalog_model::{Contacts, ItemState};

    use super::*;
    use crate::{
        ItemScope, StoreError, database,
        fuse::Removals,
        scratch::{Scratch, close_with, see},
    };

    #[tokio::test]
    async fn a_large_first_scan_drops_the_index_and_its_end_creates_it() {
        let scratch = Scratch::new();
        let keys: Vec<String> = (0..MIN_ADDED + 3_000).map(|key| key.to_string()).collect();
        let items: Vec<_> = keys.iter().map(|key| (key.as_str(), "A")).collect();
        let mut scan = scratch.begin_with(0, &[]).await;
        for (key, name) in &items {
            scan.ready().await.unwrap();
            see(&mut scan, key, name, Contacts::Unknown);
        }
        let db = database::open_to_read(&scratch.path()).unwrap().unwrap();
        // The writer is a thread.
        while exists(&db).unwrap() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        close_with(scan, 0, Removals::Accepted).await.unwrap();
        assert!(exists(&db).unwrap());
        let plan = "EXPLAIN QUERY PLAN SELECT item FROM content WHERE key >= '' ORDER BY key";
        let plan: String = db.query_row(plan, [], |row| row.get(3)).unwrap();
        assert!(plan.contains("content_by_key"), "{plan}");
        let mut sorted = keys
            .iter()
            .map(|key| format!("c/{key}"))
            .collect::<Vec<_>>();
        sorted.sort_unstable();
        assert_eq!(listed(&scratch), sorted);
    }

    #[tokio::test]
    async fn a_list_without_the_index_is_sorted() {
        let scratch = Scratch::new();
        scratch.scan(0, &[("b", "B"), ("a", "A"), ("c", "C")]).await;
        let db = Connection::open(scratch.path()).unwrap();
        db.execute_batch("DROP INDEX content_by_key").unwrap();
        assert_eq!(listed(&scratch), ["c/a", "c/b", "c/c"]);
        scratch.scan(1, &[("b", "B"), ("a", "A"), ("c", "C")]).await;
        assert!(exists(&db).unwrap(), "the next scan creates it");
    }

    fn listed(scratch: &Scratch) -> Vec<String> {
        let mut keys = Vec::new();
        let scope = ItemScope {
            connection: None,
            states: &[ItemState::Present],
        };
        let read = scratch.catalog().each_item(scope, |item| {
            keys.push(item.key);
            Ok::<_, StoreError>(())
        });
        read.unwrap();
        keys
    }
}
