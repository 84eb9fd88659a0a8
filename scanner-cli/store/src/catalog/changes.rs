//! Reading changes.

use rusqlite::{OptionalExtension, params};

use super::{
    Catalog, CatalogContainer, CatalogItem, Change, StoredConnection,
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

/// Selects changes of items that the sources made.
#[derive(Clone, Copy, Debug, Default)]
pub struct ChangeScope<'a> {
    /// Where the changes begin. Not set: with the first one that the store has.
    pub from: Option<ChangesFrom>,
    /// Selects those of this connection. Not set: those of all connections.
    pub connection: Option<&'a StoredConnection>,
    /// Selects only the last ones, as many as this.
    pub last: Option<u64>,
}

impl ChangeScope<'_> {
    fn condition(&self) -> String {
        let from = self.from.map(|from| match from {
            ChangesFrom::Scan(scan) => format!("AND change.scan >= {scan}"),
            ChangesFrom::Time(time) => format!("AND time >= {time}"),
        });
        let connection = (self.connection).map(|of| format!("AND item.connection = {}", of.id));
        let (from, connection) = (from.unwrap_or_default(), connection.unwrap_or_default());
        format!("{ITEM_CHANGES} {SOURCE_CHANGES} {from} {connection}")
    }
}

/// The items and containers that have changed since a scan or a time.
pub struct ChangedItems<'a> {
    catalog: &'a Catalog,
    sql: String,
    from: i64,
    after: i64,
}

impl ChangedItems<'_> {
    /// Whether the item has changed.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn has(&self, item: &CatalogItem<'_>) -> Result<bool, StoreError> {
        self.has_id(item.id)
    }

    /// Whether the container has changed.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn has_container(&self, container: &CatalogContainer<'_>) -> Result<bool, StoreError> {
        self.has_id(container.id)
    }

    fn has_id(&self, id: i64) -> Result<bool, StoreError> {
        let mut changes = self.catalog.prepare(&self.sql)?;
        let values = params![id, self.from, self.after];
        self.catalog.read(|_| changes.exists(values))
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
        self.each_change_in(ChangeScope::default(), each)
    }

    /// Calls `each` with every change in `scope`, in order.
    ///
    /// # Errors
    /// If the store cannot be read, or `each` fails.
    pub fn each_change_in<E: From<StoreError>>(
        &self,
        scope: ChangeScope<'_>,
        each: impl FnMut(Change) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut after = match scope.from {
            Some(from) => self.before(from)?,
            None => 0,
        };
        let which = scope.condition();
        if let Some(last) = scope.last {
            after = after.max(self.before_last(&which, after, last)?);
        }
        self.changes(&which, [after, i64::MAX], each)
    }

    /// Returns a position before the first change of a range. Only a few other changes come after it.
    fn before(&self, from: ChangesFrom) -> Result<i64, StoreError> {
        let (column, value) = match from {
            ChangesFrom::Scan(scan) => ("id", scan),
            ChangesFrom::Time(time) => ("started", time),
        };
        let sql = format!("SELECT min(first_change) FROM scan WHERE {column} >= ?1");
        let first: Option<i64> = self.read(|db| db.query_row(&sql, [value], |row| row.get(0)))?;
        Ok(first.map_or(i64::MAX, |first| first - 1))
    }

    /// Returns the position before the last changes, as many as `count`.
    fn before_last(&self, which: &str, after: i64, count: u64) -> Result<i64, StoreError> {
        let sql = format!(
            "{} {which} AND seq > ?1 ORDER BY seq DESC LIMIT 1 OFFSET ?2",
            *CHANGE
        );
        let values = params![after, i64::try_from(count).unwrap_or(i64::MAX)];
        let before = self.read(|db| db.query_row(&sql, values, |row| row.get(0)).optional())?;
        Ok(before.unwrap_or(after))
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
        self.changes(&which, [self.before_scan(scan)?, i64::MAX], each)
    }

    /// Returns a position before the first change of a scan.
    fn before_scan(&self, scan: i64) -> Result<i64, StoreError> {
        let sql = "SELECT coalesce(first_change - 1, 0) FROM scan WHERE id = ?1";
        let before = self.read(|db| db.query_row(sql, [scan], |row| row.get(0)).optional())?;
        Ok(before.unwrap_or(0))
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

    /// Selects the items and containers that have changed, as far back as the store keeps changes.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn changed_items(&self, from: ChangesFrom) -> Result<ChangedItems<'_>, StoreError> {
        let (column, value) = match from {
            ChangesFrom::Scan(scan) => ("scan", scan),
            ChangesFrom::Time(time) => ("time", time),
        };
        Ok(ChangedItems {
            catalog: self,
            sql: format!(
                "SELECT 1 FROM change WHERE item = ?1 AND {column} >= ?2 AND seq > ?3 {SOURCE_CHANGES}"
            ),
            from: value,
            after: self.before(from)?,
        })
    }
}
