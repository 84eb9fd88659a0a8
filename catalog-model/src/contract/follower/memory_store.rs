//! A store in memory, with items, changes, and the position of a follower.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use super::memory_feed::{FeedFault, MemoryFeed};
use crate::{
    ChangeKind, ConnectionCode, Contact, Contacts, Container, ContainerKind, Instant, ItemKey,
    ItemState, Precedence, Properties, PropertyValue, ScanOutcome, Visualization,
    follower::{
        Acknowledgement, Entity, EntityKind, FeedChange, FeedConnection, FeedEntry, FeedScan,
        Position, ScanCounts,
    },
};

/// The kind of the containers of a [`MemoryStore`].
pub(super) const FOLDER: ContainerKind = ContainerKind {
    id: "folder",
    label: "Folder",
};

/// A store in memory for the tests of a follower.
#[derive(Debug)]
pub struct MemoryStore {
    id: String,
    state: Mutex<State>,
}

/// Number of stores so far, so that each has an id of its own.
static STORES: AtomicU64 = AtomicU64::new(0);

impl Default for MemoryStore {
    fn default() -> Self {
        let number = STORES.fetch_add(1, Ordering::Relaxed);
        Self {
            id: format!("memory-{number}"),
            state: Mutex::default(),
        }
    }
}

/// How a scan ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closing {
    /// It saw everything. Other items are gone.
    Complete,
    /// The result may be incomplete.
    Partial,
    /// It saw nothing more, because the source failed.
    Failed,
}

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) connections: Vec<FeedConnection>,
    pub(super) entries: BTreeMap<ItemKey, FeedEntry<Entity>>,
    /// The changes, without their entries.
    pub(super) changes: Vec<FeedChange>,
    /// The last change that was deleted.
    forgotten: i64,
    pub(super) position: Option<Position>,
    pub(super) notes: BTreeMap<String, String>,
    /// The scans that have ended, in order.
    pub(super) scans: Vec<(ConnectionCode, FeedScan)>,
    begun: i64,
}

impl MemoryStore {
    /// The id of the store.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Records a scan of a connection that saw these items: ids and names. All are in one folder, which a scan that failed
    /// before it saw an item did not see.
    pub fn scan(&self, code: &ConnectionCode, seen: &[(&str, &str)], closing: Closing) {
        let mut state = self.state();
        state.begin(code);
        let before = state.changes.len();
        let mut keys = BTreeSet::new();
        if closing != Closing::Failed || !seen.is_empty() {
            let folder = folder(code);
            keys.insert(folder.key.clone());
            state.see(
                code,
                folder.key.clone(),
                Entity::Container(Box::new(folder)),
            );
        }
        for (id, name) in seen {
            let item = item(code, id, name);
            keys.insert(item.key.clone());
            state.see(code, item.key.clone(), Entity::Item(Box::new(item)));
        }
        if closing == Closing::Complete {
            state.close(code, &keys);
        }
        state.record_scan(code, seen.len(), before, closing);
    }

    /// Records that a filter excludes an item from now on.
    pub fn exclude(&self, code: &ConnectionCode, id: &str) {
        let key = item_key(code, id);
        self.state()
            .put(code, &key, ItemState::Excluded, ChangeKind::Excluded);
    }

    /// Records a change of an item in the source, which the next scan that sees the item undoes.
    pub fn change_item(
        &self,
        code: &ConnectionCode,
        id: &str,
        change: impl FnOnce(&mut Visualization),
    ) {
        let mut state = self.state();
        let key = item_key(code, id);
        if let Some(entry) = state.entries.get_mut(&key) {
            if let Entity::Item(item) = &mut entry.entity {
                change(item);
            }
            state.log(code, key, ChangeKind::Changed);
        }
    }

