//! An item as the store writes it: the twin of `Visualization` in JSON of the store's own, which later versions of the
//! program must read, too.

use std::borrow::Cow;

use catalog_model::{Contact, Contacts, Instant, Precedence, PropertyValue, Visualization};
use serde::{Deserialize, Serialize};

/// An item without its key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct StoredItem<'a> {
    pub(crate) label: Vec<Cow<'a, str>>,
    pub(crate) name: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) catalog: Option<Cow<'a, str>>,
    /// How its record ranks among records with the same key.
    #[serde(default, skip_serializing_if = "StoredPrecedence::is_unknown")]
    precedence: StoredPrecedence,
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

/// How the record of a stored item ranks. What earlier versions stored does not say it.
pub(super) fn precedence(content: &str) -> Precedence {
    #[derive(Deserialize)]
    struct Ranked {
        #[serde(default)]
        precedence: StoredPrecedence,
    }
    let ranked: Option<Ranked> = serde_json::from_str(content).ok();
    let StoredPrecedence(standing, modified) = ranked.map(|one| one.precedence).unwrap_or_default();
    Precedence {
        standing,
        modified: modified.and_then(|millis| Instant::from_unix_millis(millis).ok()),
    }
}

/// A value of a property.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum StoredValue<'a> {
    Text(Cow<'a, str>),
    LongText(Cow<'a, str>),
    Number(f64),
    Url(Cow<'a, str>),
    /// `2024-01-31T12:00:00.000Z`.
    Instant(String),
    Tags(Vec<Cow<'a, str>>),
}

/// Somebody who answers for an item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StoredContact<'a> {
    pub(crate) role: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) email: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<Cow<'a, str>>,
    /// What the source calls them; none in what earlier versions wrote.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) account: Option<Cow<'a, str>>,
}

impl<'a> StoredItem<'a> {
    /// The twin of an item. A number that JSON cannot write is left out.
    pub(crate) fn of(item: &'a Visualization) -> Self {
        Self {
            label: item.label.iter().map(|part| part.into()).collect(),
            name: item.name.as_str().into(),
            description: item.description.as_deref().map(Into::into),
            catalog: item.catalog.as_deref().map(Into::into),
            precedence: StoredPrecedence::from(item.precedence),
            properties: (item.properties.iter())
                .filter_map(|(name, value)| Some((name.into(), stored(value)?)))
                .collect(),
            contacts: match &item.contacts {
                Contacts::Known(contacts) => Some(contacts.iter().map(contact).collect()),
                Contacts::Unknown => None,
            },
        }
    }

    /// Reads what the store holds.
    pub(crate) fn read(content: &str, contacts: Option<&str>) -> serde_json::Result<Self> {
        let mut item: Self = serde_json::from_str(content)?;
        item.contacts = contacts.map(serde_json::from_str).transpose()?;
        Ok(item)
    }

    /// The text of the property `name`, if it has one that is a text.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        let (_, value) = self.properties.iter().find(|(known, _)| known == name)?;
        match value {
            StoredValue::Text(text) | StoredValue::LongText(text) | StoredValue::Url(text) => {
                Some(text)
            }
            _ => None,
        }
    }

    /// The names of the fields in which it differs from `former`, contacts apart.
    pub(super) fn differences(&self, former: &Self) -> Vec<String> {
        let mut fields = Vec::new();
        for (name, differs) in [
            ("label", self.label != former.label),
            ("name", self.name != former.name),
            ("description", self.description != former.description),
            ("catalog", self.catalog != former.catalog),
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

fn contact(contact: &Contact) -> StoredContact<'_> {
    StoredContact {
        role: contact.role.into(),
        email: contact.email.as_deref().map(Into::into),
        name: contact.name.as_deref().map(Into::into),
        account: contact.account.as_deref().map(Into::into),
    }
}
