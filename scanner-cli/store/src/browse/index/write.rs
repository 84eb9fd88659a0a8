//! Writes documents to the tables of the index.

use std::collections::HashMap;

use catalog_model::Contact;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{meta, read::IndexedDocument, set_meta};
use crate::{
    browse::document::{Document, FacetEntry, FacetKind, missing_container},
    hashes::hash,
};

/// What a container holds, directly or indirectly.
const HELD: &str = "WITH RECURSIVE held (id) AS (SELECT id FROM doc WHERE parent = ?1 \
     UNION SELECT doc.id FROM held JOIN doc ON doc.parent = held.id) SELECT id FROM held";

/// Which documents are compared with the store.
#[derive(Clone, Copy, Debug)]
pub(super) enum Known<'a> {
    /// Those with ids above the first and up to the second number.
    Range(i64, i64),
    /// Those with these ids.
    Ids(&'a [i64]),
}

/// Whether the index has been complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pass {
    /// It is created. Each document is written with the containers that the store has, and there is no order yet in which what a
    /// container holds could be found.
    First,
    /// It has been complete.
    Later,
}

/// Writes documents in a transaction.
pub(super) struct Writer<'a> {
    db: &'a Connection,
    pass: Pass,
    /// Whether an answer may change.
    has_changed: bool,
    facets: HashMap<FacetEntry, i64>,
    sets: HashMap<Vec<u8>, i64>,
    owners: HashMap<String, Contact>,
}

impl<'a> Writer<'a> {
    pub(super) fn new(db: &'a Connection, pass: Pass) -> Self {
        Self {
            db,
            pass,
            has_changed: false,
            facets: HashMap::new(),
            sets: HashMap::new(),
            owners: HashMap::new(),
        }
    }

    /// The states and the fingerprints with which items were indexed.
    pub(super) fn known(&self, which: Known<'_>) -> rusqlite::Result<HashMap<i64, (i64, Vec<u8>)>> {
        let read = |row: &Row<'_>| Ok((row.get(0)?, (row.get(1)?, row.get(2)?)));
        match which {
            Known::Range(after, until) => {
                let sql = "SELECT id, state, print FROM doc WHERE id > ?1 AND id <= ?2";
                let mut docs = self.db.prepare_cached(sql)?;
                docs.query_map([after, until], read)?.collect()
            }
            Known::Ids(ids) => {
                let sql = "SELECT id, state, print FROM doc WHERE id = ?1";
                let mut docs = self.db.prepare_cached(sql)?;
                let mut known = HashMap::with_capacity(ids.len());
                for id in ids {
                    known.extend(docs.query_row([id], read).optional()?);
                }
                Ok(known)
            }
        }
    }

    pub(super) fn set_state(&mut self, id: i64, state: i64, changed: i64) -> rusqlite::Result<()> {
        self.has_changed = true;
        let sql = "UPDATE doc SET state = ?2, changed = ?3 WHERE id = ?1";
        let mut set = self.db.prepare_cached(sql)?;
        set.execute([id, state, changed]).map(drop)
    }

    pub(super) fn delete(&mut self, id: i64) -> rusqlite::Result<()> {
        for sql in [
            "DELETE FROM search WHERE rowid = ?1",
            "DELETE FROM date WHERE doc = ?1",
            "DELETE FROM doc WHERE id = ?1",
        ] {
            let deleted = self.db.prepare_cached(sql)?.execute([id])?;
            self.has_changed |= deleted > 0;
        }
        Ok(())
    }

    /// Writes a document. Returns the ids of others that must be written again, because a container around them is new, has
    /// another name, or is in another one.
    pub(super) fn write(&mut self, indexed: &IndexedDocument) -> rusqlite::Result<Vec<i64>> {
        let document = &indexed.document;
        let id = document.id;
        let sql = "SELECT parent FROM doc WHERE id = ?1";
        let mut find = self.db.prepare_cached(sql)?;
        let former: Option<i64> = find.query_row([id], |row| row.get(0)).optional()?;
        let root = match former {
            _ if document.kind == 0 => None,
            Some(former) => {
                // Its new name must be noted in any case.
                let is_renamed = self.is_renamed(document)?;
                (is_renamed || former != document.parent).then_some(id)
            }
            None => Some(missing_container(&document.key)),
        };
        let others = match root {
            Some(root) if self.pass == Pass::Later => {
                let mut held = self.db.prepare_cached(HELD)?;
                held.query_map([root], |row| row.get(0))?
                    .collect::<rusqlite::Result<_>>()?
            }
            _ => Vec::new(),
        };
        if former.is_some() {
            self.delete(id)?;
        }
        self.has_changed = true;
        let set = self.set(&document.facets)?;
        for (value, contact) in &document.owners {
            self.owner(document.connection, value, contact)?;
        }
        self.insert(indexed, set)?;
        Ok(others)
    }

