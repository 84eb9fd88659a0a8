//! The feed that a follower reads.

use std::error::Error;

use async_trait::async_trait;

use crate::{ChangeKind, ConnectionCode, Container, Instant, ItemKey, ItemState, Visualization};

mod connection;

pub use connection::{FeedConnection, FeedScan, ScanCounts};

/// The items and changes that one follower is to deliver.
#[async_trait]
pub trait Feed: Send + Sync {
    /// The id of the scanner's store, which is different in each store. Positions mean something together with it only.
    fn store_id(&self) -> &str;

    /// The time of day.
    fn now(&self) -> Instant;

    /// Where the delivery starts.
    fn start(&self) -> Start;

    /// Whether everything is to be compared with what the catalog has, because somebody may have changed it there. The
    /// start is then [`Start::Reset`]. A follower that leaves out what its notes say was sent must then read the catalog
    /// or send everything. It still knows from its notes what is its own, so that it keeps what people have added.
    fn is_full(&self) -> bool {
        false
    }

    /// The position of the last change that can be delivered now. Changes of a scan that has not ended come later.
    fn end(&self) -> Position;

    /// The connections that the follower receives, by code.
    fn connections(&self) -> &[FeedConnection];

    /// The containers of a connection that have one of these states. A container comes after its parent.
    ///
    /// # Errors
    /// If the feed cannot be read, or the delivery is to end.
    async fn containers(
        &self,
        connection: &ConnectionCode,
        states: &[ItemState],
    ) -> Result<Box<dyn Batches<FeedEntry<Container>>>, FeedError>;

    /// The items of a connection that have one of these states, sorted by key.
    ///
    /// # Errors
    /// If the feed cannot be read, or the delivery is to end.
    async fn items(
        &self,
        connection: &ConnectionCode,
        states: &[ItemState],
    ) -> Result<Box<dyn Batches<FeedEntry<Visualization>>>, FeedError>;

    /// The changes after the start up to the end, in order. None after a reset. With [`ChangeDetail::Entity`], each
    /// change contains the current item or container, which may be newer than the change.
    ///
    /// # Errors
    /// If the feed cannot be read, or the delivery is to end.
    async fn changes(
        &self,
        detail: ChangeDetail,
    ) -> Result<Box<dyn Batches<FeedChange>>, FeedError>;

    /// The scans of a connection that have ended after the scan with this number, oldest first: at most a hundred.
    /// A scan is returned only once its changes can be delivered. The default implementation returns no scans.
    ///
    /// # Errors
    /// If the feed cannot be read, or the delivery is to end.
    async fn scans(
        &self,
        connection: &ConnectionCode,
        after: i64,
    ) -> Result<Vec<FeedScan>, FeedError> {
        let _ = (connection, after);
        Ok(Vec::new())
    }

    /// Records what the catalog has stored, atomically.
    ///
    /// # Errors
    /// If it cannot be recorded. It must then be assumed that it was not.
    async fn acknowledge(&self, acknowledgement: Acknowledgement) -> Result<(), FeedError>;

    /// The notes that the follower recorded with these keys, in the order of the keys; `None` for a key without a note.
    /// Replacing the scanner's store by another one deletes all notes.
    ///
    /// # Errors
    /// If the feed cannot be read.
    async fn notes(&self, keys: &[String]) -> Result<Vec<Option<String>>, FeedError>;
}

/// Items or changes of a feed, in batches.
#[async_trait]
pub trait Batches<T>: Send {
    /// Returns the next batch, with at least one element. `None` at the end.
    ///
    /// # Errors
    /// If the feed cannot be read, or the delivery is to end.
    async fn next(&mut self) -> Result<Option<Vec<T>>, FeedError>;
}

/// Where a delivery starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// At the beginning: the follower is new or describes items in a new format, or the changes since its position were
    /// deleted. It delivers everything that exists, and removes everything else from its catalog.
    Reset,
    /// After this position.
    After(Position),
}

/// A position in the log of changes of one store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position(i64);

impl Position {
    /// The position of the change with this number.
    #[must_use]
    pub const fn new(number: i64) -> Self {
        Self(number)
    }

    /// The number of the change.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }
}

