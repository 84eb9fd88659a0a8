//! Reads the store: a consistent snapshot, streamed and sorted.

use std::path::{Path, PathBuf};

use catalog_model::{
    ChangeKind, ContainerKind, FollowerName,
    follower::{EntityKind, Refusal},
};
use rusqlite::{Connection, OptionalExtension};

use super::{
    closing, containers,
    cursors::{self, Cursor},
    database::{self, Database},
    error::{Operation, StoreError},
    running::Counts,
    schema,
};

mod browsing;
mod changes;
mod entries;
mod feed;
mod rows;
mod selection;

pub use changes::{ChangeScope, ChangedItems, ChangesFrom};
pub use entries::{CatalogContainer, CatalogItem, ItemScope};
pub use feed::{FeedFollower, StoreFeed};
use rows::{LAST_SCANS, SCAN, connections, scan_from_row};

/// A consistent snapshot of the store.
pub struct Catalog {
    db: Database,
    path: PathBuf,
    store_id: String,
    connections: Vec<StoredConnection>,
    /// The kinds of containers, with their ids in the database.
    container_kinds: Vec<(i64, ContainerKind)>,
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
    pub fn open(path: &Path) -> Result<Option<Self>, StoreError> {
        let Some(db) = database::open_to_read(path)? else {
            return Ok(None);
        };
        let mut catalog = Self {
            db,
            path: path.to_path_buf(),
            store_id: String::new(),
            connections: Vec::new(),
            container_kinds: Vec::new(),
        };
        // All reads from here on see the same snapshot.
        catalog.read(|db| db.execute_batch("BEGIN"))?;
        catalog.store_id = catalog.read(schema::store_id)?;
        catalog.connections = catalog.read(connections)?;
        catalog.container_kinds = catalog.read(containers::kinds)?;
        Ok(Some(catalog))
    }

    /// Returns the random id of the store. Numbers of scans and changes are unique only together with it.
    pub fn store_id(&self) -> &str {
        &self.store_id
    }

    /// Returns a globally unique id for the scan or change with this number.
    pub fn global_id(&self, number: i64) -> String {
        format!("{}-{number}", self.store_id)
    }

    /// Returns the kinds of containers that the store has ever held, sorted by id.
    pub fn container_kinds(&self) -> impl Iterator<Item = ContainerKind> {
        self.container_kinds.iter().map(|(_, kind)| *kind)
    }

    /// Returns the connections, sorted by code.
    pub fn connections(&self) -> &[StoredConnection] {
        &self.connections
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
        let filter = "WHERE ?1 IS NULL OR connection.id = ?1 ORDER BY scan.id";
        let mut scans = self.prepare(&format!("{SCAN} {filter}"))?;
        let mut rows = self.read(|_| scans.query([connection.map(|connection| connection.id)]))?;
        while let Some(scan) = self.read(|_| rows.next()?.map(scan_from_row).transpose())? {
            each(scan)?;
        }
        Ok(())
    }

    /// Returns the last scan of each connection.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn last_scans(&self, which: LastScan) -> Result<Vec<StoredScan>, StoreError> {
        let filter = match which {
            LastScan::Any => "GROUP BY connection",
            LastScan::Ended => "WHERE outcome IS NOT NULL GROUP BY connection",
            LastScan::OfEachOutcome => "WHERE outcome IS NOT NULL GROUP BY connection, outcome",
        };
        let sql = format!(
            "{SCAN} WHERE scan.id IN (SELECT max(id) FROM ({LAST_SCANS}) {filter}) ORDER BY code"
        );
        let mut scans = self.prepare(&sql)?;
        self.read(|_| scans.query_map([], scan_from_row)?.collect())
    }

    /// Returns the position of a follower.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn cursor(&self, follower: &FeedFollower) -> Result<Cursor, StoreError> {
        self.read(|db| cursors::cursor(db, follower))
    }

    /// Returns the first items and containers that the last delivery of a follower could not write, because the catalog
    /// refuses them, sorted by key.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn refusals(&self, follower: &FollowerName) -> Result<Vec<Refusal>, StoreError> {
        self.read(|db| cursors::refusals(db, follower))
    }

    /// Returns the time of the first final change after a position, in milliseconds since 1970. `None` if there is none.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn waiting_since(&self, position: i64) -> Result<Option<i64>, StoreError> {
        let settled = self.settled()?;
        let sql = "SELECT time FROM change WHERE seq > ?1 AND seq <= ?2 ORDER BY seq LIMIT 1";
        self.read(|db| {
            db.query_row(sql, [position, settled], |row| row.get(0))
                .optional()
        })
    }

    /// Returns the last final change: no change at or before it belongs to a scan that is still running.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn settled(&self) -> Result<i64, StoreError> {
        self.read(|db| {
            let open: Option<i64> = db.query_row(
                "SELECT min(first_change) FROM scan WHERE outcome IS NULL",
                [],
                |row| row.get(0),
            )?;
            match open {
                Some(first) => Ok(first - 1),
                None => closing::last_change(db),
            }
        })
    }

    /// Returns the last change that the store has deleted because of its age.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn forgotten(&self) -> Result<i64, StoreError> {
        self.read(|db| db.query_row("SELECT seq FROM forgotten", [], |row| row.get(0)))
    }

    /// Cached: a feed reads hundreds of batches.
    fn prepare(&self, sql: &str) -> Result<rusqlite::CachedStatement<'_>, StoreError> {
        self.read(|db| db.prepare_cached(sql))
    }

    fn read<'a, T>(
        &'a self,
        work: impl FnOnce(&'a Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        work(&self.db).map_err(|error| StoreError::from_sqlite(&self.path, Operation::Read, error))
    }
}
