//! Search, lists and facets.

use std::{collections::HashMap, fmt::Debug, sync::Arc};

use catalog_model::{ContainerKind, ItemState};

use super::{
    super::{
        BrowseError, BrowseFilter, Facet, FacetValue, Facets, FacetsRequest, SearchHit, SearchPage,
        SearchRequest, Sort,
        backend::OrderValue,
        columns::{Bits, ValueCounts, state_bit},
        cursor,
        document::FacetKind,
        words,
    },
    Browser, Session,
    entries::held_by,
    selecting::Dimension,
};
use crate::change::NumericCode;

/// The last entry of a page.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
struct LastEntry {
    /// The state of the index in which it has this rank.
    generation: i64,
    rank: u64,
    /// For other states. Not set in the order by relevance.
    place: Option<Place>,
}

/// The place of an entry.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
enum Place {
    /// In an order by a text, with the id.
    Text(String, i64),
    /// In an order by a number, with the id.
    Number(i64, i64),
}

impl Browser {
    /// Searches, or lists everything if the text is empty.
    ///
    /// # Errors
    /// If the request is not valid, or the store cannot be read.
    pub fn search(&self, request: &SearchRequest) -> Result<SearchPage, BrowseError> {
        self.shared.read(|session| session.search(request))
    }

    /// Returns the existing containers that a text names by their keys or ids, or by an address that ends with one.
    ///
    /// # Errors
    /// If the text is not valid, or the store cannot be read.
    pub fn named_containers(&self, text: &str) -> Result<Vec<SearchHit>, BrowseError> {
        self.shared.read(|session| session.named_containers(text))
    }

    /// Counts the items or containers that match.
    ///
    /// # Errors
    /// If the request is not valid, or the store cannot be read.
    pub fn count(&self, text: &str, filter: &BrowseFilter) -> Result<u64, BrowseError> {
        self.shared.read(|session| session.count(text, filter))
    }

    /// Counts the items or containers that each filter selects, all at the same moment.
    ///
    /// # Errors
    /// If a filter is not valid, or the store cannot be read.
    pub fn counts(&self, filters: &[BrowseFilter]) -> Result<Vec<u64>, BrowseError> {
        let count = |session: &Session<'_>| {
            let filters = filters.iter();
            filters.map(|filter| session.count("", filter)).collect()
        };
        self.shared.read(count)
    }

    /// Returns the facets of a list.
    ///
    /// # Errors
    /// If the request is not valid, or the store cannot be read.
    pub fn facets(&self, request: &FacetsRequest) -> Result<Facets, BrowseError> {
        self.shared.read(|session| {
            let facets = || session.facets(request).map(Arc::new);
            let facets = self.shared.facets.get(session.basis(request), facets);
            facets.map(|facets| Facets::clone(&facets))
        })
    }
}

