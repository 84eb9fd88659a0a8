//! The store's own JSON format of an item. Later versions of the program must be able to read it.

use std::{borrow::Cow, collections::BTreeMap};

use catalog_model::{
    Contact, Contacts, FieldRevision, Instant, Precedence, PropertyValue, Visualization,
};
use serde::{Deserialize, Serialize};

mod container;
mod into_item;

pub(crate) use self::container::unknown_container_fields;
use self::into_item::contacts_of;

/// The name of the field of contacts in changes and revisions.
pub(crate) const CONTACTS: &str = "contacts";

/// An item without its key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StoredItem<'a> {
    /// The path to it in the source's user interface, from the outermost to the innermost part.
    pub(crate) label: Vec<Cow<'a, str>>,
    /// The key of the container that holds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    container: Option<Cow<'a, str>>,
    /// The source's name of it.
    pub(crate) name: Cow<'a, str>,
    /// The source's own description.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<Cow<'a, str>>,
    /// The catalog that a filter assigns to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) catalog: Option<Cow<'a, str>>,
    /// The rank of its record among records with the same key.
    #[serde(default, skip_serializing_if = "StoredPrecedence::is_unknown")]
    precedence: StoredPrecedence,
    /// The revisions of the fields with which the item was written that are not 1. An unknown field keeps the revision
    /// of its stored value.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    revisions: BTreeMap<Cow<'a, str>, u32>,
    /// Names and values of the properties, in the order of the source.
    pub(crate) properties: Vec<(Cow<'a, str>, StoredValue<'a>)>,
    /// `None` if they are unknown. Stored in a separate column: unknown contacts do not replace known ones.
    #[serde(skip)]
    pub(crate) contacts: Option<Vec<StoredContact<'a>>>,
}

/// The rank of a record: its standing, and the time of its modification in milliseconds since 1970.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct StoredPrecedence(u8, Option<i64>);

impl StoredPrecedence {
    fn is_unknown(&self) -> bool {
        *self == Self::default()
    }
}

impl From<Precedence> for StoredPrecedence {
    fn from(precedence: Precedence) -> Self {
        let modified = precedence.modified.map(Instant::as_unix_millis);
        Self(precedence.standing, modified)
    }
}

impl From<StoredPrecedence> for Precedence {
    fn from(StoredPrecedence(standing, modified): StoredPrecedence) -> Self {
        let modified = modified.and_then(|millis| Instant::from_unix_millis(millis).ok());
        Self { standing, modified }
    }
}

/// Reads the rank of a stored item's record. Items that earlier versions stored have none.
#[must_use]
pub fn precedence(content: &str) -> Precedence {
    #[derive(Deserialize)]
    struct Ranked {
        #[serde(default)]
        precedence: StoredPrecedence,
    }
    let ranked: Option<Ranked> = serde_json::from_str(content).ok();
    ranked.map(|one| one.precedence).unwrap_or_default().into()
}

