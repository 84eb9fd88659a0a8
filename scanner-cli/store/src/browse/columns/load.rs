//! Reads the columns from the file of the index.

use rusqlite::Connection;

use super::{Columns, index};

impl Columns {
    /// Reads the columns.
    pub(in crate::browse) fn load(db: &Connection) -> rusqlite::Result<Self> {
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
}
