//! The index in memory: a few bytes for each item, in the order of the ids.
//!
//! Filters, counts and orders of all items are evaluated here in about a millisecond for 300,000 items, without reading the
//! file. The columns are read again when the index has changed.

use std::{
    collections::{BTreeMap, BinaryHeap},
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use catalog_model::ItemState;

use super::{
    Sort,
    backend::{BrowseReader, IndexedOwner},
};
use crate::StoreError;

mod bits;
mod load;
mod selection;

pub(super) use bits::Bits;
pub(super) use selection::Selection;

/// The columns of all items and containers.
pub(super) struct Columns {
    pub(super) generation: i64,
    ids: Vec<u32>,
    /// Positions in `connections`.
    connection: Vec<u16>,
    kind: Vec<u8>,
    state: Vec<u8>,
    flags: Vec<u8>,
    name_length: Vec<u8>,
    set: Vec<u32>,
    /// The ids of connections.
    pub(super) connections: Vec<i64>,
    /// Where the facets of each set begin.
    set_begins: Vec<u32>,
    set_facets: Vec<u32>,
    /// The kinds of facets, and of containers, by facet.
    pub(super) facet_kinds: Vec<(u8, u8)>,
    ranks: [Mutex<Option<Arc<Vec<u32>>>>; 4],
    /// The counts of all existing items.
    existing: OnceLock<ValueCounts>,
    /// Containers that hold the same items.
    copies: OnceLock<Arc<Vec<SharedItems>>>,
    owners: OnceLock<Arc<Vec<IndexedOwner>>>,
}

/// Containers that hold items with the same last part of the key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SharedItems {
    /// The ids of the containers, sorted.
    pub(super) containers: Vec<i64>,
    /// The number of such items.
    pub(super) items: u64,
}

/// How often each value occurs.
#[derive(Clone, Debug, Default)]
pub(super) struct ValueCounts {
    pub(super) total: u64,
    pub(super) connections: Vec<u32>,
    pub(super) states: [u32; 4],
    pub(super) facets: Vec<u32>,
}

impl Columns {
    /// The columns without an index.
    pub(super) fn empty() -> Self {
        Self {
            generation: 0,
            ids: Vec::new(),
            connection: Vec::new(),
            kind: Vec::new(),
            state: Vec::new(),
            flags: Vec::new(),
            name_length: Vec::new(),
            set: Vec::new(),
            connections: Vec::new(),
            set_begins: vec![0],
            set_facets: Vec::new(),
            facet_kinds: Vec::new(),
            ranks: Default::default(),
            existing: OnceLock::new(),
            copies: OnceLock::new(),
            owners: OnceLock::new(),
        }
    }

    fn set_facets(&self, set: usize) -> &[u32] {
        let begin = self.set_begins.get(set).copied().unwrap_or_default() as usize;
        let end = self.set_begins.get(set + 1).copied().unwrap_or_default() as usize;
        self.set_facets.get(begin..end).unwrap_or_default()
    }

    /// Number of items and containers.
    pub(super) fn len(&self) -> usize {
        self.ids.len()
    }

    /// The id of the item at a position.
    pub(super) fn id(&self, position: u32) -> i64 {
        i64::from(self.ids[position as usize])
    }

    /// Whether a container is at a position.
    pub(super) fn is_container(&self, position: u32) -> bool {
        self.kind[position as usize] > 0
    }

    /// The state of the item at a position.
    pub(super) fn state(&self, position: u32) -> u8 {
        self.state[position as usize]
    }

    /// The items with these ids, which must be sorted.
    pub(super) fn positions(&self, ids: impl IntoIterator<Item = i64>) -> Bits {
        let (mut bits, mut position) = (Bits::empty(self.len()), 0);
        for id in ids {
            let is_before = |known: &u32| i64::from(*known) < id;
            while self.ids.get(position).is_some_and(is_before) {
                position += 1;
            }
            if self.ids.get(position).map(|known| i64::from(*known)) == Some(id) {
                bits.insert(position);
            }
        }
        bits
    }

    /// Counts the values of these items.
    pub(super) fn count(&self, bits: &Bits) -> ValueCounts {
        let mut counts = ValueCounts {
            total: 0,
            connections: vec![0; self.connections.len()],
            states: [0; 4],
            facets: vec![0; self.facet_kinds.len()],
        };
        let mut sets = vec![0_u32; self.set_begins.len()];
        for position in bits.iter() {
            let position = position as usize;
            counts.total += 1;
            if let Some(count) = counts
                .connections
                .get_mut(usize::from(self.connection[position]))
            {
                *count += 1;
            }
            if let Some(count) = counts.states.get_mut(usize::from(self.state[position])) {
                *count += 1;
            }
            sets[self.set[position] as usize] += 1;
        }
        for (set, number) in sets
            .into_iter()
            .enumerate()
            .filter(|(_, number)| *number > 0)
        {
            for facet in self.set_facets(set) {
                if let Some(count) = counts.facets.get_mut(*facet as usize) {
                    *count += number;
                }
            }
        }
        counts
    }