    /// Inserts a document whose facets are the set `set`.
    fn insert(&self, indexed: &IndexedDocument, set: i64) -> rusqlite::Result<()> {
        let document = &indexed.document;
        let id = document.id;
        let mut insert = self.db.prepare_cached(
            "INSERT INTO doc (id, connection, kind, state, flags, name_length, facets, sort_name, key, changed, \
             first_seen, tail, source, parent, print) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
        )?;
        insert.execute(params![
            id,
            document.connection,
            document.kind,
            indexed.state,
            document.flags,
            document.name_length,
            set,
            document.sort_name,
            document.key,
            document.changed,
            document.first_seen,
            document.tail,
            document.source,
            document.parent,
            indexed.print,
        ])?;
        let mut date = self
            .db
            .prepare_cached("INSERT INTO date VALUES (?1, ?2, ?3)")?;
        for (name, time) in &document.dates {
            date.execute(params![id, name, time])?;
        }
        let [name, description, containers, owners, tags, more] = &document.columns;
        let mut insert = self.db.prepare_cached(
            "INSERT INTO search (rowid, name, description, containers, owners, tags, more) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?;
        insert.execute(params![
            id,
            name,
            description,
            containers,
            owners,
            tags,
            more
        ])?;
        Ok(())
    }

    /// Whether a container had another name. Notes the new one.
    fn is_renamed(&self, document: &Document) -> rusqlite::Result<bool> {
        let mut name = self
            .db
            .prepare_cached("SELECT name FROM search WHERE rowid = ?1")?;
        let former: String = name.query_row([document.id], |row| row.get(0))?;
        // What it holds may have noted the new name already.
        let mut label = self.db.prepare_cached(
            "UPDATE facet SET label = ?3 WHERE kind = ?1 AND value = ?2 AND label <> ?3",
        )?;
        let kind = FacetKind::Container.code();
        label.execute(params![kind, document.key, document.name])?;
        Ok(former != document.columns[0])
    }

    fn set(&mut self, facets: &[FacetEntry]) -> rusqlite::Result<i64> {
        let mut ids = Vec::with_capacity(facets.len());
        for facet in facets {
            ids.push(u32::try_from(self.facet(facet)?).unwrap_or(u32::MAX));
        }
        ids.sort_unstable();
        let bytes: Vec<u8> = ids.iter().flat_map(|id| id.to_le_bytes()).collect();
        if let Some(id) = self.sets.get(&bytes) {
            return Ok(*id);
        }
        let text: Vec<_> = ids.iter().map(u32::to_string).collect();
        let hash = hash(&text.join(","));
        let mut known = self
            .db
            .prepare_cached("SELECT id FROM facet_set WHERE hash = ?1 AND facets = ?2")?;
        let known: Option<i64> = known
            .query_row(params![hash, bytes], |row| row.get(0))
            .optional()?;
        let id = match known {
            Some(id) => id,
            None => {
                let insert = "INSERT INTO facet_set (hash, facets) VALUES (?1, ?2)";
                self.db
                    .prepare_cached(insert)?
                    .insert(params![hash, bytes])?
            }
        };
        self.sets.insert(bytes, id);
        Ok(id)
    }

    fn facet(&mut self, entry: &FacetEntry) -> rusqlite::Result<i64> {
        if let Some(id) = self.facets.get(entry) {
            return Ok(*id);
        }
        let mut insert = self.db.prepare_cached(
            "INSERT INTO facet (kind, value, label, extra) VALUES (?1, ?2, ?3, ?4) \
             ON CONFLICT (kind, value) DO UPDATE SET label = ?3, extra = ?4 RETURNING id",
        )?;
        let values = params![entry.kind.code(), entry.value, entry.label, entry.extra];
        let id = insert.query_row(values, |row| row.get(0))?;
        self.facets.insert(entry.clone(), id);
        Ok(id)
    }

    fn owner(&mut self, connection: i64, value: &str, contact: &Contact) -> rusqlite::Result<()> {
        if self.owners.get(value) == Some(contact) {
            return Ok(());
        }
        self.owners.insert(value.to_owned(), contact.clone());
        let names = [&contact.name, &contact.account, &contact.email];
        let name = names
            .into_iter()
            .flatten()
            .next()
            .cloned()
            .unwrap_or_default();
        let mut insert = self.db.prepare_cached(
            "INSERT OR REPLACE INTO owner SELECT id, ?2, ?3, ?4, ?5, ?6, ?7 FROM facet WHERE kind = 1 AND value = ?1",
        )?;
        insert
            .execute(params![
                value,
                connection,
                contact.account,
                contact.name,
                contact.email,
                contact.status.map(|status| status.word()),
                name.to_lowercase(),
            ])
            .map(drop)
    }

    /// Notes that answers may change.
    pub(super) fn finish(self) -> rusqlite::Result<()> {
        if !self.has_changed {
            return Ok(());
        }
        let generation: i64 = meta(self.db, "generation")?.unwrap_or_default();
        set_meta(self.db, "generation", generation + 1)
    }
}
