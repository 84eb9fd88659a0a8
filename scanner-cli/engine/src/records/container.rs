//! Apps and streams as records.

use std::collections::BTreeMap;

use catalog_model::{Contacts, Container, Instant};
use serde::Serialize;

use super::Record;
use crate::{
    export_line::label,
    item_filter::STREAM,
    shown_time::{instant, second},
    store::{Catalog, CatalogContainer, ItemScope, ItemState, StoreError, StoredConnection},
};

/// An app or a stream.
#[derive(Clone, Serialize)]
pub struct ContainerRecord {
    /// The key.
    pub key: String,
    /// Whether it is present.
    pub state: &'static str,
    first_seen: String,
    last_seen: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    gone_since: Option<String>,
    #[serde(rename = "type")]
    kind: &'static str,
    /// The name of its stream, if it is an app in a stream, and its own name.
    pub label: String,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    /// The source's own id.
    source_id: String,
    /// The key of the container that holds it.
    #[serde(skip_serializing_if = "Option::is_none")]
    parent: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    owner_email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    link: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    creation_date: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    modification_date: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    publish_date: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reload_date: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<String>,
    /// `NAME=VALUE`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    custom_properties: Vec<String>,
    /// When the last scan that saw it began, to the second.
    #[serde(skip)]
    pub last_seen_second: String,
}

impl ContainerRecord {
    /// The record of a container; `stream` is the name of the container that holds it.
    pub fn new(found: CatalogContainer<'_>, stream: Option<&str>) -> Self {
        let container = found.container;
        let date = |time: Option<Instant>| time.map(|time| time.to_string());
        let names: Vec<_> = stream.into_iter().chain([&*container.name]).collect();
        let owner = match &container.contacts {
            Contacts::Known(contacts) => contacts.first(),
            Contacts::Unknown => None,
        };
        let custom = container.custom_properties.iter();
        Self {
            state: found.state.word(),
            first_seen: instant(found.first_seen),
            last_seen: instant(found.last_seen),
            last_seen_second: second(found.last_seen),
            gone_since: found.gone_since.map(instant),
            kind: container.kind.id,
            label: label(&names),
            source_id: container.id.0,
            parent: container.parent.map(|parent| parent.to_string()),
            owner: owner.and_then(|owner| owner.account.clone()),
            owner_email: owner.and_then(|owner| owner.email.clone()),
            link: container.link.map(|link| link.to_string()),
            creation_date: date(container.created),
            modification_date: date(container.modified),
            publish_date: date(container.published),
            reload_date: date(container.refreshed),
            custom_properties: custom
                .map(|property| format!("{}={}", property.name, property.value))
                .collect(),
            tags: container.tags,
            key: container.key.to_string(),
            name: container.name,
            description: container.description,
        }
    }
}

impl Record for ContainerRecord {
    const FIELDS: &'static [&'static str] = &[
        "key",
        "state",
        "first_seen",
        "last_seen",
        "gone_since",
        "type",
        "label",
        "name",
        "description",
        "source_id",
        "parent",
        "owner",
        "owner_email",
        "link",
        "creation_date",
        "modification_date",
        "publish_date",
        "reload_date",
        "tags",
        "custom_properties",
    ];
}

/// The names of the containers that hold others, by key.
pub struct StreamNames(BTreeMap<String, String>);

impl StreamNames {
    /// Reads the names of all streams into memory.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn read(
        catalog: &Catalog,
        connection: Option<&StoredConnection>,
    ) -> Result<Self, StoreError> {
        let scope = ItemScope {
            connection,
            states: &ItemState::ALL,
        };
        let mut names = BTreeMap::new();
        catalog.each_container_of(Some(STREAM), scope, |found| {
            let container = found.container;
            names.insert(container.key.to_string(), container.name);
            Ok::<_, StoreError>(())
        })?;
        Ok(Self(names))
    }

    /// The name of the container that holds this one.
    #[must_use]
    pub fn stream_of(&self, container: &Container) -> Option<&str> {
        let parent = container.parent.as_ref()?;
        self.0.get(parent.as_str()).map(String::as_str)
    }
}
