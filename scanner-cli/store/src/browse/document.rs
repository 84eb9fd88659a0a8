//! An item or container in the form in which it is indexed.

use catalog_model::{
    AccountStatus, Contact, Contacts, Container, ContainerKind, ItemKey, PropertyValue, SourceId,
    Visualization,
};

use super::{BrowseSettings, words};
use crate::{hashes::hash, stored_item::StoredItem};

/// Number of columns of the full-text index.
pub const COLUMNS: usize = 6;
/// Their names in answers, in the order of the tables.
pub(super) const COLUMN_NAMES: [&str; COLUMNS] = [
    "name",
    "description",
    "containers",
    "owners",
    "tags",
    "properties",
];

/// The item has no description.
pub(super) const WITHOUT_DESCRIPTION: u8 = 1;
/// Its contacts are known, and none has an address.
pub(super) const WITHOUT_ADDRESS: u8 = 2;

/// The bit of an account's status.
pub(super) const fn status_flag(status: AccountStatus) -> u8 {
    match status {
        AccountStatus::Active => 4,
        AccountStatus::Inactive => 8,
        AccountStatus::Blocked => 16,
        AccountStatus::Removed => 32,
    }
}

/// Maximum size of a column of the full-text index in bytes.
const MAX_COLUMN_BYTES: usize = 32 * 1024;
/// Maximum length of the name by which items are sorted, in characters.
const MAX_SORT_CHARS: usize = 120;
/// Maximum number of containers around an item.
pub const MAX_DEPTH: usize = 8;

/// The kind of a value that many items share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FacetKind {
    /// The key of a container that holds the item.
    Container = 0,
    /// An owner.
    Owner = 1,
    /// A tag.
    Tag = 2,
    /// How the item is published.
    Status = 3,
    /// The name of a property that has a value.
    Property = 4,
}

impl FacetKind {
    /// The number of the kind.
    #[must_use]
    pub fn code(self) -> i64 {
        self as i64
    }
}

/// A value that many items share.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FacetEntry {
    /// The kind.
    pub kind: FacetKind,
    /// The value.
    pub value: String,
    /// The display name.
    pub label: String,
    /// The number of the kind of containers in the store; otherwise 0.
    pub extra: i64,
}

/// An item or container in the form in which it is indexed.
#[derive(Debug)]
pub struct Document {
    /// Its number.
    pub id: i64,
    /// The number of the connection.
    pub connection: i64,
    /// The number of the kind of containers; 0 of an item.
    pub kind: i64,
    /// Bits.
    pub flags: u8,
    /// Length of the name in characters, up to 255.
    pub name_length: u8,
    /// The name by which it is sorted.
    pub sort_name: String,
    /// The key.
    pub key: String,
    /// The name.
    pub name: String,
    /// When the scan that changed it last began.
    pub changed: i64,
    /// When the first scan that saw it began.
    pub first_seen: i64,
    /// Hash of the last part of the key.
    pub tail: i64,
    /// Hash of the id in the source.
    pub source: i64,
    /// The number of the container that holds it directly, or the [number of its key](missing_container) if the store does not
    /// have it. 0 is none.
    pub parent: i64,
    /// The values that it shares with others.
    pub facets: Vec<FacetEntry>,
    /// The owners, with the values of their facets.
    pub owners: Vec<(String, Contact)>,
    /// Dates of a container.
    pub dates: Vec<(&'static str, i64)>,
    /// The texts that are searched.
    pub columns: [String; COLUMNS],
}

/// What a store has of an item or container.
#[derive(Debug)]
pub struct DocumentSource {
    /// Its number.
    pub id: i64,
    /// The number of the connection.
    pub connection: i64,
    /// The code of the connection.
    pub code: String,
    /// The number of the kind of containers. `None` of an item.
    pub kind: Option<i64>,
    /// The key.
    pub key: String,
    /// The id in the source.
    pub source_id: String,
    /// When the first scan that saw it began.
    pub first_seen: i64,
    /// When the scan that changed it last began.
    pub changed: i64,
    /// The content.
    pub stored: StoredItem<'static>,
}

impl DocumentSource {
    /// The key of the container that holds it directly.
    #[must_use]
    pub fn holder(&self) -> Option<&str> {
        match self.kind {
            None => self.stored.container(),
            Some(_) => self.stored.parent(),
        }
    }
}

/// A number below 0 for the key of a container that the store does not have. When it appears, what it holds is found by it.
#[must_use]
pub fn missing_container(key: &str) -> i64 {
    hash(key) | i64::MIN
}

/// What documents need to know about a container that holds them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Its number.
    pub id: i64,
    /// The number of the kind of containers.
    pub kind: i64,
    /// The key.
    pub key: String,
    /// The name.
    pub name: String,
    /// The key of the container that holds it.
    pub parent: Option<String>,
}

