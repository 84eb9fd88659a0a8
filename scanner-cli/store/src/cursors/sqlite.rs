//! The tables of followers in a store on SQLite.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, atomic::AtomicBool},
};

use catalog_model::{
    FollowerName,
    follower::{Acknowledgement, Delivery, Position, Refusal},
};
use rusqlite::{Connection, OptionalExtension, params};

use super::{Cursor, FollowerTables, MAX_REFUSALS};
use crate::{
    FeedFollower, closing,
    database::{self, Database},
    error::{Operation, StoreError},
    opening,
};

/// The tables of the followers in a store on SQLite.
pub(crate) struct SqliteCursors {
    db: Database,
    path: PathBuf,
}

impl SqliteCursors {
    pub(super) fn open(path: &Path, stop: &Arc<AtomicBool>) -> Result<Self, StoreError> {
        let db = opening::open(path, stop)?;
        database::cache(&db, database::FOLLOWER_CACHE_KIB)
            .map_err(|error| StoreError::from_sqlite(path, Operation::Open, error))?;
        let path = path.to_path_buf();
        Ok(Self { db, path })
    }

    pub(super) fn open_to_read(path: &Path) -> Result<Option<Self>, StoreError> {
        let db = database::open_to_read(path)?;
        let path = path.to_path_buf();
        Ok(db.map(|db| Self { db, path }))
    }

    /// Makes several changes in one transaction.
    pub(crate) fn change(
        &mut self,
        work: impl FnOnce(&mut Database) -> rusqlite::Result<()>,
    ) -> Result<(), StoreError> {
        work(&mut self.db)
            .map_err(|error| StoreError::from_sqlite(&self.path, Operation::Write, error))
    }

    fn write(&self, sql: &str, values: impl rusqlite::Params) -> Result<(), StoreError> {
        let written = self.db.execute(sql, values);
        written.map(|_| ()).map_err(|error| self.failed(error))
    }

    fn failed(&self, error: rusqlite::Error) -> StoreError {
        StoreError::from_sqlite(&self.path, Operation::Write, error)
    }
}

impl FollowerTables for SqliteCursors {
    fn cursor(&self, follower: &FeedFollower) -> Result<Cursor, StoreError> {
        cursor(&self.db, follower).map_err(|error| self.failed(error))
    }

    fn acknowledge(
        &mut self,
        follower: &FeedFollower,
        acknowledgement: &Acknowledgement,
        now: jiff::Timestamp,
    ) -> Result<(), StoreError> {
        let (name, basis) = (follower.name.as_str(), follower.basis());
        let position = acknowledgement.position.map(Position::get);
        let behavior = self.db.behavior();
        let record = |db: &mut Database| -> rusqlite::Result<()> {
            let change = db.transaction_with_behavior(behavior)?;
            // Apart from the deletion, which would otherwise read all notes each time.
            if !is_of_this_store(&change, name)? {
                change.execute("DELETE FROM follower_note WHERE follower = ?1", [name])?;
            }
            let values = params![name, position, now.as_millisecond(), basis];
            change.prepare_cached(ACKNOWLEDGE)?.execute(values)?;
            for (key, note) in &acknowledgement.notes {
                // Cached: there may be a hundred thousand notes.
                match note {
                    Some(note) => change
                        .prepare_cached(NOTE)?
                        .execute(params![name, key, note])?,
                    None => change
                        .prepare_cached(FORGET_NOTE)?
                        .execute(params![name, key])?,
                };
            }
            change.commit()
        };
        record(&mut self.db)
            .map_err(|error| StoreError::from_sqlite(&self.path, Operation::Write, error))
    }

    fn notes(
        &self,
        follower: &FollowerName,
        keys: &[String],
    ) -> Result<Vec<Option<String>>, StoreError> {
        let read = || -> rusqlite::Result<_> {
            if !is_of_this_store(&self.db, follower.as_str())? {
                return Ok(vec![None; keys.len()]);
            }
            let mut note = self.db.prepare_cached(
                "SELECT note FROM follower_note WHERE follower = ?1 AND key = ?2",
            )?;
            let mut notes = Vec::with_capacity(keys.len());
            for key in keys {
                let found = note.query_row(params![follower.as_str(), key], |row| row.get(0));
                notes.push(found.optional()?);
            }
            Ok(notes)
        };
        read().map_err(|error| self.failed(error))
    }

    fn ended(
        &mut self,
        follower: &FollowerName,
        delivery: &Delivery,
        now: jiff::Timestamp,
    ) -> Result<(), StoreError> {
        let sent = delivery.delivered.iter().map(|one| one.items);
        let sent = i64::try_from(sent.sum::<u64>()).unwrap_or(i64::MAX);
        let refused = delivery.refused.len() as i64;
        let (name, behavior) = (follower.as_str(), self.db.behavior());
        self.change(|db| {
            let change = db.transaction_with_behavior(behavior)?;
            change.execute(ENDED, params![name, sent, refused, now.as_millisecond()])?;
            change.execute("DELETE FROM follower_refusal WHERE follower = ?1", [name])?;
            for refusal in delivery.refused.iter().take(MAX_REFUSALS) {
                change.execute(
                    "INSERT OR REPLACE INTO follower_refusal (follower, key, message) VALUES (?1, ?2, ?3)",
                    params![name, refusal.key.as_str(), refusal.message],
                )?;
            }
            change.commit()
        })
    }

