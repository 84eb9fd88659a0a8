//! An item as the store writes it: the twin of `Visualization` in JSON of the store's own, which later versions of the
//! program must read, too.

use std::{borrow::Cow, collections::BTreeMap};

use catalog_model::{
    Contact, Contacts, FieldRevision, Instant, Precedence, PropertyValue, Visualization,
};
use serde::{Deserialize, Serialize};

mod container;
mod into_item;

pub(crate) use self::container::unknown_container_fields;
use self::into_item::contacts_of;

/// The field of contacts, as changes and revisions name it.
pub(crate) const CONTACTS: &str = "contacts";

/// An item without its key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct StoredItem<'a> {
    /// The way that a person would go to it, from the outside in.
    pub(crate) label: Vec<Cow<'a, str>>,
    /// The key of the container that holds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    container: Option<Cow<'a, str>>,
    /// The name as the source has it.
    pub(crate) name: Cow<'a, str>,
    /// The source's own description.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<Cow<'a, str>>,
    /// The catalog that it goes into, if a filter names one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) catalog: Option<Cow<'a, str>>,
    /// How its record ranks among records with the same key.
    #[serde(default, skip_serializing_if = "StoredPrecedence::is_unknown")]
    precedence: StoredPrecedence,
    /// The revisions of its fields with which the item was written, where they are not 1. An unknown field
    /// keeps the revision of the value that stayed.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    revisions: BTreeMap<Cow<'a, str>, u32>,
    /// Names and values, in the order of the source.
    pub(crate) properties: Vec<(Cow<'a, str>, StoredValue<'a>)>,
    /// None where they are unknown. A column of its own: contacts that are not known now stay as they were.
    #[serde(skip)]
    pub(crate) contacts: Option<Vec<StoredContact<'a>>>,
}

/// How a record ranks: its standing, and when it was modified in milliseconds since 1970.
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

/// How the record of a stored item ranks. What earlier versions stored does not say it.
pub(crate) fn precedence(content: &str) -> Precedence {
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
    /// A text of several lines.
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
    /// What the person is for the item: `owner`.
    pub(crate) role: Cow<'a, str>,
    /// The e-mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) email: Option<Cow<'a, str>>,
    /// The name that people read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<Cow<'a, str>>,
    /// What the source calls them; none in what earlier versions wrote.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) account: Option<Cow<'a, str>>,
    /// Whether the person can log in: a word of `AccountStatus`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) status: Option<Cow<'a, str>>,
    /// The revision of contacts from which on the connector finds the address.
    #[serde(default = "first", skip_serializing_if = "is_first")]
    since: u32,
}

/// The revision of every field that is not named.
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
    /// The twin of an item, whose fields have these revisions. A number that JSON cannot represent is omitted.
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

    /// The twin of an item, without revisions.
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

    /// Reads what the store holds.
    pub(crate) fn read(content: &str, contacts: Option<&str>) -> serde_json::Result<Self> {
        let mut item: Self = serde_json::from_str(content)?;
        item.contacts = contacts.map(serde_json::from_str).transpose()?;
        Ok(item)
    }

    /// The revision of a field with which the item was written.
    fn revision(&self, field: &str) -> u32 {
        self.revisions.get(field).copied().unwrap_or(first())
    }

    /// Whether another version of the program wrote `former` with fields of another meaning.
    pub(crate) fn is_revised(&self, former: &Self) -> bool {
        self.revisions != former.revisions
    }

    /// Keeps the value that `former` has of an unknown field, at its place.
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

    /// Keeps the statuses that `former` has of contacts whose status is unknown. Returns whether there are any.
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

    /// Whether the contacts differ from those of `former` by more than what is new in the program.
    pub(crate) fn has_other_contacts(&self, former: &Self) -> bool {
        let (Some(new), Some(old)) = (&self.contacts, &former.contacts) else {
            return self.contacts.is_some();
        };
        let both = self.revision(CONTACTS).min(former.revision(CONTACTS));
        let same = |(new, old): (&StoredContact<'_>, &StoredContact<'_>)| new.is_as(old, both);
        new.len() != old.len() || !new.iter().zip(old).all(same)
    }

    /// The names of the fields in which it differs from `former`, contacts apart, as far as they mean the same in both.
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
    /// Whether it says the same as `former` to a program whose contacts have this revision. An account or a status that
    /// one of them lacks was not written by its program, or could not be learned.
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

/// The unknown fields of an item.
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