impl Holder {
    /// A container with this content. `None` if its key is not valid.
    #[must_use]
    pub fn new(id: i64, kind: i64, key: &str, stored: StoredItem<'static>) -> Option<Self> {
        let any = ContainerKind { id: "", label: "" };
        let container = stored.into_container((key.parse().ok()?, any, SourceId(String::new())));
        Some(Self {
            id,
            kind,
            key: key.to_owned(),
            name: container.name,
            parent: container.parent.map(|key| key.to_string()),
        })
    }
}

impl Document {
    /// Converts an item or container. `holder` finds the container with a key. `None` if the key is not valid.
    ///
    /// # Errors
    /// If `holder` fails.
    pub fn new<E>(
        source: DocumentSource,
        settings: &BrowseSettings,
        holder: &mut dyn FnMut(&str) -> Result<Option<Holder>, E>,
    ) -> Result<Option<Self>, E> {
        let Ok(parsed) = source.key.parse::<ItemKey>() else {
            return Ok(None);
        };
        let last_part = source.key.rsplit('/').next().unwrap_or_default();
        let mut document = Self {
            id: source.id,
            connection: source.connection,
            kind: source.kind.unwrap_or_default(),
            flags: 0,
            name_length: 0,
            sort_name: String::new(),
            tail: hash(last_part),
            source: hash(&source.source_id),
            name: String::new(),
            changed: source.changed,
            first_seen: source.first_seen,
            parent: 0,
            facets: Vec::new(),
            owners: Vec::new(),
            dates: Vec::new(),
            columns: Default::default(),
            key: source.key,
        };
        let (stored, code) = (source.stored, source.code.as_str());
        let parent = match source.kind {
            None => document.item(stored.into_item(parsed), code, settings),
            Some(_) => {
                let any = ContainerKind { id: "", label: "" };
                let identity = (parsed, any, SourceId(source.source_id));
                document.container(stored.into_container(identity), code)
            }
        };
        document.holders(parent, holder)?;
        Ok(Some(document))
    }

    /// Fills the fields of an item. Returns the key of its container.
    fn item(
        &mut self,
        item: Visualization,
        code: &str,
        settings: &BrowseSettings,
    ) -> Option<String> {
        self.named(&item.name, item.description.as_deref());
        self.contacts(&item.contacts, code);
        let is_tags = |name: &str| settings.tag_properties.iter().any(|tags| tags == name);
        for (name, value) in item.properties.iter() {
            self.facet(FacetKind::Property, name, name);
            match value {
                PropertyValue::Tags(tags) if is_tags(name) => {
                    tags.iter().for_each(|tag| self.tag(tag))
                }
                PropertyValue::Tags(texts) => texts.iter().for_each(|text| self.text(5, text)),
                PropertyValue::Text(text) if settings.status_property.as_deref() == Some(name) => {
                    self.facet(FacetKind::Status, text, text);
                }
                _ => {}
            }
        }
        if item.container.is_none() {
            // The last part is the name.
            let around = item.label.len().saturating_sub(1);
            item.label[..around]
                .iter()
                .for_each(|part| self.text(2, part));
        }
        item.container.map(|key| key.to_string())
    }

