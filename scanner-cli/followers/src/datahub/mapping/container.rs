//! The properties of a container.

use std::collections::BTreeMap;

use catalog_model::{ConnectionCode, Container};
use serde_json::{Map, Value, json};

use super::texts::joined;

/// The custom property with the source's id of a container, for the kinds that have one.
const ID_PROPERTIES: [(&str, &str); 1] = [("app", "application_id")];

/// The aspect `containerProperties`.
pub(super) fn properties(container: &Container, code: &ConnectionCode) -> Value {
    let mut properties = Map::new();
    let mut put = |name: &str, value: Value| drop(properties.insert(name.to_owned(), value));
    put("name", name(container).into());
    if let Some(description) = &container.description {
        put("description", description.as_str().into());
    }
    if let Some(link) = &container.link {
        put("externalUrl", link.as_str().into());
    }
    put(
        "customProperties",
        json!(custom_properties(container, code)),
    );
    Value::Object(properties)
}

fn name(container: &Container) -> String {
    match container.name.trim().is_empty() {
        true => format!("(untitled {} {})", container.kind.id, container.id.0),
        false => container.name.clone(),
    }
}

/// The properties of the scanner, and those that the source's administrators defined.
fn custom_properties(container: &Container, code: &ConnectionCode) -> BTreeMap<String, String> {
    let mut properties = BTreeMap::from([("connection".to_owned(), code.to_string())]);
    let id_property = ID_PROPERTIES
        .iter()
        .find(|(kind, _)| *kind == container.kind.id);
    if let Some((_, property)) = id_property {
        properties.insert((*property).to_owned(), container.id.0.clone());
    }
    let refreshed = container.refreshed.filter(|time| time.as_unix_millis() > 0);
    if let Some(refreshed) = refreshed {
        properties.insert("last_reload".to_owned(), refreshed.to_string());
    }
    let mut values: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for property in &container.custom_properties {
        values
            .entry(&property.name)
            .or_default()
            .push(&property.value);
    }
    for (name, values) in values {
        // A property of the source must not replace one of the scanner.
        let name = match properties.contains_key(name) {
            true => format!("{name} (custom property)"),
            false => name.to_owned(),
        };
        properties.insert(name, joined(values.into_iter()));
    }
    properties
}
