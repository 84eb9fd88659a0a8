//! Owners: the contacts of items.

use catalog_model::AccountStatus;

use super::PageRequest;

/// Which owners a list contains.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OwnersRequest {
    /// Codes of connections. Empty: all.
    pub connections: Vec<String>,
    /// Only owners whose name, account or address contains this text.
    pub text: String,
    /// What must be true.
    pub condition: OwnerCondition,
    /// The order.
    pub sort: OwnerSort,
    /// Which page.
    pub page: PageRequest,
}

/// What must be true of an owner.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum OwnerCondition {
    /// Nothing.
    #[default]
    Any,
    /// The owner has no address.
    WithoutAddress,
    /// The account has one of these statuses.
    Statuses(Vec<AccountStatus>),
}

/// The order of a list of owners.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OwnerSort {
    /// By name.
    #[default]
    Name,
    /// Those with the most items first.
    Items,
}

/// An owner of a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnerRow {
    /// The id, for the filter of items.
    pub id: String,
    /// The code of the connection.
    pub connection: String,
    /// The account on the source.
    pub account: Option<String>,
    /// The name.
    pub name: Option<String>,
    /// The address.
    pub email: Option<String>,
    /// The status of the account.
    pub status: Option<AccountStatus>,
    /// Number of existing items.
    pub items: u64,
}
