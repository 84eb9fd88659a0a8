//! Reads the store: one session with one snapshot, until it is released.

use std::{
    collections::HashMap,
    ops::ControlFlow,
    sync::Arc,
    time::{Duration, Instant},
};

use catalog_model::{ContainerKind, FollowerName, ItemState, follower::Refusal};
use catalog_store::{
    Change, ChangedValue, ChangesFrom, Cursor, FeedFollower, ItemScope, LastScan, StoreError,
    StoredConnection, StoredScan,
    backend::{
        CatalogReader, ChangeLimit, ChangeQuery, Each, Found, Snapshots, StoredItem, Which, places,
        put, stored_kind,
    },
};
use postgresql_client::Target;
use tokio::time::timeout_at;
use tokio_postgres::Row;

use crate::{
    connecting::Database,
    error::{DatabaseError, Operation, Result},
    followers::{CURSOR, cursor_from_row},
    runtime,
    texts::long_texts,
    values::{key_print, storable, texts},
};

pub(crate) mod rows;
mod selection;

use rows::{CHANGE, FOUND, SCAN, TEXTS, change_from_row, scan_from_row};
use selection::Selection;

/// A snapshot that writes nothing.
const BEGIN: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
/// Number of rows that are read at once.
const PAGE: i64 = 1_000;

/// A snapshot of the store.
pub(crate) struct Reader {
    /// `None` when it is dropped.
    db: Option<Arc<Database>>,
    address: String,
    store_id: String,
    connections: Vec<StoredConnection>,
    container_kinds: Vec<(i64, ContainerKind)>,
    /// When statements must have ended.
    end: Option<Instant>,
}

/// What a reader keeps in memory of a snapshot.
struct Kept {
    store_id: String,
    connections: Vec<StoredConnection>,
    container_kinds: Vec<(i64, ContainerKind)>,
}

impl Reader {
    /// Begins a snapshot with a session.
    pub(crate) async fn begin(db: Database, target: &Target) -> Result<Self> {
        let kept = begin(&db, None).await?;
        Ok(Self {
            db: Some(Arc::new(db)),
            address: target.address(),
            store_id: kept.store_id,
            connections: kept.connections,
            container_kinds: kept.container_kinds,
            end: None,
        })
    }

    /// Ends the snapshot, if there is one, and begins another one. Statements that have not ended at `end` fail.
    pub(crate) fn refresh(&mut self, end: Instant) -> std::result::Result<(), StoreError> {
        self.end = Some(end);
        let left = end.saturating_duration_since(Instant::now());
        let kept = self.read(move |db| async move { begin(&db, Some(left)).await })?;
        self.store_id = kept.store_id;
        self.connections = kept.connections;
        self.container_kinds = kept.container_kinds;
        Ok(())
    }

    /// Ends the snapshot.
    pub(crate) fn rest(&self) -> std::result::Result<(), StoreError> {
        self.read(|db| async move { db.batch("COMMIT").await })
    }

