//! An item or container as a row of JSON, as `json_to_recordset` reads it.

use std::borrow::Cow;

use catalog_model::{
    Contact, Contacts, Container, ContainerField, Instant, PropertyValue, Visualization,
    follower::{Entity, FeedEntry},
};
use serde::{Serialize, Serializer, ser::SerializeMap};

use super::columns::{Column, ColumnKind, Table, UNKNOWN};
use crate::export_line::{import_id, label};

/// A text without NUL, which PostgreSQL cannot store.
pub(super) fn storable(text: &str) -> Cow<'_, str> {
    match text.contains('\0') {
        true => Cow::Owned(text.replace('\0', "\u{fffd}")),
        false => Cow::Borrowed(text),
    }
}

/// An entity as JSON.
///
/// # Errors
/// If the table has no place for it. The text says why.
pub(super) fn row(
    entry: &FeedEntry<Entity>,
    items: &Table,
    (connection, key_parts): (&str, &[String]),
) -> Result<String, String> {
    let json = match &entry.entity {
        Entity::Item(item) => {
            check(item, items)?;
            serde_json::to_string(&ItemRow {
                item,
                existence: Existence::of(entry, connection),
                parts: key_parts,
            })
        }
        Entity::Container(container) => serde_json::to_string(&ContainerRow {
            container,
            existence: Existence::of(entry, connection),
        }),
        _ => return Err("it is of an unknown kind".to_owned()),
    };
    json.map_err(|error| error.to_string())
}

/// The columns that the properties of an item need.
pub(super) fn columns_of(item: &Visualization) -> impl Iterator<Item = Column> {
    item.properties.iter().map(|(name, value)| Column {
        name: Table::property_column(name),
        kind: ColumnKind::from_property(value.kind()),
    })
}

/// Whether all properties fit into their columns. Everything fits into a text.
fn check(item: &Visualization, items: &Table) -> Result<(), String> {
    for column in columns_of(item) {
        let found = items.column(&column.name).map(|known| known.kind);
        if found.is_none_or(|kind| kind != column.kind) {
            let (name, given) = (column.name, column.kind.sql());
            let found = found.map_or("of another type", ColumnKind::sql);
            return Err(format!(
                "the property `{name}` is of the type {given}, but its column is {found}"
            ));
        }
    }
    Ok(())
}

/// Whether and since when an entity exists.
struct Existence<'a> {
    connection: &'a str,
    state: &'static str,
    first_seen: Instant,
    gone_since: Option<Instant>,
}

impl<'a> Existence<'a> {
    fn of<T>(entry: &FeedEntry<T>, connection: &'a str) -> Self {
        Self {
            connection,
            state: entry.state.word(),
            first_seen: entry.first_seen,
            gone_since: entry.gone_since,
        }
    }

    fn write<M: SerializeMap>(&self, row: &mut M) -> Result<(), M::Error> {
        row.serialize_entry("connection", self.connection)?;
        row.serialize_entry("state", self.state)?;
        row.serialize_entry("first_seen", &time(self.first_seen))?;
        put(row, "gone_since", self.gone_since.map(time))
    }
}

struct ItemRow<'a> {
    item: &'a Visualization,
    existence: Existence<'a>,
    parts: &'a [String],
}

impl Serialize for ItemRow<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self {
            item,
            existence,
            parts,
        } = self;
        let mut row = serializer.serialize_map(None)?;
        let key = item.key.as_str();
        row.serialize_entry("id", &import_id(key, parts))?;
        row.serialize_entry("key", key)?;
        row.serialize_entry("type", "visualization")?;
        row.serialize_entry("label", &storable(&label(&item.label)))?;
        row.serialize_entry("name", &storable(&item.name))?;
        put(
            &mut row,
            "description",
            item.description.as_deref().map(storable),
        )?;
        put(&mut row, "catalog", item.catalog.as_deref().map(storable))?;
        put(&mut row, "contacts", contacts(&item.contacts))?;
        let container = item.container.as_ref().map(|key| storable(key.as_str()));
        put(&mut row, "container", container)?;
        for (name, value) in item.properties.iter() {
            let name = Table::property_column(name);
            match value {
                PropertyValue::Text(text) | PropertyValue::LongText(text) => {
                    row.serialize_entry(&name, &storable(text))?;
                }
                PropertyValue::Url(url) => row.serialize_entry(&name, url.as_str())?,
                // The export has no other numbers.
                PropertyValue::Number(number) if !number.is_finite() => {}
                PropertyValue::Number(number) => row.serialize_entry(&name, number)?,
                PropertyValue::Instant(instant) => row.serialize_entry(&name, &time(*instant))?,
                PropertyValue::Tags(tags) => row.serialize_entry(&name, &texts(tags))?,
            }
        }
        let mut unknown: Vec<_> = (item.properties.unknown().iter())
            .map(|name| Table::property_column(name))
            .collect();
        if item.contacts == Contacts::Unknown {
            unknown.push("contacts".to_owned());
        }
        if !unknown.is_empty() {
            row.serialize_entry(UNKNOWN, &unknown)?;
        }
        existence.write(&mut row)?;
        row.end()
    }
}

