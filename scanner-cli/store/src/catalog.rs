//! The store as its readers see it: all at one moment, streaming, sorted.

use std::path::{Path, PathBuf};

use catalog_model::{InvalidKey, Visualization};
use rusqlite::{Connection, Row, params};

use super::{
    change::{ChangeKind, State},
    closing::KNOWN,
    cursors::{self, Cursor},
    database::{self, Database},
    error::{Doing, StoreError},
    running::Counts,
    schema, sighting,
    stored_item::StoredItem,
    texts,
};

mod lookups;
mod rows;

pub use lookups::{ChangesFrom, ItemSet};
use rows::{CHANGE, NARROW, OF_SOURCE, SCAN, WIDE, change_of, connections, scan_of};

/// What the store holds at one moment.
pub struct Catalog {
    db: Database,
    path: PathBuf,
    store_id: String,
    connections: Vec<StoredConnection>,
}

/// A connection of the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredConnection {
    id: i64,
    /// The code, with which the keys of its items begin.
    pub code: String,
    /// The name that people gave it.
    pub name: String,
    /// What the parts of its items' keys are, after the code.
    pub key_parts: Vec<String>,
    /// The number in the sequence of changes at which its first complete scan ended.
    pub complete_from: Option<i64>,
}

/// An item of the store.
#[derive(Clone, Debug)]
pub struct CatalogItem<'a> {
    id: i64,
    /// The connection that it belongs to.
    pub connection: &'a StoredConnection,
    /// The key.
    pub key: String,
    /// The source's own id of the record; empty if it is unknown.
    pub source_id: String,
    /// Whether it is present.
    pub state: State,
    /// Milliseconds since 1970, as the others.
    pub first_seen: i64,
    /// When the scan began that last saw it.
    pub last_seen: i64,
    /// When the scan began that marked it as gone.
    pub gone_since: Option<i64>,
    /// The item itself.
    pub item: Visualization,
}

/// A change of an item.
#[derive(Clone, Debug)]
pub struct Change {
    /// The number in the sequence of changes.
    pub seq: i64,
    /// The number of the scan that found it.
    pub scan: i64,
    /// When that scan began, in milliseconds since 1970.
    pub time: i64,
    /// The code of the connection.
    pub connection: String,
    /// The key of the item.
    pub key: String,
    /// What happened.
    pub kind: ChangeKind,
    /// The fields that changed; of an excluded item, the rule that excludes it.
    pub fields: Vec<String>,
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
    /// None of one that runs, or was killed.
    pub outcome: Option<String>,
    /// Why it was not complete.
    pub reasons: Vec<String>,
    /// The version that the source named.
    pub site_version: Option<String>,
    /// Number of bytes of all lists.
    pub bytes: i64,
    /// What it found.
    pub counts: Counts,
}

/// Which items are meant.
#[derive(Clone, Copy, Debug)]
pub struct ItemScope<'a> {
    /// Of this connection, else of all.
    pub connection: Option<&'a StoredConnection>,
    /// In these states.
    pub states: &'a [State],
}

/// Which scan is the last one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LastScan {
    /// The last one, whether it has ended or not.
    Any,
    /// One that runs, or was killed, is none.
    Ended,
    /// The last one of each outcome.
    OfEachOutcome,
}

