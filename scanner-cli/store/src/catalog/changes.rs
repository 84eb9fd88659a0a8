//! Reading changes.

use std::collections::HashSet;

use rusqlite::params;

use super::{
    Catalog, CatalogContainer, CatalogItem, Change,
    rows::{CHANGE, ITEM_CHANGES, SOURCE_CHANGES, change_from_row},
};
use crate::{
    changed_values::{self, ChangedValue},
    error::StoreError,
};

/// Where a range of changes begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangesFrom {
    /// At this scan.
    Scan(i64),
    /// At this time, in milliseconds since 1970.
    Time(i64),
}

/// A set of items and containers, by their ids in the database.
pub struct ItemSet(HashSet<i64>);

impl ItemSet {
    /// Whether the set contains the item.
    pub fn has(&self, item: &CatalogItem<'_>) -> bool {
        self.0.contains(&item.id)
    }

    /// Whether the set contains the container.
    pub fn has_container(&self, container: &CatalogContainer<'_>) -> bool {
        self.0.contains(&container.id)
    }
}

impl Catalog {
    /// Calls `each` with every change of items that the sources made, in order.
    ///
    /// # Errors
    /// If the store cannot be read, or `each` fails.
    pub fn each_change<E: From<StoreError>>(
        &self,
        each: impl FnMut(Change) -> Result<(), E>,
    ) -> Result<(), E> {
        let which = format!("{ITEM_CHANGES} {SOURCE_CHANGES}");
        self.changes(&which, [0, i64::MAX], each)
    }

    /// Calls `each` with every change of items after the change `after`, up to `until`, in order. Includes items that
    /// this version of the program has rewritten.
    ///
    /// # Errors
    /// If the store cannot be read, or `each` fails.
    pub fn each_delivery<E: From<StoreError>>(
        &self,
        after: i64,
        until: i64,
        each: impl FnMut(Change) -> Result<(), E>,
    ) -> Result<(), E> {
        self.changes(ITEM_CHANGES, [after, until], each)
    }

    /// The same as [`each_delivery`](Self::each_delivery), including the changes of containers.
    ///
    /// # Errors
    /// If the store cannot be read, or `each` fails.
    pub fn each_delivery_with_containers<E: From<StoreError>>(
        &self,
        after: i64,
        until: i64,
        each: impl FnMut(Change) -> Result<(), E>,
    ) -> Result<(), E> {
        self.changes("", [after, until], each)
    }

    /// Calls `each` with every change of items that a scan found on the source, in order.
    ///
    /// # Errors
    /// If the store cannot be read, or `each` fails.
    pub fn each_change_of_scan<E: From<StoreError>>(
        &self,
        scan: i64,
        each: impl FnMut(Change) -> Result<(), E>,
    ) -> Result<(), E> {
        let which = format!("{ITEM_CHANGES} {SOURCE_CHANGES} AND change.scan = {scan}");
        self.changes(&which, [0, i64::MAX], each)
    }

    fn changes<E: From<StoreError>>(
        &self,
        which: &str,
        range: [i64; 2],
        mut each: impl FnMut(Change) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut changes = self.prepare(&format!(
            "{} {which} AND seq > ?1 AND seq <= ?2 ORDER BY seq",
            *CHANGE
        ))?;
        let mut rows = self.read(|_| changes.query(range))?;
        while let Some(change) = self.read(|_| rows.next()?.map(change_from_row).transpose())? {
            each(change)?;
        }
        Ok(())
    }

    /// Returns the changes of an item on its source, in order.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn changes_of(&self, item: &CatalogItem<'_>) -> Result<Vec<Change>, StoreError> {
        let sql = format!(
            "{} {SOURCE_CHANGES} AND change.item = ?1 ORDER BY seq",
            *CHANGE
        );
        let mut changes = self.prepare(&sql)?;
        self.read(|_| {
            changes
                .query_map(params![item.id], change_from_row)?
                .collect()
        })
    }

    /// Returns the changes of a container on its source, in order.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn changes_of_container(
        &self,
        container: &CatalogContainer<'_>,
    ) -> Result<Vec<Change>, StoreError> {
        let sql = format!(
            "{} {SOURCE_CHANGES} AND change.item = ?1 ORDER BY seq",
            *CHANGE
        );
        let mut changes = self.prepare(&sql)?;
        self.read(|_| {
            changes
                .query_map(params![container.id], change_from_row)?
                .collect()
        })
    }

    /// Returns the old and new values of the fields of a change. Empty if the store does not have them: earlier versions
    /// did not keep them, and only fields that changed have values.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn changed_values(&self, seq: i64) -> Result<Vec<ChangedValue>, StoreError> {
        self.read(|db| changed_values::read(db, seq))
    }

    /// Returns the items and containers that have changed, as far back as the store keeps changes. Uses about ten bytes
    /// of memory for each.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn changed_items(&self, from: ChangesFrom) -> Result<ItemSet, StoreError> {
        let (column, value) = match from {
            ChangesFrom::Scan(scan) => ("scan", scan),
            ChangesFrom::Time(time) => ("time", time),
        };
        let sql = format!("SELECT DISTINCT item FROM change WHERE {column} >= ?1 {SOURCE_CHANGES}");
        let mut changed = self.prepare(&sql)?;
        let items = self.read(|_| changed.query_map([value], |row| row.get(0))?.collect());
        items.map(ItemSet)
    }
}
