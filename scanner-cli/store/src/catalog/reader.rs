//! What a kind of store must be able to read. [`Catalog`](super::Catalog) offers it to commands, pages and followers.

use std::{fmt, ops::ControlFlow};

use catalog_model::{
    Container, ContainerKind, FollowerName, InvalidKey, ItemKey, ItemState, SourceId,
    follower::Refusal,
};

use super::{
    CatalogContainer, CatalogItem, Change, ChangesFrom, FeedFollower, ItemScope, LastScan,
    StoredConnection, StoredScan,
};
use crate::{ChangedValue, Cursor, StoreError, stored_item::StoredItem};

/// Receives rows one after the other, until it breaks.
pub type Each<'a, T> = &'a mut dyn FnMut(T) -> ControlFlow<()>;

/// A consistent snapshot of a store. All methods fail if the store cannot be read.
pub trait CatalogReader: Send {
    /// Returns the random id of the store.
    fn store_id(&self) -> &str;

    /// Returns the connections, sorted by code.
    fn connections(&self) -> &[StoredConnection];

    /// Returns the kinds of containers that the store has ever held, with their numbers, sorted by id.
    fn container_kinds(&self) -> &[(i64, ContainerKind)];

    /// Reads the scans of one connection, or of all connections, in order.
    ///
    /// # Errors
    /// If the store cannot be read.
    fn each_scan(
        &self,
        connection: Option<&StoredConnection>,
        each: Each<'_, StoredScan>,
    ) -> Result<(), StoreError>;

    /// Returns the last scan of each connection, sorted by code.
    ///
    /// # Errors
    /// If the store cannot be read.
    fn last_scans(&self, which: LastScan) -> Result<Vec<StoredScan>, StoreError>;

    /// Returns the first scans of a connection that have ended, with numbers above `after`. Scans whose changes come after
    /// the position `end`, and those after them, are left out.
    ///
    /// # Errors
    /// If the store cannot be read.
    fn ended_scans(
        &self,
        code: &str,
        range: (i64, i64),
        limit: usize,
    ) -> Result<Vec<StoredScan>, StoreError>;

    /// Returns the position of a follower.
    ///
    /// # Errors
    /// If the store cannot be read.
    fn cursor(&self, follower: &FeedFollower) -> Result<Cursor, StoreError>;

    /// Returns what the last delivery of a follower could not write, sorted by key.
    ///
    /// # Errors
    /// If the store cannot be read.
    fn refusals(&self, follower: &FollowerName) -> Result<Vec<Refusal>, StoreError>;

    /// Returns the time of the first final change after a position.
    ///
    /// # Errors
    /// If the store cannot be read.
    fn waiting_since(&self, position: i64) -> Result<Option<i64>, StoreError>;

    /// Returns the last final change: no scan that is still running will log a change at or before it.
    ///
    /// # Errors
    /// If the store cannot be read.
    fn settled(&self) -> Result<i64, StoreError>;

    /// Returns the last change that the store has deleted because of its age.
    ///
    /// # Errors
    /// If the store cannot be read.
    fn forgotten(&self) -> Result<i64, StoreError>;

    /// Returns a position before the first change of a range. Only a few other changes come after it.
    ///
    /// # Errors
    /// If the store cannot be read.
    fn position_before(&self, from: ChangesFrom) -> Result<i64, StoreError>;

    /// Reads changes in order.
    ///
    /// # Errors
    /// If the store cannot be read.
    fn each_change(&self, query: &ChangeQuery, each: Each<'_, Change>) -> Result<(), StoreError>;

    /// Whether the source has changed the item or container with this number since then. No such change is at or before the
    /// position `after`.
    ///
    /// # Errors
    /// If the store cannot be read.
    fn has_changed(&self, entity: i64, from: ChangesFrom, after: i64) -> Result<bool, StoreError>;

    /// Returns the old and new values of a change.
    ///
    /// # Errors
    /// If the store cannot be read.
    fn changed_values(&self, seq: i64) -> Result<Vec<ChangedValue>, StoreError>;

    /// Reads items or containers, sorted by key.
    ///
    /// # Errors
    /// If the store cannot be read.
    fn each_found<'a>(
        &'a self,
        scope: ItemScope<'_>,
        which: Which<'_>,
        each: Each<'_, Found<'a>>,
    ) -> Result<(), StoreError>;