    /// Reads with the session.
    pub(crate) fn read<T: Send + 'static, F>(
        &self,
        work: impl FnOnce(Arc<Database>) -> F,
    ) -> std::result::Result<T, StoreError>
    where
        F: Future<Output = Result<T>> + Send + 'static,
    {
        let read = || {
            let ended = || DatabaseError::Content("the session has ended".to_owned());
            let db = self.db.as_ref().ok_or_else(ended)?;
            let work = work(Arc::clone(db));
            match self.end {
                None => runtime::wait(work)?,
                // The server ends the statement as well, unless it cannot be reached.
                Some(end) => runtime::wait(async move {
                    let ended = timeout_at(end.into(), work).await;
                    ended.unwrap_or(Err(DatabaseError::Late))
                })?,
            }
        };
        read().map_err(|error: DatabaseError| error.of_store(&self.address, Operation::Read))
    }

    /// Reads the rows of the items or containers with these numbers, and their long texts.
    fn by_id(&self, ids: &[i64]) -> std::result::Result<Vec<Found<'_>>, StoreError> {
        let ids = ids.to_vec();
        let (rows, bodies) = self.read(|db| async move {
            let sql = format!(
                "{FOUND} JOIN unnest($1::bigint[]) WITH ORDINALITY AS wanted (id, place) ON wanted.id = item.id \
                 ORDER BY place"
            );
            let rows = db.rows(&sql, &[&ids]).await?;
            let bodies = long_texts(&db, &rows, TEXTS).await?;
            Ok((rows, bodies))
        })?;
        rows.iter().map(|row| self.found_in(row, &bodies)).collect()
    }

    fn found_in(
        &self,
        row: &Row,
        bodies: &HashMap<String, String>,
    ) -> std::result::Result<Found<'_>, StoreError> {
        let found = || {
            let number: i64 = row.get(1);
            let connection = self.connections.iter().find(|known| known.id() == number);
            let state = rows::state(row.get(2))?;
            let kind: Option<i32> = row.get(5);
            let kind = kind.map(|kind| {
                let kinds = &self.container_kinds;
                let known = kinds.iter().find(|(known, _)| *known == i64::from(kind));
                known.map(|(_, kind)| *kind)
            });
            let mut stored = StoredItem::read(row.get(10), row.get(11)).ok()?;
            for (place, hash) in places(row.get(TEXTS)) {
                if let Some(body) = bodies.get(&hash) {
                    put(&mut stored, &place, body.clone());
                }
            }
            let gone_since: Option<i64> = row.get(4);
            Some(Found {
                id: row.get(0),
                connection: connection?,
                container_kind: match kind {
                    Some(kind) => Some(kind?),
                    None => None,
                },
                state,
                last_seen: row.get(3),
                last_read: row.get(6),
                // An item that a filter excludes now keeps the date until it returns.
                gone_since: gone_since.filter(|_| state == ItemState::Gone),
                key: row.get(7),
                source_id: row.get(8),
                first_seen: row.get(9),
                stored,
            })
        };
        found().ok_or_else(|| {
            let message = format!("the row of the item {} is not valid", row.get::<_, i64>(0));
            DatabaseError::Content(message).of_store(&self.address, Operation::Read)
        })
    }

    /// Finds the containers with these keys, in no particular order.
    pub(crate) fn containers(
        &self,
        keys: &[String],
    ) -> std::result::Result<Vec<Found<'_>>, StoreError> {
        let prints = keys.iter().map(|key| key_print(&storable(key)).to_vec());
        let prints: Vec<Vec<u8>> = prints.collect();
        let (rows, bodies) = self.read(|db| async move {
            let sql = format!("{FOUND} WHERE key_print = ANY($1) AND container_kind IS NOT NULL");
            let rows = db.rows(&sql, &[&prints]).await?;
            let bodies = long_texts(&db, &rows, TEXTS).await?;
            Ok((rows, bodies))
        })?;
        rows.iter().map(|row| self.found_in(row, &bodies)).collect()
    }

    fn scans(
        &self,
        condition: &'static str,
        values: [i64; 3],
    ) -> std::result::Result<Vec<StoredScan>, StoreError> {
        self.read(move |db| async move {
            let sql = format!("{SCAN} {condition}");
            let rows = db.rows(&sql, &[&values[0], &values[1], &values[2]]).await?;
            Ok(rows.iter().map(scan_from_row).collect())
        })
    }

    /// A number, and the number of a connection of no store for a code that the store does not have.
    fn number_of(&self, code: &str) -> i64 {
        let mut known = self.connections.iter();
        let known = known.find(|known| known.code == code);
        known.map_or(-1, StoredConnection::id)
    }

    fn number(
        &self,
        sql: &'static str,
        value: i64,
    ) -> std::result::Result<Option<i64>, StoreError> {
        self.read(move |db| async move {
            let found = db.optional(sql, &[&value]).await?;
            Ok(found.and_then(|row| row.get(0)))
        })
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        if let Some(db) = self.db.take().and_then(Arc::into_inner) {
            // Otherwise the server would log an error.
            let _ = runtime::spawn(db.close());
        }
    }
}

