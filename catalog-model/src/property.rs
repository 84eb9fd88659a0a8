//! Technical properties of an item: what a connection declares, and the values that an item carries.

use std::borrow::Cow;

use crate::{Instant, Link};

/// A property that the items of a connection may carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PropertyDefinition {
    /// The name in files and exports, in `snake_case`: `sheet_url`.
    pub name: &'static str,
    /// The display name: `Sheet Url`.
    pub label: &'static str,
    /// The kind of its values.
    pub kind: PropertyKind,
}

/// A field of items that was added, or changed its meaning, in a later version of a connector.
///
/// Revisions count from 1, which is the revision of every field that is not listed. A catalog stores the revisions with
/// which an item was written. A field with a different revision was changed by the program, not by the source. It is
/// rewritten without being reported as a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FieldRevision {
    /// The name of a property, or `label`, `name`, `description`, `contacts`.
    pub field: &'static str,
    /// The revision of the field: at least 2, and incremented each time the meaning of the field changes.
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
    Url(Link),
    /// A point in time.
    Instant(Instant),
    /// Short texts in the source's order.
    Tags(Vec<String>),
}

impl PropertyValue {
    /// Returns the kind of the value.
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

/// The properties of one item, in insertion order. A name occurs once.
///
/// A property that is not among them is absent, unless it is [unknown](Self::put_unknown).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Properties {
    values: Vec<(Cow<'static, str>, PropertyValue)>,
    unknown: Vec<&'static str>,
}

impl Properties {
    /// Creates an empty list of properties with capacity for `count`.
    #[must_use]
    pub fn with_capacity(count: usize) -> Self {
        Self {
            values: Vec::with_capacity(count),
            unknown: Vec::new(),
        }
    }

    /// Sets the property `name`, and replaces a former value.
    pub fn put(&mut self, name: impl Into<Cow<'static, str>>, value: PropertyValue) {
        let name = name.into();
        self.unknown.retain(|unknown| *unknown != name);
        match self.values.iter_mut().find(|(known, _)| *known == name) {
            Some(entry) => entry.1 = value,
            None => self.values.push((name, value)),
        }
    }

    /// Records that the property `name` is unknown in this scan. A catalog keeps its value.
    pub fn put_unknown(&mut self, name: &'static str) {
        self.values.retain(|(known, _)| *known != name);
        if !self.unknown.contains(&name) {
            self.unknown.push(name);
        }
    }

    /// Returns the names of the unknown properties.
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
    fn a_property_that_is_set_twice_keeps_its_position_and_its_last_value() {
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
    fn an_unknown_property_has_no_value_until_it_is_set() {
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
