//! A running scan, its counts, and the narrow rows of items that it reads.

use std::{collections::BTreeSet, sync::Arc};

use catalog_model::{ChangeKind, ItemState, UnchangedRest};

use super::{
    change::NumericCode,
    known_records::{KnownRecords, NumberedRecord},
    sighting::SeenEntity,
};
use crate::spool::Duplicates;

/// The writer's state of a running scan.
#[derive(Clone, Debug)]
pub(super) struct Running {
    pub(super) scan: i64,
    pub(super) connection: i64,
    pub(super) attempt: i64,
    /// When the scan began.
    pub(super) time: i64,
    /// The items that existed when it began.
    pub(super) existing: ItemTotals,
    pub(super) counts: Counts,
    /// The counts of containers, which are not part of the scan's counts.
    pub(super) container_counts: Counts,
    /// Ids of the kinds of containers of which this attempt may not see all instances.
    pub(super) hidden_containers: BTreeSet<&'static str>,
    /// When the last scan that read everything began, according to the connection's checkpoint.
    pub(super) full_read: Option<i64>,
    /// Whether the connection's checkpoint is still in the database.
    pub(super) has_checkpoint: bool,
    /// What this attempt did not read.
    pub(super) unread: Option<UnchangedRest>,
    /// What the connection remembers of this attempt.
    pub(super) state: Option<Vec<u8>>,
    /// Whether it has logged a change.
    pub(super) has_logged: bool,
    /// Number of records that a filter withheld in this attempt.
    pub(super) withheld: u64,
    /// Items of this attempt that were dropped because another record with their key counts.
    pub(super) duplicates: Duplicates,
    /// The records that the scan recognizes.
    pub(super) known: Arc<KnownRecords>,
    /// The highest number of an item that may be among them.
    pub(super) known_up_to: i64,
}

/// A number of items, and how many of them are present rather than unreadable.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct ItemTotals {
    pub(super) all: i64,
    pub(super) present: i64,
}

/// The numbers of items that a scan found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Items that the last attempt saw, each key once.
    pub seen: i64,
    /// Items among them that it did not read, because they have not changed.
    pub unread: i64,
    /// Items that are new.
    pub added: i64,
    /// Items whose values differ from the stored ones.
    pub changed: i64,
    /// Items that the scan marked as gone.
    pub removed: i64,
    /// Items that had been gone or excluded.
    pub returned: i64,
    /// Records that the last attempt could not read, although it knows their ids.
    pub unreadable: i64,
    /// Items that the last attempt saw and a filter excludes.
    pub excluded: i64,
    /// Excluded items that were in the catalog before. Not stored with the scan.
    pub newly_excluded: i64,
    /// Items that are unchanged on the source, and that another version of the program had written.
    pub rewritten: i64,
}

impl Counts {
    /// Returns the counter of this kind of change.
    pub fn of_kind(&mut self, kind: ChangeKind) -> &mut i64 {
        match kind {
            ChangeKind::Added => &mut self.added,
            ChangeKind::Changed => &mut self.changed,
            ChangeKind::Removed => &mut self.removed,
            ChangeKind::Returned => &mut self.returned,
            ChangeKind::Excluded => &mut self.newly_excluded,
            // `Rewritten`. The database has no other kind.
            _ => &mut self.rewritten,
        }
    }
}

/// The narrow row of an item.
pub(super) struct ItemRow {
    pub(super) id: i64,
    pub(super) fingerprint: [u8; 16],
    pub(super) contacts: Option<i64>,
    pub(super) state: i64,
    pub(super) scan: i64,
    pub(super) attempt: i64,
    /// The digest of the record of an item.
    pub(super) digest: Option<[u8; 16]>,
}

impl ItemRow {
    /// Its number and the digest of its record.
    pub(super) fn record(&self) -> NumberedRecord {
        (self.id, self.digest)
    }

    /// Whether this scan has written the item, or has seen it in its current attempt.
    pub(super) fn is_of(&self, running: &Running) -> bool {
        self.scan == running.scan || running.known.is_seen(self.record())
    }

    /// Whether the scan has seen the item in its current attempt.
    pub(super) fn is_seen_by(&self, running: &Running) -> bool {
        (self.scan, self.attempt) == (running.scan, running.attempt)
            || running.known.is_seen(self.record())
    }

    /// Whether an item is equal to the stored one. Unknown contacts are ignored.
    pub(super) fn is_same(&self, seen: &SeenEntity) -> bool {
        let contacts = seen.contacts.as_ref().map(|contacts| contacts.fingerprint);
        self.fingerprint == seen.fingerprint && (contacts.is_none() || contacts == self.contacts)
    }

    /// Whether the item is gone or excluded, so that followers have received its removal.
    pub(super) fn is_removed_from_catalog(&self) -> bool {
        self.state == ItemState::Gone.code() || self.state == ItemState::Excluded.code()
    }
}
