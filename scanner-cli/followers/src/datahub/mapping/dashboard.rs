//! The properties of an item as a dashboard.

use std::collections::BTreeMap;

use catalog_model::{Instant, PropertyValue, Visualization};
use serde_json::{Map, Value, json};

use super::{ACTOR, Hierarchy, texts::joined};

/// The property with the tags of an item.
const TAGS: &str = "tags";
/// The property with the address where people open an item.
const LINK: &str = "sheet_url";
/// The properties with the times of an item.
const CREATED: &str = "creation_date";
const MODIFIED: &str = "modification_date";
/// The property with the time at which the content was last loaded from where it comes from.
const REFRESHED: &str = "application_reload_date";

/// The properties that are not repeated among the custom properties: they have a place of their own, or belong to the
/// container.
const ELSEWHERE: [&str; 8] = [
    TAGS,
    LINK,
    CREATED,
    MODIFIED,
    REFRESHED,
    "application_description",
    "application_tags",
    "application_custom_properties",
];

/// The tags of an item, if they are known.
pub(super) fn tags(item: &Visualization) -> Option<&[String]> {
    match item.properties.get(TAGS) {
        Some(PropertyValue::Tags(tags)) => Some(tags),
        _ if item.properties.unknown().contains(&TAGS) => None,
        _ => Some(&[]),
    }
}

/// The aspect `dashboardInfo`.
pub(super) fn info(item: &Visualization, hierarchy: &Hierarchy) -> Value {
    let time = |property| millis(item, property).unwrap_or(0);
    let stamp = |time: i64| json!({ "time": time, "actor": ACTOR });
    let mut info = Map::new();
    let mut put = |name: &str, value: Value| drop(info.insert(name.to_owned(), value));
    put("title", title(item, hierarchy).into());
    put(
        "description",
        item.description.as_deref().unwrap_or_default().into(),
    );
    if let Some(link) = item.properties.text(LINK) {
        put("dashboardUrl", link.into());
        put("externalUrl", link.into());
    }
    let stamps = json!({ "created": stamp(time(CREATED)), "lastModified": stamp(time(MODIFIED)) });
    put("lastModified", stamps);
    if let Some(time) = millis(item, REFRESHED) {
        put("lastRefreshed", time.into());
    }
    put("customProperties", json!(custom_properties(item)));
    Value::Object(info)
}

/// The name; an empty title could not be clicked.
fn title(item: &Visualization, hierarchy: &Hierarchy) -> String {
    if !item.name.trim().is_empty() {
        return item.name.clone();
    }
    let id = item.key.parts().last().unwrap_or_default();
    format!("(untitled {} {id})", hierarchy.item_part())
}

fn custom_properties(item: &Visualization) -> BTreeMap<&str, String> {
    let own = item.properties.iter();
    let own = own.filter(|(name, _)| !ELSEWHERE.contains(name));
    let mut properties: BTreeMap<_, _> = own.map(|(name, value)| (name, text(value))).collect();
    if let Some(catalog) = &item.catalog {
        properties.insert("catalog", catalog.to_string());
    }
    properties.insert("key", item.key.to_string());
    properties
}

fn text(value: &PropertyValue) -> String {
    match value {
        PropertyValue::Text(text) | PropertyValue::LongText(text) => text.clone(),
        PropertyValue::Number(number) => number.to_string(),
        PropertyValue::Url(url) => url.to_string(),
        PropertyValue::Instant(instant) => instant.to_string(),
        PropertyValue::Tags(tags) => joined(tags.iter().map(String::as_str)),
    }
}

/// The time of a property in milliseconds. A time before 1970 means "never" in sources, which begin their calendar in
/// other centuries.
fn millis(item: &Visualization, property: &str) -> Option<i64> {
    match item.properties.get(property)? {
        PropertyValue::Instant(instant) => {
            Some(Instant::as_unix_millis(*instant)).filter(|millis| *millis > 0)
        }
        _ => None,
    }
}
