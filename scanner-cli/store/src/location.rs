//! Where a store is, and what a server must be able to do to be one.

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::{Arc, atomic::AtomicBool},
};

use catalog_model::Stage;
use file_access::path_text::shown;

use crate::{
    BrowseSettings, BrowseStore, CatalogReader, ConnectionContents, FollowerTables, ScanWriter,
    StoreError, StoreLimits,
    copying::{CopySource, CopyTarget, SqliteCopy},
    fleet::{Duties, Fleet, ScannerReport},
};

/// Where a store is.
#[derive(Clone)]
pub enum StoreLocation {
    /// A file of SQLite.
    File(PathBuf),
    /// A database on a server, which several scanners may share.
    Server(Arc<dyn StoreServer>),
}

/// A database on a server. Nothing is connected until it is used.
pub trait StoreServer: Send + Sync {
    /// The address without secrets, for messages.
    fn address(&self) -> &str;

    /// Opens the store for scans, and creates it if it does not exist. Once `stop` is set, it no longer waits for others.
    ///
    /// # Errors
    /// If the store cannot be opened or created.
    fn writer(
        &self,
        limits: StoreLimits,
        stop: &Arc<AtomicBool>,
    ) -> Result<Box<dyn ScanWriter>, StoreError>;

    /// Opens the store for reading. `None` if it does not exist.
    ///
    /// # Errors
    /// If the store cannot be read.
    fn reader(&self) -> Result<Option<Box<dyn CatalogReader>>, StoreError>;

    /// The store for people. Nothing is connected.
    fn browse(&self, settings: &BrowseSettings) -> Box<dyn BrowseStore>;

    /// Opens the tables of followers. `None` if the store does not exist and is only read.
    ///
    /// # Errors
    /// If the store cannot be opened.
    fn followers(
        &self,
        access: Access,
        stop: &Arc<AtomicBool>,
    ) -> Result<Option<Box<dyn FollowerTables>>, StoreError>;

    /// Counts what the store contains of the connection with this code. `None` if it does not contain the connection.
    ///
    /// # Errors
    /// If the store cannot be read.
    fn connection_contents(&self, code: &str) -> Result<Option<ConnectionContents>, StoreError>;

    /// Reports that this scanner works. Returns what it may do until the next report.
    ///
    /// # Errors
    /// If the store cannot be written.
    fn report(&self, report: &ScannerReport) -> Result<Duties, StoreError>;

    /// Ends the reports of this scanner, so that others take over its connections at once.
    ///
    /// # Errors
    /// If the store cannot be written.
    fn leave(&self) -> Result<(), StoreError>;

    /// Returns the state of all scanners. `None` if the store does not exist.
    ///
    /// # Errors
    /// If the store cannot be read.
    fn fleet(&self) -> Result<Option<Fleet>, StoreError>;

    /// Tests each stage on the way to the store, and what may be done there. Nothing is changed.
    fn check(&self) -> Vec<Stage>;

    /// Opens the store to copy it. `None` if it does not exist.
    ///
    /// # Errors
    /// If it cannot be read, or scanners use it.
    fn copy_source(&self) -> Result<Option<Box<dyn CopySource>>, StoreError>;

    /// Opens the store to copy another one to it, and creates it if it does not exist.
    ///
    /// # Errors
    /// If it cannot be written, or is not empty.
    fn copy_target(&self) -> Result<Box<dyn CopyTarget>, StoreError>;

    /// Removes a connection. It can be repeated after an interruption.
    ///
    /// # Errors
    /// If the store cannot be written.
    fn forget(&self, code: &str) -> Result<(), StoreError>;
}

/// How a store is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// It is only read, and not created.
    Read,
    /// It is written, and created if it does not exist.
    Write,
}

impl StoreLocation {
    /// Whether there may be a store. A server is not asked.
    #[must_use]
    pub fn exists(&self) -> bool {
        match self {
            Self::File(path) => path.exists(),
            Self::Server(_) => true,
        }
    }

    /// Returns the state of the scanners that share the store. `None` if it is a file, or does not exist.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn fleet(&self) -> Result<Option<Fleet>, StoreError> {
        match self {
            Self::File(_) => Ok(None),
            Self::Server(server) => server.fleet(),
        }
    }

    /// Opens the store to copy it. `None` if it does not exist.
    ///
    /// # Errors
    /// If it cannot be read, or others use it.
    pub fn copy_source(&self) -> Result<Option<Box<dyn CopySource>>, StoreError> {
        match self {
            Self::File(path) => {
                let source = SqliteCopy::source(path)?;
                Ok(source.map(|source| Box::new(source) as Box<dyn CopySource>))
            }
            Self::Server(server) => server.copy_source(),
        }
    }

    /// Opens the store to copy another one to it, and creates it if it does not exist.
    ///
    /// # Errors
    /// If it cannot be written, or is not empty.
    pub fn copy_target(&self) -> Result<Box<dyn CopyTarget>, StoreError> {
        match self {
            Self::File(path) => Ok(Box::new(SqliteCopy::target(path)?)),
            Self::Server(server) => server.copy_target(),
        }
    }

    /// The file; `None` if the store is on a server.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::File(path) => Some(path),
            Self::Server(_) => None,
        }
    }
}

impl fmt::Display for StoreLocation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => formatter.write_str(&shown(path)),
            Self::Server(server) => formatter.write_str(server.address()),
        }
    }
}

impl fmt::Debug for StoreLocation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "StoreLocation({self})")
    }
}

impl From<PathBuf> for StoreLocation {
    fn from(path: PathBuf) -> Self {
        Self::File(path)
    }
}

impl From<&PathBuf> for StoreLocation {
    fn from(path: &PathBuf) -> Self {
        Self::File(path.clone())
    }
}

impl From<&Path> for StoreLocation {
    fn from(path: &Path) -> Self {
        Self::File(path.to_path_buf())
    }
}

impl From<&Self> for StoreLocation {
    fn from(location: &Self) -> Self {
        location.clone()
    }
}
