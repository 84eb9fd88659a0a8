//! Which items are selected by filters.

use super::{Bits, Columns};

/// Which items and containers are selected.
#[derive(Clone, Debug, Default)]
pub(in crate::browse) struct Selection {
    /// The kinds: 0 is an item. Not set: all.
    pub(in crate::browse) kind: Option<u8>,
    /// Positions of connections. Not set: all.
    pub(in crate::browse) connections: Option<Vec<usize>>,
    /// A bit for each state.
    pub(in crate::browse) states: u8,
    /// Of each of these flags, all must be set.
    pub(in crate::browse) flags: u8,
    /// Each group must have a facet in common with the item.
    pub(in crate::browse) groups: Vec<Vec<u32>>,
    /// Facets that the item must not have.
    pub(in crate::browse) without: Vec<u32>,
    /// Kinds of containers that must not hold the item.
    pub(in crate::browse) outside: Vec<u8>,
}

impl Columns {
    /// The items that are selected.
    pub(in crate::browse) fn select(&self, selection: &Selection, among: Option<&Bits>) -> Bits {
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
}
