//! Scans as records.

use serde::Serialize;

use super::Record;
use crate::{
    shown_time::{instant, second},
    store::{Catalog, Counts, StoredScan},
};

/// A scan.
#[derive(Serialize)]
pub struct ScanRecord {
    /// Unlike `scan`, different in every store.
    id: String,
    /// The number of the scan.
    pub scan: i64,
    /// The code of the connection.
    pub connection: String,
    started: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    ended: Option<String>,
    /// How it ended; `unfinished` if it is running or was killed.
    pub outcome: String,
    /// What it found.
    #[serde(flatten)]
    pub counts: CountsRecord,
    bytes: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    site_version: Option<String>,
    /// Why it was not complete.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<String>,
    /// When it began, to the second.
    #[serde(skip)]
    pub started_second: String,
}

/// What a scan found.
#[derive(Clone, Copy, Serialize)]
pub struct CountsRecord {
    /// Number of items that it read.
    pub items: i64,
    /// Number of items among them that it did not read, because they had not changed.
    #[serde(skip_serializing_if = "is_zero")]
    pub unread: i64,
    /// Number of new items.
    pub added: i64,
    /// Number of items that changed.
    pub changed: i64,
    /// Number of items that are now gone.
    pub removed: i64,
    /// Number of items that were gone or excluded before.
    pub returned: i64,
    /// Number of items that could not be read.
    pub unreadable: i64,
    /// Number of items that filters exclude.
    pub excluded: i64,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
fn is_zero(number: &i64) -> bool {
    *number == 0
}

impl From<Counts> for CountsRecord {
    fn from(counts: Counts) -> Self {
        Self {
            items: counts.seen,
            unread: counts.unread,
            added: counts.added,
            changed: counts.changed,
            removed: counts.removed,
            returned: counts.returned,
            unreadable: counts.unreadable,
            excluded: counts.excluded,
        }
    }
}

impl ScanRecord {
    /// The record of a scan.
    pub fn new(scan: StoredScan, catalog: &Catalog) -> Self {
        Self {
            id: catalog.global_id(scan.id),
            scan: scan.id,
            connection: scan.connection,
            started: instant(scan.started),
            started_second: second(scan.started),
            ended: scan.ended.map(instant),
            outcome: scan.outcome.unwrap_or_else(|| "unfinished".to_owned()),
            counts: scan.counts.into(),
            bytes: scan.bytes,
            site_version: scan.site_version,
            reasons: scan.reasons,
        }
    }
}

impl Record for ScanRecord {
    const FIELDS: &'static [&'static str] = &[
        "scan",
        "connection",
        "started",
        "ended",
        "outcome",
        "items",
        "added",
        "changed",
        "removed",
        "returned",
        "unreadable",
        "excluded",
        "bytes",
        "site_version",
        "reasons",
        "id",
    ];
}
