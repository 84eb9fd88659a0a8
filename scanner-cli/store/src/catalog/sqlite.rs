//! Reads a store on SQLite.

use std::{
    ops::ControlFlow,
    path::{Path, PathBuf},
};

use catalog_model::{ContainerKind, FollowerName, ItemState, follower::Refusal};
use rusqlite::{Connection, OptionalExtension, Row, Statement, params, types::Type};

use super::{
    CatalogReader, Change, ChangeLimit, ChangeQuery, ChangesFrom, FeedFollower, Found, ItemScope,
    LastScan, Snapshots, StoredConnection, StoredScan, Which,
    reader::Each,
    rows::{
        CHANGE, ITEM_CHANGES, LAST_SCANS, ReadingOrder, SCAN, SOURCE_CHANGES, WIDE,
        change_from_row, connections, scan_from_row,
    },
    selection::{Selection, which_only},
};
use crate::{
    change::NumericCode,
    changed_values::{self, ChangedValue},
    closing::{self, SCANNED_CONNECTIONS},
    containers,
    cursors::{self, Cursor},
    database::{self, Database},
    error::{Operation, StoreError},
    hashes, schema,
    stored_item::StoredItem,
    texts,
};

/// A snapshot of a store on SQLite.
pub(crate) struct SqliteReader {
    pub(super) db: Database,
    path: PathBuf,
    store_id: String,
    pub(super) connections: Vec<StoredConnection>,
    /// The kinds of containers, with their ids in the database.
    pub(super) container_kinds: Vec<(i64, ContainerKind)>,
}

impl SqliteReader {
    /// Opens the store for reading; `None` if it does not exist.
    pub(crate) fn open(path: &Path) -> Result<Option<Self>, StoreError> {
        let Some(db) = database::open_to_read(path)? else {
            return Ok(None);
        };
        let mut reader = Self {
            db,
            path: path.to_path_buf(),
            store_id: String::new(),
            connections: Vec::new(),
            container_kinds: Vec::new(),
        };
        // All reads from here on see the same snapshot.
        reader.read(|db| db.execute_batch("BEGIN"))?;
        reader.load()?;
        Ok(Some(reader))
    }

    /// Reads what is kept in memory.
    pub(super) fn load(&mut self) -> Result<(), StoreError> {
        self.store_id = self.read(schema::store_id)?;
        self.connections = self.read(connections)?;
        self.container_kinds = self.read(containers::kinds)?;
        Ok(())
    }

