//! The index in memory: a few bytes for each item, in the order of the ids.
//!
//! Filters, counts and orders of all items are evaluated here in about a millisecond for 300,000 items, without reading the
//! file. The columns are read again when the index has changed.

use std::{
    collections::{BTreeMap, BinaryHeap},
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use catalog_model::ItemState;
use rusqlite::{Connection, Row};

use super::{Sort, index};

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
}

/// Containers that hold items with the same last part of the key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SharedItems {
    /// The ids of the containers, sorted.
    pub(super) containers: Vec<i64>,
    /// The number of such items.
    pub(super) items: u64,
}

/// A set of items and containers, by their positions in the columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Bits(Vec<u64>);

/// Which items and containers are selected.
#[derive(Clone, Debug, Default)]
pub(super) struct Selection {
    /// The kinds: 0 is an item. Not set: all.
    pub(super) kind: Option<u8>,
    /// Positions of connections. Not set: all.
    pub(super) connections: Option<Vec<usize>>,
    /// A bit for each state.
    pub(super) states: u8,
    /// Of each of these flags, all must be set.
    pub(super) flags: u8,
    /// Each group must have a facet in common with the item.
    pub(super) groups: Vec<Vec<u32>>,
    /// Facets that the item must not have.
    pub(super) without: Vec<u32>,
    /// Kinds of containers that must not hold the item.
    pub(super) outside: Vec<u8>,
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
        }
    }

    /// Reads the columns.
    pub(super) fn load(db: &Connection) -> rusqlite::Result<Self> {
        let mut columns = Self::empty();
        columns.generation = index::meta(db, "generation")?.unwrap_or_default();
        columns.load_facets(db)?;
        columns.load_sets(db)?;
        columns.load_items(db)?;
        Ok(columns)
    }

    fn load_items(&mut self, db: &Connection) -> rusqlite::Result<()> {
        let count: i64 = db.query_row("SELECT count(*) FROM doc", [], |row| row.get(0))?;
        let count = usize::try_from(count).unwrap_or_default();
        self.ids.reserve_exact(count);
        self.connection.reserve_exact(count);
        self.set.reserve_exact(count);
        for column in [
            &mut self.kind,
            &mut self.state,
            &mut self.flags,
            &mut self.name_length,
        ] {
            column.reserve_exact(count);
        }
        let mut items = db.prepare(
            "SELECT id, connection, kind, state, flags, name_length, facets FROM doc ORDER BY id",
        )?;
        let mut rows = items.query([])?;
        while let Some(row) = rows.next()? {
            let Ok(id) = u32::try_from(row.get::<_, i64>(0)?) else {
                // The store would have had more than four billion items.
                continue;
            };
            let connection: i64 = row.get(1)?;
            let known = self
                .connections
                .iter()
                .position(|known| *known == connection);
            let position = known.unwrap_or_else(|| {
                self.connections.push(connection);
                self.connections.len() - 1
            });
            self.ids.push(id);
            self.connection
                .push(u16::try_from(position).unwrap_or(u16::MAX));
            self.kind.push(row.get(2)?);
            self.state.push(row.get(3)?);
            self.flags.push(row.get(4)?);
            self.name_length.push(row.get(5)?);
            self.set.push(row.get(6)?);
        }
        Ok(())
    }

    fn load_sets(&mut self, db: &Connection) -> rusqlite::Result<()> {
        let mut sets = db.prepare("SELECT id, facets FROM facet_set ORDER BY id")?;
        let mut rows = sets.query([])?;
        while let Some(row) = rows.next()? {
            let id = usize::try_from(row.get::<_, i64>(0)?).unwrap_or_default();
            // The facets of the set `n` are between the begins `n` and `n + 1`.
            let end = u32::try_from(self.set_facets.len()).unwrap_or(u32::MAX);
            self.set_begins.resize(id + 1, end);
            for facet in row.get_ref(1)?.as_blob()?.as_chunks::<4>().0 {
                self.set_facets.push(u32::from_le_bytes(*facet));
            }
            self.set_begins
                .push(u32::try_from(self.set_facets.len()).unwrap_or(u32::MAX));
        }
        self.set_facets.shrink_to_fit();
        Ok(())
    }

    fn load_facets(&mut self, db: &Connection) -> rusqlite::Result<()> {
        let mut facets = db.prepare("SELECT id, kind, extra FROM facet ORDER BY id")?;
        let mut rows = facets.query([])?;
        while let Some(row) = rows.next()? {
            let id = usize::try_from(row.get::<_, i64>(0)?).unwrap_or_default();
            self.facet_kinds.resize(id + 1, (u8::MAX, 0));
            self.facet_kinds[id] = (row.get(1)?, row.get(2)?);
        }
        Ok(())
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
    pub(super) fn positions(
        &self,
        ids: impl Iterator<Item = rusqlite::Result<i64>>,
    ) -> rusqlite::Result<Bits> {
        let (mut bits, mut position) = (Bits::empty(self.len()), 0);
        for id in ids {
            let id = id?;
            while self
                .ids
                .get(position)
                .is_some_and(|known| i64::from(*known) < id)
            {
                position += 1;
            }
            if self
                .ids
                .get(position)
                .is_some_and(|known| i64::from(*known) == id)
            {
                bits.insert(position);
            }
        }
        Ok(bits)
    }

    /// The items that are selected.
    pub(super) fn select(&self, selection: &Selection, among: Option<&Bits>) -> Bits {
        let sets = self.selected_sets(selection);
        let connections = selection.connections.as_ref().map(|wanted| {
            let all = 0..self.connections.len();
            all.map(|one| wanted.contains(&one)).collect::<Vec<_>>()
        });
        let mut bits = Bits::empty(self.len());
        let mut test = |position: usize| {
            let is_selected = selection.states >> self.state[position] & 1 == 1
                && selection
                    .kind
                    .is_none_or(|kind| kind == self.kind[position])
                && self.flags[position] & selection.flags == selection.flags
                && connections.as_ref().is_none_or(|wanted| {
                    wanted.get(usize::from(self.connection[position])) == Some(&true)
                })
                && sets
                    .as_ref()
                    .is_none_or(|wanted| wanted[self.set[position] as usize]);
            if is_selected {
                bits.insert(position);
            }
        };
        match among {
            Some(among) => among.iter().for_each(|position| test(position as usize)),
            None => (0..self.len()).for_each(test),
        }
        bits
    }

    /// Which sets of facets are selected. `None`: all.
    fn selected_sets(&self, selection: &Selection) -> Option<Vec<bool>> {
        let Selection {
            groups,
            without,
            outside,
            ..
        } = selection;
        if groups.is_empty() && without.is_empty() && outside.is_empty() {
            return None;
        }
        const FORBIDDEN: u32 = 1 << 31;
        let mut marks = vec![0_u32; self.facet_kinds.len()];
        for (number, group) in groups.iter().enumerate() {
            for facet in group {
                if let Some(mark) = marks.get_mut(*facet as usize) {
                    *mark |= 1 << number.min(30);
                }
            }
        }
        for facet in without {
            if let Some(mark) = marks.get_mut(*facet as usize) {
                *mark |= FORBIDDEN;
            }
        }
        for (mark, (kind, extra)) in marks.iter_mut().zip(&self.facet_kinds) {
            if *kind == 0 && outside.contains(extra) {
                *mark |= FORBIDDEN;
            }
        }
        let all = (1_u32 << groups.len().min(31)) - 1;
        let sets = 0..self.set_begins.len();
        Some(
            sets.map(|set| {
                let facets = self.set_facets(set).iter();
                let found = facets.fold(0, |found, facet| {
                    found | marks.get(*facet as usize).copied().unwrap_or_default()
                });
                found == all
            })
            .collect(),
        )
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
    pub(super) fn copies(&self, db: &Connection) -> rusqlite::Result<Arc<Vec<SharedItems>>> {
        if let Some(copies) = self.copies.get() {
            return Ok(Arc::clone(copies));
        }
        let mut items = db.prepare(
            "SELECT connection, tail, parent FROM doc WHERE kind = 0 AND state IN (0, 1) AND parent > 0 \
             ORDER BY connection, tail, parent",
        )?;
        let mut rows = items.query([])?;
        let mut found: BTreeMap<Vec<i64>, u64> = BTreeMap::new();
        let (mut current, mut holders) = ((0, 0), Vec::new());
        loop {
            let next = rows.next()?;
            let read = |row: &Row<'_>| Ok(((row.get(0)?, row.get(1)?), row.get(2)?));
            let next: rusqlite::Result<Option<((i64, i64), i64)>> = next.map(read).transpose();
            let next = next?;
            if next.is_none_or(|(item, _)| item != current) && holders.len() > 1 {
                *found.entry(std::mem::take(&mut holders)).or_default() += 1;
            }
            let Some((item, holder)) = next else { break };
            if item != current {
                holders.clear();
                current = item;
            }
            if holders.last() != Some(&holder) {
                holders.push(holder);
            }
        }
        let copies = found
            .into_iter()
            .map(|(containers, items)| SharedItems { containers, items });
        let copies = Arc::new(copies.collect());
        Ok(Arc::clone(self.copies.get_or_init(|| copies)))
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
    pub(super) fn ranks(&self, db: &Connection, sort: Sort) -> rusqlite::Result<Arc<Vec<u32>>> {
        let (slot, column, direction) = order_by(sort);
        let mut ranks = self.ranks[slot]
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(ranks) = &*ranks {
            return Ok(Arc::clone(ranks));
        }
        let mut found = vec![u32::MAX; self.len()];
        let sql = format!("SELECT id FROM doc ORDER BY {column} {direction}, id {direction}");
        let mut items = db.prepare(&sql)?;
        let mut rows = items.query([])?;
        let mut rank = 0;
        while let Some(row) = rows.next()? {
            let id = u32::try_from(row.get::<_, i64>(0)?).unwrap_or(u32::MAX);
            if let Ok(position) = self.ids.binary_search(&id) {
                found[position] = rank;
            }
            rank += 1;
        }
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

/// The number of an order, its column, and its direction.
pub(super) fn order_by(sort: Sort) -> (usize, &'static str, &'static str) {
    match sort {
        Sort::Relevance | Sort::Name => (0, "sort_name", "ASC"),
        Sort::Key => (1, "key", "ASC"),
        Sort::Changed => (2, "changed", "DESC"),
        Sort::FirstSeen => (3, "first_seen", "DESC"),
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

impl Bits {
    pub(super) fn empty(len: usize) -> Self {
        Self(vec![0; len.div_ceil(64)])
    }

    fn insert(&mut self, position: usize) {
        self.0[position / 64] |= 1 << (position % 64);
    }

    pub(super) fn contains(&self, position: u32) -> bool {
        let word = self.0.get(position as usize / 64);
        word.is_some_and(|word| word >> (position % 64) & 1 == 1)
    }

    pub(super) fn count(&self) -> u64 {
        self.0.iter().map(|word| u64::from(word.count_ones())).sum()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }

    /// Adds what `other` contains.
    pub(super) fn add(&mut self, other: &Self) {
        for (word, other) in self.0.iter_mut().zip(&other.0) {
            *word |= other;
        }
    }

    pub(super) fn keep(&mut self, other: &Self) {
        for (word, other) in self.0.iter_mut().zip(&other.0) {
            *word &= other;
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        self.0.iter().zip(0_u32..).flat_map(|(word, index)| {
            let mut rest = *word;
            std::iter::from_fn(move || {
                if rest == 0 {
                    return None;
                }
                let bit = rest.trailing_zeros();
                rest &= rest - 1;
                Some(index * 64 + bit)
            })
        })
    }
}
