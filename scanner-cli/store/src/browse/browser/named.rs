//! What people paste instead of words: keys, ids, and addresses that contain an id.

use rusqlite::{Connection, params};

use super::{
    super::{
        BrowseError, SearchHit,
        columns::{Columns, Selection},
    },
    Session,
    hits::TextHits,
};
use crate::hashes::hash;

/// Maximum number of containers that are listed.
const MAX_CONTAINERS: usize = 10;

impl Session<'_> {
    /// Adds what a text names. The name of a container also finds what it holds.
    pub(super) fn add_named(&self, text: &str, hits: &mut TextHits) -> Result<(), BrowseError> {
        let found = self.index(|db| {
            let ids = named(db, &self.columns, text)?;
            hits.named = self.columns.positions(ids.into_iter().map(Ok))?;
            let mut facets = Vec::new();
            for position in hits.named.iter() {
                if self.columns.is_container(position) {
                    facets.extend(facet_of(db, self.columns.id(position))?);
                }
            }
            Ok(facets)
        })?;
        let facets = found.unwrap_or_default();
        hits.all.add(&hits.named);
        if !facets.is_empty() {
            let held = Selection {
                states: u8::MAX,
                groups: vec![facets],
                ..Selection::default()
            };
            hits.all.add(&self.columns.select(&held, None));
        }
        Ok(())
    }

    pub(super) fn named_containers(&self, text: &str) -> Result<Vec<SearchHit>, BrowseError> {
        let mut containers = Vec::new();
        if let Some(hits) = self.hits(text)? {
            let named = hits.named.iter();
            for position in named.filter(|position| self.columns.is_container(*position)) {
                containers.extend(self.hit(position, None)?);
                if containers.len() == MAX_CONTAINERS {
                    break;
                }
            }
        }
        Ok(containers)
    }
}

/// The sorted ids of the items and containers that a text names.
fn named(db: &Connection, columns: &Columns, text: &str) -> rusqlite::Result<Vec<i64>> {
    for name in names(text) {
        let mut ids = Vec::new();
        for name in [name.to_owned(), name.to_lowercase()] {
            of_name(db, columns, &name, &mut ids)?;
        }
        if !ids.is_empty() {
            ids.sort_unstable();
            ids.dedup();
            return Ok(ids);
        }
    }
    Ok(Vec::new())
}

/// What may be the name in a text: all of it, or a part of an address, the last one first.
fn names(text: &str) -> impl Iterator<Item = &str> {
    let is_around = |char: char| char.is_whitespace() || "\"'<>`“”„".contains(char);
    let text = text.trim_matches(is_around);
    let is_address = text.contains("://");
    let parts = text.rsplit(['/', '?', '#', '&', '=']);
    let parts = parts.filter(move |part| is_address && !part.is_empty());
    std::iter::once(text)
        .filter(|text| !text.is_empty())
        .chain(parts)
}

/// Adds the items and containers with this key, this id, or this last part of the key.
fn of_name(
    db: &Connection,
    columns: &Columns,
    name: &str,
    ids: &mut Vec<i64>,
) -> rusqlite::Result<()> {
    let mut by_key = db.prepare_cached("SELECT id FROM doc WHERE key = ?1")?;
    let mut by_source = db.prepare_cached("SELECT id FROM doc WHERE source = ?1")?;
    let mut by_tail =
        db.prepare_cached("SELECT id FROM doc WHERE kind = 0 AND connection = ?1 AND tail = ?2")?;
    for id in by_key.query_map([name], |row| row.get(0))? {
        ids.push(id?);
    }
    for id in by_source.query_map([hash(name)], |row| row.get(0))? {
        ids.push(id?);
    }
    for connection in &columns.connections {
        let found = by_tail.query_map(params![connection, hash(name)], |row| row.get(0))?;
        for id in found {
            ids.push(id?);
        }
    }
    Ok(())
}

/// The facet of a container, if it holds something.
fn facet_of(db: &Connection, id: i64) -> rusqlite::Result<Vec<u32>> {
    let mut find = db.prepare_cached(
        "SELECT facet.id FROM facet JOIN doc ON facet.value = doc.key WHERE facet.kind = 0 AND doc.id = ?1",
    )?;
    let found = find.query_map([id], |row| row.get(0))?;
    found.collect()
}
