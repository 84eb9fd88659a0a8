//! What the reading interface for people needs of a store on SQLite.

use rusqlite::{InterruptHandle, params};

use super::{
    SqliteReader, StoredScan,
    rows::{SCAN, scan_from_row},
};
use crate::StoreError;

impl SqliteReader {
    /// Begins a new snapshot.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub(crate) fn refresh(&mut self) -> Result<(), StoreError> {
        if self.read(|db| Ok(db.is_autocommit()))? {
            self.read(|db| db.execute_batch("BEGIN"))?;
        }
        self.load()
    }

    /// Ends the snapshot. [`refresh`](Self::refresh) begins the next one.
    pub(crate) fn rest(&self) -> Result<(), StoreError> {
        self.read(|db| db.execute_batch("COMMIT"))
    }

    /// Interrupts what the connection does, from another thread.
    pub(crate) fn interrupt_handle(&self) -> InterruptHandle {
        self.db.get_interrupt_handle()
    }

    /// Runs queries of the reading interface for people.
    pub(crate) fn query<'a, T>(
        &'a self,
        work: impl FnOnce(&'a rusqlite::Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        self.read(work)
    }

    /// Returns the newest scans with numbers below `before`, of these connections and with these outcomes; an empty list
    /// is all.
    pub(crate) fn scans_before(
        &self,
        before: i64,
        [codes, outcomes]: [&[String]; 2],
        limit: usize,
    ) -> Result<Vec<StoredScan>, StoreError> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let list = |texts: &[String]| serde_json::json!(texts).to_string();
        let mut scans = self.prepare(&format!(
            "{SCAN} WHERE scan.id < ?1 AND (?2 = '[]' OR code IN (SELECT value FROM json_each(?2))) \
             AND (?3 = '[]' OR scan.outcome IN (SELECT value FROM json_each(?3))) ORDER BY scan.id DESC LIMIT ?4"
        ))?;
        let values = params![before, list(codes), list(outcomes), limit];
        self.read(|_| scans.query_map(values, scan_from_row)?.collect())
    }
}
