//! Where entities are: the containers of a connection, and the aspects that follow from them.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

use catalog_model::{
    ConnectionCode, Container, Feed, ItemKey, ItemState,
    follower::{FeedConnection, FeedEntry, FeedError},
};
use serde::Serialize;

use super::{Aspect, Aspects, status, urn};
use crate::product::{label, type_name};

/// Maximum number of containers in each other. More than a source has, so that a circle ends.
const MAX_DEPTH: usize = 16;

/// The containers of a connection. Nothing refers to one that does not exist, because DataHub would show it by its urn.
#[derive(Debug)]
pub struct Hierarchy {
    code: ConnectionCode,
    /// What the last part of an item's key is: `sheet`.
    item_part: String,
    /// What people read as the type of the items.
    item_type: String,
    containers: BTreeMap<ItemKey, Node>,
}

#[derive(Debug)]
struct Node {
    urn: String,
    parent: Option<ItemKey>,
    exists: bool,
    is_left_out: bool,
}

/// The aspect `browsePathsV2`.
#[derive(Serialize)]
struct BrowsePath<'a> {
    path: Vec<Step<'a>>,
}

#[derive(Serialize)]
struct Step<'a> {
    id: &'a str,
    urn: &'a str,
}

/// The aspect `container`.
#[derive(Serialize)]
struct Inside<'a> {
    container: &'a str,
}

/// The aspect that says to which connection an entity belongs.
#[derive(Serialize)]
struct PlatformInstance<'a> {
    instance: &'a str,
    platform: &'a str,
}

impl Hierarchy {
    /// A hierarchy without containers.
    #[must_use]
    pub fn new(connection: &FeedConnection) -> Self {
        let part = connection.key_parts.last().map_or("item", String::as_str);
        Self {
            code: connection.code.clone(),
            item_part: part.to_owned(),
            item_type: type_name(&label(part)),
            containers: BTreeMap::new(),
        }
    }

    /// The containers of a connection.
    ///
    /// # Errors
    /// If the feed cannot be read.
    pub async fn load(feed: &dyn Feed, connection: &FeedConnection) -> Result<Self, FeedError> {
        let mut hierarchy = Self::new(connection);
        let mut containers = feed.containers(&connection.code, &ItemState::ALL).await?;
        while let Some(batch) = containers.next().await? {
            hierarchy.add(&batch);
        }
        Ok(hierarchy)
    }

    /// Adds containers.
    pub fn add(&mut self, containers: &[FeedEntry<Container>]) {
        for FeedEntry { entity, state, .. } in containers {
            let node = Node {
                urn: urn::container(&entity.key),
                parent: entity.parent.clone(),
                exists: ItemState::EXISTING.contains(state),
                is_left_out: false,
            };
            self.containers.insert(entity.key.clone(), node);
        }
    }

    /// Leaves out a container that the catalog does not have: nothing refers to it.
    pub fn leave_out(&mut self, key: &ItemKey) {
        if let Some(node) = self.containers.get_mut(key) {
            node.is_left_out = true;
        }
    }

    /// The code of the connection.
    #[must_use]
    pub fn code(&self) -> &ConnectionCode {
        &self.code
    }

    /// How many containers hold a container: 0 for one at the top.
    #[must_use]
    pub fn depth(&self, key: &ItemKey) -> usize {
        let parent = |key| self.containers.get(key)?.parent.as_ref();
        let above = std::iter::successors(parent(key), |key| parent(key));
        above.take(MAX_DEPTH).count()
    }

    /// All depths that occur, from the top down.
    #[must_use]
    pub fn depths(&self) -> BTreeSet<usize> {
        self.containers.keys().map(|key| self.depth(key)).collect()
    }

    /// The containers that the catalog should not show, by depth: those inside before those that hold them.
    #[must_use]
    pub fn removed(&self) -> Vec<Vec<ItemKey>> {
        let mut removed = BTreeMap::<_, Vec<_>>::new();
        for (key, node) in &self.containers {
            if !node.exists {
                let depth = Reverse(self.depth(key));
                removed.entry(depth).or_default().push(key.clone());
            }
        }
        removed.into_values().collect()
    }

    /// What the last part of an item's key is.
    pub(super) fn item_part(&self) -> &str {
        &self.item_part
    }

    /// The type of the items, as people read it.
    pub(super) fn item_type(&self) -> &str {
        &self.item_type
    }

    /// The aspects of everything that is in this container, or at the top.
    pub(super) fn aspects(&self, container: Option<&ItemKey>) -> Aspects {
        let (way, platform) = (self.way(container), urn::platform());
        let instance = urn::instance(&self.code);
        let path = std::iter::once(instance.as_str()).chain(way.iter().copied());
        let path = path.map(|urn| Step { id: urn, urn }).collect();
        let place = PlatformInstance {
            instance: &instance,
            platform: &platform,
        };
        let mut aspects = Aspects::from([
            ("browsePathsV2", Aspect::new(&BrowsePath { path })),
            ("dataPlatformInstance", Aspect::new(&place)),
            ("status", status(false)),
        ]);
        if let Some(container) = way.last() {
            aspects.insert("container", Aspect::new(&Inside { container }));
        }
        aspects
    }

    /// The urns of a container and those that hold it, from the outside in.
    fn way(&self, container: Option<&ItemKey>) -> Vec<&str> {
        let mut way = Vec::new();
        let mut next = container;
        while let Some(node) = next.and_then(|key| self.containers.get(key))
            && node.exists
            && !node.is_left_out
            && way.len() < MAX_DEPTH
        {
            way.push(node.urn.as_str());
            next = node.parent.as_ref();
        }
        way.reverse();
        way
    }
}
