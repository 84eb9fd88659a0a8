//! Stores containers as items. Apart from name, description and contacts, the fields of a container become properties.

use std::borrow::Cow;

use catalog_model::{
    Contacts, Container, ContainerField, ContainerKind, CustomProperty, FieldRevision, Inclusion,
    Instant, ItemKey, SourceId,
};

use super::{CONTACTS, StoredItem, StoredPrecedence, StoredValue, contacts_of, stored_contacts};

const NAME: &str = "name";
const DESCRIPTION: &str = "description";
const PARENT: &str = "parent";
const LINK: &str = "link";
const CREATED: &str = "created";
const MODIFIED: &str = "modified";
const PUBLISHED: &str = "published";
const REFRESHED: &str = "refreshed";
const TAGS: &str = "tags";
/// Names and values alternate.
const CUSTOM_PROPERTIES: &str = "custom_properties";

impl<'a> StoredItem<'a> {
    /// Creates the stored form of a container, whose contacts may have a revision.
    pub(crate) fn from_container(container: &'a Container, revisions: &[FieldRevision]) -> Self {
        let contacts = stored_contacts(&container.contacts);
        let revisions = revisions.iter().filter(|revised| revised.field == CONTACTS);
        Self {
            revisions: (revisions.filter(|_| contacts.is_some()))
                .map(|revised| (revised.field.into(), revised.revision))
                .collect(),
            label: Vec::new(),
            container: None,
            name: container.name.as_str().into(),
            description: container.description.as_deref().map(Into::into),
            catalog: None,
            precedence: StoredPrecedence::default(),
            properties: properties_of(container),
            contacts,
        }
    }

    /// Copies the value of an unknown field of a container from `former`.
    pub(crate) fn keep_in_container(&mut self, field: &str, former: &Self) {
        match field {
            NAME => self.name = former.name.clone(),
            DESCRIPTION => self.description.clone_from(&former.description),
            _ => self.keep(field, former),
        }
    }

    /// The key of the container that holds a container.
    pub(crate) fn parent(&self) -> Option<&str> {
        let mut properties = self.properties.iter();
        match properties.find(|(name, _)| name == PARENT) {
            Some((_, StoredValue::Text(key))) => Some(key),
            _ => None,
        }
    }

    /// Converts the stored form to a container with this key.
    pub(crate) fn into_container(
        self,
        (key, kind, id): (ItemKey, ContainerKind, SourceId),
    ) -> Container {
        let mut container = Container {
            key,
            kind,
            id,
            name: self.name.into_owned(),
            description: self.description.map(Cow::into_owned),
            contacts: self.contacts.map_or(Contacts::Unknown, contacts_of),
            parent: None,
            link: None,
            created: None,
            modified: None,
            published: None,
            refreshed: None,
            tags: Vec::new(),
            custom_properties: Vec::new(),
            unknown: Vec::new(),
            inclusion: Inclusion::Included,
        };
        for (name, value) in self.properties {
            put(&mut container, &name, value);
        }
        container
    }
}

fn properties_of(container: &Container) -> Vec<(Cow<'_, str>, StoredValue<'_>)> {
    let text = |text: &str| StoredValue::Text(text.to_owned().into());
    let time = |time: Option<Instant>| time.map(|time| StoredValue::Instant(time.to_string()));
    let list = |list: Vec<&'_ str>| {
        (!list.is_empty()).then(|| {
            let list = list.into_iter().map(|text| Cow::Owned(text.to_owned()));
            StoredValue::Tags(list.collect())
        })
    };
    let custom = container.custom_properties.iter();
    let custom = custom.flat_map(|property| [&*property.name, &*property.value]);
    let properties = [
        (
            PARENT,
            container.parent.as_ref().map(|key| text(key.as_str())),
        ),
        (
            LINK,
            container
                .link
                .as_ref()
                .map(|link| StoredValue::Url(link.as_str().into())),
        ),
        (CREATED, time(container.created)),
        (MODIFIED, time(container.modified)),
        (PUBLISHED, time(container.published)),
        (REFRESHED, time(container.refreshed)),
        (
            TAGS,
            list(container.tags.iter().map(String::as_str).collect()),
        ),
        (CUSTOM_PROPERTIES, list(custom.collect())),
    ];
    let known = properties
        .into_iter()
        .filter_map(|(name, value)| Some((name.into(), value?)));
    known.collect()
}

/// Sets a field. Omits a value that this version cannot read because another version wrote it.
fn put(container: &mut Container, name: &str, value: StoredValue<'_>) {
    match (name, value) {
        (PARENT, StoredValue::Text(key)) => container.parent = key.parse().ok(),
        (LINK, StoredValue::Url(link)) => container.link = link.parse().ok(),
        (CREATED, StoredValue::Instant(time)) => container.created = time.parse().ok(),
        (MODIFIED, StoredValue::Instant(time)) => container.modified = time.parse().ok(),
        (PUBLISHED, StoredValue::Instant(time)) => container.published = time.parse().ok(),
        (REFRESHED, StoredValue::Instant(time)) => container.refreshed = time.parse().ok(),
        (TAGS, StoredValue::Tags(tags)) => {
            container.tags = tags.into_iter().map(Cow::into_owned).collect();
        }
        (CUSTOM_PROPERTIES, StoredValue::Tags(pairs)) => {
            container.custom_properties = custom_properties(pairs);
        }
        _ => {}
    }
}

fn custom_properties(pairs: Vec<Cow<'_, str>>) -> Vec<CustomProperty> {
    let mut texts = pairs.into_iter().map(Cow::into_owned);
    let mut properties = Vec::new();
    while let (Some(name), Some(value)) = (texts.next(), texts.next()) {
        properties.push(CustomProperty { name, value });
    }
    properties
}

/// Returns the names of the unknown fields of a container.
pub(crate) fn unknown_container_fields(container: &Container) -> Vec<&'static str> {
    let mut unknown: Vec<_> = container
        .unknown
        .iter()
        .filter_map(|field| name_of(*field))
        .collect();
    if container.contacts == Contacts::Unknown {
        unknown.push(CONTACTS);
    }
    unknown
}

fn name_of(field: ContainerField) -> Option<&'static str> {
    Some(match field {
        ContainerField::Name => NAME,
        ContainerField::Parent => PARENT,
        ContainerField::Description => DESCRIPTION,
        ContainerField::Created => CREATED,
        ContainerField::Modified => MODIFIED,
        ContainerField::Published => PUBLISHED,
        ContainerField::Refreshed => REFRESHED,
        ContainerField::Tags => TAGS,
        ContainerField::CustomProperties => CUSTOM_PROPERTIES,
        _ => return None,
    })
}
