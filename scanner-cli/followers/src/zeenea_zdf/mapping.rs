//! An item as a visualization of ZDF. Nothing here touches files.

use std::borrow::Cow;

use catalog_model::{Contacts, ItemKey, PropertyValue, Visualization};
use serde::Serialize;

use crate::export_line::title;

/// A visualization.
#[derive(Serialize)]
pub(super) struct ZdfVisualization<'a> {
    /// Without a path, Zeenea would identify it by its name.
    path: String,
    name: &'a str,
    #[serde(skip_serializing_if = "String::is_empty")]
    description: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<Owner<'a>>,
    /// The datasets that it shows. They are not known; the field is mandatory.
    datasets: [&'static str; 0],
}

/// The one contact that the format allows. First and last name are left out, because a display name cannot be divided
/// reliably.
#[derive(Serialize)]
struct Owner<'a> {
    role: &'a str,
    email: &'a str,
}

/// The properties that become lines of the description, in this order, and their headings. The link has no heading.
const LINES: [(&str, Option<&str>); 12] = [
    ("application_name", Some("Application")),
    ("stream", Some("Stream")),
    ("sheet_status", Some("Status")),
    ("owner", Some("Owner")),
    ("creation_date", Some("Created")),
    ("modification_date", Some("Modified")),
    ("publish_date", Some("Published")),
    ("application_reload_date", Some("Reloaded")),
    ("tags", Some("Tags")),
    ("application_tags", Some("Application tags")),
    (
        "application_custom_properties",
        Some("Application properties"),
    ),
    ("sheet_url", None),
];

/// Describes an item.
pub(super) fn visualization(item: &Visualization) -> ZdfVisualization<'_> {
    ZdfVisualization {
        path: path(&item.key),
        name: title(&item.name),
        description: description(item),
        owner: owner(&item.contacts),
        datasets: [],
    }
}

/// The key without the code of the connection: `/<app id>/<sheet id>`.
fn path(key: &ItemKey) -> String {
    match key.as_str().split_once('/') {
        Some((_, path)) => format!("/{path}"),
        None => format!("/{key}"),
    }
}

/// The item's own description and, after an empty line, the properties.
fn description(item: &Visualization) -> String {
    let lines = LINES.iter().filter_map(|(name, heading)| {
        let value = line_text(item.properties.get(name)?);
        let line = match heading {
            Some(heading) => format!("{heading}: {value}"),
            None => value.clone(),
        };
        (!value.is_empty()).then_some(line)
    });
    let lines = lines.collect::<Vec<_>>().join("\n");
    let own = item.description.clone().unwrap_or_default();
    let parts = [own, lines].into_iter().filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join("\n\n")
}

/// The value on one line.
fn line_text(value: &PropertyValue) -> String {
    let text: Cow<'_, str> = match value {
        PropertyValue::Text(text) | PropertyValue::LongText(text) => text.into(),
        PropertyValue::Number(number) => number.to_string().into(),
        PropertyValue::Url(url) => url.as_str().into(),
        PropertyValue::Instant(instant) => instant.to_string().into(),
        PropertyValue::Tags(tags) => tags.join("; ").into(),
    };
    let is_break = |char: char| char.is_control() || matches!(char, '\u{2028}' | '\u{2029}');
    let words = text.split(is_break).filter(|words| !words.is_empty());
    words.collect::<Vec<_>>().join(" ")
}

/// The first contact with an e-mail address.
fn owner(contacts: &Contacts) -> Option<Owner<'_>> {
    let Contacts::Known(contacts) = contacts else {
        return None;
    };
    contacts.iter().find_map(|contact| {
        Some(Owner {
            role: &contact.role,
            email: contact.email.as_deref()?,
        })
    })
}

#[cfg(test)]
mod tests {
    use catalog_model::{Contact, Precedence, Properties};

    use super::*;

    fn sheet() -> Visualization {
        let mut properties = Properties::default();
        let text = |text: &str| PropertyValue::Text(text.to_owned());
        let tags =
            |tags: &[&str]| PropertyValue::Tags(tags.iter().map(ToString::to_string).collect());
        for (name, value) in [
            ("application_name", text("Travel\r\nExpenses")),
            (
                "sheet_url",
                PropertyValue::Url("https://h/a%20b".parse().unwrap()),
            ),
            (
                "creation_date",
                PropertyValue::Instant("2016-07-01T08:00:00.000Z".parse().unwrap()),
            ),
            ("stream", text("Finance")),
            ("tags", tags(&["a", "b"])),
            ("application_id", text("app/1")),
        ] {
            properties.put(name, value);
        }
        let contact = |role: &'static str, email: Option<&str>| Contact {
            role: role.into(),
            email: email.map(str::to_owned),
            name: Some("Ann Lee".to_owned()),
            account: None,
            status: None,
            email_since: 1,
        };
        Visualization {
            key: ItemKey::new(["prod/1", "app/1", "JDWuPK"]).unwrap(),
            container: None,
            label: Vec::new(),
            name: "Airfare".to_owned(),
            description: Some("Spend by carrier".to_owned()),
            contacts: Contacts::Known(vec![
                contact("owner", None),
                contact("application owner", Some("ann@corp.example")),
            ]),
            catalog: None,
            precedence: Precedence::default(),
            properties,
        }
    }

    fn check(item: &Visualization, expected: &str) {
        let json = serde_json::to_string(&visualization(item)).unwrap();
        assert_eq!(json, expected);
    }

    #[test]
    fn an_item_is_written_in_the_published_format() {
        check(
            &sheet(),
            concat!(
                r#"{"path":"/app%2F1/JDWuPK","name":"Airfare","description":"Spend by carrier\n\n"#,
                r#"Application: Travel Expenses\nStream: Finance\nCreated: 2016-07-01T08:00:00.000Z\n"#,
                r#"Tags: a; b\nhttps://h/a%20b","owner":{"role":"application owner","email":"ann@corp.example"},"#,
                r#""datasets":[]}"#
            ),
        );
    }

    #[test]
    fn missing_values_are_omitted_and_a_name_is_never_empty() {
        let item = Visualization {
            name: " ".to_owned(),
            description: None,
            contacts: Contacts::Unknown,
            properties: Properties::default(),
            ..sheet()
        };
        check(
            &item,
            r#"{"path":"/app%2F1/JDWuPK","name":"(untitled)","datasets":[]}"#,
        );
    }
}
