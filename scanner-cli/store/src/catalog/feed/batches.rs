//! Items and changes of a feed, in batches.

use std::{collections::HashMap, sync::Arc, vec};

use async_trait::async_trait;
use catalog_model::{
    Container, ItemKey, ItemState, Visualization,
    follower::{
        Batches, ChangeDetail, ConnectionScope, FeedChange, FeedEntry, FeedError, Position,
    },
};

use super::{super::Catalog, Reader, read_ahead::ReadAhead};
use crate::StoreError;

/// Maximum number of items or changes in a batch.
const BATCH_SIZE: usize = 200;

/// Maximum nesting depth of containers.
const MAX_CONTAINER_DEPTH: usize = 100;

/// Items in batches, sorted by key. While a batch is delivered, a thread reads the next one.
pub(super) enum ItemBatches {
    /// Few enough for one batch.
    Short(Listed),
    /// More.
    Long(ReadAhead<FeedEntry<Visualization>>),
}

/// Containers in batches. Each comes after its parent.
pub(super) struct ContainerBatches(Listed);

/// A list of ids, eight bytes each. The rows are read batch by batch.
pub(super) struct Listed {
    reader: Arc<Reader>,
    ids: vec::IntoIter<i64>,
    states: Vec<ItemState>,
}

impl ItemBatches {
    pub(super) fn new(
        reader: Arc<Reader>,
        ids: Vec<i64>,
        states: &[ItemState],
    ) -> Result<Self, FeedError> {
        let is_short = ids.len() <= BATCH_SIZE;
        let mut listed = Listed::new(Arc::clone(&reader), ids, states);
        if is_short {
            return Ok(Self::Short(listed));
        }
        let read = move || listed.next(Catalog::feed_items);
        Ok(Self::Long(ReadAhead::new(reader, read)?))
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

    /// Reads the next batch of those that are still in one of the states.
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
        match self {
            Self::Short(listed) => listed.next(Catalog::feed_items),
            Self::Long(batches) => batches.next(),
        }
    }
}

#[async_trait]
impl Batches<FeedEntry<Container>> for ContainerBatches {
    async fn next(&mut self) -> Result<Option<Vec<FeedEntry<Container>>>, FeedError> {
        self.0.next(Catalog::feed_containers)
    }
}

/// A container: its id, its key, and the key of its parent.
pub(super) type ContainerParent = (i64, ItemKey, Option<ItemKey>);

/// Sorts the ids of containers so that each comes after its parent. The order of containers at the same depth is kept.
fn holders_first(containers: Vec<ContainerParent>) -> Vec<i64> {
    let parents: HashMap<_, _> = (containers.iter())
        .map(|(_, key, parent)| (key, parent.as_ref()))
        .collect();
    let depth = |key: &ItemKey| {
        let parent = |key: &&ItemKey| parents.get(*key).copied().flatten();
        // A source whose containers form a cycle must not stop deliveries.
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

/// Changes in batches, in order.
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
    fn containers_come_after_their_parents_and_cycles_end() {
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
