//! An item as a line of the export, in the format that the visualization plugin of the Zeenea scanner imports.
//!
//! The plugin ignores a whole file because of `"contacts": null` and all items because of `"name": null`, drops a date
//! without a `Z`, and splits `label` and `id` at every `/`. So no value is ever null, and a `/` inside a part is
//! written `∕` (U+2215) in `label` and `%2F` in `id`. It drops empty parts of a label, so that a sheet without a name would
//! be shown as its app: such a part is written `(untitled)`.

use catalog_model::{
    Contact, Contacts, InventoryEntry, PropertyValue, Visualization, is_unprintable,
};
use serde::{Serialize, Serializer, ser::SerializeMap};

/// What a label shows instead of a missing name.
pub const UNTITLED: &str = "(untitled)";

/// An item as a line.
pub struct ExportLine<'a, P> {
    /// The item.
    pub item: &'a Visualization,
    /// The names of the parts of its key, after the code: `app`, `sheet`.
    pub parts: &'a [P],
}

/// An entry of an inventory as a line.
pub struct InventoryLine<'a> {
    /// The entry.
    pub entry: &'a InventoryEntry,
    /// The names of the parts of its key, after the code.
    pub parts: &'a [&'static str],
}

impl<P: AsRef<str>> Serialize for ExportLine<'_, P> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut line = serializer.serialize_map(None)?;
        self.serialize_into(&mut line)?;
        line.end()
    }
}

impl<P: AsRef<str>> ExportLine<'_, P> {
    /// Writes the fields into a line. The caller may add other fields.
    ///
    /// # Errors
    /// If the serializer fails.
    pub fn serialize_into<M: SerializeMap>(&self, line: &mut M) -> Result<(), M::Error> {
        let Self { item, parts } = self;
        let key = item.key.as_str();
        line.serialize_entry("id", &import_id(key, parts))?;
        line.serialize_entry("key", key)?;
        line.serialize_entry("type", "visualization")?;
        line.serialize_entry("label", &label(&item.label))?;
        line.serialize_entry("name", &item.name)?;
        if let Some(description) = &item.description {
            line.serialize_entry("description", description)?;
        }
        if let Some(catalog) = &item.catalog {
            line.serialize_entry("catalog", &**catalog)?;
        }
        let contacts = reachable(&item.contacts);
        if !contacts.is_empty() {
            line.serialize_entry("contacts", &contacts)?;
        }
        for (name, value) in item.properties.iter() {
            match value {
                PropertyValue::Text(text) | PropertyValue::LongText(text) => {
                    line.serialize_entry(name, text)?;
                }
                PropertyValue::Url(url) => line.serialize_entry(name, url.as_str())?,
                // JSON cannot represent other numbers.
                PropertyValue::Number(number) if !number.is_finite() => {}
                PropertyValue::Number(number) => line.serialize_entry(name, number)?,
                PropertyValue::Instant(instant) => {
                    line.serialize_entry(name, &format_args!("{instant}"))?;
                }
                PropertyValue::Tags(tags) => line.serialize_entry(name, tags)?,
            }
        }
        Ok(())
    }
}

impl Serialize for InventoryLine<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { entry, parts } = self;
        let mut line = serializer.serialize_map(None)?;
        line.serialize_entry("id", &import_id(entry.key.as_str(), parts))?;
        line.serialize_entry("key", entry.key.as_str())?;
        line.serialize_entry("label", &label(&entry.label))?;
        if let Some(catalog) = &entry.catalog {
            line.serialize_entry("catalog", &**catalog)?;
        }
        line.end()
    }
}

/// Returns the id for the import: `/app=<app id>/sheet=<sheet id>`, without the code, which the importing connection
/// has.
pub(crate) fn import_id(key: &str, parts: &[impl AsRef<str>]) -> String {
    let mut id = String::with_capacity(key.len() + 16);
    // The escapes of the key are kept, so that the id contains no `/` of a part.
    for (name, part) in parts.iter().zip(key.split('/').skip(1)) {
        id.push('/');
        id.push_str(name.as_ref());
        id.push('=');
        id.push_str(part);
    }
    id
}

/// Joins the parts of a label. A part without a visible character becomes [`UNTITLED`].
pub fn label(parts: &[impl AsRef<str>]) -> String {
    let lengths = parts.iter().map(|part| part.as_ref().len() + 1);
    let mut label = String::with_capacity(lengths.sum());
    for (index, part) in parts.iter().enumerate() {
        if index > 0 {
            label.push('/');
        }
        for (index, piece) in title(part.as_ref()).split('/').enumerate() {
            if index > 0 {
                label.push('∕');
            }
            label.push_str(piece);
        }
    }
    label
}