    fn failed_with(
        &self,
        follower: &FollowerName,
        error: &str,
        now: jiff::Timestamp,
    ) -> Result<(), StoreError> {
        self.write(
            "INSERT INTO follower (name, failures, error, failed) VALUES (?1, 1, ?2, ?3) ON CONFLICT (name) DO UPDATE \
             SET failures = failures + 1, error = ?2, failed = ?3",
            params![follower.as_str(), error, now.as_millisecond()],
        )
    }

    fn open_scans(&self) -> Result<Vec<String>, StoreError> {
        let codes = || -> rusqlite::Result<Vec<String>> {
            let mut rows = self.db.prepare(
                "SELECT DISTINCT code FROM scan CROSS JOIN connection ON connection.id = scan.connection \
                 WHERE scan.outcome IS NULL",
            )?;
            rows.query_map([], |row| row.get(0))?.collect()
        };
        codes().map_err(|error| self.failed(error))
    }

    fn interrupted(&self, code: &str) -> Result<(), StoreError> {
        let connection =
            self.db
                .query_row("SELECT id FROM connection WHERE code = ?1", [code], |row| {
                    row.get(0)
                });
        connection
            .and_then(|connection| closing::interrupt(&self.db, connection))
            .map_err(|error| self.failed(error))
    }

    fn remove_all(&mut self, code: &str, now: jiff::Timestamp) -> Result<(), StoreError> {
        self.remove_all_items(code, now)
    }
}

/// Whether the notes of a follower belong to this store. If not, they were recorded before it was restored from a backup.
fn is_of_this_store(db: &Connection, name: &str) -> rusqlite::Result<bool> {
    let sql =
        "SELECT EXISTS (SELECT 1 FROM follower WHERE name = ?1 AND store = (SELECT id FROM store))";
    db.prepare_cached(sql)?.query_row([name], |row| row.get(0))
}

/// Records the end of a delivery: without refusals, everything was delivered.
const ENDED: &str = "UPDATE follower SET sent = sent + ?2, refused = ?3, \
     followed = CASE WHEN ?2 > 0 THEN ?4 ELSE followed END, \
     succeeded = CASE WHEN ?3 = 0 THEN ?4 ELSE succeeded END, failures = CASE WHEN ?3 = 0 THEN 0 ELSE failures END, \
     failed = CASE WHEN ?3 > 0 THEN failed END, error = CASE WHEN ?3 > 0 THEN error END WHERE name = ?1";

/// A position is valid only together with the store and the basis. Without a new position the former one is kept if
/// both are the same. Notes alone are not a delivery: a follower notes what it is about to send, and a catalog that does
/// not respond must not look like one that receives.
const ACKNOWLEDGE: &str = "INSERT INTO follower (name, cursor, followed, store, basis) \
     VALUES (?1, ?2, CASE WHEN ?2 IS NOT NULL THEN ?3 END, (SELECT id FROM store), ?4) \
     ON CONFLICT (name) DO UPDATE SET \
     cursor = CASE WHEN ?2 IS NULL AND store = (SELECT id FROM store) AND basis IS ?4 THEN cursor ELSE ?2 END, \
     followed = CASE WHEN ?2 IS NULL THEN followed ELSE ?3 END, \
     failures = CASE WHEN ?2 IS NULL THEN failures ELSE 0 END, \
     failed = CASE WHEN ?2 IS NULL THEN failed END, error = CASE WHEN ?2 IS NULL THEN error END, \
     store = (SELECT id FROM store), basis = ?4";

const NOTE: &str = "INSERT INTO follower_note (follower, key, note) VALUES (?1, ?2, ?3) \
     ON CONFLICT (follower, key) DO UPDATE SET note = ?3";

const FORGET_NOTE: &str = "DELETE FROM follower_note WHERE follower = ?1 AND key = ?2";

pub(crate) fn cursor(db: &Connection, follower: &FeedFollower) -> rusqlite::Result<Cursor> {
    let found = db.query_row(
        "SELECT CASE WHEN store = (SELECT id FROM store) AND basis IS ?2 THEN cursor END, followed, failures, error, \
         failed, sent, refused, succeeded FROM follower WHERE name = ?1",
        params![follower.name.as_str(), follower.basis()],
        |row| {
            Ok(Cursor {
                reached: row.get(0)?,
                followed: row.get(1)?,
                failures: row.get(2)?,
                error: row.get(3)?,
                failed: row.get(4)?,
                sent: row.get(5)?,
                refused: row.get(6)?,
                succeeded: row.get(7)?,
            })
        },
    );
    Ok(found.optional()?.unwrap_or_default())
}

/// The items and containers that the last delivery of a follower could not write, sorted by key.
pub(crate) fn refusals(db: &Connection, follower: &FollowerName) -> rusqlite::Result<Vec<Refusal>> {
    let mut rows = db.prepare_cached(
        "SELECT key, message FROM follower_refusal WHERE follower = ?1 ORDER BY key",
    )?;
    let rows = rows.query_map([follower.as_str()], |row| {
        Ok((row.get::<_, String>(0)?, row.get(1)?))
    })?;
    let mut refusals = Vec::new();
    for row in rows {
        let (key, message) = row?;
        refusals.extend(key.parse().ok().map(|key| Refusal { key, message }));
    }
    Ok(refusals)
}
