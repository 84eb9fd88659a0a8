//! What OpenMetadata knows items and containers as: names and fields, as plain values. Nothing here touches a network or a
//! disk.
//!
//! A connection is a *service*, an item a *chart*. The container that the items' keys name is a *dashboard*, and what holds
//! that is its *project*. A name never changes, because it is made of ids.

use std::collections::BTreeMap;

use catalog_model::{
    Contacts, Container, ContainerField, Instant, PropertyValue, Visualization,
    follower::FeedConnection,
};
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::{product::CLASSIFICATION, sync::hash};

pub mod extension;
pub mod name;

use extension::Extension;

/// The version of the mapping. A higher number makes every entity be delivered again.
pub const VERSION: u32 = 1;

/// The type of the service. A type of its own would need a connection, which only the catalog's own ingestion has.
const SERVICE_TYPE: &str = "CustomDashboard";

/// The properties of an item that have a place in a chart.
const TAGS: &str = "tags";
const LINK: &str = "sheet_url";
const CREATED: &str = "creation_date";
const MODIFIED: &str = "modification_date";

/// The fields that people edit, too. Each is replaced only if the catalog has what was written there.
pub const EDITED: [&str; 2] = ["displayName", "description"];

/// The types of entities that are delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EntityType {
    /// An item.
    Chart,
    /// A container of items.
    Dashboard,
}

/// An entity that exists, as it should be in the catalog.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Mapped {
    /// Its type.
    #[serde(skip)]
    pub of: EntityType,
    /// Its name.
    pub name: String,
    /// Fields by name; `null` if the source has no value. A field that is missing is not known: the catalog keeps its
    /// value.
    pub fields: BTreeMap<&'static str, Value>,
    /// When it was created and changed, in the form of `lifeCycle`.
    pub life_cycle: Map<String, Value>,
    /// Of a dashboard: the fully qualified names of its charts.
    pub charts: Vec<String>,
    /// Its tags. `None` if they are not known: those in the catalog stay.
    pub tags: Option<Vec<Tag>>,
    /// The e-mail addresses of its owners, in lower case. `None` if they are not known: those in the catalog stay.
    pub emails: Option<Vec<String>>,
    /// Its custom properties, which are sent apart from the others.
    #[serde(skip)]
    pub extension: Extension,
}

/// A tag.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Tag {
    /// The name.
    pub name: String,
    /// The text as the source has it.
    pub text: String,
}

impl EntityType {
    /// Its name in paths: `charts`.
    #[must_use]
    pub fn path(self) -> &'static str {
        match self {
            Self::Chart => "charts",
            Self::Dashboard => "dashboards",
        }
    }

    /// Its name for one: `chart`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Chart => "chart",
            Self::Dashboard => "dashboard",
        }
    }
}

impl Tag {
    /// The tag with a text of the source.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self {
            name: name::tag(text),
            text: text.to_owned(),
        }
    }

    /// Its fully qualified name.
    #[must_use]
    pub fn qualified(&self) -> String {
        name::qualified(&[CLASSIFICATION, &self.name])
    }
}

/// The service of a connection.
#[must_use]
pub fn service(connection: &FeedConnection) -> Value {
    let shown = match connection.name.trim().is_empty() {
        true => connection.code.as_str(),
        false => &connection.name,
    };
    json!({
        "name": name::service(&connection.code),
        "displayName": shown,
        "serviceType": SERVICE_TYPE,
        "connection": { "config": { "type": SERVICE_TYPE } },
    })
}

/// An item. `part` is what the last part of its key is: `sheet`.
#[must_use]
pub fn chart(item: &Visualization, part: &str) -> Mapped {
    let unknown = item.properties.unknown();
    let id = item.key.parts().last().unwrap_or_default();
    let mut fields = BTreeMap::new();
    fields.insert("displayName", title(&item.name, part, &id));
    fields.insert("description", text(item.description.as_deref()));
    if !unknown.contains(&LINK) {
        fields.insert("sourceUrl", text(item.properties.text(LINK)));
    }
    let time = |property| match item.properties.get(property) {
        Some(PropertyValue::Instant(instant)) => Some(*instant),
        _ => None,
    };
    let texts = match item.properties.get(TAGS) {
        Some(PropertyValue::Tags(tags)) => Some(&tags[..]),
        _ if unknown.contains(&TAGS) => None,
        _ => Some(&[][..]),
    };
    Mapped {
        of: EntityType::Chart,
        name: name::chart(&item.key),
        fields,
        life_cycle: life_cycle(time(CREATED), time(MODIFIED)),
        charts: Vec::new(),
        tags: texts.map(tags),
        emails: emails(&item.contacts),
        extension: Extension::default(),
    }
}