struct ContainerRow<'a> {
    container: &'a Container,
    existence: Existence<'a>,
}

#[derive(Serialize)]
struct Property<'a> {
    name: Cow<'a, str>,
    value: Cow<'a, str>,
}

impl Serialize for ContainerRow<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let container = self.container;
        let mut row = serializer.serialize_map(None)?;
        row.serialize_entry("key", container.key.as_str())?;
        row.serialize_entry("kind", container.kind.id)?;
        row.serialize_entry("id", &storable(&container.id.0))?;
        row.serialize_entry("name", &storable(&container.name))?;
        let parent = container.parent.as_ref().map(|key| storable(key.as_str()));
        put(&mut row, "parent", parent)?;
        put(
            &mut row,
            "description",
            container.description.as_deref().map(storable),
        )?;
        put(
            &mut row,
            "link",
            container.link.as_ref().map(url::Url::as_str),
        )?;
        put(&mut row, "created", container.created.map(time))?;
        put(&mut row, "modified", container.modified.map(time))?;
        put(&mut row, "published", container.published.map(time))?;
        put(&mut row, "refreshed", container.refreshed.map(time))?;
        if !container.tags.is_empty() {
            row.serialize_entry("tags", &texts(&container.tags))?;
        }
        let properties = container.custom_properties.iter().map(|property| Property {
            name: storable(&property.name),
            value: storable(&property.value),
        });
        let properties: Vec<_> = properties.collect();
        if !properties.is_empty() {
            row.serialize_entry("custom_properties", &properties)?;
        }
        put(&mut row, "contacts", contacts(&container.contacts))?;
        let mut unknown: Vec<_> = container
            .unknown
            .iter()
            .filter_map(|field| name_of(*field))
            .collect();
        if container.contacts == Contacts::Unknown {
            unknown.push("contacts");
        }
        if !unknown.is_empty() {
            row.serialize_entry(UNKNOWN, &unknown)?;
        }
        self.existence.write(&mut row)?;
        row.end()
    }
}

/// The column of a field that may be unknown.
fn name_of(field: ContainerField) -> Option<&'static str> {
    Some(match field {
        ContainerField::Name => "name",
        ContainerField::Parent => "parent",
        ContainerField::Description => "description",
        ContainerField::Created => "created",
        ContainerField::Modified => "modified",
        ContainerField::Published => "published",
        ContainerField::Refreshed => "refreshed",
        ContainerField::Tags => "tags",
        ContainerField::CustomProperties => "custom_properties",
        _ => return None,
    })
}

#[derive(Serialize)]
struct ContactRow<'a> {
    role: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<&'static str>,
}

fn contacts(contacts: &Contacts) -> Option<Vec<ContactRow<'_>>> {
    let Contacts::Known(contacts) = contacts else {
        return None;
    };
    let rows = contacts.iter().map(|contact: &Contact| ContactRow {
        role: storable(&contact.role),
        email: contact.email.as_deref().map(storable),
        name: contact.name.as_deref().map(storable),
        account: contact.account.as_deref().map(storable),
        status: contact.status.map(|status| status.word()),
    });
    Some(rows.collect())
}

fn texts(texts: &[String]) -> Vec<Cow<'_, str>> {
    texts.iter().map(|text| storable(text)).collect()
}

/// Writes what is there.
fn put<M: SerializeMap, T: Serialize>(
    row: &mut M,
    name: &str,
    value: Option<T>,
) -> Result<(), M::Error> {
    match value {
        Some(value) => row.serialize_entry(name, &value),
        None => Ok(()),
    }
}

/// A point in time as PostgreSQL reads it: years before 1 have `BC` at the end.
pub(super) fn time(instant: Instant) -> String {
    let text = instant.to_string();
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text.as_str()),
    };
    match digits.split_once('-') {
        Some((year, rest)) => match year.parse::<i64>() {
            Ok(year) if sign * year < 1 => format!("{:04}-{rest} BC", 1 - sign * year),
            _ => text,
        },
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn years_before_1_are_written_as_postgresql_reads_them() {
        for (text, expected) in [
            ("2024-01-31T12:00:00.000Z", "2024-01-31T12:00:00.000Z"),
            ("0001-01-01T00:00:00.000Z", "0001-01-01T00:00:00.000Z"),
            ("0000-12-31T00:00:00.000Z", "0001-12-31T00:00:00.000Z BC"),
            ("-000043-03-15T00:00:00.000Z", "0044-03-15T00:00:00.000Z BC"),
        ] {
            assert_eq!(time(text.parse().unwrap()), expected);
        }
    }

    #[test]
    fn a_nul_character_is_replaced() {
        assert_eq!(storable("a\0b"), "a\u{fffd}b");
    }
}
