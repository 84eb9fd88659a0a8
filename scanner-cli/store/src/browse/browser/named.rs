//! What people paste instead of words: keys, ids, and addresses that contain an id.

use super::{
    super::{BrowseError, SearchHit, columns::Selection},
    Session,
    hits::TextHits,
};

/// Maximum number of containers that are listed.
const MAX_CONTAINERS: usize = 10;

impl Session<'_> {
    /// Adds what a text names. The name of a container also finds what it holds.
    pub(super) fn add_named(&self, text: &str, hits: &mut TextHits) -> Result<(), BrowseError> {
        hits.named = self.columns.positions(self.named(text)?);
        hits.all.add(&hits.named);
        let containers = hits.named.iter();
        let containers = containers.filter(|position| self.columns.is_container(*position));
        let ids: Vec<i64> = containers
            .map(|position| self.columns.id(position))
            .collect();
        let entries = self.entries(&ids)?.into_iter();
        let keys: Vec<String> = entries.map(|(_, entry)| entry.key).collect();
        let facets = match keys.is_empty() {
            true => Vec::new(),
            false => self.reader.facets_of(&keys)?,
        };
        if !facets.is_empty() {
            let held = Selection {
                states: u8::MAX,
                groups: vec![facets.into_iter().map(|(_, facet)| facet).collect()],
                ..Selection::default()
            };
            hits.all.add(&self.columns.select(&held, None));
        }
        Ok(())
    }

    /// The sorted ids of the items and containers that a text names.
    fn named(&self, text: &str) -> Result<Vec<i64>, BrowseError> {
        for name in names(text) {
            let mut ids = self.reader.named(name)?;
            let lower = name.to_lowercase();
            if lower != name {
                ids.extend(self.reader.named(&lower)?);
            }
            if !ids.is_empty() {
                ids.sort_unstable();
                ids.dedup();
                return Ok(ids);
            }
        }
        Ok(Vec::new())
    }

    pub(super) fn named_containers(&self, text: &str) -> Result<Vec<SearchHit>, BrowseError> {
        let Some(hits) = self.hits(text)? else {
            return Ok(Vec::new());
        };
        let named = hits.named.iter();
        let containers = named.filter(|position| self.columns.is_container(*position));
        let found = self.read_hits(&containers.collect::<Vec<_>>())?.into_iter();
        Ok(found.map(|(_, hit)| hit).take(MAX_CONTAINERS).collect())
    }
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