impl Session<'_> {
    /// The number of items or containers that match.
    pub(super) fn count(&self, text: &str, filter: &BrowseFilter) -> Result<u64, BrowseError> {
        self.count_once(&(text, filter), || self.number(text, filter))
    }

    /// Counts once for each state of the index.
    pub(super) fn count_once(
        &self,
        request: &impl Debug,
        count: impl FnOnce() -> Result<u64, BrowseError>,
    ) -> Result<u64, BrowseError> {
        self.shared.counts.get(self.basis(request), count)
    }

    /// What a result depends on besides the request.
    fn basis(&self, request: &impl Debug) -> String {
        format!(
            "{} {} {:?} {request:?}",
            self.catalog().store_id(),
            self.columns.generation,
            self.state
        )
    }

    fn search(&self, request: &SearchRequest) -> Result<SearchPage, BrowseError> {
        let limit = request.page.checked_limit()?;
        let expression = words::expression(&request.text)?;
        let (bits, found) = self.matching(&request.text, &request.filter)?;
        let sort = match request.sort {
            None | Some(Sort::Relevance) if !Self::lists_everything(&request.text)? => {
                Sort::Relevance
            }
            None | Some(Sort::Relevance) => Sort::Name,
            Some(sort) => sort,
        };
        let list = format!("search {:?}", (&request.text, &request.filter, sort.word()));
        let after = request.page.cursor.as_deref();
        let after: Option<LastEntry> = after.map(|after| cursor::read(&list, after)).transpose()?;
        let mut first = match sort {
            Sort::Relevance => {
                let order = |position| match &found {
                    Some(hits) => self.columns.relevance(position, &hits.named, &hits.in_name),
                    None => u64::from(position),
                };
                let after = after.map(|last| last.rank);
                self.columns.first(&bits, order, after, limit + 1)
            }
            sort => self.first_by(sort, &bits, after, limit + 1)?,
        };
        let is_last = first.len() <= limit;
        first.truncate(limit);
        let next = match first.last().filter(|_| !is_last) {
            None => None,
            Some((rank, position)) => {
                let place = match sort {
                    Sort::Relevance => None,
                    sort => self.place(sort, self.columns.id(*position))?,
                };
                let last = LastEntry {
                    generation: self.columns.generation,
                    rank: *rank,
                    place,
                };
                Some(cursor::write(&list, &last))
            }
        };
        let positions: Vec<u32> = first.into_iter().map(|(_, position)| position).collect();
        let mut hits = self.read_hits(&positions)?;
        if request.has_highlights {
            self.mark(&expression, &mut hits)?;
        }
        Ok(SearchPage {
            hits: hits.into_iter().map(|(_, hit)| hit).collect(),
            next,
            total: bits.count(),
            index: self.state,
        })
    }

    /// The first items after a place, in an order that the index has.
    fn first_by(
        &self,
        sort: Sort,
        bits: &Bits,
        after: Option<LastEntry>,
        limit: usize,
    ) -> Result<Vec<(u64, u32)>, BrowseError> {
        let ranks = self.columns.ranks(self.reader, sort)?;
        let order = |position: u32| u64::from(ranks[position as usize]);
        let after = match after {
            None => None,
            // The columns of a large index may be older than the store, which is read here.
            Some(last) if last.generation == self.columns.generation => Some(last.rank),
            Some(last) => {
                let place = last.place.ok_or(BrowseError::InvalidCursor)?;
                match self.next_after(sort, place)? {
                    // The item after the place is the first one, so everything before it was shown.
                    Some(position) => order(position).checked_sub(1),
                    None => Some(u64::MAX),
                }
            }
        };
        Ok(self.columns.first(bits, order, after, limit))
    }

    /// The position of the first item after a place. The item at the place may have been deleted.
    fn next_after(&self, sort: Sort, place: Place) -> Result<Option<u32>, BrowseError> {
        let (mut value, mut id) = match (sort, place) {
            (Sort::Name | Sort::Key, Place::Text(text, id)) => (OrderValue::Text(text), id),
            (Sort::Changed | Sort::FirstSeen, Place::Number(number, id)) => {
                (OrderValue::Number(number), id)
            }
            _ => return Err(BrowseError::InvalidCursor),
        };
        while let Some(next) = self.reader.next_after(sort, (&value, id))? {
            if let Some(position) = self.columns.position(next) {
                return Ok(Some(position));
            }
            // Newer than the columns.
            match self.reader.order_value(sort, next)? {
                Some(next_value) => (value, id) = (next_value, next),
                None => break,
            }
        }
        Ok(None)
    }

    /// The place of an item in an order.
    fn place(&self, sort: Sort, id: i64) -> Result<Option<Place>, BrowseError> {
        let value = self.reader.order_value(sort, id)?;
        Ok(value.map(|value| match value {
            OrderValue::Text(text) => Place::Text(text, id),
            OrderValue::Number(number) => Place::Number(number, id),
        }))
    }

    /// Reads hits, with their numbers. Those that have another state now than the index says are left out.
    pub(super) fn read_hits(
        &self,
        positions: &[u32],
    ) -> Result<Vec<(i64, SearchHit)>, BrowseError> {
        let ids = positions.iter().map(|position| self.columns.id(*position));
        let entries = self.entries(&ids.collect::<Vec<_>>())?.into_iter();
        let entries = entries.filter(|(id, entry)| {
            let position = self.columns.position(*id);
            let state = position.map(|position| i64::from(self.columns.state(position)));
            state.and_then(ItemState::from_code) == Some(entry.state)
        });
        let entries: Vec<_> = entries.collect();
        let held = self.held_items(entries.iter().map(|(_, entry)| entry))?;
        let hits = entries.into_iter().map(|(id, entry)| {
            let hit = SearchHit {
                items: held_by(&entry, &held),
                highlights: Vec::new(),
                entry,
            };
            (id, hit)
        });
        Ok(hits.collect())
    }

    pub(super) fn number(&self, text: &str, filter: &BrowseFilter) -> Result<u64, BrowseError> {
        Ok(self.matching(text, filter)?.0.count())
    }

    fn facets(&self, request: &FacetsRequest) -> Result<Facets, BrowseError> {
        let resolved = self.resolve(&request.filter)?;
        let hits = self.hits(&request.text)?;
        let select = |without| self.select(&resolved, without, hits.as_deref());
        let count = |without| self.columns.count(&select(without));
        let all = count(None);
        let filtered: Vec<_> = resolved.dimensions();
        let counts =
            |dimension| match filtered.contains(&dimension) || dimension == Dimension::States {
                true => count(Some(dimension)),
                false => all.clone(),
            };
        let mut containers = Vec::new();
        for (number, kind) in self.catalog().container_kinds() {
            let number = u8::try_from(*number).unwrap_or(u8::MAX);
            let counts = counts(Dimension::Containers(number));
            let facet = self.facet_of(
                &counts,
                (FacetKind::Container, number),
                &request.filter.containers,
                request.max_values,
            )?;
            if !facet.values.is_empty() {
                containers.push((*kind, facet));
            }
        }
        let values = |dimension, kind, selected: &[String]| {
            self.facet_of(&counts(dimension), (kind, 0), selected, request.max_values)
        };
        Ok(Facets {
            connections: self.connection_facet(&counts(Dimension::Connections), request),
            owners: values(Dimension::Owners, FacetKind::Owner, &request.filter.owners)?,
            tags: values(Dimension::Tags, FacetKind::Tag, &request.filter.tags)?,
            statuses: values(
                Dimension::Statuses,
                FacetKind::Status,
                &request.filter.statuses,
            )?,
            states: state_facet(&counts(Dimension::States), &request.filter),
            containers: containers as Vec<(ContainerKind, Facet)>,
            total: all.total,
            index: self.state,
        })
    }

    /// The most frequent values of a kind, and those that are selected.
    fn facet_of(
        &self,
        counts: &ValueCounts,
        (kind, extra): (FacetKind, u8),
        selected: &[String],
        max: usize,
    ) -> Result<Facet, BrowseError> {
        let kinds = &self.columns.facet_kinds;
        let found = counts.facets.iter().zip(kinds).enumerate();
        let found =
            found.filter(|(_, (count, known))| **count > 0 && **known == (kind as u8, extra));
        let mut found: Vec<_> = found.map(|(facet, (count, _))| (*count, facet)).collect();
        found.sort_unstable_by_key(|(count, facet)| (std::cmp::Reverse(*count), *facet));
        let more = found.len().saturating_sub(max) as u64;
        found.truncate(max);
        let frequent = found.iter().map(|(_, facet)| *facet);
        let mut facets: Vec<u32> = frequent
            .filter_map(|facet| u32::try_from(facet).ok())
            .collect();
        for value in selected {
            // A value that is selected, although it is not among the most frequent ones.
            if let Some((facet, known)) = self.reader.facet(kind, value)?
                && known == extra
                && !facets.contains(&facet)
            {
                facets.push(facet);
            }
        }
        let texts = self.reader.facet_values(&facets)?;
        let texts: HashMap<u32, _> = texts.into_iter().collect();
        let values = facets.into_iter().filter_map(|facet| {
            let text = texts.get(&facet)?;
            let count = counts.facets.get(facet as usize).copied();
            Some(FacetValue {
                is_selected: selected.contains(&text.value),
                value: text.value.clone(),
                label: text.label.clone(),
                count: u64::from(count.unwrap_or_default()),
            })
        });
        Ok(Facet {
            values: values.collect(),
            more,
        })
    }

    fn connection_facet(&self, counts: &ValueCounts, request: &FacetsRequest) -> Facet {
        let ids = self.columns.connections.iter();
        let mut values = Vec::new();
        for (id, count) in ids.zip(&counts.connections) {
            let mut known = self.catalog().connections().iter();
            let Some(connection) = known.find(|known| known.id() == *id) else {
                continue;
            };
            let is_selected = request.filter.connections.contains(&connection.code);
            if *count > 0 || is_selected {
                values.push(FacetValue {
                    value: connection.code.clone(),
                    label: connection.name.clone(),
                    count: u64::from(*count),
                    is_selected,
                });
            }
        }
        values.sort_by_key(|value| (std::cmp::Reverse(value.count), value.value.clone()));
        let more = values.len().saturating_sub(request.max_values) as u64;
        let max = request.max_values;
        let mut index = 0;
        values.retain(|value| {
            index += 1;
            index <= max || value.is_selected
        });
        Facet { values, more }
    }
}

fn state_facet(counts: &ValueCounts, filter: &BrowseFilter) -> Facet {
    let values = ItemState::ALL.into_iter().map(|state| FacetValue {
        value: state.word().to_owned(),
        label: state.word().to_owned(),
        count: u64::from(counts.states[state_bit(state).trailing_zeros() as usize]),
        is_selected: filter.states.contains(&state),
    });
    Facet {
        values: values
            .filter(|value| value.count > 0 || value.is_selected)
            .collect(),
        more: 0,
    }
}