/// An item or container, and whether it exists.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct FeedEntry<T> {
    /// The item or container, with its last known content.
    pub entity: T,
    /// Whether it exists.
    pub state: ItemState,
    /// When a scan saw it for the first time.
    pub first_seen: Instant,
    /// When it was found to be gone, if it is gone.
    pub gone_since: Option<Instant>,
}

impl<T> FeedEntry<T> {
    /// An entity that is in this state.
    #[must_use]
    pub fn new(entity: T, state: ItemState, first_seen: Instant) -> Self {
        Self {
            entity,
            state,
            first_seen,
            gone_since: None,
        }
    }

    /// The same entry, gone since then.
    #[must_use]
    pub fn gone_since(self, since: impl Into<Option<Instant>>) -> Self {
        Self {
            gone_since: since.into(),
            ..self
        }
    }

    /// The same entry with another entity.
    #[must_use]
    pub fn map<U>(self, entity: impl FnOnce(T) -> U) -> FeedEntry<U> {
        FeedEntry {
            entity: entity(self.entity),
            state: self.state,
            first_seen: self.first_seen,
            gone_since: self.gone_since,
        }
    }
}

/// How much detail of a change a follower needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeDetail {
    /// The key only, which is much faster to read.
    Key,
    /// The item or container as well.
    Entity,
}

/// Whether something is an item or a container.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EntityKind {
    /// An item.
    Item,
    /// A container of items.
    Container,
}

/// An item or a container.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Entity {
    /// An item.
    Item(Box<Visualization>),
    /// A container of items.
    Container(Box<Container>),
}

/// A change of an item or container.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct FeedChange {
    /// Its position in the log of changes.
    pub position: Position,
    /// The connection.
    pub connection: ConnectionCode,
    /// Whether an item or a container changed.
    pub entity_kind: EntityKind,
    /// The key of the item or container.
    pub key: ItemKey,
    /// What happened.
    pub kind: ChangeKind,
    /// When the scan saw it.
    pub time: Instant,
    /// The names of the fields that changed, if this applies. For an excluded item, the rule that excludes it.
    pub fields: Vec<String>,
    /// The current item or container, if it was requested. Also `None` if the store has deleted it in the meantime.
    pub entry: Option<FeedEntry<Entity>>,
}

impl FeedChange {
    /// A change of an item.
    #[must_use]
    pub fn new(
        position: Position,
        (connection, key): (ConnectionCode, ItemKey),
        kind: ChangeKind,
        time: Instant,
    ) -> Self {
        Self {
            position,
            connection,
            entity_kind: EntityKind::Item,
            key,
            kind,
            time,
            fields: Vec::new(),
            entry: None,
        }
    }

    /// The same change of an item or container.
    #[must_use]
    pub fn with_entity_kind(self, entity_kind: EntityKind) -> Self {
        Self {
            entity_kind,
            ..self
        }
    }

    /// The same change of these fields.
    #[must_use]
    pub fn with_fields(self, fields: Vec<String>) -> Self {
        Self { fields, ..self }
    }

    /// The same change with the item or container.
    #[must_use]
    pub fn with_entry(self, entry: impl Into<Option<FeedEntry<Entity>>>) -> Self {
        Self {
            entry: entry.into(),
            ..self
        }
    }

    /// Whether a catalog should not have the item or container after this change.
    #[must_use]
    pub fn is_removal(&self) -> bool {
        matches!(self.kind, ChangeKind::Removed | ChangeKind::Excluded)
    }
}

/// What a catalog has stored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Acknowledgement {
    /// The position up to which everything was delivered, if it moved.
    pub position: Option<Position>,
    /// Notes of the follower, such as a hash of what it last sent for an item. `None` deletes a note.
    pub notes: Vec<(String, Option<String>)>,
}

impl Acknowledgement {
    /// Everything up to this position was delivered.
    #[must_use]
    pub fn up_to(position: Position) -> Self {
        Self {
            position: Some(position),
            notes: Vec::new(),
        }
    }

    /// The same with a note under a key of the follower's choice.
    #[must_use]
    pub fn with_note(mut self, key: impl Into<String>, note: impl Into<Option<String>>) -> Self {
        self.notes.push((key.into(), note.into()));
        self
    }
}

/// Why a feed cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FeedError {
    /// The delivery must end. The next one continues at the same position.
    #[error("interrupted")]
    Stopped,
    /// The store failed.
    #[error(transparent)]
    Store(Box<dyn Error + Send + Sync>),
}
