//! An item or container in the form in which it is indexed.

use catalog_model::{
    AccountStatus, Contact, Contacts, Container, ContainerKind, ItemKey, PropertyValue, SourceId,
    Visualization,
};
use rusqlite::{Connection, OptionalExtension, params};

use crate::{
    browse::{BrowseSettings, words},
    closing::SCANNED_CONNECTIONS,
    hashes::hash,
    stored_item::StoredItem,
    texts,
};

/// Number of columns of the full-text index.
pub(in crate::browse) const COLUMNS: usize = 6;
/// Their names in answers, in the order of the tables.
pub(in crate::browse) const COLUMN_NAMES: [&str; COLUMNS] = [
    "name",
    "description",
    "containers",
    "owners",
    "tags",
    "properties",
];

/// The item has no description.
pub(in crate::browse) const WITHOUT_DESCRIPTION: u8 = 1;
/// Its contacts are known, and none has an address.
pub(in crate::browse) const WITHOUT_ADDRESS: u8 = 2;

/// The bit of an account's status.
pub(in crate::browse) const fn status_flag(status: AccountStatus) -> u8 {
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
const MAX_DEPTH: usize = 8;

/// The kind of a value that many items share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::browse) enum FacetKind {
    Container = 0,
    Owner = 1,
    Tag = 2,
    Status = 3,
    Property = 4,
}

impl FacetKind {
    pub(in crate::browse) fn code(self) -> i64 {
        self as i64
    }
}

/// A value that many items share.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct FacetEntry {
    pub(super) kind: FacetKind,
    pub(super) value: String,
    pub(super) label: String,
    /// The id of the kind of containers in the store; otherwise 0.
    pub(super) extra: i64,
}

/// An item or container in the form in which it is indexed.
pub(super) struct Document {
    pub(super) id: i64,
    pub(super) connection: i64,
    pub(super) kind: i64,
    pub(super) state: i64,
    pub(super) flags: u8,
    pub(super) name_length: u8,
    pub(super) sort_name: String,
    pub(super) key: String,
    pub(super) name: String,
    pub(super) changed: i64,
    pub(super) first_seen: i64,
    pub(super) tail: i64,
    pub(super) source: i64,
    pub(super) parent: i64,
    pub(super) print: Vec<u8>,
    pub(super) facets: Vec<FacetEntry>,
    pub(super) owners: Vec<(String, Contact)>,
    pub(super) dates: Vec<(&'static str, i64)>,
    pub(super) columns: [String; COLUMNS],
}

/// What documents need to know about a container that holds them.
#[derive(Clone, Debug)]
pub(super) struct Holder {
    id: i64,
    kind: i64,
    key: String,
    name: String,
    parent: Option<String>,
}

/// Compares what was indexed with the store: the fingerprints of content and contacts.
pub(super) fn print(fingerprint: &[u8], contacts: Option<i64>) -> Vec<u8> {
    let mut print = fingerprint.to_vec();
    print.extend(contacts.map(i64::to_le_bytes).into_iter().flatten());
    print
}

/// Reads the item or container with this id; `None` if it does not exist, or readers do not see it.
pub(super) fn read(
    db: &Connection,
    id: i64,
    settings: &BrowseSettings,
    holder: &mut dyn FnMut(&str) -> rusqlite::Result<Option<Holder>>,
) -> rusqlite::Result<Option<Document>> {
    let mut found = db.prepare_cached(&format!(
        "SELECT item.connection, container_kind, state, fingerprint, contacts_fingerprint, key, first_seen, \
         coalesce(scan.started, first_seen), content, contacts, texts, code, source_id FROM item \
         JOIN content ON content.item = item.id JOIN connection ON connection.id = item.connection \
         LEFT JOIN scan ON scan.id = content.changed_by \
         WHERE item.id = ?1 AND item.connection IN ({SCANNED_CONNECTIONS})"
    ))?;
    let mut rows = found.query([id])?;
    let Some(row) = rows.next()? else {
        return Ok(None);
    };
    let content = row.get_ref(8)?.as_str()?;
    let Ok(mut stored) = StoredItem::read(content, row.get_ref(9)?.as_str_or_null()?) else {
        return Ok(None);
    };
    texts::load(db, &mut stored, row.get_ref(10)?.as_str_or_null()?)?;
    let (key, code): (String, String) = (row.get(5)?, row.get(11)?);
    let Ok(parsed) = key.parse::<ItemKey>() else {
        return Ok(None);
    };
    let kind: Option<i64> = row.get(1)?;
    let last_part = key.rsplit('/').next().unwrap_or_default();
    let mut document = Document {
        id,
        connection: row.get(0)?,
        kind: kind.unwrap_or_default(),
        state: row.get(2)?,
        flags: 0,
        name_length: 0,
        sort_name: String::new(),
        tail: hash(last_part),
        source: hash(row.get_ref(12)?.as_str()?),
        key,
        name: String::new(),
        changed: row.get(7)?,
        first_seen: row.get(6)?,
        parent: 0,
        print: print(row.get_ref(3)?.as_blob()?, row.get(4)?),
        facets: Vec::new(),
        owners: Vec::new(),
        dates: Vec::new(),
        columns: Default::default(),
    };
    let parent = match kind {
        None => document.item(stored.into_item(parsed), &code, settings),
        Some(_) => {
            let any = ContainerKind { id: "", label: "" };
            let identity = (parsed, any, SourceId(row.get(12)?));
            document.container(stored.into_container(identity), &code)
        }
    };
    document.holders(parent, holder)?;
    Ok(Some(document))
}

/// Reads the container with this key.
pub(super) fn holder(db: &Connection, key: &str) -> rusqlite::Result<Option<Holder>> {
    let mut found = db.prepare_cached(
        "SELECT item.id, container_kind, content, texts FROM item JOIN content ON content.item = item.id \
         WHERE key_hash = ?1 AND key = ?2 AND container_kind IS NOT NULL",
    )?;
    let read = found.query_row(params![hash(key), key], |row| {
        let Ok(mut stored) = StoredItem::read(row.get_ref(2)?.as_str()?, None) else {
            return Ok(None);
        };
        texts::load(db, &mut stored, row.get_ref(3)?.as_str_or_null()?)?;
        let any = ContainerKind { id: "", label: "" };
        let Ok(parsed) = key.parse::<ItemKey>() else {
            return Ok(None);
        };
        let container = stored.into_container((parsed, any, SourceId(String::new())));
        Ok(Some(Holder {
            id: row.get(0)?,
            kind: row.get(1)?,
            key: key.to_owned(),
            name: container.name,
            parent: container.parent.map(|key| key.to_string()),
        }))
    });
    Ok(read.optional()?.flatten())
}

impl Document {
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
    fn holders(
        &mut self,
        mut parent: Option<String>,
        holder: &mut dyn FnMut(&str) -> rusqlite::Result<Option<Holder>>,
    ) -> rusqlite::Result<()> {
        for depth in 0..MAX_DEPTH {
            let Some(found) = parent.as_deref().map(&mut *holder).transpose()?.flatten() else {
                break;
            };
            if depth == 0 {
                self.parent = found.id;
            }
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
