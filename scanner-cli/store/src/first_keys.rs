//! The keys of the items that the first scans add to an empty store.
//!
//! The hashes of keys are distributed over the whole index `item_by_key`, so that each transaction would rewrite most of it.
//! While the store has nothing but what this process adds, the hashes are in memory instead, and the index does not exist. It
//! is created when a hash occurs twice or a scan ends, which only sorts the hashes. If the process is killed before, the next
//! scan creates it.

use std::{
    collections::HashSet,
    hash::{BuildHasherDefault, Hasher},
};

use rusqlite::{Connection, OptionalExtension};

/// Maximum number of hashes. They use 19 MB, and 28 while the table grows. From then on, the index is used.
const MAX_KEYS: usize = if cfg!(test) { 2_000 } else { 1_500_000 };

/// The hashes of all keys that are in the store.
#[derive(Default)]
pub(super) struct FirstKeys(HashSet<i64, BuildHasherDefault<HashOfHash>>);

/// Uses a hash as it is.
#[derive(Default)]
struct HashOfHash(u64);

impl Hasher for HashOfHash {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_i64(&mut self, hash: i64) {
        self.0 = hash.cast_unsigned();
    }
}

impl FirstKeys {
    /// Begins with a store that has no items, and drops the index.
    ///
    /// Returns `None` if the store has items. The index then exists.
    pub(super) fn begin(db: &Connection) -> rusqlite::Result<Option<Self>> {
        let first: Option<i64> = db
            .query_row("SELECT id FROM item LIMIT 1", [], |row| row.get(0))
            .optional()?;
        match first {
            None => {
                db.execute_batch("DROP INDEX IF EXISTS item_by_key")?;
                Ok(Some(Self::default()))
            }
            Some(_) => {
                create_index(db)?;
                Ok(None)
            }
        }
    }

    /// Whether the store has no item with this hash.
    pub(super) fn is_new(&self, hash: i64) -> bool {
        !self.0.contains(&hash)
    }

    /// Adds the hash of a new item. Returns whether there is room for more.
    pub(super) fn add(&mut self, hash: i64) -> bool {
        self.0.insert(hash);
        self.0.len() < MAX_KEYS
    }
}

/// Creates the index if it is missing.
pub(super) fn create_index(db: &Connection) -> rusqlite::Result<()> {
    db.execute_batch("CREATE INDEX IF NOT EXISTS item_by_key ON item (key_hash)")
}

#[cfg(test)]
mod tests {
    use catalog_model::Contacts;

    use super::*;
    use crate::{
        database,
        fuse::Removals,
        scratch::{Scratch, close_with, see},
    };

    fn has_index(scratch: &Scratch) -> bool {
        let db = database::open_to_read(&scratch.path()).unwrap().unwrap();
        let sql = "SELECT count(*) FROM sqlite_schema WHERE name = 'item_by_key'";
        db.query_row(sql, [], |row| row.get(0)).unwrap()
    }

    fn names(count: usize) -> Vec<String> {
        (0..count).map(|number| format!("k{number}")).collect()
    }

    /// A first scan of these keys. Returns whether the index existed before the scan ended.
    async fn scan(scratch: &Scratch, keys: &[String]) -> bool {
        let mut scan = scratch.begin_with(0, &[]).await;
        for key in keys {
            scan.ready().await.unwrap();
            see(&mut scan, key, "A", Contacts::Unknown);
        }
        scan.flush().await.unwrap();
        // The answer comes after the batches before it.
        scan.load_digests();
        let _ = scan.digest_key().await;
        let had_index = has_index(scratch);
        close_with(scan, 0, Removals::Accepted).await.unwrap();
        assert!(has_index(scratch));
        had_index
    }

    #[tokio::test]
    async fn a_first_scan_needs_no_index_and_its_end_creates_it() {
        let scratch = Scratch::new();
        assert!(!scan(&scratch, &names(1_500)).await);
        assert_eq!(scratch.catalog().connections().len(), 1);
        let mut again = scratch.begin_with(1, &[]).await;
        see(&mut again, "k0", "B", Contacts::Unknown);
        let closed = close_with(again, 1, Removals::Accepted).await.unwrap();
        assert_eq!((closed.counts.changed, closed.counts.added), (1, 0));
        assert_eq!(closed.counts.removed, 1_499);
    }

    #[tokio::test]
    async fn a_key_that_occurs_twice_and_very_many_keys_need_the_index() {
        let mut keys = names(10);
        keys.push("k3".to_owned());
        assert!(scan(&Scratch::new(), &keys).await);
        assert!(scan(&Scratch::new(), &names(MAX_KEYS + 10)).await);
    }

    #[tokio::test]
    async fn the_scan_after_an_interrupted_one_has_the_index_or_begins_again() {
        let scratch = Scratch::new();
        let mut first = scratch.begin_with(0, &[]).await;
        see(&mut first, "a", "A", Contacts::Unknown);
        first.flush().await.unwrap();
        drop(first);
        let closed = scratch.scan(1, &[("a", "A"), ("b", "B")]).await;
        assert!(has_index(&scratch));
        assert_eq!(closed.counts.added, 2);
    }
}