/// Returns the name, or [`UNTITLED`] if it has no visible character.
pub fn title(name: &str) -> &str {
    let is_invisible = |char: char| char.is_whitespace() || is_unprintable(char);
    match name.chars().all(is_invisible) {
        true => UNTITLED,
        false => name,
    }
}

#[derive(Serialize)]
struct ReachableContact<'a> {
    role: &'a str,
    email: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
}

/// The contacts with an e-mail: the importer drops the others.
fn reachable(contacts: &Contacts) -> Vec<ReachableContact<'_>> {
    let Contacts::Known(contacts) = contacts else {
        return Vec::new();
    };
    let reachable = contacts.iter().filter_map(|contact: &Contact| {
        Some(ReachableContact {
            role: &contact.role,
            email: contact.email.as_deref()?,
            name: contact.name.as_deref(),
        })
    });
    reachable.collect()
}

#[cfg(test)]
mod tests {
    use catalog_model::{
        Contact, Contacts, Instant, ItemKey, Precedence, Properties, PropertyValue, Visualization,
    };

    use super::*;

    fn sheet() -> Visualization {
        let mut properties = Properties::default();
        properties.put("application_name", PropertyValue::Text("Sales".to_owned()));
        properties.put(
            "sheet_url",
            PropertyValue::Url("https://h/a%20b".parse().unwrap()),
        );
        let instant = Instant::from_unix_millis(1_706_702_400_000).unwrap();
        properties.put("creation_date", PropertyValue::Instant(instant));
        properties.put(
            "tags",
            PropertyValue::Tags(vec!["a".to_owned(), "b".to_owned()]),
        );
        Visualization {
            key: ItemKey::new(["prod", "app/1", "JDWuPK"]).unwrap(),
            container: None,
            label: vec!["Finance".to_owned(), "Q1/Q2".to_owned(), String::new()],
            name: String::new(),
            description: Some("two\nlines".to_owned()),
            contacts: Contacts::Known(vec![
                Contact {
                    role: "owner".into(),
                    email: Some("ann@example.com".to_owned()),
                    name: Some("Ann".to_owned()),
                    account: Some("ACME\\ann".to_owned()),
                    status: None,
                    email_since: 1,
                },
                Contact {
                    role: "owner".into(),
                    email: None,
                    name: Some("Bob".to_owned()),
                    account: None,
                    status: None,
                    email_since: 1,
                },
            ]),
            catalog: Some("Money".into()),
            precedence: Precedence::default(),
            properties,
        }
    }

    fn check(item: &Visualization, expected: &str) {
        let line = ExportLine {
            item,
            parts: &["app", "sheet"],
        };
        assert_eq!(serde_json::to_string(&line).unwrap(), expected);
    }

    #[test]
    fn an_item_is_written_in_the_format_of_the_plugin() {
        check(
            &sheet(),
            concat!(
                r#"{"id":"/app=app%2F1/sheet=JDWuPK","key":"prod/app%2F1/JDWuPK","type":"visualization","#,
                r#""label":"Finance/Q1∕Q2/(untitled)","name":"","description":"two\nlines","catalog":"Money","#,
                r#""contacts":[{"role":"owner","email":"ann@example.com","name":"Ann"}],"#,
                r#""application_name":"Sales","sheet_url":"https://h/a%20b","#,
                r#""creation_date":"2024-01-31T12:00:00.000Z","tags":["a","b"]}"#
            ),
        );
    }

    #[test]
    fn missing_values_are_omitted_and_never_null() {
        let item = Visualization {
            description: None,
            contacts: Contacts::Unknown,
            catalog: None,
            properties: Properties::default(),
            ..sheet()
        };
        check(
            &item,
            concat!(
                r#"{"id":"/app=app%2F1/sheet=JDWuPK","key":"prod/app%2F1/JDWuPK","type":"visualization","#,
                r#""label":"Finance/Q1∕Q2/(untitled)","name":""}"#
            ),
        );
    }

    #[test]
    fn every_part_of_a_label_is_visible() {
        for (parts, expected) in [
            (&["Finance", "Sales", ""][..], "Finance/Sales/(untitled)"),
            (
                &["", " \u{a0}", "\u{200b}\n"],
                "(untitled)/(untitled)/(untitled)",
            ),
            (&["a/b", "/", " c "], "a∕b/∕/ c "),
        ] {
            assert_eq!(label(parts), expected);
        }
    }
}
