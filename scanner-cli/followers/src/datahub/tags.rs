//! Tags: each is written once, if the catalog does not have it, so that it shows its name. A tag that exists may have a
//! description and a color that people gave it.

use std::collections::{BTreeMap, BTreeSet};

use catalog_model::{FollowError, follower::Acknowledgement};
use serde_json::{Map, json};

use super::{
    api::Verb,
    mapping::{EntityType, Tag},
    window::{Entry, Window, Writes},
};
use crate::sync::{Content, Note, Outcome, notes};

/// The aspects that are read to learn whether the catalog has a tag.
const EXISTENCE: [&str; 2] = ["tagProperties", "ownership"];

/// The tags that were seen to be in the catalog, by urn.
#[derive(Debug, Default)]
pub(super) struct Tags(BTreeSet<String>);

impl Tags {
    /// Those of these tags that were not seen to be in the catalog, each once.
    pub(super) fn unknown<'a>(&self, tags: impl Iterator<Item = &'a Tag>) -> Vec<Tag> {
        let unknown = tags.filter(|tag| !self.0.contains(&tag.urn));
        let unknown: BTreeMap<_, _> = unknown.map(|tag| (&tag.urn, tag)).collect();
        unknown.into_values().cloned().collect()
    }

    /// Writes those of these tags that the catalog does not have. A tag that is refused is referred to all the same,
    /// and shows its id.
    pub(super) async fn create(window: &mut Window<'_>, tags: Vec<Tag>) -> Result<(), FollowError> {
        let keys: Vec<_> = tags.iter().map(|tag| note_key(&tag.urn)).collect();
        let notes = notes::<Note>(window.feed, &keys).await?;
        let is_full = window.feed.is_full();
        let is_new = |note: &Option<Note>| {
            note.as_ref()
                .is_none_or(|note| is_full || note.server != window.server)
        };
        let noted: Vec<_> = notes.iter().map(|note| !is_new(note)).collect();
        let new: Vec<_> = tags
            .iter()
            .zip(noted)
            .filter(|(_, noted)| !noted)
            .map(|(tag, _)| tag)
            .collect();
        if !new.is_empty() {
            let absent = Self::absent(window, &new).await?;
            let entries: Vec<_> = absent.iter().map(|tag| entry(tag)).collect();
            let writes = Writes {
                api: &window.api,
                of: EntityType::Tag,
                verb: Verb::Replace,
            };
            let (outcomes, ended) = window.sender.send(&writes, &entries).await;
            ended?;
            let refused = absent.iter().zip(outcomes);
            let refused = refused.filter(|(_, outcome)| *outcome != Some(Outcome::Stored));
            let refused: BTreeSet<_> = refused.map(|(tag, _)| &tag.urn).collect();
            let mut stored = Acknowledgement::default();
            for tag in new.iter().filter(|tag| !refused.contains(&tag.urn)) {
                let note = Note {
                    server: window.server.clone(),
                    content: Content::Stored("1".to_owned()),
                    ..Note::default()
                };
                stored = stored.with_note(note_key(&tag.urn), note.text());
            }
            window.feed.acknowledge(stored).await?;
        }
        window.tags.0.extend(tags.into_iter().map(|tag| tag.urn));
        Ok(())
    }

    /// Those of these tags that the catalog does not have.
    async fn absent<'a>(
        window: &Window<'_>,
        tags: &[&'a Tag],
    ) -> Result<Vec<&'a Tag>, FollowError> {
        let urns: Vec<_> = tags.iter().map(|tag| tag.urn.as_str()).collect();
        let found = window.api.read(EntityType::Tag, &urns, &EXISTENCE).await?;
        let mut absent = Vec::new();
        for tag in tags {
            let exists = match &found {
                Some(found) => found.aspects(&tag.urn).is_some(),
                None => window.api.has_tag(&tag.urn).await?,
            };
            if !exists {
                absent.push(*tag);
            }
        }
        Ok(absent)
    }
}

fn note_key(urn: &str) -> String {
    format!("{}:{urn}", EntityType::Tag.name())
}

fn entry(tag: &Tag) -> Entry {
    let properties = json!({ "name": tag.name });
    Entry::whole(
        &tag.urn,
        Map::from_iter([("tagProperties".to_owned(), properties)]),
    )
}
