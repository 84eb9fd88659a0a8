//! Reads the columns from the index.

use super::{
    super::{
        Sort,
        backend::{BrowseReader, IndexedEntity},
    },
    Columns,
};
use crate::StoreError;

impl Columns {
    /// Reads the columns.
    pub(in crate::browse) fn load(
        reader: &dyn BrowseReader,
        generation: i64,
    ) -> Result<Self, StoreError> {
        let mut columns = Self::empty();
        columns.generation = generation;
        reader.each_facet(&mut |id, kind, extra| {
            let id = usize::try_from(id).unwrap_or_default();
            if columns.facet_kinds.len() <= id {
                columns.facet_kinds.resize(id + 1, (u8::MAX, 0));
            }
            columns.facet_kinds[id] = (kind, extra);
        })?;
        reader.each_facet_set(&mut |id, facets| columns.add_set(id, facets))?;
        columns.set_facets.shrink_to_fit();
        reader.each_entity(&mut |entity| columns.add(entity))?;
        columns.shrink_to_fit();
        Ok(columns)
    }

    /// Reads the columns, and what requests would otherwise read when they need it.
    pub(in crate::browse) fn load_with_orders(
        reader: &dyn BrowseReader,
        generation: i64,
    ) -> Result<Self, StoreError> {
        let columns = Self::load(reader, generation)?;
        columns.owners(reader)?;
        for sort in Sort::ALL {
            columns.ranks(reader, sort)?;
        }
        columns.copies(reader)?;
        Ok(columns)
    }

    /// Whether a request needs nothing more.
    pub(in crate::browse) fn has_orders(&self) -> bool {
        self.copies.get().is_some()
    }

    fn add(&mut self, entity: IndexedEntity) {
        let Ok(id) = u32::try_from(entity.id) else {
            // The store would have had more than four billion items.
            return;
        };
        let mut known = self.connections.iter();
        let known = known.position(|known| *known == entity.connection);
        let position = known.unwrap_or_else(|| {
            self.connections.push(entity.connection);
            self.connections.len() - 1
        });
        self.ids.push(id);
        self.connection
            .push(u16::try_from(position).unwrap_or(u16::MAX));
        self.kind.push(entity.kind);
        self.state.push(entity.state);
        self.flags.push(entity.flags);
        self.name_length.push(entity.name_length);
        self.set.push(entity.set);
    }

    /// Adds a set. The facets of the set `n` are between the begins `n` and `n + 1`.
    fn add_set(&mut self, id: i64, facets: &[u8]) {
        let id = usize::try_from(id).unwrap_or_default();
        let end = u32::try_from(self.set_facets.len()).unwrap_or(u32::MAX);
        self.set_begins.resize(id + 1, end);
        let facets = facets.as_chunks::<4>().0.iter();
        self.set_facets
            .extend(facets.map(|facet| u32::from_le_bytes(*facet)));
        self.set_begins
            .push(u32::try_from(self.set_facets.len()).unwrap_or(u32::MAX));
    }

    fn shrink_to_fit(&mut self) {
        self.ids.shrink_to_fit();
        self.connection.shrink_to_fit();
        self.set.shrink_to_fit();
        for column in [
            &mut self.kind,
            &mut self.state,
            &mut self.flags,
            &mut self.name_length,
        ] {
            column.shrink_to_fit();
        }
    }
}
