//! What the first page shows.

use catalog_model::ContainerKind;

use super::{ConnectionRef, IndexState, KindCounts};
use crate::{Cursor, StoredScan};

/// How the catalog is, and what changed.
#[derive(Clone, Debug)]
pub struct Summary {
    /// Number of existing items.
    pub items: u64,
    /// Number of existing containers of each kind.
    pub containers: Vec<(ContainerKind, u64)>,
    /// The connections with their last scans, sorted by code.
    pub connections: Vec<ConnectionOverview>,
    /// The changes of items since the time in the request.
    pub changes: KindCounts,
    /// The followers with their positions, sorted by name.
    pub followers: Vec<(String, Cursor)>,
    /// The last change of the log that followers may deliver.
    pub last_change: i64,
    /// Number of existing items without a description.
    pub without_description: u64,
    /// Number of existing items whose contacts are known and have no address.
    pub without_address: u64,
    /// Number of owners with existing items whose accounts are inactive, blocked or removed.
    pub lost_owners: u64,
    /// How far the index is.
    pub index: IndexState,
}

/// A connection with its last scan.
#[derive(Clone, Debug)]
pub struct ConnectionOverview {
    /// The connection.
    pub connection: ConnectionRef,
    /// The last scan that has ended.
    pub last_scan: Option<StoredScan>,
    /// When the last complete scan ended.
    pub last_complete: Option<i64>,
    /// Whether a scan is running, or was killed.
    pub is_running: bool,
    /// Number of existing items.
    pub items: u64,
    /// The changes of items since the time in the request.
    pub changes: KindCounts,
}

impl ConnectionOverview {
    /// Whether the last scan was not complete.
    #[must_use]
    pub fn is_failing(&self) -> bool {
        let outcome = self
            .last_scan
            .as_ref()
            .and_then(|scan| scan.outcome.as_deref());
        outcome.is_some_and(|outcome| outcome != "complete")
    }
}