    /// Records a complete scan that saw nothing, not even the folder.
    pub fn lose_folder(&self, code: &ConnectionCode) {
        let mut state = self.state();
        state.begin(code);
        let before = state.changes.len();
        state.close(code, &BTreeSet::new());
        state.record_scan(code, 0, before, Closing::Complete);
    }

    /// Deletes all changes, as a store does with old ones.
    pub fn forget_changes(&self) {
        let mut state = self.state();
        state.forgotten = state.last().get() + 10;
        state.changes.clear();
    }

    /// Returns the next feed for a follower of this store.
    pub fn feed(&self, fault: FeedFault) -> MemoryFeed<'_> {
        MemoryFeed::new(self, fault)
    }

    /// Whether the follower has acknowledged everything.
    pub fn is_delivered(&self) -> bool {
        let state = self.state();
        state
            .position
            .is_some_and(|position| position >= state.last())
    }

    /// Returns the existing items of a connection: keys and names.
    pub fn existing(&self, code: &ConnectionCode) -> BTreeMap<String, String> {
        self.names(code, |entity| match entity {
            Entity::Item(item) => Some(item.name.clone()),
            Entity::Container(_) => None,
        })
    }

    /// Returns the existing containers of a connection: keys and names.
    pub fn existing_containers(&self, code: &ConnectionCode) -> BTreeMap<String, String> {
        self.names(code, |entity| match entity {
            Entity::Item(_) => None,
            Entity::Container(container) => Some(container.name.clone()),
        })
    }

    fn names(
        &self,
        code: &ConnectionCode,
        name: impl Fn(&Entity) -> Option<String>,
    ) -> BTreeMap<String, String> {
        let state = self.state();
        let existing = (state.entries.iter())
            .filter(|(key, _)| key.belongs_to(code))
            .filter(|(_, entry)| ItemState::EXISTING.contains(&entry.state));
        existing
            .filter_map(|(key, entry)| Some((key.to_string(), name(&entry.entity)?)))
            .collect()
    }

    pub(super) fn acknowledge(&self, acknowledgement: Acknowledgement) {
        let mut state = self.state();
        if acknowledgement.position.is_some() {
            state.position = acknowledgement.position;
        }
        for (key, note) in acknowledgement.notes {
            match note {
                Some(note) => drop(state.notes.insert(key, note)),
                None => drop(state.notes.remove(&key)),
            }
        }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// The position of the last change.
    pub(super) fn last(&self) -> Position {
        let last = self.changes.last().map(|change| change.position.get());
        Position::new(last.unwrap_or(self.forgotten))
    }

    pub(super) fn is_known(&self, position: Position) -> bool {
        position.get() >= self.forgotten
    }

    pub(super) fn now(&self) -> Instant {
        let hours = 480_000 + self.begun;
        Instant::from_unix_millis(hours * 3_600_000).expect("a time within the calendar")
    }

    fn begin(&mut self, code: &ConnectionCode) {
        self.begun += 1;
        if self.connections.iter().all(|known| known.code != *code) {
            let parts = vec!["folder".to_owned(), "item".to_owned()];
            let connection = FeedConnection::new(code.clone(), format!("The {code}"), parts);
            self.connections.push(connection);
            self.connections.sort_by(|a, b| a.code.cmp(&b.code));
        }
    }

    fn see(&mut self, code: &ConnectionCode, key: ItemKey, entity: Entity) {
        let former = self.entries.get(&key);
        let kind = match former {
            None => ChangeKind::Added,
            Some(former) if former.state != ItemState::Present => ChangeKind::Returned,
            Some(former) if former.entity != entity => ChangeKind::Changed,
            Some(_) => return,
        };
        let first_seen = former.map_or(self.now(), |former| former.first_seen);
        let entry = FeedEntry::new(entity, ItemState::Present, first_seen);
        self.entries.insert(key.clone(), entry);
        self.log(code, key, kind);
    }

    fn close(&mut self, code: &ConnectionCode, seen: &BTreeSet<ItemKey>) {
        let lost: Vec<_> = (self.entries.iter())
            .filter(|(key, entry)| {
                key.belongs_to(code) && !seen.contains(*key) && entry.state == ItemState::Present
            })
            .map(|(key, _)| key.clone())
            .collect();
        for key in lost {
            self.put(code, &key, ItemState::Gone, ChangeKind::Removed);
        }
        let last = self.last();
        let mut connections = self.connections.iter_mut();
        if let Some(connection) = connections.find(|known| known.code == *code) {
            connection.complete_from.get_or_insert(last);
        }
    }

    fn record_scan(&mut self, code: &ConnectionCode, seen: usize, before: usize, closing: Closing) {
        let found = &self.changes[before..];
        let count = |kind| {
            let of_kind = |change: &&FeedChange| {
                change.kind == kind
                    && change.entity_kind == EntityKind::Item
                    && change.connection == *code
            };
            found.iter().filter(of_kind).count() as u64
        };
        let outcome = match closing {
            Closing::Complete => ScanOutcome::Complete,
            Closing::Partial => ScanOutcome::Partial,
            Closing::Failed => ScanOutcome::Failed,
        };
        let scan = FeedScan {
            ended: Some(self.now()),
            counts: ScanCounts {
                seen: seen as u64,
                added: count(ChangeKind::Added),
                changed: count(ChangeKind::Changed),
                removed: count(ChangeKind::Removed),
                returned: count(ChangeKind::Returned),
                ..ScanCounts::default()
            },
            ..FeedScan::new(self.begun, outcome, self.now())
        };
        let mut connections = self.connections.iter_mut();
        if let Some(connection) = connections.find(|known| known.code == *code) {
            connection.last_scan = Some(scan.clone());
        }
        self.scans.push((code.clone(), scan));
    }

    fn put(&mut self, code: &ConnectionCode, key: &ItemKey, state: ItemState, kind: ChangeKind) {
        let now = self.now();
        if let Some(entry) = self.entries.get_mut(key) {
            entry.state = state;
            entry.gone_since = (state == ItemState::Gone).then_some(now);
            self.log(code, key.clone(), kind);
        }
    }

    fn log(&mut self, code: &ConnectionCode, key: ItemKey, kind: ChangeKind) {
        let position = Position::new(self.last().get() + 1);
        let entity_kind = match self.entries.get(&key).map(|entry| &entry.entity) {
            Some(Entity::Container(_)) => EntityKind::Container,
            _ => EntityKind::Item,
        };
        let change = FeedChange::new(position, (code.clone(), key), kind, self.now())
            .with_entity_kind(entity_kind);
        self.changes.push(change);
    }
}

fn item_key(code: &ConnectionCode, id: &str) -> ItemKey {
    ItemKey::new([code.as_str(), "f1", id]).expect("no part is empty")
}

fn folder(code: &ConnectionCode) -> Container {
    Container::new(code, FOLDER, "f1", "The folder").expect("the id is not empty")
}

fn item(code: &ConnectionCode, id: &str, name: &str) -> Visualization {
    let mut properties = Properties::default();
    let application = PropertyValue::Text("The folder".to_owned());
    properties.put("application_name", application);
    properties.put("tags", PropertyValue::Tags(vec![name.to_owned()]));
    Visualization {
        key: item_key(code, id),
        label: vec![
            "Finance".to_owned(),
            "The folder".to_owned(),
            name.to_owned(),
        ],
        name: name.to_owned(),
        description: Some(format!("About {name}")),
        contacts: Contacts::Known(vec![Contact {
            role: "owner".into(),
            email: Some("ann@example.com".to_owned()),
            name: Some("Ann".to_owned()),
            account: Some("ACME\\ann".to_owned()),
            status: None,
            email_since: 1,
        }]),
        container: Some(folder(code).key),
        catalog: None,
        precedence: Precedence::default(),
        properties,
    }
}
