//! Technical properties of an item: what a connection declares, and the values that an item carries.

use std::borrow::Cow;

use url::Url;

use crate::Instant;

/// A property that the items of a connection may carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PropertyDefinition {
    /// The name in files and exports, in `snake_case`: `sheet_url`.
    pub name: &'static str,
    /// The name that people read: `Sheet Url`.
    pub label: &'static str,
    /// What its values are.
    pub kind: PropertyKind,
}

/// A field of items that came, or got another meaning, in a later version of a connector.
///
/// Revisions count from 1, which is every field that is not named here. A catalog notes the revisions with which an
/// item was written. A field whose revision differs from that was changed by the program, not by the source, so it is
/// rewritten without being reported as a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FieldRevision {
    /// The name of a property, or `label`, `name`, `description`, `contacts`.
    pub field: &'static str,
    /// The revision of the field: at least 2, and higher each time that the field gets another meaning.
    pub revision: u32,
}

/// The kinds of property values: those of the Zeenea scanner's connector SDK.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PropertyKind {
    /// A short text on one line.
    Text,
    /// A text that may have line breaks.
    LongText,
    /// A number.
    Number,
    /// An absolute URL.
    Url,
    /// A point in time.
    Instant,
    /// A set of short texts.
    Tags,
}

/// A value of a property.
#[derive(Clone, Debug, PartialEq)]
pub enum PropertyValue {
    /// A short text.
    Text(String),
    /// A text that may have line breaks.
    LongText(String),
    /// A number.
    Number(f64),
    /// An absolute URL, percent-encoded.
    Url(Url),
    /// A point in time.
    Instant(Instant),
    /// Short texts in the source's order.
    Tags(Vec<String>),
}

impl PropertyValue {
    /// What the value is.
    #[must_use]
    pub fn kind(&self) -> PropertyKind {
        match self {
            Self::Text(_) => PropertyKind::Text,
            Self::LongText(_) => PropertyKind::LongText,
            Self::Number(_) => PropertyKind::Number,
            Self::Url(_) => PropertyKind::Url,
            Self::Instant(_) => PropertyKind::Instant,
            Self::Tags(_) => PropertyKind::Tags,
        }
    }
}

/// The properties of one item, in the order in which they were put; a name occurs once.
///
/// A property that is not among them is absent, unless it is [unknown](Self::put_unknown).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Properties {
    values: Vec<(Cow<'static, str>, PropertyValue)>,
    unknown: Vec<&'static str>,
}

impl Properties {
    /// No properties, with room for `count`.
    #[must_use]
    pub fn with_capacity(count: usize) -> Self {
        Self {
            values: Vec::with_capacity(count),
            unknown: Vec::new(),
        }
    }

    /// Sets the property `name`; a former value is replaced.
    pub fn put(&mut self, name: impl Into<Cow<'static, str>>, value: PropertyValue) {
        let name = name.into();
        self.unknown.retain(|unknown| *unknown != name);
        match self.values.iter_mut().find(|(known, _)| *known == name) {
            Some(entry) => entry.1 = value,
            None => self.values.push((name, value)),
        }
    }

    /// Notes that the property `name` could not be learned this time: a catalog keeps the value that it has.
    pub fn put_unknown(&mut self, name: &'static str) {
        self.values.retain(|(known, _)| *known != name);
        if !self.unknown.contains(&name) {
            self.unknown.push(name);
        }
    }

    /// The names of the properties that could not be learned.
    #[must_use]
    pub fn unknown(&self) -> &[&'static str] {
        &self.unknown
    }

    /// The value of the property `name`, if the item has one.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&PropertyValue> {
        self.iter()
            .find_map(|(known, value)| (known == name).then_some(value))
    }

    /// The text of the property `name`, if its value is a text or a URL.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.get(name)? {
            PropertyValue::Text(text) | PropertyValue::LongText(text) => Some(text),
            PropertyValue::Url(url) => Some(url.as_str()),
            _ => None,
        }
    }

    /// Names and values in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &PropertyValue)> {
        self.values.iter().map(|(name, value)| (&**name, value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_property_put_twice_keeps_its_place_and_its_last_value() {
        let mut properties = Properties::default();
        properties.put("a", PropertyValue::Number(1.0));
        properties.put("b", PropertyValue::Text("x".into()));
        properties.put("a", PropertyValue::Number(2.0));
        let seen: Vec<_> = properties.iter().collect();
        assert_eq!(
            seen,
            [
                ("a", &PropertyValue::Number(2.0)),
                ("b", &PropertyValue::Text("x".into()))
            ]
        );
        assert_eq!(properties.get("c"), None);
    }

    #[test]
    fn an_unknown_property_has_no_value_until_it_is_put() {
        let mut properties = Properties::default();
        properties.put("a", PropertyValue::Number(1.0));
        properties.put_unknown("a");
        properties.put_unknown("a");
        assert_eq!(
            (properties.get("a"), properties.unknown()),
            (None, &["a"][..])
        );
        properties.put("a", PropertyValue::Number(2.0));
        assert_eq!(properties.get("a"), Some(&PropertyValue::Number(2.0)));
        assert!(properties.unknown().is_empty());
    }
}