/// A value of a property.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum StoredValue<'a> {
    /// A short text.
    Text(Cow<'a, str>),
    /// A text with several lines.
    LongText(Cow<'a, str>),
    /// A number.
    Number(f64),
    /// A link.
    Url(Cow<'a, str>),
    /// `2024-01-31T12:00:00.000Z`.
    Instant(String),
    /// A list of short texts.
    Tags(Vec<Cow<'a, str>>),
}

/// A person who is responsible for an item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StoredContact<'a> {
    /// The role, such as `owner`.
    pub(crate) role: Cow<'a, str>,
    /// The e-mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) email: Option<Cow<'a, str>>,
    /// The display name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<Cow<'a, str>>,
    /// The account on the source. Earlier versions did not write it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) account: Option<Cow<'a, str>>,
    /// The word of an `AccountStatus`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) status: Option<Cow<'a, str>>,
    /// The first revision of contacts with which the connector finds the address.
    #[serde(default = "first", skip_serializing_if = "is_first")]
    since: u32,
}

/// The revision of fields that are not listed.
const fn first() -> u32 {
    1
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature that serde calls"
)]
fn is_first(revision: &u32) -> bool {
    *revision == first()
}

impl<'a> StoredItem<'a> {
    /// Creates the stored form of an item whose fields have these revisions. Omits numbers that JSON cannot represent.
    pub(crate) fn new(item: &'a Visualization, revisions: &[FieldRevision]) -> Self {
        let unknown = unknown(item);
        let known = revisions
            .iter()
            .filter(|revised| !unknown.contains(&revised.field));
        Self {
            revisions: known
                .map(|revised| (revised.field.into(), revised.revision))
                .collect(),
            ..Self::from_item(item)
        }
    }

    /// Creates the stored form of an item, without revisions.
    pub(crate) fn from_item(item: &'a Visualization) -> Self {
        Self {
            label: item.label.iter().map(|part| part.into()).collect(),
            container: item.container.as_ref().map(|key| key.as_str().into()),
            name: item.name.as_str().into(),
            description: item.description.as_deref().map(Into::into),
            catalog: item.catalog.as_deref().map(Into::into),
            precedence: StoredPrecedence::from(item.precedence),
            revisions: BTreeMap::new(),
            properties: (item.properties.iter())
                .filter_map(|(name, value)| Some((name.into(), stored(value)?)))
                .collect(),
            contacts: stored_contacts(&item.contacts),
        }
    }

    /// Reads an item from the columns of a store.
    ///
    /// # Errors
    /// If the content or the contacts are not valid.
    pub fn read(content: &str, contacts: Option<&str>) -> serde_json::Result<Self> {
        let mut item: Self = serde_json::from_str(content)?;
        item.contacts = contacts.map(serde_json::from_str).transpose()?;
        Ok(item)
    }

    /// Returns the parts of its label.
    #[must_use]
    pub fn label(&self) -> Vec<String> {
        self.label.iter().map(ToString::to_string).collect()
    }

    /// Returns the key of the container that holds it.
    pub(crate) fn container(&self) -> Option<&str> {
        self.container.as_deref()
    }

    /// Returns the revision of a field with which the item was written.
    fn revision(&self, field: &str) -> u32 {
        self.revisions.get(field).copied().unwrap_or(first())
    }

    /// Whether the fields of `former` have other revisions, because another version of the program wrote it.
    pub(crate) fn is_revised(&self, former: &Self) -> bool {
        self.revisions != former.revisions
    }

    /// Copies the value of an unknown field from `former`, at its position.
    pub(crate) fn keep(&mut self, field: &str, former: &Self) {
        match former.revisions.get_key_value(field) {
            Some((field, revision)) => drop(self.revisions.insert(field.clone(), *revision)),
            None => drop(self.revisions.remove(field)),
        }
        let place = |item: &Self, name: &str| {
            let mut names = item.properties.iter().map(|(name, _)| name);
            names.position(|known| known == name)
        };
        let Some(index) = place(former, field) else {
            return;
        };
        let mut before = former.properties[..index].iter().rev();
        let before = before.find_map(|(name, _)| place(self, name));
        let kept = former.properties[index].clone();
        self.properties
            .insert(before.map_or(0, |before| before + 1), kept);
    }

    /// Copies the statuses of contacts whose status is unknown from `former`. Returns whether there are any.
    pub(crate) fn keep_statuses(&mut self, former: &Self) -> bool {
        let mut kept = false;
        let former = former.contacts.as_deref().unwrap_or_default();
        for contact in self.contacts.iter_mut().flatten() {
            let same = |old: &&StoredContact<'_>| {
                (&old.role, &old.account) == (&contact.role, &contact.account)
            };
            let old = former.iter().find(same);
            let status = old.and_then(|old| old.status.as_deref());
            if let (None, Some(status)) = (&contact.status, status) {
                contact.status = Some(status.to_owned().into());
                kept = true;
            }
        }
        kept
    }

    /// Whether the contacts differ from those of `former`, apart from what a new version of the program added.
    pub(crate) fn has_other_contacts(&self, former: &Self) -> bool {
        let (Some(new), Some(old)) = (&self.contacts, &former.contacts) else {
            return self.contacts.is_some();
        };
        let both = self.revision(CONTACTS).min(former.revision(CONTACTS));
        let same = |(new, old): (&StoredContact<'_>, &StoredContact<'_>)| new.is_as(old, both);
        new.len() != old.len() || !new.iter().zip(old).all(same)
    }

    /// Returns the names of the fields in which it differs from `former`, without contacts and without fields that have
    /// different revisions.
    pub(crate) fn differences(&self, former: &Self) -> Vec<String> {
        let mut fields = self.all_differences(former);
        fields.retain(|field| self.revision(field) == former.revision(field));
        fields
    }

    fn all_differences(&self, former: &Self) -> Vec<String> {
        let mut fields = Vec::new();
        for (name, differs) in [
            ("label", self.label != former.label),
            ("name", self.name != former.name),
            ("description", self.description != former.description),
            ("catalog", self.catalog != former.catalog),
            // Early versions did not store it.
            (
                "container",
                former.container.is_some() && self.container != former.container,
            ),
        ] {
            if differs {
                fields.push(name.to_owned());
            }
        }
        let value = |item: &Self, name: &str| {
            let mut properties = item.properties.iter();
            let found = properties.find(|(known, _)| known == name);
            found.map(|(_, value)| value.clone())
        };
        for (name, new) in &self.properties {
            if value(former, name).as_ref() != Some(new) {
                fields.push(name.to_string());
            }
        }
        for (name, _) in &former.properties {
            if value(self, name).is_none() {
                fields.push(name.to_string());
            }
        }
        fields
    }
}

