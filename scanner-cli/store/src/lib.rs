#![doc = include_str!("../README.md")]

pub mod backend;
mod backlog;
mod backup;
mod backup_file;
pub mod browse;
mod catalog;
mod change;
mod changed_values;
mod check;
mod checkpoint;
mod closing;
#[cfg(any(test, feature = "scratch"))]
pub mod conformance;
mod containers;
mod copies;
pub mod copying;
mod cursors;
mod database;
mod error;
mod file_system;
mod files;
mod first_keys;
pub mod fleet;
mod forget;
pub mod fuse;
mod hashes;
mod integrity;
mod key_order;
mod known_records;
mod limits;
mod location;
mod lock_wait;
mod log_age;
mod opening;
mod pruning;
mod recognition;
mod restore;
mod running;
mod scan_writer;
mod schema;
#[cfg(any(test, feature = "scratch"))]
pub mod scratch;
mod sighting;
pub mod spool;
mod store;
mod stored_item;
#[cfg(test)]
mod tests;
mod texts;
mod undo;
mod upsert;
mod usage;
mod writer;

pub use catalog_model::{ChangeKind, ItemState};

pub use backup::{BackedUp, back_up};
pub use catalog::{
    Catalog, CatalogContainer, CatalogItem, Change, ChangeScope, ChangedItems, ChangesFrom,
    FeedFollower, ItemScope, LastScan, StoreFeed, StoredConnection, StoredScan,
};
pub use changed_values::ChangedValue;
pub use check::{Health, ItemCounts, check, check_file};
pub use closing::{Beginning, Closed, Closing};
pub use copies::{Copies, copies_with};
pub use cursors::{Cursor, Cursors};
pub use error::{StoreError, StoreErrorKind};
pub use forget::{ConnectionContents, connection_contents, forget, refuse_used};
pub use limits::{MaxSize, StoreLimits};
pub use location::StoreLocation;
pub use restore::{Restored, restore};
pub use running::Counts;
pub use store::{Store, StoreScan};

// What makes a kind of store is public in `backend`.
use {
    browse::{BrowseSettings, backend::BrowseStore},
    catalog::CatalogReader,
    cursors::FollowerTables,
    scan_writer::ScanWriter,
};
