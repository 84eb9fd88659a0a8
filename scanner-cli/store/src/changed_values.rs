//! The old and new values of the fields of a change, as people read them.

use std::borrow::Cow;

use rusqlite::{Connection, OptionalExtension};
use serde::{Deserialize, Serialize};

use super::stored_item::{StoredContact, StoredItem, StoredValue};

/// Maximum size of a value in bytes. A longer one is cut, and ends with `…`.
const MAX_VALUE_BYTES: usize = 1_000;
/// Size of all values of a change in bytes, after which further fields are kept without values.
const MAX_CHANGE_BYTES: usize = 8_000;

/// A field that changed, with its values. A value that is `None` did not exist.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangedValue {
    /// The name of the field or property.
    pub field: String,
    /// The value before the change.
    pub old: Option<String>,
    /// The value afterwards.
    pub new: Option<String>,
}

/// Compares the fields of two items, as JSON for the database. `None` if no field differs.
pub(super) fn to_json(
    fields: &[String],
    old: &StoredItem<'_>,
    new: &StoredItem<'_>,
) -> Option<String> {
    let (mut values, mut bytes) = (Vec::new(), 0);
    for field in fields {
        let value = |item: &StoredItem<'_>| text(item, field).map(cut);
        let (old, new) = (value(old), value(new));
        bytes += [&old, &new]
            .into_iter()
            .flatten()
            .map(String::len)
            .sum::<usize>();
        if bytes > MAX_CHANGE_BYTES {
            break;
        }
        values.push((field, old, new));
    }
    match values.is_empty() {
        true => None,
        false => serde_json::to_string(&values).ok(),
    }
}

/// Reads the values of the change with this position. Empty if it has none: earlier versions did not keep them.
pub(super) fn read(db: &Connection, seq: i64) -> rusqlite::Result<Vec<ChangedValue>> {
    let mut found = db.prepare_cached("SELECT fields FROM change_value WHERE seq = ?1")?;
    let json: Option<String> = found.query_row([seq], |row| row.get(0)).optional()?;
    // An array of three texts is read like the struct.
    Ok(json
        .and_then(|json| serde_json::from_str(&json).ok())
        .unwrap_or_default())
}

/// The value of a field as people read it; `None` if there is none.
fn text(item: &StoredItem<'_>, field: &str) -> Option<String> {
    match field {
        "label" => Some(item.label.join(" / ")),
        "name" => Some(item.name.to_string()),
        "description" => item.description.as_deref().map(str::to_owned),
        "catalog" => item.catalog.as_deref().map(str::to_owned),
        "container" => item.container().map(str::to_owned),
        "contacts" => {
            let contacts = item.contacts.as_ref()?.iter().map(contact);
            Some(contacts.collect::<Vec<_>>().join(", "))
        }
        _ => {
            let mut properties = item.properties.iter();
            let found = properties.find(|(name, _)| name == field);
            found.map(|(_, value)| shown(value))
        }
    }
    .filter(|text| !text.is_empty())
}

fn shown(value: &StoredValue<'_>) -> String {
    match value {
        StoredValue::Text(text) | StoredValue::LongText(text) | StoredValue::Url(text) => {
            text.to_string()
        }
        StoredValue::Number(number) => number.to_string(),
        StoredValue::Instant(instant) => instant.clone(),
        StoredValue::Tags(tags) => tags.join(", "),
    }
}

/// A contact such as `owner: Ada <ada@example.com> (inactive)`.
fn contact(contact: &StoredContact<'_>) -> String {
    let name = contact.name.as_ref().or(contact.account.as_ref());
    let email = contact.email.as_ref().map(|email| format!("<{email}>"));
    let status = contact.status.as_ref().filter(|status| *status != "active");
    let status = status.map(|status| format!("({status})"));
    let role = Some(format!("{}:", contact.role));
    let parts = [role, name.map(Cow::to_string), email, status];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

fn cut(mut text: String) -> String {
    if text.len() > MAX_VALUE_BYTES {
        text.truncate(text.floor_char_boundary(MAX_VALUE_BYTES));
        text.push('…');
    }
    text
}
