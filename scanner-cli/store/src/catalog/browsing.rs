//! What the reading interface for people needs besides the public one.

use catalog_model::ItemState;
use rusqlite::{InterruptHandle, params};

use super::{
    CatalogContainer, CatalogItem, SqliteCatalog, StoredScan,
    rows::{SCAN, scan_from_row},
};
use crate::StoreError;

impl SqliteCatalog {
    /// Begins a new snapshot.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub(crate) fn refresh(&mut self) -> Result<(), StoreError> {
        let reader = &mut self.reader;
        if reader.read(|db| Ok(db.is_autocommit()))? {
            reader.read(|db| db.execute_batch("BEGIN"))?;
        }
        reader.load()
    }

    /// Ends the snapshot. [`refresh`](Self::refresh) begins the next one.
    pub(crate) fn rest(&mut self) -> rusqlite::Result<()> {
        self.reader.db.execute_batch("COMMIT")
    }

    /// Interrupts what the connection does, from another thread.
    pub(crate) fn interrupt_handle(&self) -> InterruptHandle {
        self.reader.db.get_interrupt_handle()
    }

    /// Runs queries of the reading interface for people.
    pub(crate) fn query<'a, T>(
        &'a self,
        work: impl FnOnce(&'a rusqlite::Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        self.reader.read(work)
    }

    /// Reads the item with this id, if it is in one of these states.
    pub(crate) fn item_by_id(
        &self,
        id: i64,
        states: &[ItemState],
    ) -> Result<Option<CatalogItem<'_>>, StoreError> {
        Ok(self.items_by_id(&[id], states)?.pop())
    }

    /// Reads the container with this id, if it is in one of these states.
    pub(crate) fn container_by_id(
        &self,
        id: i64,
        states: &[ItemState],
    ) -> Result<Option<CatalogContainer<'_>>, StoreError> {
        Ok(self.containers_by_id(&[id], states)?.pop())
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
        let mut scans = self.reader.prepare(&format!(
            "{SCAN} WHERE scan.id < ?1 AND (?2 = '[]' OR code IN (SELECT value FROM json_each(?2))) \
             AND (?3 = '[]' OR scan.outcome IN (SELECT value FROM json_each(?3))) ORDER BY scan.id DESC LIMIT ?4"
        ))?;
        let values = params![before, list(codes), list(outcomes), limit];
        self.reader
            .read(|_| scans.query_map(values, scan_from_row)?.collect())
    }

    /// The id of a container kind in the database.
    pub(crate) fn container_kind_number(&self, kind: &str) -> Option<i64> {
        let mut kinds = self.reader.container_kinds.iter();
        kinds
            .find(|(_, known)| known.id == kind)
            .map(|(number, _)| *number)
    }

    /// The id of a container kind in the database, and the kind.
    pub(crate) fn numbered_container_kinds(&self) -> &[(i64, catalog_model::ContainerKind)] {
        &self.reader.container_kinds
    }
}
