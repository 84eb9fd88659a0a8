//! Converts the stored form to an item of the catalog model.

use std::borrow::Cow;

use catalog_model::{
    AccountStatus, Contact, Contacts, Instant, ItemKey, Precedence, Properties, PropertyValue,
    Visualization,
};

use super::{StoredContact, StoredItem, StoredValue};

impl StoredItem<'_> {
    /// Converts the stored form to an item with this key.
    pub(crate) fn into_item(self, key: ItemKey) -> Visualization {
        let StoredItem {
            label,
            container,
            name,
            description,
            catalog,
            precedence,
            properties: stored,
            contacts,
            revisions: _,
        } = self;
        let mut properties = Properties::with_capacity(stored.len());
        for (name, value) in stored {
            properties.put(name.into_owned(), value_of(value));
        }
        Visualization {
            key,
            container: container.and_then(|key| key.parse().ok()),
            label: label.into_iter().map(Cow::into_owned).collect(),
            name: name.into_owned(),
            description: description.map(Cow::into_owned),
            contacts: contacts.map_or(Contacts::Unknown, contacts_of),
            catalog: catalog.map(|catalog| catalog.into_owned().into()),
            precedence: Precedence::from(precedence),
            properties,
        }
    }
}

/// A URL or time that this version cannot read, because another version wrote it, becomes a text.
fn value_of(value: StoredValue<'_>) -> PropertyValue {
    match value {
        StoredValue::Text(text) => PropertyValue::Text(text.into_owned()),
        StoredValue::LongText(text) => PropertyValue::LongText(text.into_owned()),
        StoredValue::Number(number) => PropertyValue::Number(number),
        StoredValue::Url(text) => match text.parse() {
            Ok(url) => PropertyValue::Url(url),
            Err(_) => PropertyValue::Text(text.into_owned()),
        },
        StoredValue::Instant(text) => match text.parse::<Instant>() {
            Ok(instant) => PropertyValue::Instant(instant),
            Err(_) => PropertyValue::Text(text),
        },
        StoredValue::Tags(tags) => {
            PropertyValue::Tags(tags.into_iter().map(Cow::into_owned).collect())
        }
    }
}

pub(super) fn contacts_of(contacts: Vec<StoredContact<'_>>) -> Contacts {
    Contacts::Known(contacts.into_iter().map(contact_of).collect())
}

fn contact_of(contact: StoredContact<'_>) -> Contact {
    let status = contact.status.as_deref();
    Contact {
        status: status.and_then(AccountStatus::from_word),
        role: Cow::Owned(contact.role.into_owned()),
        email: contact.email.map(Cow::into_owned),
        name: contact.name.map(Cow::into_owned),
        account: contact.account.map(Cow::into_owned),
        email_since: contact.since,
    }
}
