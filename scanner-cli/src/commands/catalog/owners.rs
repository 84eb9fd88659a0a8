//! The owners of items, and whether a catalog reaches them.

use std::collections::BTreeMap;

use serde::Serialize;

use super::items::OWNER;
use crate::{arguments::Email, listing::Row, store::CatalogItem};

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
    items: u64,
}

/// Owners by connection and account.
pub(super) type Owners = BTreeMap<(String, String), OwnerRow>;

const KNOWN: &str = "known";
const UNKNOWN: &str = "unknown";

/// Counts an item for its owner.
pub(super) fn count(owners: &mut Owners, found: &CatalogItem<'_>) {
    let contacts = found.item.contacts.as_deref();
    let contact = contacts.and_then(<[_]>::first);
    let name = contact.and_then(|contact| contact.name.as_deref());
    let email = contact.and_then(|contact| contact.email.as_deref());
    let account = found
        .item
        .text(OWNER)
        .or(name)
        .or(email)
        .unwrap_or_default();
    let connection = &found.connection.code;
    let entry = owners.entry((connection.clone(), account.to_owned()));
    let owner = entry.or_insert_with(|| OwnerRow {
        connection: connection.clone(),
        owner: account.to_owned(),
        name: None,
        email: None,
        contacts: UNKNOWN,
        items: 0,
    });
    owner.items += 1;
    owner.name = name.map(str::to_owned).or(owner.name.take());
    owner.email = email.map(str::to_owned).or(owner.email.take());
    if contacts.is_some() {
        owner.contacts = KNOWN;
    }
}

impl OwnerRow {
    pub(super) fn is_wanted(&self, email: Option<Email>) -> bool {
        match email {
            None => true,
            Some(Email::With) => self.email.is_some(),
            Some(Email::Without) => self.email.is_none(),
        }
    }
}

impl Row for OwnerRow {
    const HEADINGS: &'static [&'static str] = &["CONNECTION", "OWNER", "NAME", "E-MAIL", "ITEMS"];
    const COLUMNS: &'static [&'static str] =
        &["connection", "owner", "name", "email", "contacts", "items"];

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
            self.items.to_string(),
        ]
    }
}
