//! The properties of an item as a dashboard.

use std::{borrow::Cow, collections::BTreeMap};

use catalog_model::{Instant, PropertyValue, Visualization};
use serde::Serialize;

use super::{Aspect, Hierarchy, patch::Stamp, texts::joined};

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
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DashboardInfo<'a> {
    custom_properties: BTreeMap<&'a str, Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dashboard_url: Option<&'a str>,
    description: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    external_url: Option<&'a str>,
    last_modified: Stamps,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_refreshed: Option<i64>,
    title: Cow<'a, str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Stamps {
    created: Stamp,
    last_modified: Stamp,
}

/// The properties of an item as an aspect.
pub(super) fn info(item: &Visualization, hierarchy: &Hierarchy) -> Aspect {
    let stamp = |property| Stamp::at(millis(item, property).unwrap_or(0));
    let link = item.properties.text(LINK);
    Aspect::new(&DashboardInfo {
        custom_properties: custom_properties(item),
        dashboard_url: link,
        description: item.description.as_deref().unwrap_or_default(),
        external_url: link,
        last_modified: Stamps {
            created: stamp(CREATED),
            last_modified: stamp(MODIFIED),
        },
        last_refreshed: millis(item, REFRESHED),
        title: title(item, hierarchy),
    })
}

/// The name; an empty title could not be clicked.
fn title<'a>(item: &'a Visualization, hierarchy: &Hierarchy) -> Cow<'a, str> {
    if !item.name.trim().is_empty() {
        return Cow::Borrowed(&item.name);
    }
    let id = item.key.parts().last().unwrap_or_default();
    format!("(untitled {} {id})", hierarchy.item_part()).into()
}

fn custom_properties(item: &Visualization) -> BTreeMap<&str, Cow<'_, str>> {
    let own = item.properties.iter();
    let own = own.filter(|(name, _)| !ELSEWHERE.contains(name));
    let mut properties: BTreeMap<_, _> = own.map(|(name, value)| (name, text(value))).collect();
    if let Some(catalog) = &item.catalog {
        properties.insert("catalog", Cow::Borrowed(catalog));
    }
    properties.insert("key", Cow::Borrowed(item.key.as_str()));
    properties
}

fn text(value: &PropertyValue) -> Cow<'_, str> {
    match value {
        PropertyValue::Text(text) | PropertyValue::LongText(text) => text.into(),
        PropertyValue::Number(number) => number.to_string().into(),
        PropertyValue::Url(url) => url.as_str().into(),
        PropertyValue::Instant(instant) => instant.to_string().into(),
        PropertyValue::Tags(tags) => joined(tags.iter().map(String::as_str)).into(),
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