    /// Finds the item or the container with this key.
    ///
    /// # Errors
    /// If the store cannot be read.
    fn found(&self, key: &str, which: Which<'_>) -> Result<Option<Found<'_>>, StoreError>;

    /// Reads the items or containers with these numbers, in this order. Skips those that are no longer in one of these states.
    ///
    /// # Errors
    /// If the store cannot be read.
    fn found_by_id(&self, ids: &[i64], states: &[ItemState]) -> Result<Vec<Found<'_>>, StoreError>;

    /// Returns the numbers of items or containers, sorted by key.
    ///
    /// # Errors
    /// If the store cannot be read.
    fn ids(&self, scope: ItemScope<'_>, which: Which<'_>) -> Result<Vec<i64>, StoreError>;

    /// Returns the parts of the label that the item with this key has now, or had last, even if no scan of its connection
    /// has ended.
    ///
    /// # Errors
    /// If the store cannot be read.
    fn label(&self, key: &str) -> Result<Vec<String>, StoreError>;

    /// Releases the snapshot, so that each later read sees the current content of the store. `Blocking` snapshots are those
    /// that would block writers.
    ///
    /// # Errors
    /// If the store cannot be read.
    fn release_snapshot(&self, which: Snapshots) -> Result<(), StoreError>;
}

/// Selects snapshots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Snapshots {
    /// Those that block writers.
    Blocking,
    /// All.
    All,
}

/// Selects changes. All conditions must hold.
#[derive(Clone, Copy, Debug)]
pub struct ChangeQuery {
    /// After this position.
    pub after: i64,
    /// Up to this position.
    pub until: i64,
    /// Of items, and not of containers.
    pub items_only: bool,
    /// Made by the source, and not by another version of this program.
    pub of_source: bool,
    /// Found at or after this.
    pub from: Option<ChangesFrom>,
    /// Of the connection with this number.
    pub connection: Option<i64>,
    /// Found by this scan.
    pub scan: Option<i64>,
    /// Of the item or container with this number.
    pub entity: Option<i64>,
    /// Only some of them.
    pub limit: Option<ChangeLimit>,
}

/// Limits a number of changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeLimit {
    /// The first ones, as many as this.
    First(u64),
    /// The last ones, as many as this.
    Last(u64),
}

impl ChangeQuery {
    /// The changes between two positions: after the first one, up to the second.
    #[must_use]
    pub fn between(after: i64, until: i64) -> Self {
        Self {
            after,
            until,
            items_only: false,
            of_source: false,
            from: None,
            connection: None,
            scan: None,
            entity: None,
            limit: None,
        }
    }

    /// Those of items that the source made.
    #[must_use]
    pub fn of_items_by_source(self) -> Self {
        Self {
            items_only: true,
            of_source: true,
            ..self
        }
    }
}

/// Items, or containers of the kind with this id, or of all kinds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which<'a> {
    /// Items.
    Items,
    /// Containers.
    Containers(Option<&'a str>),
}

/// An item or a container, as a kind of store reads it.
pub struct Found<'a> {
    /// Its number.
    pub id: i64,
    /// The connection that it belongs to.
    pub connection: &'a StoredConnection,
    /// The kind of a container.
    pub container_kind: Option<ContainerKind>,
    /// Whether it is present.
    pub state: ItemState,
    /// When the last scan that saw it began. All times are in milliseconds since 1970.
    pub last_seen: i64,
    /// When the last scan that read it began.
    pub last_read: i64,
    /// When the scan that marked it as gone began.
    pub gone_since: Option<i64>,
    /// The key.
    pub key: String,
    /// The source's own id of the record; empty if it is unknown.
    pub source_id: String,
    /// When the first scan that saw it began.
    pub first_seen: i64,
    /// The content.
    pub stored: StoredItem<'static>,
}

impl fmt::Debug for Found<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Found")
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}

impl<'a> Found<'a> {
    fn parsed_key(&self) -> Result<ItemKey, StoreError> {
        let key = self.key.parse();
        key.map_err(|error: InvalidKey| StoreError::unreadable(&self.key, error))
    }

    /// Converts it to an item.
    pub(crate) fn into_item(self) -> Result<CatalogItem<'a>, StoreError> {
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

    /// Converts it to a container; `None` if it is an item.
    pub(crate) fn into_container(self) -> Result<Option<CatalogContainer<'a>>, StoreError> {
        let Some(kind) = self.container_kind else {
            return Ok(None);
        };
        let identity = (self.parsed_key()?, kind, SourceId(self.source_id));
        let container: Container = self.stored.into_container(identity);
        Ok(Some(CatalogContainer {
            id: self.id,
            connection: self.connection,
            state: self.state,
            first_seen: self.first_seen,
            last_seen: self.last_seen,
            gone_since: self.gone_since,
            container,
        }))
    }
}
