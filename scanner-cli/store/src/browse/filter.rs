//! Which items or containers a list contains.

use catalog_model::{AccountStatus, ItemState};

/// Which items or containers a list contains. An empty list of values selects all. Several values of one list select
/// what has one of them; several lists select what fulfils all of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BrowseFilter {
    /// Items, or containers of one kind.
    pub scope: EntityScope,
    /// Codes of connections.
    pub connections: Vec<String>,
    /// Keys of containers that hold the item directly or indirectly. Of several containers of one kind, one must hold
    /// it; of containers of several kinds, one of each kind.
    pub containers: Vec<String>,
    /// Ids of owners, as facets and lists of owners return them.
    pub owners: Vec<String>,
    /// Tags.
    pub tags: Vec<String>,
    /// Values of the status property.
    pub statuses: Vec<String>,
    /// States. Empty: [`ItemState::EXISTING`].
    pub states: Vec<ItemState>,
    /// What else must be true.
    pub conditions: Vec<Condition>,
}

/// Whether a list contains items or containers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum EntityScope {
    /// Items.
    #[default]
    Items,
    /// Containers of the kind with this id.
    Containers(String),
    /// Items and containers of all kinds.
    Everything,
}

/// Something that must be true of an item or container. The lists for stewards are made of these.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// It has no description.
    WithoutDescription,
    /// Its contacts are known, and none has an address.
    WithoutAddress,
    /// A contact has an account with this status.
    OwnerStatus(AccountStatus),
    /// It has no value of the property with this name.
    WithoutProperty(String),
    /// It has a value of the property with this name.
    WithProperty(String),
    /// No container of the kind with this id holds it, directly or indirectly.
    OutsideOf(String),
    /// The date in the property with this name is before this time. Only of containers.
    DateBefore {
        /// The name of the property.
        property: String,
        /// The time in milliseconds since 1970.
        before: i64,
    },
    /// It is a container, and another one of its kind holds an item with the same last part of the key: it may be a copy.
    SharesItems,
}

impl BrowseFilter {
    /// The states that are selected.
    pub(super) fn selected_states(&self) -> &[ItemState] {
        match self.states.as_slice() {
            [] => ItemState::EXISTING,
            states => states,
        }
    }
}