/// Begins a snapshot, whose statements may take this long.
async fn begin(db: &Database, limit: Option<Duration>) -> Result<Kept> {
    let limit = limit.map_or_else(String::new, |limit| {
        // Without a transaction that could be committed, this has no effect.
        format!(
            "COMMIT; {BEGIN}; SET LOCAL statement_timeout = {}",
            limit.as_millis().max(1)
        )
    });
    match limit.is_empty() {
        true => db.batch(BEGIN).await?,
        false => db.batch(&limit).await?,
    }
    let store_id = db.row("SELECT id FROM store", &[]).await?.get(0);
    let sql = "SELECT id, code, name, key_parts, complete_from FROM connection ORDER BY code";
    let connections = db.rows(sql, &[]).await?;
    let connections = connections.iter().map(|row| {
        let mut connection = StoredConnection::new(row.get(0), row.get(1), row.get(2));
        connection.key_parts = texts(row.get(3));
        connection.complete_from = row.get(4);
        connection
    });
    let connections = connections.collect();
    let sql = "SELECT id, name, label FROM container_kind ORDER BY name";
    let kinds = db.rows(sql, &[]).await?;
    let kinds = kinds.iter().map(|row| {
        let number = i64::from(row.get::<_, i32>(0));
        (number, stored_kind(row.get(1), row.get(2)))
    });
    Ok(Kept {
        store_id,
        connections,
        container_kinds: kinds.collect(),
    })
}

