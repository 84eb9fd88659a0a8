//! Items and containers with everything that is known about them.

use catalog_model::{ItemKey, ItemState, PropertyValue};
use rusqlite::OptionalExtension;

use super::{
    super::{
        BrowseEntry, BrowseError, ConnectionRef, ContainerRef, DetailProperty, EntryDetail,
        FollowerDelivery, FollowerState, Subject,
    },
    Browser, Session,
};
use crate::{CatalogContainer, CatalogItem, StoreError, StoredConnection};

/// Maximum number of containers around an item.
const MAX_DEPTH: usize = 8;

impl Browser {
    /// Returns everything about the item or container with this key. `None` if it is unknown.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn entry(&self, key: &str) -> Result<Option<EntryDetail>, BrowseError> {
        self.shared.read(|session| session.detail(key))
    }

    /// Returns everything about the container of a connection with this kind and id. `None` if it is unknown.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn container(
        &self,
        connection: &str,
        kind: &str,
        id: &str,
    ) -> Result<Option<EntryDetail>, BrowseError> {
        let key = ItemKey::new([connection, &format!("{kind}:{id}")]);
        key.map_or(Ok(None), |key| self.entry(key.as_str()))
    }
}

impl Session<'_> {
    fn detail(&self, key: &str) -> Result<Option<EntryDetail>, BrowseError> {
        let catalog = self.catalog();
        let entry = if let Some(item) = catalog.item(key)? {
            self.item_entry(item)?
        } else if let Some(container) = catalog.container(key)? {
            self.container_entry(container)?
        } else {
            return Ok(None);
        };
        let history = self.history(&entry)?;
        let last_change = history.first().map_or(0, |change| change.seq);
        Ok(Some(EntryDetail {
            items: self.held_items(&entry)?,
            properties: self.properties(&entry),
            followers: self.followers(&entry, last_change)?,
            history,
            entry,
        }))
    }

    /// Reads an item or container, if it still has this state.
    pub(super) fn entry_by_id(
        &self,
        id: i64,
        is_container: bool,
        state: ItemState,
    ) -> Result<Option<BrowseEntry>, BrowseError> {
        let entry = match is_container {
            true => {
                let found = self.catalog().container_by_id(id, &[state])?;
                found
                    .map(|container| self.container_entry(container))
                    .transpose()?
            }
            false => {
                let found = self.catalog().item_by_id(id, &[state])?;
                found.map(|item| self.item_entry(item)).transpose()?
            }
        };
        Ok(entry)
    }

    fn item_entry(&self, item: CatalogItem<'_>) -> Result<BrowseEntry, StoreError> {
        Ok(BrowseEntry {
            containers: self.containers(item.item.container.as_ref())?,
            key: item.key,
            connection: connection_ref(item.connection),
            state: item.state,
            first_seen: item.first_seen,
            last_seen: item.last_seen,
            last_read: item.last_read,
            gone_since: item.gone_since,
            source_id: item.source_id,
            subject: Subject::Item(Box::new(item.item)),
        })
    }

    fn container_entry(&self, found: CatalogContainer<'_>) -> Result<BrowseEntry, StoreError> {
        Ok(BrowseEntry {
            key: found.container.key.to_string(),
            containers: self.containers(found.container.parent.as_ref())?,
            connection: connection_ref(found.connection),
            state: found.state,
            first_seen: found.first_seen,
            last_seen: found.last_seen,
            last_read: found.last_seen,
            gone_since: found.gone_since,
            source_id: found.container.id.0.clone(),
            subject: Subject::Container(Box::new(found.container)),
        })
    }

    /// Returns the container with this key and those around it, from the outermost to the innermost.
    pub(super) fn containers(
        &self,
        key: Option<&ItemKey>,
    ) -> Result<Vec<ContainerRef>, StoreError> {
        let mut known = self.containers.borrow_mut();
        let (mut containers, mut next) = (Vec::new(), key.cloned());
        while let Some(key) = next.filter(|_| containers.len() < MAX_DEPTH) {
            if !known.contains_key(&key) {
                let found = self.catalog().container(key.as_str())?.map(|found| {
                    let parent = found.container.parent;
                    let reference = ContainerRef {
                        key: key.to_string(),
                        kind: found.container.kind,
                        id: found.container.id.0,
                        name: found.container.name,
                    };
                    (reference, parent)
                });
                known.insert(key.clone(), found);
            }
            let Some(Some((reference, parent))) = known.get(&key) else {
                break;
            };
            containers.push(reference.clone());
            next = parent.clone();
        }
        containers.reverse();
        Ok(containers)
    }

    /// The number of existing items that a container holds.
    pub(super) fn held_items(&self, entry: &BrowseEntry) -> Result<Option<u64>, BrowseError> {
        if matches!(entry.subject, Subject::Item(_)) {
            return Ok(None);
        }
        let facet = self.index(|db| {
            let mut find =
                db.prepare_cached("SELECT id FROM facet WHERE kind = 0 AND value = ?1")?;
            let found = find.query_row([&entry.key], |row| row.get::<_, i64>(0));
            found.optional()
        })?;
        let facet = facet
            .flatten()
            .and_then(|facet| usize::try_from(facet).ok());
        let counts = &self.columns.existing().facets;
        let count = facet.and_then(|facet| counts.get(facet)).copied();
        Ok(Some(u64::from(count.unwrap_or_default())))
    }

    fn properties(&self, entry: &BrowseEntry) -> Vec<DetailProperty> {
        let Subject::Item(item) = &entry.subject else {
            return Vec::new();
        };
        let detail = |name: &str, label: &str, value: &PropertyValue| DetailProperty {
            name: name.to_owned(),
            label: label.to_owned(),
            kind: value.kind(),
            value: value.clone(),
        };
        let defined = &self.shared.settings.properties;
        let mut properties: Vec<DetailProperty> = Vec::new();
        for definition in defined {
            // Connectors may define the same property.
            if properties.iter().all(|known| known.name != definition.name) {
                let value = item.properties.get(definition.name);
                properties
                    .extend(value.map(|value| detail(definition.name, definition.label, value)));
            }
        }
        for (name, value) in item.properties.iter() {
            if properties.iter().all(|known| known.name != name) {
                properties.push(detail(name, name, value));
            }
        }
        properties
    }

    /// Which followers have delivered the change `last` of an item.
    fn followers(&self, entry: &BrowseEntry, last: i64) -> Result<Vec<FollowerState>, BrowseError> {
        let code = &entry.connection.code;
        let states = self.catalog().query(|db| {
            let mut followers = db.prepare_cached(
                "SELECT name, CASE WHEN store = (SELECT id FROM store) THEN cursor END, basis, succeeded, \
                 (SELECT message FROM follower_refusal WHERE follower = name AND key = ?1) \
                 FROM follower ORDER BY name",
            )?;
            let followers = followers.query_map([&entry.key], |row| {
                let (cursor, basis): (Option<i64>, Option<String>) = (row.get(1)?, row.get(2)?);
                let refused: Option<String> = row.get(4)?;
                Ok(FollowerState {
                    name: row.get(0)?,
                    succeeded: row.get(3)?,
                    delivery: match (refused, cursor) {
                        _ if !receives(basis.as_deref(), code) => FollowerDelivery::NotSelected,
                        (Some(message), _) => FollowerDelivery::Refused(message),
                        (None, Some(cursor)) if cursor >= last => FollowerDelivery::Delivered,
                        (None, _) => FollowerDelivery::Waiting,
                    },
                })
            })?;
            followers.collect()
        })?;
        Ok(states)
    }
}

/// Whether a follower receives a connection. The lines of its basis after the first one are codes; without any it
/// receives all.
fn receives(basis: Option<&str>, code: &str) -> bool {
    let mut codes = basis.unwrap_or_default().lines().skip(1).peekable();
    codes.peek().is_none() || codes.any(|known| known == code)
}

pub(super) fn connection_ref(connection: &StoredConnection) -> ConnectionRef {
    ConnectionRef {
        code: connection.code.clone(),
        name: connection.name.clone(),
        key_parts: connection.key_parts.clone(),
    }
}
