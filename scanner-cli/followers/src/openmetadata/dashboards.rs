//! The containers of a connection that are dashboards: those that the keys of items name.

use std::collections::BTreeMap;

use catalog_model::{
    Container, Feed, ItemKey, ItemState,
    follower::{FeedConnection, FeedError},
};

/// The dashboards of a connection, with the names of what holds them.
#[derive(Debug)]
pub(super) struct Dashboards {
    /// The kind of the containers: `app`.
    kind: String,
    existing: BTreeMap<ItemKey, Container>,
    /// Those that the catalog should not show.
    removed: Vec<ItemKey>,
    names: BTreeMap<ItemKey, String>,
}

impl Dashboards {
    /// Reads the containers of a connection.
    pub(super) async fn load(
        feed: &dyn Feed,
        connection: &FeedConnection,
    ) -> Result<Self, FeedError> {
        let parts = &connection.key_parts;
        let kind = parts.iter().rev().nth(1).cloned().unwrap_or_default();
        let mut dashboards = Self {
            kind,
            existing: BTreeMap::new(),
            removed: Vec::new(),
            names: BTreeMap::new(),
        };
        let mut containers = feed.containers(&connection.code, &ItemState::ALL).await?;
        while let Some(batch) = containers.next().await? {
            for entry in batch {
                let (key, container) = (entry.entity.key.clone(), entry.entity);
                let exists = ItemState::EXISTING.contains(&entry.state);
                match (container.kind.id == dashboards.kind, exists) {
                    (true, true) => drop(dashboards.existing.insert(key, container)),
                    (true, false) => dashboards.removed.push(key),
                    (false, true) => drop(dashboards.names.insert(key, container.name)),
                    (false, false) => {}
                }
            }
        }
        Ok(dashboards)
    }

    /// Whether containers of the kind with this key are dashboards.
    pub(super) fn is_dashboard(&self, key: &ItemKey) -> bool {
        let part = key.parts().nth(1).unwrap_or_default();
        part.split_once(':')
            .is_some_and(|(kind, _)| kind == self.kind)
    }

    /// Takes the container with this key, and the name of what holds it, if it exists.
    pub(super) fn take(&mut self, key: &ItemKey) -> Option<(Container, Option<String>)> {
        let container = self.existing.remove(key)?;
        let parent = container.parent.as_ref();
        let parent = parent.and_then(|key| self.names.get(key)).cloned();
        Some((container, parent))
    }

    /// The keys of all that exist and were not taken.
    pub(super) fn rest(&self) -> Vec<ItemKey> {
        self.existing.keys().cloned().collect()
    }

    /// The keys of those that the catalog should not show.
    pub(super) fn removed(&self) -> &[ItemKey] {
        &self.removed
    }
}