impl StoredContact<'_> {
    /// Whether it equals `former` for a program whose contacts have this revision. An account or a status that one of
    /// them lacks was not written by its program, or was unknown.
    fn is_as(&self, former: &Self, revision: u32) -> bool {
        fn email<'a>(contact: &'a StoredContact<'_>, revision: u32) -> Option<&'a str> {
            let email = contact.email.as_deref();
            email.filter(|_| contact.since <= revision)
        }
        fn agree(one: Option<&str>, other: Option<&str>) -> bool {
            one.is_none() || other.is_none() || one == other
        }
        self.role == former.role
            && self.name == former.name
            && email(self, revision) == email(former, revision)
            && agree(self.account.as_deref(), former.account.as_deref())
            && agree(self.status.as_deref(), former.status.as_deref())
    }
}

/// Returns the names of the unknown fields of an item.
pub(crate) fn unknown(item: &Visualization) -> Vec<&'static str> {
    let mut unknown = item.properties.unknown().to_vec();
    if item.contacts == Contacts::Unknown {
        unknown.push(CONTACTS);
    }
    unknown
}

fn stored(value: &PropertyValue) -> Option<StoredValue<'_>> {
    Some(match value {
        PropertyValue::Text(text) => StoredValue::Text(text.into()),
        PropertyValue::LongText(text) => StoredValue::LongText(text.into()),
        PropertyValue::Number(number) if !number.is_finite() => return None,
        PropertyValue::Number(number) => StoredValue::Number(*number),
        PropertyValue::Url(url) => StoredValue::Url(url.as_str().into()),
        PropertyValue::Instant(instant) => StoredValue::Instant(instant.to_string()),
        PropertyValue::Tags(tags) => StoredValue::Tags(tags.iter().map(Into::into).collect()),
    })
}

fn stored_contacts(contacts: &Contacts) -> Option<Vec<StoredContact<'_>>> {
    match contacts {
        Contacts::Known(contacts) => Some(contacts.iter().map(contact).collect()),
        Contacts::Unknown => None,
    }
}

fn contact(contact: &Contact) -> StoredContact<'_> {
    StoredContact {
        role: contact.role.as_ref().into(),
        email: contact.email.as_deref().map(Into::into),
        name: contact.name.as_deref().map(Into::into),
        account: contact.account.as_deref().map(Into::into),
        status: contact.status.map(|status| status.word().into()),
        since: contact.email_since,
    }
}