impl CatalogReader for Reader {
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
    ) -> std::result::Result<(), StoreError> {
        let (mut after, of) = (0, connection.map_or(0, StoredConnection::id));
        loop {
            let condition = "WHERE scan.id > $1 AND ($2::bigint = 0 OR connection.id = $2) ORDER BY scan.id LIMIT $3";
            let scans = self.scans(condition, [after, of, PAGE])?;
            let Some(last) = scans.last() else {
                return Ok(());
            };
            after = last.id;
            for scan in scans {
                if each(scan) == ControlFlow::Break(()) {
                    return Ok(());
                }
            }
        }
    }

    fn last_scans(&self, which: LastScan) -> std::result::Result<Vec<StoredScan>, StoreError> {
        // Each is found by the index.
        let (outcomes, condition) = match which {
            LastScan::Any => ("('')", "TRUE"),
            LastScan::Ended => ("('')", "outcome IS NOT NULL"),
            LastScan::OfEachOutcome => (
                "('complete'), ('partial'), ('failed'), ('interrupted')",
                "outcome = outcomes.outcome",
            ),
        };
        let sql = format!(
            "{SCAN} WHERE scan.id IN (SELECT (SELECT max(id) FROM scan WHERE connection = known.id AND {condition}) \
             FROM connection AS known CROSS JOIN (VALUES {outcomes}) AS outcomes (outcome)) ORDER BY code, scan.id"
        );
        self.read(move |db| async move {
            let rows = db.rows(&sql, &[]).await?;
            Ok(rows.iter().map(scan_from_row).collect())
        })
    }

    fn ended_scans(
        &self,
        code: &str,
        (after, end): (i64, i64),
        limit: usize,
    ) -> std::result::Result<Vec<StoredScan>, StoreError> {
        let connection = self.number_of(code);
        let condition = "WHERE connection.id = $1 AND scan.outcome IS NOT NULL AND scan.id > $2 \
                         AND coalesce(log_to, 0) <= $3 ORDER BY scan.id LIMIT 1000";
        let mut scans = self.scans(condition, [connection, after, end])?;
        scans.truncate(limit);
        Ok(scans)
    }

    fn cursor(&self, follower: &FeedFollower) -> std::result::Result<Cursor, StoreError> {
        let (name, basis) = (follower.name.to_string(), follower.basis());
        self.read(|db| async move {
            let found = db.optional(CURSOR, &[&name, &basis]).await?;
            Ok(found.as_ref().map(cursor_from_row).unwrap_or_default())
        })
    }

    fn refusals(&self, follower: &FollowerName) -> std::result::Result<Vec<Refusal>, StoreError> {
        let name = follower.to_string();
        self.read(|db| async move {
            let sql = "SELECT key, message FROM follower_refusal WHERE follower = $1 ORDER BY key";
            let rows = db.rows(sql, &[&name]).await?;
            let refusals = rows.iter().filter_map(|row| {
                let key = row.get::<_, &str>(0).parse().ok()?;
                let message = row.get(1);
                Some(Refusal { key, message })
            });
            Ok(refusals.collect())
        })
    }

    fn waiting_since(&self, position: i64) -> std::result::Result<Option<i64>, StoreError> {
        let sql = "SELECT time FROM change WHERE seq > $1 ORDER BY seq LIMIT 1";
        self.number(sql, position)
    }

    fn settled(&self) -> std::result::Result<i64, StoreError> {
        let last = self.number("SELECT last FROM log WHERE $1 = 0::bigint", 0)?;
        Ok(last.unwrap_or_default())
    }

    fn forgotten(&self) -> std::result::Result<i64, StoreError> {
        let last = self.number("SELECT forgotten FROM log WHERE $1 = 0::bigint", 0)?;
        Ok(last.unwrap_or_default())
    }

    fn position_before(&self, from: ChangesFrom) -> std::result::Result<i64, StoreError> {
        let (sql, value) = match from {
            ChangesFrom::Scan(scan) => ("SELECT min(log_from) FROM scan WHERE id >= $1", scan),
            ChangesFrom::Time(time) => ("SELECT min(log_from) FROM scan WHERE started >= $1", time),
        };
        Ok(self.number(sql, value)?.unwrap_or(i64::MAX))
    }

    fn each_change(
        &self,
        query: &ChangeQuery,
        each: Each<'_, Change>,
    ) -> std::result::Result<(), StoreError> {
        let condition = rows::condition(query);
        let (mut after, until) = (query.after, query.until);
        let mut left = i64::MAX;
        match query.limit {
            Some(ChangeLimit::First(first)) => left = i64::try_from(first).unwrap_or(i64::MAX),
            Some(ChangeLimit::Last(last)) => {
                let last = i64::try_from(last).unwrap_or(i64::MAX);
                let sql = format!("{CHANGE} {condition} ORDER BY seq DESC OFFSET $3 LIMIT 1");
                let range = (after, until);
                let before = self.read(move |db| async move {
                    let found = db.optional(&sql, &[&range.0, &range.1, &last]).await?;
                    Ok(found.map(|row| row.get::<_, i64>(0)))
                })?;
                after = after.max(before.unwrap_or(after));
            }
            None => {}
        }
        let sql = format!("{CHANGE} {condition} ORDER BY seq LIMIT $3");
        while left > 0 {
            let (sql, count) = (sql.clone(), left.min(PAGE));
            let rows =
                self.read(move |db| async move { db.rows(&sql, &[&after, &until, &count]).await })?;
            let Some(last) = rows.last() else {
                return Ok(());
            };
            after = last.get(0);
            left -= rows.len() as i64;
            for change in rows.iter().filter_map(change_from_row) {
                if each(change) == ControlFlow::Break(()) {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    fn has_changed(
        &self,
        entity: i64,
        from: ChangesFrom,
        after: i64,
    ) -> std::result::Result<bool, StoreError> {
        let (column, value) = match from {
            ChangesFrom::Scan(scan) => ("scan", scan),
            ChangesFrom::Time(time) => ("time", time),
        };
        let sql = format!(
            "SELECT EXISTS (SELECT 1 FROM change WHERE item = $1 AND {column} >= $2 AND seq > $3 AND kind <> 5)"
        );
        self.read(
            move |db| async move { Ok(db.row(&sql, &[&entity, &value, &after]).await?.get(0)) },
        )
    }

    fn changed_values(&self, seq: i64) -> std::result::Result<Vec<ChangedValue>, StoreError> {
        self.read(move |db| async move {
            let sql = "SELECT change_values FROM change WHERE seq = $1";
            let found = db.optional(sql, &[&seq]).await?;
            let json = found.and_then(|row| row.get::<_, Option<String>>(0));
            // An array of three texts is read like the struct.
            let values = json.and_then(|json| serde_json::from_str(&json).ok());
            Ok(values.unwrap_or_default())
        })
    }

    fn each_found<'a>(
        &'a self,
        scope: ItemScope<'_>,
        which: Which<'_>,
        each: Each<'_, Found<'a>>,
    ) -> std::result::Result<(), StoreError> {
        let selection = Selection::new(self.container_kinds(), scope, which);
        if selection.is_small() {
            // Few numbers, sorted. An index of all keys would be read to find them.
            let ids = self.ids(scope, which)?;
            for ids in ids.chunks(PAGE as usize) {
                for found in self.by_id(ids)? {
                    if each(found) == ControlFlow::Break(()) {
                        return Ok(());
                    }
                }
            }
            return Ok(());
        }
        let mut after: Option<String> = None;
        loop {
            let (selection, from) = (selection.clone(), after.take());
            let (rows, bodies) = self.read(move |db| async move {
                let sql = selection.page(from.is_some());
                let rows = selection.rows(&db, &sql, from.as_deref(), PAGE).await?;
                let bodies = long_texts(&db, &rows, TEXTS).await?;
                Ok((rows, bodies))
            })?;
            let Some(last) = rows.last() else {
                return Ok(());
            };
            after = Some(last.get(7));
            for row in &rows {
                if each(self.found_in(row, &bodies)?) == ControlFlow::Break(()) {
                    return Ok(());
                }
            }
        }
    }

    fn found(
        &self,
        key: &str,
        which: Which<'_>,
    ) -> std::result::Result<Option<Found<'_>>, StoreError> {
        let print = key_print(&storable(key)).to_vec();
        let which = match which {
            Which::Items => "container_kind IS NULL",
            Which::Containers(_) => "container_kind IS NOT NULL",
        };
        let (rows, bodies) = self.read(move |db| async move {
            let sql = format!("{FOUND} WHERE key_print = $1 AND {which}");
            let rows = db.rows(&sql, &[&print]).await?;
            let bodies = long_texts(&db, &rows, TEXTS).await?;
            Ok((rows, bodies))
        })?;
        let found = rows.first().map(|row| self.found_in(row, &bodies));
        found.transpose()
    }

    fn found_by_id(
        &self,
        ids: &[i64],
        states: &[ItemState],
    ) -> std::result::Result<Vec<Found<'_>>, StoreError> {
        let mut found = self.by_id(ids)?;
        found.retain(|found| states.contains(&found.state));
        Ok(found)
    }

    fn ids(
        &self,
        scope: ItemScope<'_>,
        which: Which<'_>,
    ) -> std::result::Result<Vec<i64>, StoreError> {
        let selection = Selection::new(self.container_kinds(), scope, which);
        self.read(move |db| async move {
            let rows = selection
                .rows(&db, &selection.ids(), None, i64::MAX)
                .await?;
            Ok(rows.iter().map(|row| row.get(0)).collect())
        })
    }

    fn label(&self, key: &str) -> std::result::Result<Vec<String>, StoreError> {
        // All items that the store has are of connections whose scans have ended.
        let found = match self.found(key, Which::Items)? {
            Some(found) => Some(found),
            None => self.found(key, Which::Containers(None))?,
        };
        Ok(found.map(|found| found.stored.label()).unwrap_or_default())
    }

    fn release_snapshot(&self, which: Snapshots) -> std::result::Result<(), StoreError> {
        match which {
            // No snapshot of this database does.
            Snapshots::Blocking => Ok(()),
            Snapshots::All => self.read(|db| async move { db.batch("COMMIT").await }),
        }
    }
}
