//! The log of changes.

use catalog_model::{ChangeKind, follower::EntityKind};

use super::{ContainerRef, PageRequest};

/// Which changes a list contains, the newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChangesRequest {
    /// Codes of connections. Empty: all.
    pub connections: Vec<String>,
    /// Kinds of changes. Empty: all that the source made.
    pub kinds: Vec<ChangeKind>,
    /// Items only, or items and containers.
    pub entities: Option<EntityKind>,
    /// The number of a scan. Not set: all.
    pub scan: Option<i64>,
    /// Only changes at or after this time.
    pub since: Option<i64>,
    /// Only changes before this time.
    pub until: Option<i64>,
    /// Which page.
    pub page: PageRequest,
}

/// A change of an item or container.
#[derive(Clone, Debug, PartialEq)]
pub struct ChangeRow {
    /// The position in the log of changes.
    pub seq: i64,
    /// A globally unique id.
    pub id: String,
    /// The number of the scan that found it.
    pub scan: i64,
    /// When that scan began.
    pub time: i64,
    /// The code of the connection.
    pub connection: String,
    /// The key of the item or container.
    pub key: String,
    /// Its current name, or its last one.
    pub name: String,
    /// The containers that hold it, from the outermost to the innermost.
    pub containers: Vec<ContainerRef>,
    /// Whether an item or a container changed.
    pub entity: EntityKind,
    /// What happened.
    pub kind: ChangeKind,
    /// The fields that changed.
    pub fields: Vec<FieldChange>,
    /// The rule of a filter that excludes the item.
    pub rule: Option<String>,
}

/// A field that changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldChange {
    /// The name of the field or property.
    pub field: String,
    /// The display name.
    pub label: String,
    /// The value before. `None` if there was none, or if it is unknown: earlier versions did not keep it.
    pub old: Option<String>,
    /// The value afterwards.
    pub new: Option<String>,
    /// Whether the values are known. Long values are cut.
    pub is_known: bool,
}

/// Numbers of changes of items by kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KindCounts {
    /// New items.
    pub added: u64,
    /// Changed items.
    pub changed: u64,
    /// Items that are gone.
    pub removed: u64,
    /// Items that exist again.
    pub returned: u64,
    /// Items that a filter newly excludes.
    pub excluded: u64,
}

impl KindCounts {
    /// Adds changes of this kind.
    pub(super) fn add(&mut self, kind: ChangeKind, count: u64) {
        match kind {
            ChangeKind::Added => self.added += count,
            ChangeKind::Changed => self.changed += count,
            ChangeKind::Removed => self.removed += count,
            ChangeKind::Returned => self.returned += count,
            ChangeKind::Excluded => self.excluded += count,
            _ => {}
        }
    }

    /// Adds other numbers.
    pub(super) fn add_all(&mut self, other: &Self) {
        self.added += other.added;
        self.changed += other.changed;
        self.removed += other.removed;
        self.returned += other.returned;
        self.excluded += other.excluded;
    }

    /// The sum.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.added + self.changed + self.removed + self.returned + self.excluded
    }
}

/// The changes of items of a connection on one day (UTC).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DayChanges {
    /// When the day began.
    pub day: i64,
    /// The code of the connection.
    pub connection: String,
    /// The numbers of changes.
    pub counts: KindCounts,
}
