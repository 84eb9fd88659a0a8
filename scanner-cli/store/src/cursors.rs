//! The positions of followers, and the notes that they keep in the store.

use std::{
    path::PathBuf,
    sync::{Arc, atomic::AtomicBool},
};

use catalog_model::{
    FollowerName,
    follower::{Acknowledgement, Delivery},
};

use super::{FeedFollower, StoreLocation, error::StoreError, location::Access};

mod sqlite;

pub(super) use sqlite::{SqliteCursors, cursor, refusals};

/// The tables of the followers, open for writing.
pub struct Cursors(Box<dyn FollowerTables>);

/// What a kind of store must be able to keep for followers. All methods fail if the store cannot be read or written.
pub trait FollowerTables: Send {
    /// Makes sure that no other scanner delivers to the follower until these tables are closed. A file has no other scanners.
    ///
    /// # Errors
    /// If another scanner delivers to it, or the store cannot be written.
    fn claim(&mut self, follower: &FollowerName) -> Result<(), StoreError> {
        let _ = follower;
        Ok(())
    }

    /// Returns the position of a follower.
    ///
    /// # Errors
    /// If the store cannot be read.
    fn cursor(&self, follower: &FeedFollower) -> Result<Cursor, StoreError>;

    /// Records what the catalog of a follower has stored, in one transaction.
    ///
    /// # Errors
    /// If the store cannot be written.
    fn acknowledge(
        &mut self,
        follower: &FeedFollower,
        acknowledgement: &Acknowledgement,
        now: jiff::Timestamp,
    ) -> Result<(), StoreError>;

    /// Returns the notes of a follower with these keys, in the order of the keys. Notes that were recorded for another store
    /// do not count.
    ///
    /// # Errors
    /// If the store cannot be read.
    fn notes(
        &self,
        follower: &FollowerName,
        keys: &[String],
    ) -> Result<Vec<Option<String>>, StoreError>;

    /// Records that a delivery came to its end: how much it has written, and the first [`MAX_REFUSALS`] that the catalog
    /// refuses.
    ///
    /// # Errors
    /// If the store cannot be written.
    fn ended(
        &mut self,
        follower: &FollowerName,
        delivery: &Delivery,
        now: jiff::Timestamp,
    ) -> Result<(), StoreError>;

    /// Records that a follower failed. Its position does not change.
    ///
    /// # Errors
    /// If the store cannot be written.
    fn failed_with(
        &self,
        follower: &FollowerName,
        error: &str,
        now: jiff::Timestamp,
    ) -> Result<(), StoreError>;

    /// Returns the codes of the connections with scans that are running or were killed.
    ///
    /// # Errors
    /// If the store cannot be read.
    fn open_scans(&self) -> Result<Vec<String>, StoreError>;

    /// Records the scans of a connection that have no end as interrupted.
    ///
    /// # Errors
    /// If the store cannot be written.
    fn interrupted(&self, code: &str) -> Result<(), StoreError>;

    /// Marks all items of a connection as gone, as a scan of its own.
    ///
    /// # Errors
    /// If the store cannot be written.
    fn remove_all(&mut self, code: &str, now: jiff::Timestamp) -> Result<(), StoreError>;
}

/// The position of a follower.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cursor {
    /// The last change of this store that it has delivered. Not set until it has delivered all items for the first
    /// time.
    pub reached: Option<i64>,
    /// When it last delivered something, in milliseconds since 1970.
    pub followed: Option<i64>,
    /// Number of failed deliveries since then.
    pub failures: i64,
    /// The error of the last failure.
    pub error: Option<String>,
    /// When it last failed, in milliseconds since 1970.
    pub failed: Option<i64>,
    /// Number of items that it has written to its catalog.
    pub sent: i64,
    /// Number of items and containers that its last delivery could not write, because the catalog refuses them.
    pub refused: i64,
    /// When it last delivered everything, in milliseconds since 1970.
    pub succeeded: Option<i64>,
}

/// Maximum number of refused items and containers that the store keeps for a follower.
pub const MAX_REFUSALS: usize = 100;

impl Cursor {
    /// Number of changes up to `last` that the follower has not delivered yet. Not set before it has delivered all items
    /// for the first time.
    #[must_use]
    pub fn behind(&self, last: i64) -> Option<i64> {
        self.reached.map(|reached| (last - reached).max(0))
    }
}