    /// The counts of all existing items.
    pub(super) fn existing(&self) -> &ValueCounts {
        self.existing.get_or_init(|| {
            let selection = Selection {
                kind: Some(0),
                states: EXISTING,
                ..Selection::default()
            };
            self.count(&self.select(&selection, None))
        })
    }

    /// The containers that directly hold items with the same last part of the key, in the order of their ids.
    pub(super) fn copies(
        &self,
        reader: &dyn BrowseReader,
    ) -> Result<Arc<Vec<SharedItems>>, StoreError> {
        if let Some(copies) = self.copies.get() {
            return Ok(Arc::clone(copies));
        }
        let mut found: BTreeMap<Vec<i64>, u64> = BTreeMap::new();
        let (mut current, mut holders) = ((0, 0), Vec::new());
        let mut note = |holders: &mut Vec<i64>| {
            if holders.len() > 1 {
                *found.entry(std::mem::take(holders)).or_default() += 1;
            }
            holders.clear();
        };
        reader.each_shared(&mut |item, holder| {
            if item != current {
                note(&mut holders);
                current = item;
            }
            if holders.last() != Some(&holder) {
                holders.push(holder);
            }
        })?;
        note(&mut holders);
        let copies = found
            .into_iter()
            .map(|(containers, items)| SharedItems { containers, items });
        let copies = Arc::new(copies.collect());
        Ok(Arc::clone(self.copies.get_or_init(|| copies)))
    }

    /// The owners, in no particular order.
    pub(super) fn owners(
        &self,
        reader: &dyn BrowseReader,
    ) -> Result<Arc<Vec<IndexedOwner>>, StoreError> {
        if let Some(owners) = self.owners.get() {
            return Ok(Arc::clone(owners));
        }
        let mut owners = Vec::new();
        reader.each_owner(&mut |owner| owners.push(owner))?;
        Ok(Arc::clone(self.owners.get_or_init(|| Arc::new(owners))))
    }

    /// The first `limit` items after `after`, in an order.
    pub(super) fn first(
        &self,
        bits: &Bits,
        order: impl Fn(u32) -> u64,
        after: Option<u64>,
        limit: usize,
    ) -> Vec<(u64, u32)> {
        let mut first: BinaryHeap<(u64, u32)> = BinaryHeap::with_capacity(limit + 1);
        for position in bits.iter() {
            let place = order(position);
            if after.is_some_and(|after| place <= after) {
                continue;
            }
            if first.len() < limit {
                first.push((place, position));
            } else if first.peek().is_some_and(|(last, _)| place < *last) {
                first.pop();
                first.push((place, position));
            }
        }
        first.into_sorted_vec()
    }

    /// The place of an item in the order by relevance. It depends on the item and the search alone, so that pages lose
    /// nothing when other items are added.
    pub(super) fn relevance(&self, position: u32, named: &Bits, in_name: &Bits) -> u64 {
        let tier = match named.contains(position) {
            true => 0,
            false => 1 + u64::from(!in_name.contains(position)),
        };
        let length = u64::from(self.name_length[position as usize]);
        tier << 40 | length << 32 | u64::from(self.ids[position as usize])
    }

    /// The place of each item in an order.
    pub(super) fn ranks(
        &self,
        reader: &dyn BrowseReader,
        sort: Sort,
    ) -> Result<Arc<Vec<u32>>, StoreError> {
        let mut ranks = self.ranks[slot(sort)]
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(ranks) = &*ranks {
            return Ok(Arc::clone(ranks));
        }
        let mut found = vec![u32::MAX; self.len()];
        let mut rank = 0;
        reader.each_in_order(sort, &mut |id| {
            let id = u32::try_from(id).unwrap_or(u32::MAX);
            if let Ok(position) = self.ids.binary_search(&id) {
                found[position] = rank;
            }
            rank += 1;
        })?;
        let found = Arc::new(found);
        *ranks = Some(Arc::clone(&found));
        Ok(found)
    }

    /// The position of the item with this id.
    pub(super) fn position(&self, id: i64) -> Option<u32> {
        let position = self.ids.binary_search(&u32::try_from(id).ok()?).ok()?;
        u32::try_from(position).ok()
    }
}

/// The number of an order.
fn slot(sort: Sort) -> usize {
    match sort {
        Sort::Relevance | Sort::Name => 0,
        Sort::Key => 1,
        Sort::Changed => 2,
        Sort::FirstSeen => 3,
    }
}

/// The bits of the states of existing items.
pub(super) const EXISTING: u8 = 3;

/// The bit of a state.
pub(super) fn state_bit(state: ItemState) -> u8 {
    match state {
        ItemState::Present => 1,
        ItemState::Unreadable => 2,
        ItemState::Excluded => 4,
        _ => 8,
    }
}
