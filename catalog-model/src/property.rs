//! Technical properties of an item: what a connection declares, and the values that an item carries.

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

/// The kinds of property values: those of the reference's connector SDK.
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
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Properties {
    values: Vec<(&'static str, PropertyValue)>,
}

impl Properties {
    /// No properties, with room for `count`.
    #[must_use]
    pub fn with_capacity(count: usize) -> Self {
        Self {
            values: Vec::with_capacity(count),
        }
    }

    /// Sets the property `name`; a former value is replaced.
    pub fn put(&mut self, name: &'static str, value: PropertyValue) {
        match self.values.iter_mut().find(|(known, _)| *known == name) {
            Some(entry) => entry.1 = value,
            None => self.values.push((name, value)),
        }
    }

    /// The value of the property `name`, if the item has one.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&PropertyValue> {
        self.iter()
            .find_map(|(known, value)| (known == name).then_some(value))
    }

    /// Names and values in order.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &PropertyValue)> {
        self.values.iter().map(|(name, value)| (*name, value))
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
}