    /// Cached: a feed reads hundreds of batches.
    pub(super) fn prepare(&self, sql: &str) -> Result<rusqlite::CachedStatement<'_>, StoreError> {
        self.read(|db| db.prepare_cached(sql))
    }

    pub(super) fn read<'a, T>(
        &'a self,
        work: impl FnOnce(&'a Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        work(&self.db).map_err(|error| StoreError::from_sqlite(&self.path, Operation::Read, error))
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
        let (container_kind, last_read): (Option<i64>, _) = (row.get(5)?, row.get(6)?);
        let container_kind = container_kind.map(|number| {
            let kind = self
                .container_kinds
                .iter()
                .find(|(known, _)| *known == number);
            kind.map(|(_, kind)| *kind)
                .ok_or(rusqlite::Error::IntegralValueOutOfRange(5, number))
        });
        let container_kind = container_kind.transpose()?;
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

impl CatalogReader for SqliteReader {
    fn store_id(&self) -> &str {
        &self.store_id
    }

    fn connections(&self) -> &[StoredConnection] {
        &self.connections
    }

    fn container_kinds(&self) -> &[(i64, ContainerKind)] {
        &self.container_kinds
    }

    fn each_scan(
        &self,
        connection: Option<&StoredConnection>,
        each: Each<'_, StoredScan>,
    ) -> Result<(), StoreError> {
        let filter = "WHERE ?1 IS NULL OR connection.id = ?1 ORDER BY scan.id";
        let mut scans = self.prepare(&format!("{SCAN} {filter}"))?;
        let mut rows = self.read(|_| scans.query([connection.map(|connection| connection.id)]))?;
        while let Some(scan) = self.read(|_| rows.next()?.map(scan_from_row).transpose())? {
            if each(scan) == ControlFlow::Break(()) {
                break;
            }
        }
        Ok(())
    }

    fn last_scans(&self, which: LastScan) -> Result<Vec<StoredScan>, StoreError> {
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

    fn ended_scans(
        &self,
        code: &str,
        (after, end): (i64, i64),
        limit: usize,
    ) -> Result<Vec<StoredScan>, StoreError> {
        let sql = format!(
            "{SCAN} WHERE code = ?1 AND scan.outcome IS NOT NULL AND scan.id > ?2 AND scan.id < \
             (SELECT coalesce(min(change.scan), 9223372036854775807) FROM change \
             JOIN item ON item.id = change.item \
             WHERE seq > ?3 AND item.connection = connection.id) \
             ORDER BY scan.id LIMIT ?4"
        );
        let mut scans = self.prepare(&sql)?;
        let of = params![code, after, end, i64::try_from(limit).unwrap_or(i64::MAX)];
        self.read(|_| scans.query_map(of, scan_from_row)?.collect())
    }

    fn cursor(&self, follower: &FeedFollower) -> Result<Cursor, StoreError> {
        self.read(|db| cursors::cursor(db, follower))
    }

    fn refusals(&self, follower: &FollowerName) -> Result<Vec<Refusal>, StoreError> {
        self.read(|db| cursors::refusals(db, follower))
    }

    fn waiting_since(&self, position: i64) -> Result<Option<i64>, StoreError> {
        let settled = self.settled()?;
        let sql = "SELECT time FROM change WHERE seq > ?1 AND seq <= ?2 ORDER BY seq LIMIT 1";
        self.read(|db| {
            db.query_row(sql, [position, settled], |row| row.get(0))
                .optional()
        })
    }

    fn settled(&self) -> Result<i64, StoreError> {
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

    fn forgotten(&self) -> Result<i64, StoreError> {
        self.read(|db| db.query_row("SELECT seq FROM forgotten", [], |row| row.get(0)))
    }

    fn position_before(&self, from: ChangesFrom) -> Result<i64, StoreError> {
        let (column, value) = match from {
            ChangesFrom::Scan(scan) => ("id", scan),
            ChangesFrom::Time(time) => ("started", time),
        };
        let sql = format!("SELECT min(first_change) FROM scan WHERE {column} >= ?1");
        let first: Option<i64> = self.read(|db| db.query_row(&sql, [value], |row| row.get(0)))?;
        Ok(first.map_or(i64::MAX, |first| first - 1))
    }

    fn each_change(&self, query: &ChangeQuery, each: Each<'_, Change>) -> Result<(), StoreError> {
        let which = condition(query);
        let (mut after, mut limit) = (query.after, i64::MAX);
        match query.limit {
            Some(ChangeLimit::Last(last)) => {
                after = after.max(self.before_last(&which, after, last)?)
            }
            Some(ChangeLimit::First(first)) => limit = i64::try_from(first).unwrap_or(i64::MAX),
            None => {}
        }
        let mut changes = self.prepare(&format!(
            "{} {which} AND seq > ?1 AND seq <= ?2 ORDER BY seq LIMIT ?3",
            *CHANGE
        ))?;
        let mut rows = self.read(|_| changes.query([after, query.until, limit]))?;
        while let Some(change) = self.read(|_| rows.next()?.map(change_from_row).transpose())? {
            if each(change) == ControlFlow::Break(()) {
                break;
            }
        }
        Ok(())
    }

    fn has_changed(&self, entity: i64, from: ChangesFrom, after: i64) -> Result<bool, StoreError> {
        let (column, value) = match from {
            ChangesFrom::Scan(scan) => ("scan", scan),
            ChangesFrom::Time(time) => ("time", time),
        };
        let mut changes = self.prepare(&format!(
            "SELECT 1 FROM change WHERE item = ?1 AND {column} >= ?2 AND seq > ?3 {SOURCE_CHANGES}"
        ))?;
        self.read(|_| changes.exists([entity, value, after]))
    }

    fn changed_values(&self, seq: i64) -> Result<Vec<ChangedValue>, StoreError> {
        self.read(|db| changed_values::read(db, seq))
    }

    fn each_found<'a>(
        &'a self,
        scope: ItemScope<'_>,
        which: Which<'_>,
        each: Each<'_, Found<'a>>,
    ) -> Result<(), StoreError> {
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
            match found?.map(&mut *each) {
                Some(ControlFlow::Continue(())) => {}
                Some(ControlFlow::Break(())) | None => return Ok(()),
            }
        }
    }

    fn found(&self, key: &str, which: Which<'_>) -> Result<Option<Found<'_>>, StoreError> {
        let (narrow, which) = (ReadingOrder::ByItem.narrow(), which_only(which));
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

    fn ids(&self, scope: ItemScope<'_>, which: Which<'_>) -> Result<Vec<i64>, StoreError> {
        let selection = Selection::new(self, scope, which)?;
        let (tables, condition) = (selection.order().tables(), selection.condition());
        let sql = format!("SELECT item.id FROM {tables} WHERE {condition} ORDER BY key");
        let mut ids = self.prepare(&sql)?;
        self.read(|_| {
            ids.query_map(selection.values(), |row| row.get(0))?
                .collect()
        })
    }

    fn label(&self, key: &str) -> Result<Vec<String>, StoreError> {
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

    fn release_snapshot(&self, which: Snapshots) -> Result<(), StoreError> {
        if which == Snapshots::Blocking {
            let journal: String =
                self.read(|db| db.pragma_query_value(None, "journal_mode", |row| row.get(0)))?;
            if journal == "wal" {
                return Ok(());
            }
        }
        self.read(|db| match db.is_autocommit() {
            true => Ok(()),
            false => db.execute_batch("COMMIT"),
        })
    }
}

/// The condition of a query of changes, apart from the range of positions.
fn condition(query: &ChangeQuery) -> String {
    let mut condition = String::new();
    if query.items_only {
        condition += ITEM_CHANGES;
    }
    if query.of_source {
        condition = format!("{condition} {SOURCE_CHANGES}");
    }
    let from = query.from.map(|from| match from {
        ChangesFrom::Scan(scan) => ("change.scan >=", scan),
        ChangesFrom::Time(time) => ("time >=", time),
    });
    for (what, value) in [
        from,
        query.connection.map(|number| ("item.connection =", number)),
        query.scan.map(|number| ("change.scan =", number)),
        query.entity.map(|number| ("change.item =", number)),
    ]
    .into_iter()
    .flatten()
    {
        condition = format!("{condition} AND {what} {value}");
    }
    condition
}
