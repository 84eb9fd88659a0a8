//! The properties of a container.

use std::{borrow::Cow, collections::BTreeMap};

use catalog_model::{ConnectionCode, Container};
use serde::Serialize;

use super::{Aspect, texts::joined};

/// The custom property with the source's id of a container, for the kinds that have one.
const ID_PROPERTIES: [(&str, &str); 1] = [("app", "application_id")];

/// The aspect `containerProperties`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ContainerProperties<'a> {
    custom_properties: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    external_url: Option<&'a str>,
    name: Cow<'a, str>,
}

/// The properties of a container as an aspect.
pub(super) fn properties(container: &Container, code: &ConnectionCode) -> Aspect {
    Aspect::new(&ContainerProperties {
        custom_properties: custom_properties(container, code),
        description: container.description.as_deref(),
        external_url: container.link.as_ref().map(|link| link.as_str()),
        name: name(container),
    })
}

fn name(container: &Container) -> Cow<'_, str> {
    match container.name.trim().is_empty() {
        true => format!("(untitled {} {})", container.kind.id, container.id.0).into(),
        false => Cow::Borrowed(&container.name),
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
