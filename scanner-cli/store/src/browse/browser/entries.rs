//! Items and containers with everything that is known about them.

use std::collections::{BTreeSet, HashMap};

use catalog_model::{ItemKey, ItemState, PropertyValue};

use super::{
    super::{
        BrowseEntry, BrowseError, ConnectionRef, ContainerRef, DetailProperty, EntryDetail,
        FollowerDelivery, FollowerState, Subject, document::MAX_DEPTH,
    },
    Browser, FoundContainer, Session,
};
use crate::{
    StoreError, StoredConnection,
    catalog::{Found, Which},
};

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
        let found = match catalog.found(key, Which::Items)? {
            Some(found) => Some(found),
            None => catalog.found(key, Which::Containers(None))?,
        };
        let Some((_, entry)) = self.converted(found)?.pop() else {
            return Ok(None);
        };
        let history = self.history(&entry)?;
        let last_change = history.first().map_or(0, |change| change.seq);
        let held = self.held_items([&entry])?;
        Ok(Some(EntryDetail {
            items: held_by(&entry, &held),
            properties: self.properties(&entry),
            followers: self.followers(&entry, last_change)?,
            history,
            entry,
        }))
    }

    /// Reads items and containers, in this order. Skips those that the store does not have.
    pub(super) fn entries(&self, ids: &[i64]) -> Result<Vec<(i64, BrowseEntry)>, StoreError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        self.converted(self.catalog().found_by_id(ids, &ItemState::ALL)?)
    }

    fn converted<'f>(
        &self,
        found: impl IntoIterator<Item = Found<'f>>,
    ) -> Result<Vec<(i64, BrowseEntry)>, StoreError> {
        let mut entries = Vec::new();
        let mut around = BTreeSet::new();
        for found in found {
            let id = found.id;
            if let Some((entry, parent)) = converted(found)? {
                around.extend(parent.clone());
                entries.push((id, entry, parent));
            }
        }
        self.find_containers(around)?;
        let entries = entries.into_iter().map(|(id, mut entry, parent)| {
            entry.containers = self.containers(parent);
            (id, entry)
        });
        Ok(entries.collect())
    }

    /// Finds containers and those around them, all of a level at once.
    fn find_containers(&self, mut wanted: BTreeSet<ItemKey>) -> Result<(), StoreError> {
        let mut known = self.containers.borrow_mut();
        for _ in 0..MAX_DEPTH {
            let keys = wanted.iter().filter(|key| !known.contains_key(*key));
            let keys: Vec<String> = keys.map(ToString::to_string).collect();
            if keys.is_empty() {
                break;
            }
            let mut next = BTreeSet::new();
            for found in self.reader.containers(&keys)? {
                let Some(container) = found.into_container()?.map(|found| found.container) else {
                    continue;
                };
                next.extend(container.parent.clone());
                let reference = ContainerRef {
                    key: container.key.to_string(),
                    kind: container.kind,
                    id: container.id.0,
                    name: container.name,
                };
                let found: FoundContainer = (reference, container.parent);
                known.insert(container.key, Some(found));
            }
            for key in wanted {
                known.entry(key).or_insert(None);
            }
            wanted = next;
        }
        Ok(())
    }

    /// The container with this key and those around it, from the outermost to the innermost. They must have been found before.
    fn containers(&self, key: Option<ItemKey>) -> Vec<ContainerRef> {
        let known = self.containers.borrow();
        let (mut containers, mut next) = (Vec::new(), key);
        while let Some(key) = next.filter(|_| containers.len() < MAX_DEPTH) {
            let Some(Some((reference, parent))) = known.get(&key) else {
                break;
            };
            containers.push(reference.clone());
            next = parent.clone();
        }
        containers.reverse();
        containers
    }

    /// The numbers of existing items that containers hold, by key. Containers without items are left out.
    pub(super) fn held_items<'e>(
        &self,
        entries: impl IntoIterator<Item = &'e BrowseEntry>,
    ) -> Result<HashMap<String, u64>, BrowseError> {
        let containers = entries
            .into_iter()
            .filter(|entry| matches!(entry.subject, Subject::Container(_)));
        let keys: Vec<String> = containers.map(|entry| entry.key.clone()).collect();
        if keys.is_empty() {
            return Ok(HashMap::new());
        }
        let counts = &self.columns.existing().facets;
        let facets = self.reader.facets_of(&keys)?.into_iter();
        let held = facets.filter_map(|(key, facet)| {
            let count = counts.get(facet as usize).copied()?;
            Some((key, u64::from(count)))
        });
        Ok(held.collect())
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
        let refusals: HashMap<_, _> = self.reader.refusals_of(&entry.key)?.into_iter().collect();
        let followers = self.reader.followers()?.into_iter();
        let states = followers.map(|follower| FollowerState {
            succeeded: follower.cursor.succeeded,
            delivery: match (refusals.get(&follower.name), follower.cursor.reached) {
                _ if !receives(follower.basis.as_deref(), code) => FollowerDelivery::NotSelected,
                (Some(message), _) => FollowerDelivery::Refused(message.clone()),
                (None, Some(cursor)) if cursor >= last => FollowerDelivery::Delivered,
                (None, _) => FollowerDelivery::Waiting,
            },
            name: follower.name,
        });
        Ok(states.collect())
    }
}

/// The number of existing items that a container holds; `None` of an item.
pub(super) fn held_by(entry: &BrowseEntry, held: &HashMap<String, u64>) -> Option<u64> {
    match entry.subject {
        Subject::Item(_) => None,
        Subject::Container(_) => Some(held.get(&entry.key).copied().unwrap_or_default()),
    }
}

/// An item or container without the containers around it, and the key of the container that holds it.
fn converted(found: Found<'_>) -> Result<Option<(BrowseEntry, Option<ItemKey>)>, StoreError> {
    let is_item = found.container_kind.is_none();
    let (key, source_id) = (found.key.clone(), found.source_id.clone());
    let connection = connection_ref(found.connection);
    let Found {
        state,
        first_seen,
        last_seen,
        last_read,
        gone_since,
        ..
    } = found;
    let (subject, parent) = if is_item {
        let item = found.into_item()?.item;
        let parent = item.container.clone();
        (Subject::Item(Box::new(item)), parent)
    } else {
        let Some(found) = found.into_container()? else {
            return Ok(None);
        };
        let parent = found.container.parent.clone();
        (Subject::Container(Box::new(found.container)), parent)
    };
    let entry = BrowseEntry {
        key,
        connection,
        state,
        first_seen,
        last_seen,
        // A container is read whenever it is seen.
        last_read: if is_item { last_read } else { last_seen },
        gone_since,
        source_id,
        containers: Vec::new(),
        subject,
    };
    Ok(Some((entry, parent)))
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
