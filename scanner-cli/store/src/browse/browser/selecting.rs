//! Converts a filter to a selection of the columns.

use std::{collections::BTreeMap, sync::Arc};

use super::{
    super::{
        BrowseError, BrowseFilter, Condition, EntityScope,
        columns::{Bits, Selection, state_bit},
        document::{FacetKind, WITHOUT_ADDRESS, WITHOUT_DESCRIPTION, status_flag},
        words::{self, Expression},
    },
    Session,
    hits::TextHits,
};

/// A facet whose own filter its counts ignore.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dimension {
    Connections,
    /// Containers of the kind with this id in the store.
    Containers(u8),
    Owners,
    Tags,
    Statuses,
    States,
    /// A condition that has no facet.
    Condition,
}

/// A filter whose values were looked up.
pub(super) struct Resolved {
    selection: Selection,
    /// The facet of each group of the selection.
    groups: Vec<Dimension>,
    /// Only these, whatever the selection says.
    among: Option<Bits>,
    /// Whether the filter does not say which states are wanted.
    is_any_state: bool,
}

impl Resolved {
    /// The facets that have a filter.
    pub(super) fn dimensions(&self) -> Vec<Dimension> {
        let mut dimensions = self.groups.clone();
        if self.selection.connections.is_some() {
            dimensions.push(Dimension::Connections);
        }
        dimensions
    }

    /// The selection without the filter of one facet.
    fn without(&self, dimension: Option<Dimension>) -> Selection {
        let mut selection = self.selection.clone();
        let groups = self.groups.iter().zip(&self.selection.groups);
        let kept = groups.filter(|(group, _)| Some(**group) != dimension);
        selection.groups = kept.map(|(_, facets)| facets.clone()).collect();
        match dimension {
            Some(Dimension::Connections) => selection.connections = None,
            Some(Dimension::States) => selection.states = u8::MAX,
            _ => {}
        }
        selection
    }
}