impl Cursors {
    /// Opens the tables. Once `stop` is set, it no longer waits for other processes.
    ///
    /// # Errors
    /// If the store cannot be read or written.
    pub fn open(
        location: impl Into<StoreLocation>,
        stop: &Arc<AtomicBool>,
    ) -> Result<Self, StoreError> {
        let location = location.into();
        let tables: Option<Box<dyn FollowerTables>> = match &location {
            StoreLocation::File(path) => Some(Box::new(SqliteCursors::open(path, stop)?)),
            StoreLocation::Server(server) => server.followers(Access::Write, stop)?,
        };
        let path = PathBuf::from(location.to_string());
        tables.map(Self).ok_or_else(|| StoreError::missing(&path))
    }

    /// Opens the tables only for reading. `None` if there is no store.
    ///
    /// # Errors
    /// If the store cannot be read, or an older or newer program wrote it.
    pub(crate) fn open_to_read(
        location: &StoreLocation,
        stop: &Arc<AtomicBool>,
    ) -> Result<Option<Self>, StoreError> {
        let tables: Option<Box<dyn FollowerTables>> = match location {
            StoreLocation::File(path) => {
                let found = SqliteCursors::open_to_read(path)?;
                found.map(|found| Box::new(found) as Box<dyn FollowerTables>)
            }
            StoreLocation::Server(server) => server.followers(Access::Read, stop)?,
        };
        Ok(tables.map(Self))
    }

    /// Makes sure that no other scanner delivers to the follower.
    pub(crate) fn claim(&mut self, follower: &FollowerName) -> Result<(), StoreError> {
        self.0.claim(follower)
    }

    /// Returns the position of a follower.
    ///
    /// # Errors
    /// If the store cannot be read or written.
    pub fn cursor(&self, follower: &FeedFollower) -> Result<Cursor, StoreError> {
        self.0.cursor(follower)
    }

    /// Records what the catalog of a follower has stored, in one transaction.
    pub(crate) fn acknowledge(
        &mut self,
        follower: &FeedFollower,
        acknowledgement: &Acknowledgement,
        now: jiff::Timestamp,
    ) -> Result<(), StoreError> {
        self.0.acknowledge(follower, acknowledgement, now)
    }

    /// Returns the notes of a follower with these keys, in the order of the keys.
    pub(crate) fn notes(
        &self,
        follower: &FollowerName,
        keys: &[String],
    ) -> Result<Vec<Option<String>>, StoreError> {
        self.0.notes(follower, keys)
    }

    /// Records that a delivery came to its end: how much it has written, and what the catalog refuses. If that is
    /// something, `error` describes it, and the follower is retried.
    ///
    /// # Errors
    /// If the store cannot be read or written.
    pub fn ended(
        &mut self,
        follower: &FollowerName,
        (delivery, error): (&Delivery, Option<&str>),
        now: jiff::Timestamp,
    ) -> Result<(), StoreError> {
        if let Some(error) = error {
            self.failed_with(follower, error, now)?;
        }
        self.0.ended(follower, delivery, now)
    }

    /// Records that a follower failed. Its position does not change.
    ///
    /// # Errors
    /// If the store cannot be read or written.
    pub fn failed_with(
        &self,
        follower: &FollowerName,
        error: &str,
        now: jiff::Timestamp,
    ) -> Result<(), StoreError> {
        self.0.failed_with(follower, error, now)
    }

    /// Returns the codes of the connections with scans that are running or were killed.
    ///
    /// # Errors
    /// If the store cannot be read or written.
    pub fn open_scans(&self) -> Result<Vec<String>, StoreError> {
        self.0.open_scans()
    }

    /// Records the scans of a connection that have no end as interrupted. The caller must hold the connection's lock.
    ///
    /// # Errors
    /// If the store cannot be read or written.
    pub fn interrupted(&self, code: &str) -> Result<(), StoreError> {
        self.0.interrupted(code)
    }

    /// Marks all items of a connection as gone, so that followers receive the removals. The caller must hold the
    /// connection's lock.
    ///
    /// # Errors
    /// If the store cannot be written.
    pub fn remove_all(&mut self, code: &str, now: jiff::Timestamp) -> Result<(), StoreError> {
        self.0.remove_all(code, now)
    }
}
