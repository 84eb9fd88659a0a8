//! Reads the store: a consistent snapshot, streamed and sorted.

use std::ops::ControlFlow;

use catalog_model::{
    ChangeKind, ContainerKind, FollowerName,
    follower::{EntityKind, Refusal},
};

use super::{cursors::Cursor, error::StoreError, location::StoreLocation, running::Counts};

mod browsing;
mod changes;
mod entries;
mod feed;
mod reader;
mod rows;
mod selection;
mod sqlite;

pub use changes::{ChangeScope, ChangedItems, ChangesFrom};
pub use entries::{CatalogContainer, CatalogItem, ItemScope};
pub use feed::{FeedFollower, StoreFeed};
pub use reader::{CatalogReader, ChangeLimit, ChangeQuery, Each, Found, Snapshots, Which};
pub(crate) use sqlite::SqliteReader;

/// A consistent snapshot of the store. What reads it depends on the kind of the store.
pub struct Catalog {
    reader: Box<dyn CatalogReader>,
}

/// A connection of the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredConnection {
    id: i64,
    /// The code. It is the first part of the keys of its items.
    pub code: String,
    /// The display name.
    pub name: String,
    /// The names of the parts of its items' keys, after the code.
    pub key_parts: Vec<String>,
    /// The position in the log of changes at which its first complete scan ended.
    pub complete_from: Option<i64>,
}

impl StoredConnection {
    /// A connection with this number.
    #[must_use]
    pub fn new(id: i64, code: String, name: String) -> Self {
        Self {
            id,
            code,
            name,
            key_parts: Vec::new(),
            complete_from: None,
        }
    }

    /// The number that the store gave it.
    #[must_use]
    pub fn id(&self) -> i64 {
        self.id
    }
}

/// A change of an item or a container.
#[derive(Clone, Debug)]
pub struct Change {
    /// The position in the log of changes.
    pub seq: i64,
    /// The number of the scan that found it.
    pub scan: i64,
    /// When that scan began, in milliseconds since 1970.
    pub time: i64,
    /// The code of the connection.
    pub connection: String,
    /// The key of the item or container.
    pub key: String,
    /// What happened.
    pub kind: ChangeKind,
    /// The fields that changed; for an excluded item, the rule that excludes it.
    pub fields: Vec<String>,
    /// Whether an item or a container changed.
    pub entity: EntityKind,
}

/// A scan of the store.
#[derive(Clone, Debug)]
pub struct StoredScan {
    /// The number of the scan.
    pub id: i64,
    /// The code of the connection.
    pub connection: String,
    /// When it began, in milliseconds since 1970.
    pub started: i64,
    /// When it ended.
    pub ended: Option<i64>,
    /// `None` while it runs, or if it was killed.
    pub outcome: Option<String>,
    /// Why it was not complete.
    pub reasons: Vec<String>,
    /// The version that the source reported.
    pub site_version: Option<String>,
    /// Total size of all lists that were read, in bytes.
    pub bytes: i64,
    /// The numbers of items that it found.
    pub counts: Counts,
}

/// Which scans count as the last one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LastScan {
    /// The last scan, even if it is running or was killed.
    Any,
    /// The last scan that has ended. A scan that is running or was killed does not count.
    Ended,
    /// The last scan of each outcome.
    OfEachOutcome,
}

impl Catalog {
    /// Opens the store for reading; `None` if it does not exist.
    ///
    /// # Errors
    /// If the store cannot be read, or an older or newer program wrote it.
    pub fn open(location: impl Into<StoreLocation>) -> Result<Option<Self>, StoreError> {
        let reader = match location.into() {
            StoreLocation::File(path) => {
                let reader = SqliteReader::open(&path)?;
                reader.map(|reader| Box::new(reader) as Box<dyn CatalogReader>)
            }
            StoreLocation::Server(server) => server.reader()?,
        };
        Ok(reader.map(|reader| Self { reader }))
    }

    /// Returns the random id of the store. Numbers of scans and changes are unique only together with it.
    pub fn store_id(&self) -> &str {
        self.reader.store_id()
    }

    /// Returns a globally unique id for the scan or change with this number.
    pub fn global_id(&self, number: i64) -> String {
        format!("{}-{number}", self.store_id())
    }

    /// Returns the kinds of containers that the store has ever held, sorted by id.
    pub fn container_kinds(&self) -> impl Iterator<Item = ContainerKind> {
        self.reader.container_kinds().iter().map(|(_, kind)| *kind)
    }

    /// Returns the connections, sorted by code.
    pub fn connections(&self) -> &[StoredConnection] {
        self.reader.connections()
    }

    /// Calls `each` with every scan of one connection, or of all connections, in order.
    ///
    /// # Errors
    /// If the store cannot be read, or `each` fails.
    pub fn each_scan<E: From<StoreError>>(
        &self,
        connection: Option<&StoredConnection>,
        mut each: impl FnMut(StoredScan) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut failed = None;
        self.reader
            .each_scan(connection, &mut |scan| match each(scan) {
                Ok(()) => ControlFlow::Continue(()),
                Err(error) => {
                    failed = Some(error);
                    ControlFlow::Break(())
                }
            })?;
        failed.map_or(Ok(()), Err)
    }

    /// Returns the last scan of each connection.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn last_scans(&self, which: LastScan) -> Result<Vec<StoredScan>, StoreError> {
        self.reader.last_scans(which)
    }

    /// Returns the position of a follower.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn cursor(&self, follower: &FeedFollower) -> Result<Cursor, StoreError> {
        self.reader.cursor(follower)
    }

    /// Returns the first items and containers that the last delivery of a follower could not write, because the catalog
    /// refuses them, sorted by key.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn refusals(&self, follower: &FollowerName) -> Result<Vec<Refusal>, StoreError> {
        self.reader.refusals(follower)
    }

    /// Returns the time of the first final change after a position, in milliseconds since 1970. `None` if there is none.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn waiting_since(&self, position: i64) -> Result<Option<i64>, StoreError> {
        self.reader.waiting_since(position)
    }

    /// Returns the last final change: no change at or before it belongs to a scan that is still running.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn settled(&self) -> Result<i64, StoreError> {
        self.reader.settled()
    }

    /// Returns the last change that the store has deleted because of its age.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn forgotten(&self) -> Result<i64, StoreError> {
        self.reader.forgotten()
    }
}
