//! Compares JSON texts. Only where two texts differ are their parts compared, so that equal ones cost little.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;

/// A JSON value whose parts are texts.
#[derive(Debug, PartialEq)]
pub(super) enum Json<'a> {
    Object(Fields<'a>),
    Array(Vec<&'a str>),
    Text(Cow<'a, str>),
    Number(f64),
    /// A word such as `null`.
    Word(&'a str),
}

impl<'a> Json<'a> {
    /// The value of a valid JSON text.
    pub(super) fn from_text(text: &'a str) -> Self {
        let read = match text.as_bytes().first() {
            Some(b'{') => serde_json::from_str(text).ok().map(Self::Object),
            Some(b'[') => serde_json::from_str(text).ok().map(array),
            Some(b'"') => serde_json::from_str(text)
                .ok()
                .map(|Text(text)| Self::Text(text)),
            _ => text.parse().ok().map(Self::Number),
        };
        read.unwrap_or(Self::Word(text))
    }

    /// The text, if it is one.
    pub(super) fn text(self) -> Option<Cow<'a, str>> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The fields, if it is an object.
    pub(super) fn object(self) -> Option<Fields<'a>> {
        match self {
            Self::Object(fields) => Some(fields),
            _ => None,
        }
    }

    fn is_empty(&self) -> bool {
        match self {
            Self::Object(fields) => fields.0.is_empty(),
            Self::Array(entries) => entries.is_empty(),
            Self::Text(text) => text.is_empty(),
            Self::Number(_) => false,
            Self::Word(word) => *word == "null",
        }
    }
}

fn array<'a>(entries: Vec<&'a RawValue>) -> Json<'a> {
    Json::Array(entries.into_iter().map(RawValue::get).collect())
}

/// Whether two values are the same. Servers add empty fields, and write numbers in different ways.
pub(super) fn is_same(one: &str, other: &str) -> bool {
    one == other
        || match (Json::from_text(one), Json::from_text(other)) {
            (Json::Object(one), Json::Object(other)) => {
                covers(&one, &other) && covers(&other, &one)
            }
            (Json::Array(one), Json::Array(other)) => {
                one.len() == other.len()
                    && one
                        .iter()
                        .zip(other)
                        .all(|(one, other)| is_same(one, other))
            }
            (one, other) => one == other,
        }
}

/// Whether each field of `one` is the same in `other`, or is empty and missing there.
fn covers(one: &Fields<'_>, other: &Fields<'_>) -> bool {
    one.iter().all(|(name, value)| match other.get(name) {
        Some(other) => is_same(value, other),
        None => Json::from_text(value).is_empty(),
    })
}

/// Whether a stored value is the one that was sent. Fields that the server adds or does not know do not matter.
pub(super) fn has(stored: &str, sent: &str) -> bool {
    stored == sent
        || match (Json::from_text(stored), Json::from_text(sent)) {
            (Json::Object(stored), Json::Object(sent)) => {
                let mut sent = sent.0.iter();
                sent.all(|(name, sent)| stored.get(name).is_none_or(|stored| has(stored, sent)))
            }
            (Json::Array(stored), Json::Array(sent)) => sent
                .iter()
                .all(|sent| stored.iter().any(|stored| has(stored, sent))),
            (stored, sent) => stored == sent,
        }
}

/// The fields of an object, with their values as texts. No two have the same name.
#[derive(Debug, PartialEq)]
pub(super) struct Fields<'a>(Vec<(Cow<'a, str>, &'a str)>);

impl<'a> Fields<'a> {
    /// The value of a field.
    pub(super) fn get(&self, name: &str) -> Option<&'a str> {
        let (_, value) = self.0.iter().find(|(known, _)| known == name)?;
        Some(value)
    }

    /// All names and values.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &'a str)> {
        self.0.iter().map(|(name, value)| (&**name, *value))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Fields<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(FieldsVisitor)
    }
}

struct FieldsVisitor;

impl<'de> Visitor<'de> for FieldsVisitor {
    type Value = Fields<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Fields<'de>, A::Error> {
        let mut fields: Vec<(Cow<'de, str>, &'de str)> = Vec::new();
        while let Some((Text(name), value)) = entries.next_entry::<_, &'de RawValue>()? {
            // Of two fields with the same name, the last one counts.
            match fields.iter_mut().find(|(known, _)| *known == name) {
                Some((_, known)) => *known = value.get(),
                None => fields.push((name, value.get())),
            }
        }
        Ok(Fields(fields))
    }
}

/// A text that is borrowed if it has no escapes.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

#[cfg(test)]
mod tests;