impl Session<'_> {
    /// The items that match text and filter; those that the text finds.
    pub(super) fn matching(
        &self,
        text: &str,
        filter: &BrowseFilter,
    ) -> Result<(Bits, Option<Arc<TextHits>>), BrowseError> {
        let resolved = self.resolve(filter)?;
        let hits = self.hits(text)?;
        let bits = self.select(&resolved, None, hits.as_deref());
        Ok((bits, hits))
    }

    /// Whether the text contains no word, so that everything is listed.
    pub(super) fn lists_everything(text: &str) -> Result<bool, BrowseError> {
        Ok(words::expression(text)? == Expression::Everything)
    }

    /// The items that a filter selects, without the filter of one facet.
    pub(super) fn select(
        &self,
        resolved: &Resolved,
        without: Option<Dimension>,
        hits: Option<&TextHits>,
    ) -> Bits {
        let select = |selection: &Selection, hits: Option<&Bits>| {
            let mut among = resolved.among.clone();
            if let (Some(among), Some(hits)) = (&mut among, hits) {
                among.keep(hits);
            }
            self.columns.select(selection, among.as_ref().or(hits))
        };
        let mut selection = resolved.without(without);
        let mut bits = select(&selection, hits.map(|hits| &hits.all));
        if let Some(hits) = hits.filter(|hits| resolved.is_any_state && !hits.named.is_empty()) {
            // A search for one item also answers that it is gone.
            selection.states = u8::MAX;
            bits.add(&select(&selection, Some(&hits.named)));
        }
        bits
    }

    /// Looks up the values of a filter.
    pub(super) fn resolve(&self, filter: &BrowseFilter) -> Result<Resolved, BrowseError> {
        let states = filter.selected_states().iter();
        let mut resolved = Resolved {
            selection: Selection {
                kind: match &filter.scope {
                    EntityScope::Items => Some(0),
                    EntityScope::Containers(kind) => Some(self.container_kind(kind)?),
                    EntityScope::Everything => None,
                },
                states: states.fold(0, |states, state| states | state_bit(*state)),
                ..Selection::default()
            },
            groups: Vec::new(),
            among: None,
            is_any_state: filter.states.is_empty(),
        };
        if !filter.connections.is_empty() {
            let wanted = |code: &String| {
                let id = self.connection_id(code)?;
                let mut known = self.columns.connections.iter();
                known.position(|known| *known == id)
            };
            let wanted = filter.connections.iter().filter_map(wanted);
            resolved.selection.connections = Some(wanted.collect());
        }
        let mut containers: BTreeMap<u8, Vec<u32>> = BTreeMap::new();
        for key in &filter.containers {
            let (facet, kind) = self
                .facet(FacetKind::Container, key)?
                .unwrap_or((u32::MAX, u8::MAX));
            containers.entry(kind).or_default().push(facet);
        }
        for (kind, facets) in containers {
            resolved.group(Dimension::Containers(kind), facets);
        }
        for (dimension, kind, values) in [
            (Dimension::Owners, FacetKind::Owner, &filter.owners),
            (Dimension::Tags, FacetKind::Tag, &filter.tags),
            (Dimension::Statuses, FacetKind::Status, &filter.statuses),
        ] {
            if values.is_empty() {
                continue;
            }
            let mut facets = Vec::with_capacity(values.len());
            for value in values {
                facets.extend(self.facet(kind, value)?.map(|(facet, _)| facet));
            }
            resolved.group(dimension, facets);
        }
        for condition in &filter.conditions {
            self.condition(condition, &mut resolved)?;
        }
        Ok(resolved)
    }

    fn condition(&self, condition: &Condition, resolved: &mut Resolved) -> Result<(), BrowseError> {
        let selection = &mut resolved.selection;
        match condition {
            Condition::WithoutDescription => selection.flags |= WITHOUT_DESCRIPTION,
            Condition::WithoutAddress => selection.flags |= WITHOUT_ADDRESS,
            Condition::OwnerStatus(status) => selection.flags |= status_flag(*status),
            Condition::WithoutProperty(name) => {
                let facet = self.facet(FacetKind::Property, name)?;
                selection.without.extend(facet.map(|(facet, _)| facet));
            }
            Condition::WithProperty(name) => {
                let facet = self.facet(FacetKind::Property, name)?;
                let facets = facet.map(|(facet, _)| facet).into_iter().collect();
                // No facet of its own.
                resolved.group(Dimension::Condition, facets);
            }
            Condition::OutsideOf(kind) => selection.outside.push(self.container_kind(kind)?),
            Condition::DateBefore { property, before } => {
                let ids = self.reader.dated_before(property, *before)?;
                resolved.only(self.columns.positions(ids));
            }
            Condition::SharesItems => {
                let copies = self.columns.copies(self.reader)?;
                let ids = copies.iter().flat_map(|group| &group.containers);
                let mut ids: Vec<i64> = ids.copied().collect();
                ids.sort_unstable();
                resolved.only(self.columns.positions(ids));
            }
        }
        Ok(())
    }

    pub(super) fn connection_id(&self, code: &str) -> Option<i64> {
        let mut known = self.catalog().connections().iter();
        known
            .find(|known| known.code == code)
            .map(crate::StoredConnection::id)
    }

    /// The number of a kind of containers. One that the store does not have is an error in the request.
    fn container_kind(&self, kind: &str) -> Result<u8, BrowseError> {
        let mut kinds = self.catalog().container_kinds().iter();
        let number = kinds.find(|(_, known)| known.id == kind);
        // No item has the kind 255.
        Ok(number
            .and_then(|(number, _)| u8::try_from(*number).ok())
            .unwrap_or(u8::MAX))
    }

    fn facet(&self, kind: FacetKind, value: &str) -> Result<Option<(u32, u8)>, BrowseError> {
        Ok(self.reader.facet(kind, value)?)
    }
}

impl Resolved {
    fn group(&mut self, dimension: Dimension, facets: Vec<u32>) {
        self.groups.push(dimension);
        self.selection.groups.push(facets);
    }

    fn only(&mut self, bits: Bits) {
        match &mut self.among {
            Some(among) => among.keep(&bits),
            None => self.among = Some(bits),
        }
    }
}
