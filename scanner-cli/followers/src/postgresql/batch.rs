//! What is written together: items, containers and changes as JSON.

use catalog_model::{
    ChangeKind,
    follower::{Entity, EntityKind, FeedChange, FeedEntry},
};
use serde::Serialize;

use super::{
    columns::Table,
    row::{row, storable, time},
};

/// An item or container that is to be written, with what happened to it.
pub(super) struct Unit {
    /// Its key, as the database has it.
    pub(super) key: String,
    pub(super) connection: String,
    pub(super) of: EntityKind,
    pub(super) content: Content,
    /// A row of `changes` in JSON.
    change: Option<String>,
    /// The position that is reached with it.
    pub(super) position: Option<i64>,
}

/// What is written of an item or container.
pub(super) enum Content {
    /// A row, in JSON.
    Row(String),
    /// It has another state. What it was is not known any more.
    State {
        state: &'static str,
        since: Option<String>,
    },
    /// Nothing.
    Unchanged,
    /// It cannot be written, and why.
    Refused(String),
}

/// Maximum size of the JSON of a batch, in bytes, unless one item alone is larger.
const MAX_BYTES: usize = 1_000_000;
/// Maximum number of items in a batch.
const MAX_UNITS: usize = 1_000;

#[derive(Serialize)]
struct ChangeRow<'a> {
    connection: &'a str,
    key: &'a str,
    kind: &'a str,
    change: &'a str,
    time: String,
    fields: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<&'a str>,
}

impl Unit {
    /// An entity as it is now.
    pub(super) fn of_entry(
        entry: &FeedEntry<Entity>,
        items: &Table,
        (connection, key_parts): (&str, &[String]),
    ) -> Self {
        let (of, key) = match &entry.entity {
            Entity::Container(container) => (EntityKind::Container, container.key.as_str()),
            Entity::Item(item) => (EntityKind::Item, item.key.as_str()),
            _ => (EntityKind::Item, ""),
        };
        let content = match key.contains('\0') {
            true => {
                Err("its key contains the character NUL, which PostgreSQL cannot store".to_owned())
            }
            false => row(entry, items, (connection, key_parts)),
        };
        Self {
            key: storable(key).into_owned(),
            connection: connection.to_owned(),
            of,
            content: content.map_or_else(Content::Refused, Content::Row),
            change: None,
            position: None,
        }
    }

    /// A change, with the entity as it is now.
    pub(super) fn of_change(change: &FeedChange, items: &Table, key_parts: &[String]) -> Self {
        let code = change.connection.as_str();
        let mut unit = match &change.entry {
            Some(entry) => Self::of_entry(entry, items, (code, key_parts)),
            None => Self {
                key: storable(change.key.as_str()).into_owned(),
                connection: code.to_owned(),
                of: change.entity_kind,
                content: state_after(change),
                change: None,
                position: None,
            },
        };
        unit.position = Some(change.position.get());
        if unit.refusal().is_none() && change.kind != ChangeKind::Rewritten {
            match change_row(change, &unit.key) {
                Ok(json) => unit.change = Some(json),
                Err(error) => unit.content = Content::Refused(error.to_string()),
            }
        }
        unit
    }

    /// The same, refused by the database.
    pub(super) fn refused(self, message: &str) -> Self {
        Self {
            content: Content::Refused(storable(message).into_owned()),
            change: None,
            ..self
        }
    }

    /// Why it cannot be written, if it cannot.
    pub(super) fn refusal(&self) -> Option<&str> {
        match &self.content {
            Content::Refused(message) => Some(message),
            _ => None,
        }
    }

    pub(super) fn is_written_item(&self) -> bool {
        let is_written = matches!(self.content, Content::Row(_) | Content::State { .. });
        is_written && self.of == EntityKind::Item
    }

    fn bytes(&self) -> usize {
        let content = match &self.content {
            Content::Row(json) => json.len(),
            _ => 0,
        };
        content + self.change.as_ref().map_or(0, String::len)
    }
}

/// The state that a change leaves behind, if the store does not have the entity any more.
fn state_after(change: &FeedChange) -> Content {
    match change.kind {
        ChangeKind::Removed => Content::State {
            state: "gone",
            since: Some(time(change.time)),
        },
        ChangeKind::Excluded => Content::State {
            state: "excluded",
            since: None,
        },
        _ => Content::Unchanged,
    }
}

fn change_row(change: &FeedChange, key: &str) -> serde_json::Result<String> {
    let (fields, rule) = match change.kind {
        ChangeKind::Excluded => (&[][..], change.fields.first()),
        _ => (&change.fields[..], None),
    };
    let fields: Vec<_> = fields
        .iter()
        .map(|field| storable(field).into_owned())
        .collect();
    let rule = rule.map(|rule| storable(rule));
    let kind = match &change.entry {
        Some(FeedEntry {
            entity: Entity::Container(container),
            ..
        }) => container.kind.id,
        _ if change.entity_kind == EntityKind::Item => "item",
        // A container's key has its kind: `code/kind:id`.
        _ => (key.split('/').nth(1))
            .and_then(|part| part.split(':').next())
            .unwrap_or("container"),
    };
    serde_json::to_string(&ChangeRow {
        connection: change.connection.as_str(),
        key,
        kind,
        change: change.kind.word(),
        time: time(change.time),
        fields: &fields,
        rule: rule.as_deref(),
    })
}

/// The rows of a kind in a JSON array, and their number. Of several with one key the last one counts.
pub(super) fn rows_json(units: &[Unit], of: EntityKind) -> Option<(String, usize)> {
    let mut rows = std::collections::BTreeMap::new();
    for unit in units.iter().filter(|unit| unit.of == of) {
        if let Content::Row(json) = &unit.content {
            rows.insert(&unit.key, json.as_str());
        }
    }
    let count = rows.len();
    (count > 0).then(|| (array(rows.into_values()), count))
}

/// The changes in a JSON array, and their number.
pub(super) fn changes_json(units: &[Unit]) -> Option<(String, usize)> {
    let changes: Vec<_> = units
        .iter()
        .filter_map(|unit| unit.change.as_deref())
        .collect();
    let count = changes.len();
    (count > 0).then(|| (array(changes), count))
}

fn array<'a>(elements: impl IntoIterator<Item = &'a str>) -> String {
    let mut json = String::from("[");
    for element in elements {
        if json.len() > 1 {
            json.push(',');
        }
        json.push_str(element);
    }
    json.push(']');
    json
}

/// Cuts units into batches of a size that a transaction may have.
pub(super) fn batches(units: Vec<Unit>) -> Vec<Vec<Unit>> {
    let mut batches: Vec<Vec<Unit>> = Vec::new();
    let mut bytes = 0;
    for unit in units {
        let size = unit.bytes();
        match batches.last_mut() {
            Some(last) if bytes + size <= MAX_BYTES && last.len() < MAX_UNITS => {
                bytes += size;
                last.push(unit);
            }
            _ => {
                bytes = size;
                batches.push(vec![unit]);
            }
        }
    }
    batches
}
