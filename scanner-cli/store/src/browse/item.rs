//! Items and containers, as lists and pages show them.

use catalog_model::{
    Container, ContainerKind, ItemState, PropertyKind, PropertyValue, Visualization,
};

use super::ChangeRow;

/// A connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectionRef {
    /// The code, which is the first part of the keys of its items.
    pub code: String,
    /// The display name.
    pub name: String,
    /// The names of the parts of its items' keys, after the code.
    pub key_parts: Vec<String>,
}

/// A container that holds an item or another container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContainerRef {
    /// The key.
    pub key: String,
    /// The kind.
    pub kind: ContainerKind,
    /// The source's id of it.
    pub id: String,
    /// The name. May be empty.
    pub name: String,
}

/// What an entry is.
#[derive(Clone, Debug, PartialEq)]
pub enum Subject {
    /// An item.
    Item(Box<Visualization>),
    /// A container.
    Container(Box<Container>),
}

/// An item or container with what the store knows about it.
#[derive(Clone, Debug, PartialEq)]
pub struct BrowseEntry {
    /// The key.
    pub key: String,
    /// The connection that it belongs to.
    pub connection: ConnectionRef,
    /// Whether it is present.
    pub state: ItemState,
    /// When the first scan that saw it began.
    pub first_seen: i64,
    /// When the last scan that saw it began.
    pub last_seen: i64,
    /// When the last scan that read it began: earlier, if it has not changed since.
    pub last_read: i64,
    /// When the scan that marked it as gone began.
    pub gone_since: Option<i64>,
    /// The source's own id of the record; empty if it is unknown.
    pub source_id: String,
    /// The containers that hold it, from the outermost to the innermost.
    pub containers: Vec<ContainerRef>,
    /// The item or container itself.
    pub subject: Subject,
}

/// A property with its definition.
#[derive(Clone, Debug, PartialEq)]
pub struct DetailProperty {
    /// The name in files and exports.
    pub name: String,
    /// The display name.
    pub label: String,
    /// The kind of the value.
    pub kind: PropertyKind,
    /// The value.
    pub value: PropertyValue,
}

/// Everything about one item or container.
#[derive(Clone, Debug, PartialEq)]
pub struct EntryDetail {
    /// The item or container.
    pub entry: BrowseEntry,
    /// For a container, the number of existing items that it holds directly or indirectly.
    pub items: Option<u64>,
    /// The properties of an item in the order of their definitions. Empty for a container, which has fields instead.
    pub properties: Vec<DetailProperty>,
    /// Which followers have delivered it.
    pub followers: Vec<FollowerState>,
    /// The last changes, the newest first. At most [`MAX_HISTORY`](EntryDetail::MAX_HISTORY).
    pub history: Vec<ChangeRow>,
}

impl EntryDetail {
    /// Maximum number of changes in the history.
    pub const MAX_HISTORY: usize = 100;
}

/// Whether a follower has delivered the last change of an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FollowerState {
    /// The name of the follower.
    pub name: String,
    /// How far it is.
    pub delivery: FollowerDelivery,
    /// When it last delivered everything.
    pub succeeded: Option<i64>,
}

/// How far a follower is with an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FollowerDelivery {
    /// Its catalog has the last change.
    Delivered,
    /// It has not delivered the last change yet.
    Waiting,
    /// Its catalog refuses the item, with this message.
    Refused(String),
    /// It does not receive the connection.
    NotSelected,
}
