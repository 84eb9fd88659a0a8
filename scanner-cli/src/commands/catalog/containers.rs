//! Apps and streams as rows, and which of them are wanted.

use std::collections::BTreeMap;

use catalog_model::{Contacts, Container, Instant};
use serde::Serialize;

use super::{
    Catalog, CatalogContainer, ItemScope, ListError, StoredConnection, Take, Wanted, listing,
    wanted_texts::WantedTexts,
};
use crate::{
    arguments::WantedType,
    export_line::label,
    listing::{Fit, Row, TableColumn, instant, moment},
    store::{ItemSet, ItemState},
};

/// An app or a stream as a row.
#[derive(Clone, Serialize)]
pub(crate) struct ContainerRow {
    key: String,
    state: &'static str,
    first_seen: String,
    last_seen: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    gone_since: Option<String>,
    #[serde(rename = "type")]
    kind: &'static str,
    /// The names of the container that holds it and its own.
    label: String,
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
    #[serde(skip)]
    moment: String,
}

impl ContainerRow {
    /// A row; `parent` is the name of the container that holds it.
    pub(crate) fn of(found: CatalogContainer<'_>, parent: Option<&str>) -> Self {
        let container = found.container;
        let date = |time: Option<Instant>| time.map(|time| time.to_string());
        let way: Vec<_> = parent.into_iter().chain([&*container.name]).collect();
        let first = match &container.contacts {
            Contacts::Known(contacts) => contacts.first(),
            Contacts::Unknown => None,
        };
        let custom = container.custom_properties.iter();
        Self {
            state: found.state.word(),
            first_seen: instant(found.first_seen),
            last_seen: instant(found.last_seen),
            moment: moment(found.last_seen),
            gone_since: found.gone_since.map(instant),
            kind: container.kind.id,
            label: label(&way),
            source_id: container.id.0,
            parent: container.parent.map(|parent| parent.to_string()),
            owner: first.and_then(|owner| owner.account.clone()),
            owner_email: first.and_then(|owner| owner.email.clone()),
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

impl Row for ContainerRow {
    const TABLE: &'static [TableColumn] = &[
        ("label", "LABEL", Fit::CutMiddle),
        ("state", "STATE", Fit::Whole),
        ("last_seen", "LAST SEEN", Fit::Whole),
        ("key", "KEY", Fit::CutMiddle),
    ];
    const SPARE: &'static [&'static str] = &["last_seen", "state"];
    const COLUMNS: &'static [&'static str] = &[
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

    fn cells(&self) -> Vec<String> {
        vec![
            self.label.clone(),
            self.state.to_owned(),
            self.moment.clone(),
            self.key.clone(),
        ]
    }
}

/// The names of the containers that hold others, by key.
pub(super) struct Parents(BTreeMap<String, String>);

impl Parents {
    /// Reads all of them: there are as many as streams at most.
    pub(super) fn read(
        catalog: &Catalog,
        connection: Option<&StoredConnection>,
    ) -> Result<Self, ListError> {
        let scope = ItemScope {
            connection,
            states: &ItemState::ALL,
        };
        let mut names = BTreeMap::new();
        catalog.each_container(scope, |found| {
            let container = found.container;
            if container.parent.is_none() {
                names.insert(container.key.to_string(), container.name);
            }
            Ok::<_, ListError>(())
        })?;
        Ok(Self(names))
    }

    pub(super) fn of(&self, container: &Container) -> Option<&str> {
        let parent = container.parent.as_ref()?;
        self.0.get(parent.as_str()).map(String::as_str)
    }
}

/// Which containers are wanted.
pub(super) struct ContainerFilter {
    kind: &'static str,
    texts: WantedTexts,
}

impl ContainerFilter {
    pub(super) fn new(kind: &'static str, wanted: &Wanted) -> Self {
        Self {
            kind,
            texts: WantedTexts::new(wanted),
        }
    }

    fn accepts(&self, container: &Container, parent: Option<&str>) -> bool {
        let name = Some(&*container.name);
        let own = [Some(container.id.0.as_str()), name];
        let (app, stream) = match self.kind == WantedType::STREAM {
            true => (&[][..], &own[..]),
            false => (&own[..], &[parent][..]),
        };
        let key = Some(container.key.as_str());
        let described = [key, parent, name, container.description.as_deref()];
        container.kind.id == self.kind
            && self.texts.app.is_one_of(app.iter().copied())
            && self.texts.stream.is_one_of(stream.iter().copied())
            && self.texts.owner.is_one_of(owners(&container.contacts))
            && self.texts.search.is_in(described)
    }
}

/// The accounts, addresses and names of known contacts.
pub(super) fn owners(contacts: &Contacts) -> impl Iterator<Item = Option<&str>> {
    let contacts = match contacts {
        Contacts::Known(contacts) => contacts.as_slice(),
        Contacts::Unknown => &[],
    };
    contacts
        .iter()
        .flat_map(|contact| [&contact.account, &contact.email, &contact.name].map(Option::as_deref))
}

/// Gives each container that is wanted to `take`, sorted by key.
pub(super) fn each(
    catalog: &Catalog,
    scope: ItemScope<'_>,
    (filter, changed, limit): (&ContainerFilter, Option<&ItemSet>, Option<u64>),
    take: Take<'_, ContainerRow>,
) -> Result<(), ListError> {
    let parents = Parents::read(catalog, scope.connection)?;
    listing::first(limit, take, |take| {
        catalog.each_container(scope, |found| {
            let parent = parents.of(&found.container);
            let is_changed = changed.is_none_or(|set| set.has_container(&found));
            if is_changed && filter.accepts(&found.container, parent) {
                take(ContainerRow::of(found, parent))?;
            }
            Ok(())
        })
    })
}
