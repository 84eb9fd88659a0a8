//! The owners of items as records, and whether a catalog can reach them.

use std::collections::BTreeMap;

use catalog_model::{AccountStatus, Contacts};
use serde::Serialize;

use super::Record;
use crate::store::{Catalog, CatalogItem, ItemScope, StoreError};

/// An owner. Uses about 200 bytes of memory; there are as many as users who own something.
#[derive(Clone, Serialize)]
pub struct OwnerRecord {
    /// The code of the connection.
    pub connection: String,
    /// The account.
    pub owner: String,
    /// The name of the person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The e-mail address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    contacts: &'static str,
    /// Whether the owner can log in to the source. Not set if that is unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<&'static str>,
    /// Number of items.
    pub items: u64,
}

/// Which owners are selected: those that meet both conditions.
pub struct OwnerFilter {
    /// Whether the owner has an address.
    pub address: Option<AddressFilter>,
    /// Owners whose accounts have one of these statuses; `None` is an unknown status. All owners if there are none.
    pub statuses: Vec<Option<AccountStatus>>,
}

/// Selects owners by their address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressFilter {
    /// Owners with an address.
    With,
    /// Owners who are known to have no address.
    Without,
    /// Owners who could not be read.
    Unknown,
}

/// The property with the account of an item's owner.
const OWNER: &str = "owner";
/// The property with the status of that account.
const OWNER_STATUS: &str = "owner_status";

const KNOWN: &str = "known";
const UNKNOWN: &str = "unknown";

/// Owners by connection and account.
type Owners = BTreeMap<(String, String), OwnerRecord>;

/// The owners of the items in this scope, sorted by connection and account.
///
/// # Errors
/// If the store cannot be read.
pub fn owners(catalog: &Catalog, scope: ItemScope<'_>) -> Result<Vec<OwnerRecord>, StoreError> {
    let mut owners = Owners::new();
    catalog.each_item(scope, |item| {
        count(&mut owners, &item);
        Ok::<_, StoreError>(())
    })?;
    Ok(owners.into_values().collect())
}

/// Counts an item for each of its contacts. If its contacts are unknown, counts it for its owner.
fn count(owners: &mut Owners, found: &CatalogItem<'_>) {
    let owner = found.item.properties.text(OWNER);
    let Contacts::Known(contacts) = &found.item.contacts else {
        let record = record(owners, found, owner.unwrap_or_default());
        let status = found.item.properties.text(OWNER_STATUS);
        let status = status.and_then(AccountStatus::from_word);
        record.status = status.map(AccountStatus::word).or(record.status);
        record.items += 1;
        return;
    };
    // A person with two roles has one item.
    let mut counted: Vec<&str> = Vec::new();
    for contact in contacts {
        let named = contact.name.as_deref().or(contact.email.as_deref());
        let account = contact.account.as_deref().or(owner).or(named);
        let account = account.unwrap_or_default();
        let record = record(owners, found, account);
        record.status = contact.status.map(AccountStatus::word).or(record.status);
        record.items += u64::from(!counted.contains(&account));
        record.contacts = KNOWN;
        let (name, email) = (contact.name.as_deref(), contact.email.as_deref());
        record.name = name.map(str::to_owned).or(record.name.take());
        record.email = email.map(str::to_owned).or(record.email.take());
        counted.push(account);
    }
}

fn record<'a>(
    owners: &'a mut Owners,
    found: &CatalogItem<'_>,
    account: &str,
) -> &'a mut OwnerRecord {
    let connection = &found.connection.code;
    let entry = owners.entry((connection.clone(), account.to_owned()));
    entry.or_insert_with(|| OwnerRecord {
        connection: connection.clone(),
        owner: account.to_owned(),
        name: None,
        email: None,
        contacts: UNKNOWN,
        status: None,
        items: 0,
    })
}

impl OwnerFilter {
    /// Whether the owner is selected.
    #[must_use]
    pub fn accepts(&self, owner: &OwnerRecord) -> bool {
        let address = match self.address {
            None => true,
            Some(AddressFilter::With) => owner.email.is_some(),
            Some(AddressFilter::Without) => owner.email.is_none() && owner.is_known(),
            Some(AddressFilter::Unknown) => !owner.is_known(),
        };
        let status = owner.status.and_then(AccountStatus::from_word);
        address && (self.statuses.is_empty() || self.statuses.contains(&status))
    }
}

impl OwnerRecord {
    /// Whether the owner could be read. If not, the address is unknown, not missing.
    #[must_use]
    pub fn is_known(&self) -> bool {
        self.contacts == KNOWN
    }
}

impl Record for OwnerRecord {
    const FIELDS: &'static [&'static str] = &[
        "connection",
        "owner",
        "name",
        "email",
        "contacts",
        "items",
        "status",
    ];
}
