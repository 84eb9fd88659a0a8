//! Reading items and containers.

use catalog_model::{
    Container, ContainerKind, InvalidKey, ItemKey, ItemState, SourceId, Visualization,
};
use rusqlite::{OptionalExtension, Row, Statement, params, types::Type};

use super::{
    Catalog, StoredConnection,
    rows::{ReadingOrder, WIDE},
    selection::Selection,
};
use crate::{
    change::NumericCode, closing::SCANNED_CONNECTIONS, error::StoreError, hashes,
    stored_item::StoredItem, texts,
};

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

/// An item or a container, read from its rows in the database.
struct Found<'a> {
    id: i64,
    connection: &'a StoredConnection,
    container_kind: Option<i64>,
    state: ItemState,
    last_seen: i64,
    last_read: i64,
    gone_since: Option<i64>,
    key: String,
    source_id: String,
    first_seen: i64,
    stored: StoredItem<'static>,
}

/// Items, or containers of the kind with this id, or of all kinds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Which<'a> {
    Items,
    Containers(Option<&'a str>),
}

/// Selects items alone.
pub(super) const ITEMS: &str = "container_kind IS NULL";
/// Selects containers alone.
pub(super) const CONTAINERS: &str = "container_kind IS NOT NULL";

impl<'a> Found<'a> {
    fn parsed_key(&self) -> rusqlite::Result<ItemKey> {
        let key = self.key.parse();
        key.map_err(|error: InvalidKey| {
            rusqlite::Error::FromSqlConversionFailure(0, Type::Text, error.into())
        })
    }

