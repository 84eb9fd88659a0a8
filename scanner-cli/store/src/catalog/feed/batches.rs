//! Items and changes of a feed, batch by batch.

use std::{collections::HashMap, sync::Arc, vec};

use async_trait::async_trait;
use catalog_model::{
    Container, ItemKey, ItemState, Visualization,
    follower::{
        Batches, ChangeDetail, ConnectionScope, FeedChange, FeedEntry, FeedError, Position,
    },
};

use super::{super::Catalog, Reader};
use crate::StoreError;

/// Number of items or changes in a batch.
const BATCH_SIZE: usize = 500;

/// Maximum number of containers that hold each other.
const MAX_CONTAINER_DEPTH: usize = 100;

/// Items whose numbers were listed before, sorted by key.
pub(super) struct ItemBatches(Listed);

/// Containers whose numbers were listed before; each comes after the one that holds it.
pub(super) struct ContainerBatches(Listed);

/// What was listed before: eight bytes for each. The rest is read batch by batch.
struct Listed {
    reader: Arc<Reader>,
    ids: vec::IntoIter<i64>,
    states: Vec<ItemState>,
}

impl ItemBatches {
    pub(super) fn new(reader: Arc<Reader>, ids: Vec<i64>, states: &[ItemState]) -> Self {
        Self(Listed::new(reader, ids, states))
    }
}

impl ContainerBatches {
    pub(super) fn new(
        reader: Arc<Reader>,
        ids: Vec<i64>,
        states: &[ItemState],
    ) -> Result<Self, FeedError> {
        let mut parents = Vec::with_capacity(ids.len());
        for ids in ids.chunks(BATCH_SIZE) {
            parents.extend(reader.read(|catalog| catalog.parents(ids))?);
        }
        Ok(Self(Listed::new(reader, holders_first(parents), states)))
    }
}

impl Listed {
    fn new(reader: Arc<Reader>, ids: Vec<i64>, states: &[ItemState]) -> Self {
        Self {
            reader,
            ids: ids.into_iter(),
            states: states.to_vec(),
        }
    }

    /// The next ones that are still in one of the states.
    fn next<T>(
        &mut self,
        read: impl Fn(&Catalog, &[i64], &[ItemState]) -> Result<Vec<T>, StoreError>,
    ) -> Result<Option<Vec<T>>, FeedError> {
        loop {
            let ids: Vec<_> = self.ids.by_ref().take(BATCH_SIZE).collect();
            if ids.is_empty() {
                return Ok(None);
            }
            let batch = (self.reader).read(|catalog| read(catalog, &ids, &self.states))?;
            if !batch.is_empty() {
                return Ok(Some(batch));
            }
        }
    }
}

#[async_trait]
impl Batches<FeedEntry<Visualization>> for ItemBatches {
    async fn next(&mut self) -> Result<Option<Vec<FeedEntry<Visualization>>>, FeedError> {
        self.0.next(Catalog::feed_items)
    }
}

#[async_trait]
impl Batches<FeedEntry<Container>> for ContainerBatches {
    async fn next(&mut self) -> Result<Option<Vec<FeedEntry<Container>>>, FeedError> {
        self.0.next(Catalog::feed_containers)
    }
}

/// A container: its number, its key, and the key of the one that holds it.
pub(super) type ContainerParent = (i64, ItemKey, Option<ItemKey>);

/// The numbers of containers, each after the one that holds it. The order of containers at one depth stays.
fn holders_first(containers: Vec<ContainerParent>) -> Vec<i64> {
    let parents: HashMap<_, _> = (containers.iter())
        .map(|(_, key, parent)| (key, parent.as_ref()))
        .collect();
    let depth = |key: &ItemKey| {
        let parent = |key: &&ItemKey| parents.get(*key).copied().flatten();
        // A source whose containers hold each other in a circle must not stop deliveries.
        std::iter::successors(Some(key), parent)
            .take(MAX_CONTAINER_DEPTH)
            .count()
    };
    let mut ordered: Vec<_> = (containers.iter())
        .map(|(id, key, _)| (depth(key), *id))
        .collect();
    ordered.sort_by_key(|(depth, _)| *depth);
    ordered.into_iter().map(|(_, id)| id).collect()
}

/// Changes in their order.
pub(super) struct ChangeBatches {
    reader: Arc<Reader>,
    after: Position,
    end: Position,
    scope: ConnectionScope,
    detail: ChangeDetail,
}

impl ChangeBatches {
    pub(super) fn new(
        reader: Arc<Reader>,
        (after, end): (Position, Position),
        scope: ConnectionScope,
        detail: ChangeDetail,
    ) -> Self {
        Self {
            reader,
            after,
            end,
            scope,
            detail,
        }
    }
}

#[async_trait]
impl Batches<FeedChange> for ChangeBatches {
    async fn next(&mut self) -> Result<Option<Vec<FeedChange>>, FeedError> {
        while self.after < self.end {
            let range = (self.after, self.end);
            let changes = (self.reader)
                .read(|catalog| catalog.feed_changes(range, BATCH_SIZE, self.detail))?;
            let last = changes.last().map(|change| change.position);
            self.after = last.unwrap_or(self.end);
            let mut changes = changes;
            changes.retain(|change| self.scope.includes(&change.connection));
            if !changes.is_empty() {
                return Ok(Some(changes));
            }
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_container_comes_after_the_one_that_holds_it_and_a_circle_ends() {
        let key = |id: &str| ItemKey::new(["c", id]).unwrap();
        let containers = vec![
            (1, key("app"), Some(key("stream"))),
            (2, key("circle"), Some(key("circle"))),
            (3, key("stream"), None),
            (4, key("orphan"), Some(key("missing"))),
        ];
        assert_eq!(holders_first(containers), [3, 1, 4, 2]);
    }
}