    /// Fills the fields of a container. Returns the key of its container.
    fn container(&mut self, container: Container, code: &str) -> Option<String> {
        self.named(&container.name, container.description.as_deref());
        self.contacts(&container.contacts, code);
        container.tags.iter().for_each(|tag| self.tag(tag));
        for property in &container.custom_properties {
            self.text(5, &format!("{}: {}", property.name, property.value));
        }
        let dates = [
            ("created", container.created),
            ("modified", container.modified),
            ("published", container.published),
            ("refreshed", container.refreshed),
        ];
        let dates = dates
            .into_iter()
            .filter_map(|(name, date)| Some((name, date?.as_unix_millis())));
        self.dates = dates.collect();
        for index in 0..self.dates.len() {
            let name = self.dates[index].0;
            self.facet(FacetKind::Property, name, name);
        }
        container.parent.map(|key| key.to_string())
    }

    fn named(&mut self, name: &str, description: Option<&str>) {
        let name = name.trim();
        self.text(0, name);
        name.clone_into(&mut self.name);
        self.name_length = u8::try_from(name.chars().take(256).count()).unwrap_or(u8::MAX);
        self.sort_name = name
            .chars()
            .take(MAX_SORT_CHARS)
            .flat_map(char::to_lowercase)
            .collect();
        if self.sort_name.is_empty() {
            // At the end of lists.
            self.sort_name.push(char::MAX);
        }
        match description.filter(|text| !text.trim().is_empty()) {
            Some(description) => self.text(1, description),
            None => self.flags |= WITHOUT_DESCRIPTION,
        }
    }

    fn contacts(&mut self, contacts: &Contacts, code: &str) {
        let Contacts::Known(contacts) = contacts else {
            return;
        };
        if contacts.iter().all(|contact| contact.email.is_none()) {
            self.flags |= WITHOUT_ADDRESS;
        }
        for contact in contacts {
            self.flags |= contact.status.map_or(0, status_flag);
            let texts = [&contact.name, &contact.account, &contact.email];
            for text in texts.into_iter().flatten() {
                self.text(3, text);
            }
            let id = [&contact.account, &contact.email, &contact.name];
            let Some(id) = id.into_iter().flatten().next() else {
                continue;
            };
            let id = format!("{code}/{id}");
            let label = texts.into_iter().flatten().next().cloned();
            self.facet(FacetKind::Owner, &id, &label.unwrap_or_default());
            self.owners.push((id, contact.clone()));
        }
    }

    fn tag(&mut self, tag: &str) {
        self.facet(FacetKind::Tag, tag, tag);
        self.text(4, tag);
    }

    fn facet(&mut self, kind: FacetKind, value: &str, label: &str) {
        let entry = FacetEntry {
            kind,
            value: value.to_owned(),
            label: label.to_owned(),
            extra: 0,
        };
        if !self.facets.contains(&entry) {
            self.facets.push(entry);
        }
    }

    fn text(&mut self, column: usize, text: &str) {
        let indexed = &mut self.columns[column];
        if !indexed.is_empty() {
            indexed.push_str(" · ");
        }
        words::append(indexed, text, MAX_COLUMN_BYTES);
    }

    /// Adds the containers around it.
    fn holders<E>(
        &mut self,
        mut parent: Option<String>,
        holder: &mut dyn FnMut(&str) -> Result<Option<Holder>, E>,
    ) -> Result<(), E> {
        for depth in 0..MAX_DEPTH {
            let Some(key) = parent else { break };
            let found = holder(&key)?;
            if depth == 0 {
                let number = found.as_ref().map(|found| found.id);
                self.parent = number.unwrap_or_else(|| missing_container(&key));
            }
            let Some(found) = found else { break };
            self.text(2, &found.name);
            self.facets.push(FacetEntry {
                kind: FacetKind::Container,
                value: found.key,
                label: found.name,
                extra: found.kind,
            });
            parent = found.parent;
        }
        Ok(())
    }
}
