//! Which items and containers may have changed.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use catalog_model::{
    ConnectionCode, Container, Feed, ItemKey, ItemState, Visualization,
    follower::{
        Batches, ChangeDetail, Entity, EntityKind, FeedConnection, FeedEntry, FeedError, Start,
    },
};

/// Maximum number of changed items that are kept in memory. If more have changed, all items are read and compared.
const MAX_KEPT: usize = 1_000;

/// What of a connection is to be compared with what the catalog has.
#[derive(Debug)]
pub struct Due {
    /// The connection.
    pub connection: FeedConnection,
    /// Items and containers that the store has deleted since: their keys are all that is known. The catalog should not
    /// have them.
    pub forgotten: BTreeSet<(EntityKind, ItemKey)>,
    scope: Scope,
}

/// Which entities.
#[derive(Debug)]
enum Scope {
    /// All of the connection.
    Everything,
    /// These items, as they are now. No container has changed.
    Items(BTreeMap<ItemKey, FeedEntry<Visualization>>),
}

impl Due {
    /// What is due, by connection. After a reset, everything is. If a container has changed, all items of its
    /// connection are, because they are described with what holds them; the same for the connections in `again`, of
    /// which the catalog has refused something.
    ///
    /// # Errors
    /// If the feed cannot be read.
    pub async fn read(
        feed: &dyn Feed,
        again: &BTreeSet<ConnectionCode>,
    ) -> Result<Vec<Self>, FeedError> {
        let mut found: BTreeMap<ConnectionCode, Self> = BTreeMap::new();
        for connection in feed.connections() {
            if feed.start() == Start::Reset || again.contains(&connection.code) {
                let due = Self::new(connection, Scope::Everything);
                found.insert(connection.code.clone(), due);
            }
        }
        let mut changes = feed.changes(ChangeDetail::Entity).await?;
        while let Some(batch) = changes.next().await? {
            for change in batch {
                let code = change.connection.clone();
                let mut connections = feed.connections().iter();
                let Some(connection) = connections.find(|known| known.code == code) else {
                    continue;
                };
                let none = || Self::new(connection, Scope::Items(BTreeMap::new()));
                let due = found.entry(code).or_insert_with(none);
                due.add(change.entity_kind, change.key, change.entry);
            }
        }
        Ok(found.into_values().collect())
    }

    /// All of a connection.
    #[must_use]
    pub fn everything(connection: &FeedConnection) -> Self {
        Self::new(connection, Scope::Everything)
    }

    fn new(connection: &FeedConnection, scope: Scope) -> Self {
        Self {
            connection: connection.clone(),
            forgotten: BTreeSet::new(),
            scope,
        }
    }

    fn add(&mut self, of: EntityKind, key: ItemKey, entry: Option<FeedEntry<Entity>>) {
        let Some(entry) = entry else {
            self.forgotten.insert((of, key));
            return;
        };
        let (state, first_seen, gone) = (entry.state, entry.first_seen, entry.gone_since);
        match (entry.entity, &mut self.scope) {
            (Entity::Item(item), Scope::Items(items)) if items.len() < MAX_KEPT => {
                let entry = FeedEntry::new(*item, state, first_seen).gone_since(gone);
                items.insert(key, entry);
            }
            _ => self.scope = Scope::Everything,
        }
    }

    /// Whether containers may have changed.
    #[must_use]
    pub fn has_containers(&self) -> bool {
        matches!(self.scope, Scope::Everything)
    }

    /// The containers that may have changed and have one of these states. A container comes after the one that holds
    /// it.
    ///
    /// # Errors
    /// If the feed cannot be read.
    pub async fn containers(
        &self,
        feed: &dyn Feed,
        states: &[ItemState],
    ) -> Result<Box<dyn Batches<FeedEntry<Container>>>, FeedError> {
        match self.scope {
            Scope::Everything => feed.containers(&self.connection.code, states).await,
            Scope::Items(_) => Ok(Box::new(Kept(None))),
        }
    }

    /// The items that may have changed and have one of these states.
    ///
    /// # Errors
    /// If the feed cannot be read.
    pub async fn items(
        &self,
        feed: &dyn Feed,
        states: &[ItemState],
    ) -> Result<Box<dyn Batches<FeedEntry<Visualization>>>, FeedError> {
        match &self.scope {
            Scope::Everything => feed.items(&self.connection.code, states).await,
            Scope::Items(items) => {
                let wanted = items.values().filter(|entry| states.contains(&entry.state));
                let wanted: Vec<_> = wanted.cloned().collect();
                Ok(Box::new(Kept((!wanted.is_empty()).then_some(wanted))))
            }
        }
    }
}

/// Entries in memory, as one batch.
struct Kept<T>(Option<Vec<T>>);

#[async_trait]
impl<T: Send> Batches<T> for Kept<T> {
    async fn next(&mut self) -> Result<Option<Vec<T>>, FeedError> {
        Ok(self.0.take())
    }
}
