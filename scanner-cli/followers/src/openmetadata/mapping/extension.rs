//! Custom properties: facts for which OpenMetadata has no field.

use std::collections::BTreeMap;

use catalog_model::{Contacts, Container, ContainerField, Instant, PropertyValue, Visualization};
use serde::Serialize;

use super::{CREATED, LINK, MODIFIED, TAGS};
use crate::{
    product::{FULL_NAME, PROPERTY_PREFIX},
    sync::hash,
};

/// What the names of the properties begin with that the source's administrators defined.
const DEFINED: &str = "Custom";

/// The properties of an item that have a place elsewhere: in a field, or in the dashboard.
const ELSEWHERE: [&str; 5] = [TAGS, LINK, CREATED, MODIFIED, "stream"];
const OF_CONTAINER: &str = "application_";

/// Maximum length of the part of a name that comes from the source.
const MAX_LENGTH: usize = 100;

/// The custom properties of an entity.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Extension {
    /// By name.
    pub properties: BTreeMap<String, CustomProperty>,
    /// The names, or beginnings of names, of those that are not known: the catalog keeps their values.
    unknown: Vec<String>,
}

/// A custom property.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CustomProperty {
    /// What people read in its definition.
    #[serde(skip)]
    pub description: String,
    /// The value.
    pub value: String,
}

impl Extension {
    /// The custom properties of an item.
    #[must_use]
    pub fn of_item(item: &Visualization) -> Self {
        let is_here = |name: &str| !ELSEWHERE.contains(&name) && !name.starts_with(OF_CONTAINER);
        let mut extension = Self::default();
        extension.add("key", Some(item.key.to_string()));
        extension.add("catalog", item.catalog.as_deref().map(str::to_owned));
        for (name, value) in item.properties.iter().filter(|(name, _)| is_here(name)) {
            extension.add(name, text(value));
        }
        let unknown = item.properties.unknown().iter();
        let unknown = unknown.filter(|name| is_here(name));
        extension.unknown.extend(unknown.map(|name| name_of(name)));
        extension
    }

    /// The custom properties of a container.
    #[must_use]
    pub fn of_container(container: &Container) -> Self {
        let mut extension = Self::default();
        extension.add("key", Some(container.key.to_string()));
        match &container.contacts {
            Contacts::Known(contacts) => {
                let accounts = contacts
                    .iter()
                    .filter_map(|contact| contact.account.clone());
                extension.add("owner", Some(joined(accounts.collect())));
            }
            Contacts::Unknown => extension.unknown.push(name_of("owner")),
        }
        for (name, field, value) in [
            ("creation_date", ContainerField::Created, container.created),
            (
                "modification_date",
                ContainerField::Modified,
                container.modified,
            ),
            (
                "publish_date",
                ContainerField::Published,
                container.published,
            ),
            (
                "last_reload",
                ContainerField::Refreshed,
                container.refreshed,
            ),
        ] {
            match value.is_none() && container.unknown.contains(&field) {
                true => extension.unknown.push(name_of(name)),
                false => extension.add(name, value.and_then(time)),
            }
        }
        extension.add_defined(container);
        extension
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.properties.is_empty() && self.unknown.is_empty()
    }

    /// Whether it is not known which value a property has.
    #[must_use]
    pub fn is_unknown(&self, name: &str) -> bool {
        self.unknown
            .iter()
            .any(|unknown| match unknown.strip_suffix('*') {
                Some(beginning) => name.starts_with(beginning),
                None => name == unknown,
            })
    }

    /// Adds the properties that the source's administrators defined, each with all of its values.
    fn add_defined(&mut self, container: &Container) {
        let defined = &container.custom_properties;
        if defined.is_empty()
            && container
                .unknown
                .contains(&ContainerField::CustomProperties)
        {
            self.unknown.push(format!("{PROPERTY_PREFIX}{DEFINED}*"));
        }
        let mut values: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for property in defined {
            let values = values.entry(&property.name).or_default();
            values.push(property.value.clone());
        }
        for (name, values) in values {
            let description = format!("The custom property `{name}` in {FULL_NAME}");
            self.put(defined_name(name), description, joined(values));
        }
    }

    fn add(&mut self, name: &str, value: Option<String>) {
        let description = format!("`{name}` in {FULL_NAME}");
        self.put(name_of(name), description, value.unwrap_or_default());
    }

    fn put(&mut self, name: String, description: String, value: String) {
        if !value.trim().is_empty() {
            let property = CustomProperty { description, value };
            self.properties.insert(name, property);
        }
    }
}

/// The name of the property with a field of the scanner, in camel case, as OpenMetadata demands.
fn name_of(field: &str) -> String {
    let words = field.split(|char: char| !char.is_ascii_alphanumeric());
    let words = words.map(|word| match word.split_at_checked(1) {
        Some((first, rest)) => first.to_ascii_uppercase() + rest,
        None => String::new(),
    });
    format!("{PROPERTY_PREFIX}{}", words.collect::<String>())
}

/// The name of a property that the source's administrators defined. A hash keeps names apart that differ in characters
/// that OpenMetadata does not accept.
fn defined_name(name: &str) -> String {
    let plain = name.chars().filter(char::is_ascii_alphanumeric);
    let plain: String = plain.take(MAX_LENGTH).collect();
    let end = match plain == name {
        true => String::new(),
        false => hash(&[name])[..8].to_owned(),
    };
    format!("{PROPERTY_PREFIX}{DEFINED}{plain}{end}")
}

fn text(value: &PropertyValue) -> Option<String> {
    match value {
        PropertyValue::Text(text) | PropertyValue::LongText(text) => Some(text.clone()),
        PropertyValue::Number(number) => Some(number.to_string()),
        PropertyValue::Url(url) => Some(url.to_string()),
        PropertyValue::Instant(instant) => time(*instant),
        PropertyValue::Tags(tags) => Some(joined(tags.clone())),
    }
}

/// A time before 1970 means "never" in sources, which begin their calendar in other centuries.
fn time(instant: Instant) -> Option<String> {
    (instant.as_unix_millis() > 0).then(|| instant.to_string())
}

fn joined(mut values: Vec<String>) -> String {
    values.retain(|value| !value.trim().is_empty());
    values.join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_in_camel_case_and_differ() {
        for (field, expected) in [
            ("key", "qlikKey"),
            ("sheet_status", "qlikSheetStatus"),
            ("last_reload", "qlikLastReload"),
        ] {
            assert_eq!(name_of(field), expected);
        }
        assert_eq!(defined_name("Department"), "qlikCustomDepartment");
        let long = "a".repeat(300);
        let names = ["a b", "ab", "a_b", "ä", "ö", "", "a::b", &long, &long[1..]].map(defined_name);
        let is_valid = |name: &String| {
            name.len() < 256 && name.chars().all(|char| char.is_ascii_alphanumeric())
        };
        assert!(names.iter().all(is_valid), "{names:?}");
        let distinct: std::collections::BTreeSet<_> = names.iter().collect();
        assert_eq!(distinct.len(), names.len(), "{names:?}");
    }
}