/// A container with the fully qualified names of its charts. `parent` is the name of what holds it.
#[must_use]
pub fn dashboard(container: &Container, parent: Option<&str>, charts: Vec<String>) -> Mapped {
    let mut fields = BTreeMap::new();
    let is_known = |field| !container.unknown.contains(&field);
    if is_known(ContainerField::Name) || !container.name.is_empty() {
        let shown = title(&container.name, container.kind.id, &container.id.0);
        fields.insert("displayName", shown);
    }
    if is_known(ContainerField::Description) || container.description.is_some() {
        fields.insert("description", text(container.description.as_deref()));
    }
    if is_known(ContainerField::Parent) || container.parent.is_some() {
        fields.insert("project", text(parent));
    }
    let link = container.link.as_ref().map(url::Url::as_str);
    fields.insert("sourceUrl", text(link));
    let tags_are_known = is_known(ContainerField::Tags) || !container.tags.is_empty();
    Mapped {
        of: EntityType::Dashboard,
        name: name::dashboard(&container.key),
        fields,
        // Fewer versions accept this of dashboards.
        life_cycle: Map::new(),
        charts,
        tags: tags_are_known.then(|| tags(&container.tags)),
        emails: emails(&container.contacts),
        extension: Extension::default(),
    }
}

impl Mapped {
    /// A hash of everything, with the version of the mapping.
    #[must_use]
    pub fn content(&self) -> String {
        let content = self.content_without_extension();
        match self.extension.is_empty() {
            true => content,
            false => {
                let extension = serde_json::to_string(&self.extension).unwrap_or_default();
                hash(&[&content, &extension])
            }
        }
    }

    /// The same without custom properties.
    #[must_use]
    pub fn content_without_extension(&self) -> String {
        let text = serde_json::to_string(self).unwrap_or_default();
        hash(&[&VERSION.to_string(), &text])
    }

    /// The text of a field; empty if it has none.
    #[must_use]
    pub fn text(&self, field: &str) -> &str {
        let value = self.fields.get(field).and_then(Value::as_str);
        value.unwrap_or_default()
    }
}

/// The name; an empty one could not be clicked.
fn title(name: &str, part: &str, id: &str) -> Value {
    match name.trim().is_empty() {
        true => format!("(untitled {part} {id})").into(),
        false => name.into(),
    }
}

fn text(text: Option<&str>) -> Value {
    let text = text.filter(|text| !text.is_empty());
    text.map_or(Value::Null, Value::from)
}

/// A time before 1970 means "never" in sources, which begin their calendar in other centuries.
fn life_cycle(created: Option<Instant>, modified: Option<Instant>) -> Map<String, Value> {
    let mut life_cycle = Map::new();
    for (name, time) in [("created", created), ("updated", modified)] {
        let millis = time.map(Instant::as_unix_millis);
        if let Some(millis) = millis.filter(|millis| *millis > 0) {
            life_cycle.insert(name.to_owned(), json!({ "timestamp": millis }));
        }
    }
    life_cycle
}

fn tags(texts: &[String]) -> Vec<Tag> {
    let mut tags: Vec<Tag> = Vec::with_capacity(texts.len());
    for text in texts.iter().filter(|text| !text.trim().is_empty()) {
        let tag = Tag::new(text);
        if tags.iter().all(|known| known.name != tag.name) {
            tags.push(tag);
        }
    }
    tags
}

fn emails(contacts: &Contacts) -> Option<Vec<String>> {
    let Contacts::Known(contacts) = contacts else {
        return None;
    };
    let mut emails = Vec::new();
    for email in contacts
        .iter()
        .filter_map(|contact| contact.email.as_deref())
    {
        let email = email.trim().to_lowercase();
        if !email.is_empty() && !emails.contains(&email) {
            emails.push(email);
        }
    }
    Some(emails)
}