impl Catalog {
    /// Opens the store to read it. Nothing comes back if there is none.
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
        };
        (catalog.store_id, catalog.connections) = catalog.read(|db| {
            // All that is read from here on is of one moment.
            db.execute_batch("BEGIN")?;
            Ok((schema::store_id(db)?, connections(db)?))
        })?;
        Ok(Some(catalog))
    }

    /// The random id of the store. Numbers of scans and changes mean something together with it only.
    pub fn store_id(&self) -> &str {
        &self.store_id
    }

    /// The id of the scan or change with this number, which no other store has.
    pub fn global_id(&self, number: i64) -> String {
        format!("{}-{number}", self.store_id)
    }

    /// The connections by their codes.
    pub fn connections(&self) -> &[StoredConnection] {
        &self.connections
    }

    /// Gives each item of `scope` to `each`, sorted by key.
    ///
    /// # Errors
    /// If the store cannot be read, or `each` fails.
    pub fn each_item<E: From<StoreError>>(
        &self,
        scope: ItemScope<'_>,
        mut each: impl FnMut(CatalogItem<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let states = scope
            .states
            .iter()
            .fold(0_i64, |set, state| set | 1 << state.code());
        let connection = scope.connection.map(|connection| connection.id);
        // What is narrow is sorted; then only the wide rows are looked up, one by one.
        let sql = format!(
            "{NARROW} WHERE (?1 IS NULL OR item.connection = ?1) AND ?2 >> item.state & 1 \
             AND item.connection IN ({KNOWN}) ORDER BY key"
        );
        let (mut narrow, mut wide) = (self.prepare(&sql)?, self.prepare(WIDE)?);
        let mut rows = self.read(|_| narrow.query(params![connection, states]))?;
        loop {
            let found = self.read(|_| {
                let row = rows.next()?;
                row.map(|row| self.item_of(row, &mut wide)).transpose()
            });
            match found? {
                Some(found) => each(found)?,
                None => return Ok(()),
            }
        }
    }

    /// The item with this key.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn item(&self, key: &str) -> Result<Option<CatalogItem<'_>>, StoreError> {
        let mut narrow = self.prepare(&format!(
            "{NARROW} WHERE key_hash = ?1 AND key = ?2 AND item.connection IN ({KNOWN})"
        ))?;
        let mut wide = self.prepare(WIDE)?;
        self.read(|_| {
            let mut rows = narrow.query(params![sighting::hash(key), key])?;
            let row = rows.next()?;
            row.map(|row| self.item_of(row, &mut wide)).transpose()
        })
    }

    /// Gives each change of the sources to `each`, in their order.
    ///
    /// # Errors
    /// If the store cannot be read, or `each` fails.
    pub fn each_change<E: From<StoreError>>(
        &self,
        each: impl FnMut(Change) -> Result<(), E>,
    ) -> Result<(), E> {
        self.changes(OF_SOURCE, [0, i64::MAX], each)
    }

    /// Gives each change to `each` that came after the change `after`, up to `until`, in their order: those of the sources,
    /// and items that this version of the program has rewritten.
    ///
    /// # Errors
    /// If the store cannot be read, or `each` fails.
    pub fn each_delivery<E: From<StoreError>>(
        &self,
        after: i64,
        until: i64,
        each: impl FnMut(Change) -> Result<(), E>,
    ) -> Result<(), E> {
        self.changes("", [after, until], each)
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
        while let Some(change) = self.read(|_| rows.next()?.map(change_of).transpose())? {
            each(change)?;
        }
        Ok(())
    }

    /// Gives each change of the source that a scan found to `each`, in their order.
    ///
    /// # Errors
    /// If the store cannot be read, or `each` fails.
    pub fn each_change_of_scan<E: From<StoreError>>(
        &self,
        scan: i64,
        mut each: impl FnMut(Change) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut changes = self.prepare(&format!(
            "{} {OF_SOURCE} AND change.scan = ?1 ORDER BY seq",
            *CHANGE
        ))?;
        let mut rows = self.read(|_| changes.query([scan]))?;
        while let Some(change) = self.read(|_| rows.next()?.map(change_of).transpose())? {
            each(change)?;
        }
        Ok(())
    }

    /// Gives each scan to `each`, of one connection or of all, in their order.
    ///
    /// # Errors
    /// If the store cannot be read, or `each` fails.
    pub fn each_scan<E: From<StoreError>>(
        &self,
        of: Option<&StoredConnection>,
        mut each: impl FnMut(StoredScan) -> Result<(), E>,
    ) -> Result<(), E> {
        let of_one = "WHERE ?1 IS NULL OR connection.id = ?1 ORDER BY scan.id";
        let mut scans = self.prepare(&format!("{SCAN} {of_one}"))?;
        let mut rows = self.read(|_| scans.query([of.map(|of| of.id)]))?;
        while let Some(scan) = self.read(|_| rows.next()?.map(scan_of).transpose())? {
            each(scan)?;
        }
        Ok(())
    }

    /// The last scan of each connection.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn last_scans(&self, which: LastScan) -> Result<Vec<StoredScan>, StoreError> {
        let of_those = match which {
            LastScan::Any => "GROUP BY connection",
            LastScan::Ended => "WHERE outcome IS NOT NULL GROUP BY connection",
            LastScan::OfEachOutcome => "WHERE outcome IS NOT NULL GROUP BY connection, outcome",
        };
        let sql =
            format!("{SCAN} WHERE scan.id IN (SELECT max(id) FROM scan {of_those}) ORDER BY code");
        let mut scans = self.prepare(&sql)?;
        self.read(|_| scans.query_map([], scan_of)?.collect())
    }

    /// The changes of an item on its source, in their order.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn changes_of(&self, item: &CatalogItem<'_>) -> Result<Vec<Change>, StoreError> {
        let mut changes = self.prepare(&format!(
            "SELECT seq, change.scan, time, ?2, ?3, kind, fields FROM change WHERE item = ?1 {OF_SOURCE} ORDER BY seq",
        ))?;
        self.read(|_| {
            let values = params![item.id, item.connection.code, item.key];
            changes.query_map(values, change_of)?.collect()
        })
    }

    /// How far the follower of this name has come.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn cursor(&self, follower: &str) -> Result<Cursor, StoreError> {
        self.read(|db| cursors::cursor(db, follower))
    }

    /// The last change that is final: none of a scan that is still running lies before it.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn settled(&self) -> Result<i64, StoreError> {
        self.read(|db| {
            let open: Option<i64> = db.query_row(
                "SELECT min(seq) FROM change WHERE scan IN (SELECT id FROM scan WHERE outcome IS NULL)",
                [],
                |row| row.get(0),
            )?;
            if let Some(first) = open {
                return Ok(first - 1);
            }
            db.query_row(
                "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'change'",
                [],
                |row| row.get(0),
            )
        })
    }

    /// The last change that the store has forgotten.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn forgotten(&self) -> Result<i64, StoreError> {
        self.read(|db| db.query_row("SELECT seq FROM forgotten", [], |row| row.get(0)))
    }

    /// Makes an item of its narrow row, and of the wide one that is looked up.
    fn item_of(
        &self,
        row: &Row<'_>,
        wide: &mut rusqlite::Statement<'_>,
    ) -> rusqlite::Result<CatalogItem<'_>> {
        let (id, connection, state): (i64, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let known = self.connections.iter().find(|known| known.id == connection);
        let connection = known.ok_or(rusqlite::Error::IntegralValueOutOfRange(1, connection))?;
        let state = State::of(state).ok_or(rusqlite::Error::IntegralValueOutOfRange(2, state))?;
        let (last_seen, gone_since): (_, Option<i64>) = (row.get(3)?, row.get(4)?);
        // One that a filter leaves out now keeps the date until it returns.
        let gone_since = gone_since.filter(|_| state == State::Gone);
        wide.query_row([id], |row| {
            let item =
                StoredItem::read(row.get_ref(3)?.as_str()?, row.get_ref(4)?.as_str_or_null()?);
            let text = rusqlite::types::Type::Text;
            let mut item = item.map_err(|error| {
                rusqlite::Error::FromSqlConversionFailure(3, text, error.into())
            })?;
            texts::load(&self.db, &mut item, row.get_ref(5)?.as_str_or_null()?)?;
            let key: String = row.get(0)?;
            let parsed = key.parse().map_err(|error: InvalidKey| {
                rusqlite::Error::FromSqlConversionFailure(0, text, error.into())
            })?;
            Ok(CatalogItem {
                id,
                connection,
                state,
                last_seen,
                gone_since,
                key,
                source_id: row.get(1)?,
                first_seen: row.get(2)?,
                item: item.into_item(parsed),
            })
        })
    }

    fn prepare(&self, sql: &str) -> Result<rusqlite::Statement<'_>, StoreError> {
        self.read(|db| db.prepare(sql))
    }

    fn read<'a, T>(
        &'a self,
        work: impl FnOnce(&'a Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        work(&self.db).map_err(|error| StoreError::of(&self.path, Doing::Read, error))
    }
}