    fn into_item(self) -> rusqlite::Result<CatalogItem<'a>> {
        let parsed = self.parsed_key()?;
        Ok(CatalogItem {
            id: self.id,
            connection: self.connection,
            key: self.key,
            source_id: self.source_id,
            state: self.state,
            first_seen: self.first_seen,
            last_seen: self.last_seen,
            last_read: self.last_read,
            gone_since: self.gone_since,
            item: self.stored.into_item(parsed),
        })
    }

    fn into_container(
        self,
        kinds: &[(i64, ContainerKind)],
    ) -> rusqlite::Result<CatalogContainer<'a>> {
        let number = self.container_kind.unwrap_or_default();
        let kind = kinds.iter().find(|(known, _)| *known == number);
        let (_, kind) = kind.ok_or(rusqlite::Error::IntegralValueOutOfRange(5, number))?;
        let identity = (self.parsed_key()?, *kind, SourceId(self.source_id));
        Ok(CatalogContainer {
            id: self.id,
            connection: self.connection,
            state: self.state,
            first_seen: self.first_seen,
            last_seen: self.last_seen,
            gone_since: self.gone_since,
            container: self.stored.into_container(identity),
        })
    }
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
        self.each_found(scope, Which::Items, |found| {
            each(self.read(|_| found.into_item())?)
        })
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
        self.each_found(scope, Which::Containers(kind), |found| {
            each(self.read(|_| found.into_container(&self.container_kinds))?)
        })
    }

    /// Finds the item with this key.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn item(&self, key: &str) -> Result<Option<CatalogItem<'_>>, StoreError> {
        let found = self.found(key, ITEMS)?;
        self.read(|_| found.map(Found::into_item).transpose())
    }

    /// Finds the container with this key.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn container(&self, key: &str) -> Result<Option<CatalogContainer<'_>>, StoreError> {
        let found = self.found(key, CONTAINERS)?;
        self.read(|_| {
            let found = found.map(|found| found.into_container(&self.container_kinds));
            found.transpose()
        })
    }

    /// Returns the parts of the label that the item with this key has now, or had last.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn label(&self, key: &str) -> Result<Vec<String>, StoreError> {
        self.read(|db| {
            let mut found = db.prepare_cached(
                "SELECT content, texts FROM content JOIN item ON item.id = content.item \
                 WHERE key_hash = ?1 AND key = ?2",
            )?;
            let label = found.query_row(params![hashes::hash(key), key], |row| {
                let mut item = read(row.get_ref(0)?.as_str()?, None)?;
                texts::load(db, &mut item, row.get_ref(1)?.as_str_or_null()?)?;
                let label = item.label.into_iter();
                Ok(label.map(|part| part.into_owned()).collect())
            });
            Ok(label.optional()?.unwrap_or_default())
        })
    }

    fn each_found<'a, E: From<StoreError>>(
        &'a self,
        scope: ItemScope<'_>,
        which: Which<'_>,
        mut each: impl FnMut(Found<'a>) -> Result<(), E>,
    ) -> Result<(), E> {
        let selection = Selection::new(self, scope, which)?;
        // Only narrow rows are sorted, if they are not read in the order of their keys. The wide rows are then read one by
        // one.
        let (narrow, condition) = (selection.order().narrow(), selection.condition());
        let sql = format!("{narrow} WHERE {condition} ORDER BY key");
        let (mut narrow, mut wide) = (self.prepare(&sql)?, self.prepare(WIDE)?);
        let mut rows = self.read(|_| narrow.query(selection.values()))?;
        loop {
            let found = self.read(|_| {
                let row = rows.next()?;
                row.map(|row| self.found_in(row, &mut wide)).transpose()
            });
            match found? {
                Some(found) => each(found)?,
                None => return Ok(()),
            }
        }
    }

    /// Reads the items with these ids, in this order. Skips those that are no longer in one of these states.
    pub(super) fn items_by_id(
        &self,
        ids: &[i64],
        states: &[ItemState],
    ) -> Result<Vec<CatalogItem<'_>>, StoreError> {
        let found = self.found_by_id(ids, states)?.into_iter();
        self.read(|_| found.map(Found::into_item).collect())
    }

    /// Reads the containers with these ids, in this order. Skips those that are no longer in one of these states.
    pub(super) fn containers_by_id(
        &self,
        ids: &[i64],
        states: &[ItemState],
    ) -> Result<Vec<CatalogContainer<'_>>, StoreError> {
        let found = self.found_by_id(ids, states)?.into_iter();
        self.read(|_| {
            found
                .map(|found| found.into_container(&self.container_kinds))
                .collect()
        })
    }

    fn found_by_id(&self, ids: &[i64], states: &[ItemState]) -> Result<Vec<Found<'_>>, StoreError> {
        let narrow = ReadingOrder::ByItem.narrow();
        let mut narrow = self.prepare(&format!("{narrow} WHERE item.id = ?1"))?;
        let mut wide = self.prepare(WIDE)?;
        let mut all = Vec::with_capacity(ids.len());
        self.read(|_| {
            for id in ids {
                let mut rows = narrow.query([id])?;
                let row = rows.next()?;
                let found = row.map(|row| self.found_in(row, &mut wide)).transpose()?;
                all.extend(found.filter(|found| states.contains(&found.state)));
            }
            Ok(())
        })?;
        Ok(all)
    }

    fn found(&self, key: &str, which: &str) -> Result<Option<Found<'_>>, StoreError> {
        let narrow = ReadingOrder::ByItem.narrow();
        let mut narrow = self.prepare(&format!(
            "{narrow} WHERE key_hash = ?1 AND key = ?2 AND {which} AND item.connection IN ({SCANNED_CONNECTIONS})"
        ))?;
        let mut wide = self.prepare(WIDE)?;
        self.read(|_| {
            let mut rows = narrow.query(params![hashes::hash(key), key])?;
            let row = rows.next()?;
            row.map(|row| self.found_in(row, &mut wide)).transpose()
        })
    }

    /// Combines a narrow row with its wide row.
    fn found_in(&self, row: &Row<'_>, wide: &mut Statement<'_>) -> rusqlite::Result<Found<'_>> {
        let (id, connection, state): (i64, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let known = self.connections.iter().find(|known| known.id == connection);
        let connection = known.ok_or(rusqlite::Error::IntegralValueOutOfRange(1, connection))?;
        let state = ItemState::from_code(state)
            .ok_or(rusqlite::Error::IntegralValueOutOfRange(2, state))?;
        let (last_seen, gone_since): (_, Option<i64>) = (row.get(3)?, row.get(4)?);
        // An item that a filter excludes now keeps the date until it returns.
        let gone_since = gone_since.filter(|_| state == ItemState::Gone);
        let (container_kind, last_read) = (row.get(5)?, row.get(6)?);
        wide.query_row([id], |row| {
            let contacts = row.get_ref(4)?.as_str_or_null()?;
            let mut stored = read(row.get_ref(3)?.as_str()?, contacts)?;
            texts::load(&self.db, &mut stored, row.get_ref(5)?.as_str_or_null()?)?;
            Ok(Found {
                id,
                connection,
                container_kind,
                state,
                last_seen,
                last_read,
                gone_since,
                key: row.get(0)?,
                source_id: row.get(1)?,
                first_seen: row.get(2)?,
                stored,
            })
        })
    }
}

fn read(content: &str, contacts: Option<&str>) -> rusqlite::Result<StoredItem<'static>> {
    StoredItem::read(content, contacts)
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(0, Type::Text, error.into()))
}
