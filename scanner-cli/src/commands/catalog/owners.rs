//! The owners of items, and whether a catalog reaches them.

use std::collections::BTreeMap;

use catalog_model::{AccountStatus, Contacts};
use serde::Serialize;

use super::items::OWNER;
use crate::{
    arguments::{Email, OwnerStatus},
    listing::{Fit, Row, TableColumn},
    store::CatalogItem,
};

/// An owner. Takes some 200 bytes; there are as many as users who own something.
#[derive(Clone, Serialize)]
pub(super) struct OwnerRow {
    connection: String,
    owner: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    /// Whether the source let the scanner see the owner; if not, an address is unknown, not missing.
    contacts: &'static str,
    /// Whether the owner can log in to the source; none where that is unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<&'static str>,
    items: u64,
}

/// Which owners are wanted: those that meet all that is given.
pub(super) struct WantedOwners {
    pub(super) email: Option<Email>,
    /// Any of these; all if there is none.
    pub(super) status: Vec<OwnerStatus>,
}

/// Owners by connection and account.
pub(super) type Owners = BTreeMap<(String, String), OwnerRow>;

/// The property with the status of an item's owner.
const OWNER_STATUS: &str = "owner_status";

const KNOWN: &str = "known";
const UNKNOWN: &str = "unknown";

/// Counts an item for each person who is a contact of it, or owns it where contacts are unknown.
pub(super) fn count(owners: &mut Owners, found: &CatalogItem<'_>) {
    let owner = found.item.properties.text(OWNER);
    let Contacts::Known(contacts) = &found.item.contacts else {
        let row = row(owners, found, owner.unwrap_or_default());
        let status = found.item.properties.text(OWNER_STATUS);
        let status = status.and_then(AccountStatus::from_word);
        row.status = status.map(AccountStatus::word).or(row.status);
        row.items += 1;
        return;
    };
    // Whoever has two roles has one item.
    let mut counted: Vec<&str> = Vec::new();
    for contact in contacts {
        let named = contact.name.as_deref().or(contact.email.as_deref());
        let account = contact.account.as_deref().or(owner).or(named);
        let account = account.unwrap_or_default();
        let row = row(owners, found, account);
        let status = contact.status;
        row.status = status.map(AccountStatus::word).or(row.status);
        row.items += u64::from(!counted.contains(&account));
        row.contacts = KNOWN;
        row.name = contact
            .name
            .as_deref()
            .map(str::to_owned)
            .or(row.name.take());
        row.email = contact
            .email
            .as_deref()
            .map(str::to_owned)
            .or(row.email.take());
        counted.push(account);
    }
}

fn row<'a>(owners: &'a mut Owners, found: &CatalogItem<'_>, account: &str) -> &'a mut OwnerRow {
    let connection = &found.connection.code;
    let entry = owners.entry((connection.clone(), account.to_owned()));
    entry.or_insert_with(|| OwnerRow {
        connection: connection.clone(),
        owner: account.to_owned(),
        name: None,
        email: None,
        contacts: UNKNOWN,
        status: None,
        items: 0,
    })
}

impl WantedOwners {
    pub(super) fn accepts(&self, owner: &OwnerRow) -> bool {
        let email = match self.email {
            None => true,
            Some(Email::With) => owner.email.is_some(),
            // Whose contacts are unknown may have one.
            Some(Email::Without) => owner.email.is_none() && owner.contacts == KNOWN,
            Some(Email::Unknown) => owner.contacts == UNKNOWN,
        };
        email && (self.status.is_empty() || self.status.contains(&owner.account_status()))
    }
}

impl OwnerRow {
    fn account_status(&self) -> OwnerStatus {
        match self.status.and_then(AccountStatus::from_word) {
            Some(AccountStatus::Active) => OwnerStatus::Active,
            Some(AccountStatus::Inactive) => OwnerStatus::Inactive,
            Some(AccountStatus::Blocked) => OwnerStatus::Blocked,
            Some(AccountStatus::Removed) => OwnerStatus::Removed,
            None => OwnerStatus::Unknown,
        }
    }
}

impl Row for OwnerRow {
    const TABLE: &'static [TableColumn] = &[
        ("connection", "CONNECTION", Fit::Whole),
        ("owner", "OWNER", Fit::CutEnd),
        ("name", "NAME", Fit::CutEnd),
        ("email", "E-MAIL", Fit::CutEnd),
        ("status", "STATUS", Fit::Whole),
        ("items", "ITEMS", Fit::Whole),
    ];
    const SPARE: &'static [&'static str] = &["connection", "name", "items"];
    const COLUMNS: &'static [&'static str] = &[
        "connection",
        "owner",
        "name",
        "email",
        "contacts",
        "items",
        "status",
    ];

    fn cells(&self) -> Vec<String> {
        let missing = if self.contacts == KNOWN {
            "none"
        } else {
            UNKNOWN
        };
        vec![
            self.connection.clone(),
            self.owner.clone(),
            self.name.clone().unwrap_or_default(),
            self.email.clone().unwrap_or_else(|| missing.to_owned()),
            self.status.unwrap_or(UNKNOWN).to_owned(),
            self.items.to_string(),
        ]
    }
}
