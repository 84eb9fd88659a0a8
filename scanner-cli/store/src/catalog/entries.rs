//! Reading items and containers.

use std::ops::ControlFlow;

use catalog_model::{Container, ItemState, Visualization};

use super::{Catalog, Found, StoredConnection, Which, reader::Each};
use crate::error::StoreError;

/// An item in the store.
#[derive(Clone, Debug)]
pub struct CatalogItem<'a> {
    pub(super) id: i64,
    /// The connection that it belongs to.
    pub connection: &'a StoredConnection,
    /// The key.
    pub key: String,
    /// The source's own id of the record; empty if it is unknown.
    pub source_id: String,
    /// Whether it is present.
    pub state: ItemState,
    /// When the first scan that saw it began. All times are in milliseconds since 1970.
    pub first_seen: i64,
    /// When the last scan that saw it began.
    pub last_seen: i64,
    /// When the last scan that read it began: earlier, if it has not changed since.
    pub last_read: i64,
    /// When the scan that marked it as gone began.
    pub gone_since: Option<i64>,
    /// The item itself.
    pub item: Visualization,
}

/// A container in the store.
#[derive(Clone, Debug)]
pub struct CatalogContainer<'a> {
    pub(super) id: i64,
    /// The connection that it belongs to.
    pub connection: &'a StoredConnection,
    /// Whether it is present.
    pub state: ItemState,
    /// When the first scan that saw it began. All times are in milliseconds since 1970.
    pub first_seen: i64,
    /// When the last scan that saw it began.
    pub last_seen: i64,
    /// When the scan that marked it as gone began.
    pub gone_since: Option<i64>,
    /// The container itself.
    pub container: Container,
}

/// Selects items or containers.
#[derive(Clone, Copy, Debug)]
pub struct ItemScope<'a> {
    /// Selects those of this connection. Not set: those of all connections.
    pub connection: Option<&'a StoredConnection>,
    /// Selects those in these states.
    pub states: &'a [ItemState],
}

impl Catalog {
    /// Calls `each` with every item in `scope`, sorted by key.
    ///
    /// # Errors
    /// If the store cannot be read, or `each` fails.
    pub fn each_item<E: From<StoreError>>(
        &self,
        scope: ItemScope<'_>,
        mut each: impl FnMut(CatalogItem<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        forward(
            |found| each(found.into_item()?),
            |each| self.reader.each_found(scope, Which::Items, each),
        )
    }

    /// Calls `each` with every container in `scope`, sorted by key.
    ///
    /// # Errors
    /// If the store cannot be read, or `each` fails.
    pub fn each_container<E: From<StoreError>>(
        &self,
        scope: ItemScope<'_>,
        each: impl FnMut(CatalogContainer<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        self.each_container_of(None, scope, each)
    }

    /// Calls `each` with every container of the kind with this id in `scope`, or of all kinds, sorted by key.
    ///
    /// # Errors
    /// If the store cannot be read, or `each` fails.
    pub fn each_container_of<E: From<StoreError>>(
        &self,
        kind: Option<&str>,
        scope: ItemScope<'_>,
        mut each: impl FnMut(CatalogContainer<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        forward(
            |found| found.into_container()?.map_or(Ok(()), &mut each),
            |each| self.reader.each_found(scope, Which::Containers(kind), each),
        )
    }

    /// Finds the item with this key.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn item(&self, key: &str) -> Result<Option<CatalogItem<'_>>, StoreError> {
        let found = self.reader.found(key, Which::Items)?;
        found.map(Found::into_item).transpose()
    }

    /// Finds the container with this key.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn container(&self, key: &str) -> Result<Option<CatalogContainer<'_>>, StoreError> {
        let found = self.reader.found(key, Which::Containers(None))?;
        Ok(found.map(Found::into_container).transpose()?.flatten())
    }

    /// Returns the parts of the label that the item with this key has now, or had last.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn label(&self, key: &str) -> Result<Vec<String>, StoreError> {
        self.reader.label(key)
    }

    /// Reads the items with these ids, in this order. Skips those that are no longer in one of these states.
    pub(super) fn items_by_id(
        &self,
        ids: &[i64],
        states: &[ItemState],
    ) -> Result<Vec<CatalogItem<'_>>, StoreError> {
        let found = self.reader.found_by_id(ids, states)?.into_iter();
        found.map(Found::into_item).collect()
    }

    /// Reads the containers with these ids, in this order. Skips those that are no longer in one of these states.
    pub(super) fn containers_by_id(
        &self,
        ids: &[i64],
        states: &[ItemState],
    ) -> Result<Vec<CatalogContainer<'_>>, StoreError> {
        let found = self.reader.found_by_id(ids, states)?.into_iter();
        let found = found.map(Found::into_container);
        found.filter_map(Result::transpose).collect()
    }
}

/// Reads entities with `read`, and passes each to `each` until it fails.
fn forward<'a, E: From<StoreError>>(
    mut each: impl FnMut(Found<'a>) -> Result<(), E>,
    read: impl FnOnce(Each<'_, Found<'a>>) -> Result<(), StoreError>,
) -> Result<(), E> {
    let mut failed = None;
    read(&mut |found| match each(found) {
        Ok(()) => ControlFlow::Continue(()),
        Err(error) => {
            failed = Some(error);
            ControlFlow::Break(())
        }
    })?;
    failed.map_or(Ok(()), Err)
}
