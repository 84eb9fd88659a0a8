//! Attribute types whose values contain an `@`, which may contain the addresses of people without one.

use crate::records::UserAttribute;
use catalog_model::printable;

/// Maximum number of different types that are remembered. A site may have a different one for each user.
const MAX_TYPES: usize = 32;
/// Maximum number of characters of a type's name in a message.
const MAX_SHOWN_CHARS: usize = 64;

/// The types of attributes whose values contain an `@`, each once.
#[derive(Debug, Default)]
pub(crate) struct AttributeTypes(Vec<Box<str>>);

/// Some of the [`AttributeTypes`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct TypeSet(u32);

impl TypeSet {
    pub(crate) fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.0 |= other.0;
    }
}

impl AttributeTypes {
    /// Returns the types of a user's attributes whose values contain an `@`.
    pub(crate) fn with_at(&mut self, attributes: &[UserAttribute]) -> TypeSet {
        let mut set = TypeSet::default();
        for attribute in attributes {
            let name = attribute.attribute_type.trim();
            if !name.is_empty() && attribute.attribute_value.contains('@') {
                set.0 |= self.bit(name);
            }
        }
        set
    }

    /// Returns the names of some types, in alphabetical order.
    pub(crate) fn names(&self, set: TypeSet) -> Vec<&str> {
        let named = self.0.iter().enumerate();
        let mut names: Vec<_> = named
            .filter(|(index, _)| set.0 & (1 << index) != 0)
            .map(|(_, name)| &**name)
            .collect();
        names.sort_unstable();
        names
    }

    /// Returns the bit of a type; 0 for a type that is not remembered.
    fn bit(&mut self, name: &str) -> u32 {
        let shown: String = name.chars().take(MAX_SHOWN_CHARS).collect();
        let shown = printable(&shown);
        let known = self.0.iter().position(|known| **known == *shown);
        let index = known.unwrap_or_else(|| {
            if self.0.len() < MAX_TYPES {
                self.0.push(shown.as_ref().into());
                self.0.len() - 1
            } else {
                MAX_TYPES
            }
        });
        1_u32.checked_shl(index as u32).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attribute(name: &str, value: &str) -> UserAttribute {
        let json = serde_json::json!({"attributeType": name, "attributeValue": value});
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn types_are_listed_once_and_without_line_breaks() {
        let mut types = AttributeTypes::default();
        let mut set = types.with_at(&[
            attribute("upn", "ann@example.com"),
            attribute("group", "staff"),
            attribute("", "ann@example.com"),
        ]);
        set.add(types.with_at(&[attribute("upn", "bob@x"), attribute("a\nb", "Ann <a@x>")]));
        assert_eq!(types.names(set), ["a b", "upn"]);
    }

    #[test]
    fn the_number_of_remembered_types_is_limited() {
        let mut types = AttributeTypes::default();
        let mut set = TypeSet::default();
        for number in 0..1_000 {
            set.add(types.with_at(&[attribute(&number.to_string(), "a@x")]));
        }
        assert_eq!(types.names(set).len(), MAX_TYPES);
    }
}
