//! A feed of a store in memory, which can fail and hang at any call.

use std::{
    collections::VecDeque,
    future::pending,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use async_trait::async_trait;

use super::memory_store::MemoryStore;
use crate::{
    ConnectionCode, Container, Instant, ItemState, Visualization,
    follower::{
        Acknowledgement, Batches, ChangeDetail, Entity, Feed, FeedChange, FeedConnection,
        FeedEntry, FeedError, FeedScan, Position, Start,
    },
};

/// How a feed fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FeedFault {
    /// Not at all.
    None,
    /// The call with this number, counted from 0, and all later ones never end, as if the program was killed there.
    HangsAt(usize),
    /// The same, but the call records its data before it hangs.
    HangsAfter(usize),
    /// The call with this number fails.
    FailsAt(usize),
}

/// A feed of a [`MemoryStore`]. Its batches are as small as they can be.
#[derive(Debug)]
pub struct MemoryFeed<'a> {
    store: &'a MemoryStore,
    start: Start,
    is_full: bool,
    end: Position,
    connections: Vec<FeedConnection>,
    calls: Calls,
}

#[derive(Clone, Debug)]
struct Calls {
    fault: FeedFault,
    count: Arc<AtomicUsize>,
    hangs: Arc<AtomicBool>,
}

impl<'a> MemoryFeed<'a> {
    pub(super) fn new(store: &'a MemoryStore, fault: FeedFault) -> Self {
        let state = store.state();
        let start = match state.position {
            Some(position) if state.is_known(position) => Start::After(position),
            _ => Start::Reset,
        };
        Self {
            store,
            start,
            is_full: false,
            end: state.last(),
            connections: state.connections.clone(),
            calls: Calls {
                fault,
                count: Arc::default(),
                hangs: Arc::default(),
            },
        }
    }

    /// The same feed with everything, to be compared with what the catalog has.
    #[must_use]
    pub fn full(self) -> Self {
        Self {
            start: Start::Reset,
            is_full: true,
            ..self
        }
    }

    /// Whether a call hangs.
    pub fn is_hanging(&self) -> bool {
        self.calls.hangs.load(Ordering::Relaxed)
    }

    /// The number of calls so far.
    pub fn calls(&self) -> usize {
        self.calls.count.load(Ordering::Relaxed)
    }

    fn entries(&self, code: &ConnectionCode, states: &[ItemState]) -> Vec<FeedEntry<Entity>> {
        let state = self.store.state();
        let wanted = (state.entries.iter())
            .filter(|(key, entry)| key.belongs_to(code) && states.contains(&entry.state));
        wanted.map(|(_, entry)| entry.clone()).collect()
    }

    fn batches<T: Send + 'static>(&self, all: impl IntoIterator<Item = T>) -> Box<dyn Batches<T>> {
        Box::new(Singles {
            calls: self.calls.clone(),
            rest: all.into_iter().collect(),
        })
    }
}

#[async_trait]
impl Feed for MemoryFeed<'_> {
    fn store_id(&self) -> &str {
        self.store.id()
    }

    fn now(&self) -> Instant {
        self.store.state().now()
    }

    fn start(&self) -> Start {
        self.start
    }

    fn is_full(&self) -> bool {
        self.is_full
    }

    fn end(&self) -> Position {
        self.end
    }

    fn connections(&self) -> &[FeedConnection] {
        &self.connections
    }

    async fn containers(
        &self,
        connection: &ConnectionCode,
        states: &[ItemState],
    ) -> Result<Box<dyn Batches<FeedEntry<Container>>>, FeedError> {
        self.calls.next().await?;
        let found = self.entries(connection, states).into_iter();
        Ok(
            self.batches(found.filter_map(|entry| match entry.entity.clone() {
                Entity::Container(container) => Some(entry.map(|_| *container)),
                Entity::Item(_) => None,
            })),
        )
    }

    async fn items(
        &self,
        connection: &ConnectionCode,
        states: &[ItemState],
    ) -> Result<Box<dyn Batches<FeedEntry<Visualization>>>, FeedError> {
        self.calls.next().await?;
        let found = self.entries(connection, states).into_iter();
        Ok(
            self.batches(found.filter_map(|entry| match entry.entity.clone() {
                Entity::Item(item) => Some(entry.map(|_| *item)),
                Entity::Container(_) => None,
            })),
        )
    }

    async fn changes(
        &self,
        detail: ChangeDetail,
    ) -> Result<Box<dyn Batches<FeedChange>>, FeedError> {
        self.calls.next().await?;
        let Start::After(start) = self.start else {
            return Ok(self.batches([]));
        };
        let state = self.store.state();
        let new = (state.changes.iter())
            .filter(|change| change.position > start && change.position <= self.end);
        let with_entry = |change: &FeedChange| {
            let entry = state.entries.get(&change.key).cloned();
            let entry = entry.filter(|_| detail == ChangeDetail::Entity);
            change.clone().with_entry(entry)
        };
        Ok(self.batches(new.map(with_entry).collect::<Vec<_>>()))
    }

    async fn scans(
        &self,
        connection: &ConnectionCode,
        after: i64,
    ) -> Result<Vec<FeedScan>, FeedError> {
        self.calls.next().await?;
        let state = self.store.state();
        let scans = state.scans.iter().filter(|(of, _)| of == connection);
        let scans = scans.map(|(_, scan)| scan.clone());
        // As few as possible, like the batches.
        Ok(scans.filter(|scan| scan.number > after).take(1).collect())
    }

    async fn acknowledge(&self, acknowledgement: Acknowledgement) -> Result<(), FeedError> {
        if let FeedFault::HangsAfter(call) = self.calls.fault
            && self.calls() == call
        {
            self.store.acknowledge(acknowledgement);
            return self.calls.next().await;
        }
        self.calls.next().await?;
        self.store.acknowledge(acknowledgement);
        Ok(())
    }

    async fn notes(&self, keys: &[String]) -> Result<Vec<Option<String>>, FeedError> {
        self.calls.next().await?;
        let state = self.store.state();
        Ok(keys
            .iter()
            .map(|key| state.notes.get(key).cloned())
            .collect())
    }
}

impl Calls {
    /// Counts a call, which may fail or hang.
    async fn next(&self) -> Result<(), FeedError> {
        let call = self.count.fetch_add(1, Ordering::Relaxed);
        match self.fault {
            FeedFault::HangsAt(fault) | FeedFault::HangsAfter(fault) if call >= fault => {
                self.hangs.store(true, Ordering::Relaxed);
                pending().await
            }
            FeedFault::FailsAt(fault) if call == fault => {
                Err(FeedError::Store("the store cannot be read".into()))
            }
            _ => Ok(()),
        }
    }
}

/// Batches with one element.
struct Singles<T> {
    calls: Calls,
    rest: VecDeque<T>,
}

#[async_trait]
impl<T: Send> Batches<T> for Singles<T> {
    async fn next(&mut self) -> Result<Option<Vec<T>>, FeedError> {
        self.calls.next().await?;
        Ok(self.rest.pop_front().map(|one| vec![one]))
    }
}
