//! Reading changes.

use std::ops::ControlFlow;

use super::{
    Catalog, CatalogContainer, CatalogItem, CatalogReader, Change, ChangeLimit, ChangeQuery,
    StoredConnection,
};
use crate::{changed_values::ChangedValue, error::StoreError};

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

/// The items and containers that have changed since a scan or a time.
pub struct ChangedItems<'a> {
    reader: &'a dyn CatalogReader,
    from: ChangesFrom,
    after: i64,
}

impl ChangedItems<'_> {
    /// Whether the item has changed.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn has(&self, item: &CatalogItem<'_>) -> Result<bool, StoreError> {
        self.reader.has_changed(item.id, self.from, self.after)
    }

    /// Whether the container has changed.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn has_container(&self, container: &CatalogContainer<'_>) -> Result<bool, StoreError> {
        self.reader.has_changed(container.id, self.from, self.after)
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
        let after = match scope.from {
            Some(from) => self.reader.position_before(from)?,
            None => 0,
        };
        let query = ChangeQuery {
            from: scope.from,
            connection: scope.connection.map(|connection| connection.id),
            limit: scope.last.map(ChangeLimit::Last),
            ..ChangeQuery::between(after, i64::MAX).of_items_by_source()
        };
        self.changes(&query, each)
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
        let query = ChangeQuery {
            items_only: true,
            ..ChangeQuery::between(after, until)
        };
        self.changes(&query, each)
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
        self.changes(&ChangeQuery::between(after, until), each)
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
        // No later scan has a smaller position.
        let after = self.reader.position_before(ChangesFrom::Scan(scan))?;
        let query = ChangeQuery {
            scan: Some(scan),
            ..ChangeQuery::between(after, i64::MAX).of_items_by_source()
        };
        self.changes(&query, each)
    }

    fn changes<E: From<StoreError>>(
        &self,
        query: &ChangeQuery,
        mut each: impl FnMut(Change) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut failed = None;
        self.reader
            .each_change(query, &mut |change| match each(change) {
                Ok(()) => ControlFlow::Continue(()),
                Err(error) => {
                    failed = Some(error);
                    ControlFlow::Break(())
                }
            })?;
        failed.map_or(Ok(()), Err)
    }

    /// Returns the changes of an item or container on its source, in order.
    fn changes_of_entity(&self, entity: i64) -> Result<Vec<Change>, StoreError> {
        let query = ChangeQuery {
            of_source: true,
            entity: Some(entity),
            ..ChangeQuery::between(0, i64::MAX)
        };
        let mut found = Vec::new();
        self.changes(&query, |change| {
            found.push(change);
            Ok::<_, StoreError>(())
        })?;
        Ok(found)
    }

    /// Returns the changes of an item on its source, in order.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn changes_of(&self, item: &CatalogItem<'_>) -> Result<Vec<Change>, StoreError> {
        self.changes_of_entity(item.id)
    }

    /// Returns the changes of a container on its source, in order.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn changes_of_container(
        &self,
        container: &CatalogContainer<'_>,
    ) -> Result<Vec<Change>, StoreError> {
        self.changes_of_entity(container.id)
    }

    /// Returns the old and new values of the fields of a change. Empty if the store does not have them: earlier versions
    /// did not keep them, and only fields that changed have values.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn changed_values(&self, seq: i64) -> Result<Vec<ChangedValue>, StoreError> {
        self.reader.changed_values(seq)
    }

    /// Selects the items and containers that have changed, as far back as the store keeps changes.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn changed_items(&self, from: ChangesFrom) -> Result<ChangedItems<'_>, StoreError> {
        Ok(ChangedItems {
            reader: &*self.reader,
            from,
            after: self.reader.position_before(from)?,
        })
    }
}
