//! How far each follower has come.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, atomic::AtomicBool},
};

use rusqlite::{Connection, OptionalExtension, params};

use super::{
    closing,
    database::{self, Database},
    error::{Doing, StoreError},
};

/// The followers' rows of the store, open for writing.
pub struct Cursors {
    db: Database,
    path: PathBuf,
}

/// How far a follower has come.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cursor {
    /// The last change that it took from this store; none before it took all items for the first time.
    pub reached: Option<i64>,
    /// When it last took something.
    pub followed: Option<i64>,
    /// How often it failed since, and what it said last.
    pub failures: i64,
    /// What the last failure said.
    pub error: Option<String>,
}

impl Cursors {
    /// Opens the rows; once `stop` is set, it waits for no other process any more.
    ///
    /// # Errors
    /// If the store cannot be read or written.
    pub fn open(path: &Path, stop: &Arc<AtomicBool>) -> Result<Self, StoreError> {
        Ok(Self {
            db: database::open(path, stop)?,
            path: path.to_path_buf(),
        })
    }

    /// How far the follower of this name has come.
    ///
    /// # Errors
    /// If the store cannot be read or written.
    pub fn of(&self, name: &str) -> Result<Cursor, StoreError> {
        cursor(&self.db, name).map_err(|error| self.failed(error))
    }

    /// Notes that a follower has taken all changes up to `seq`.
    ///
    /// # Errors
    /// If the store cannot be read or written.
    pub fn reached(&self, name: &str, seq: i64, now: jiff::Timestamp) -> Result<(), StoreError> {
        self.write(
            "INSERT INTO follower (name, cursor, followed, store) VALUES (?1, ?2, ?3, (SELECT id FROM store)) \
             ON CONFLICT (name) DO UPDATE SET cursor = ?2, followed = ?3, store = (SELECT id FROM store), \
             failures = 0, failed = NULL, error = NULL",
            params![name, seq, now.as_millisecond()],
        )
    }

    /// Notes that a follower failed; its cursor stays.
    ///
    /// # Errors
    /// If the store cannot be read or written.
    pub fn failed_with(
        &self,
        name: &str,
        error: &str,
        now: jiff::Timestamp,
    ) -> Result<(), StoreError> {
        self.write(
            "INSERT INTO follower (name, failures, error, failed) VALUES (?1, 1, ?2, ?3) ON CONFLICT (name) DO UPDATE \
             SET failures = failures + 1, error = ?2, failed = ?3",
            params![name, error, now.as_millisecond()],
        )
    }

    /// The codes of the connections whose scans have no end: they run, or were killed.
    ///
    /// # Errors
    /// If the store cannot be read or written.
    pub fn open_scans(&self) -> Result<Vec<String>, StoreError> {
        let codes = || -> rusqlite::Result<Vec<String>> {
            let mut rows = self.db.prepare(
                "SELECT DISTINCT code FROM scan JOIN connection ON connection.id = scan.connection \
                 WHERE scan.outcome IS NULL",
            )?;
            rows.query_map([], |row| row.get(0))?.collect()
        };
        codes().map_err(|error| self.failed(error))
    }

    /// Notes that the scans of a connection that have no end were interrupted. Who calls has its lock.
    ///
    /// # Errors
    /// If the store cannot be read or written.
    pub fn interrupted(&self, code: &str) -> Result<(), StoreError> {
        let connection =
            self.db
                .query_row("SELECT id FROM connection WHERE code = ?1", [code], |row| {
                    row.get(0)
                });
        connection
            .and_then(|connection| closing::interrupt(&self.db, connection))
            .map_err(|error| self.failed(error))
    }

    /// Changes more than a row.
    pub(super) fn change(
        &mut self,
        work: impl FnOnce(&mut Database) -> rusqlite::Result<()>,
    ) -> Result<(), StoreError> {
        work(&mut self.db).map_err(|error| StoreError::of(&self.path, Doing::Write, error))
    }

    fn write(&self, sql: &str, values: impl rusqlite::Params) -> Result<(), StoreError> {
        let written = self.db.execute(sql, values);
        written.map(|_| ()).map_err(|error| self.failed(error))
    }

    fn failed(&self, error: rusqlite::Error) -> StoreError {
        StoreError::of(&self.path, Doing::Write, error)
    }
}

pub(super) fn cursor(db: &Connection, name: &str) -> rusqlite::Result<Cursor> {
    let found = db.query_row(
        "SELECT CASE WHEN store = (SELECT id FROM store) THEN cursor END, followed, failures, error \
         FROM follower WHERE name = ?1",
        [name],
        |row| {
            Ok(Cursor {
                reached: row.get(0)?,
                followed: row.get(1)?,
                failures: row.get(2)?,
                error: row.get(3)?,
            })
        },
    );
    Ok(found.optional()?.unwrap_or_default())
}
