//! Entities that are written once, if the catalog does not have them, so that they show their names: tags and the
//! instance of the platform. One that exists may have a description and a color that people gave it.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};

use catalog_model::{FollowError, follower::Acknowledgement};
use serde_json::json;

use super::{
    api::Verb,
    mapping::{Aspect, Aspects, EntityType, Run, Tag, properties_of},
    window::{Entry, Window, Writes},
};
use crate::sync::{Content, Note, Outcome, acknowledge, notes};

/// An entity that is written once.
#[derive(Clone, Debug)]
pub(super) struct Named {
    pub(super) of: EntityType,
    pub(super) urn: String,
    pub(super) name: String,
    /// What people should know when it is written.
    pub(super) notice: Option<String>,
}

/// The entities that were seen to be in the catalog, by urn.
#[derive(Debug, Default)]
pub(super) struct Once(BTreeSet<String>);

impl Named {
    /// A tag.
    pub(super) fn tag(tag: &Tag) -> Self {
        Self {
            of: EntityType::Tag,
            urn: tag.urn.clone(),
            name: tag.name.clone(),
            notice: tag.notice(),
        }
    }

    fn note_key(&self) -> String {
        format!("{}:{}", self.of.name(), self.urn)
    }

    fn entry(&self, run: &Run) -> Entry<'_> {
        let properties = Aspect::new(&json!({ "name": self.name }));
        let aspects = Aspects::from([(properties_of(self.of), properties)]);
        Entry::whole(&self.urn, Cow::Owned(aspects), run)
    }
}

impl Once {
    /// Those of these entities that were not seen to be in the catalog, each once.
    pub(super) fn unknown(&self, named: impl Iterator<Item = Named>) -> Vec<Named> {
        let unknown = named.filter(|named| !self.0.contains(&named.urn));
        let unknown: BTreeMap<_, _> = unknown.map(|named| (named.urn.clone(), named)).collect();
        unknown.into_values().collect()
    }

    /// Writes those of these entities, all of one type, that the catalog does not have. One that is refused is referred
    /// to all the same, and shows its id.
    pub(super) async fn create(
        window: &mut Window<'_>,
        named: Vec<Named>,
    ) -> Result<(), FollowError> {
        let new = Self::without_note(window, &named).await?;
        if let Some(of) = new.first().map(|named| named.of) {
            let absent = Self::absent(window, of, &new).await?;
            let entries: Vec<_> = absent
                .iter()
                .map(|named| named.entry(&window.run))
                .collect();
            let writes = Writes {
                api: &window.api,
                run: &window.run,
                of,
                verb: Verb::Replace,
            };
            let (outcomes, ended) = window.sender.send(&writes, &entries).await;
            match ended {
                // Policies may leave out instances of platforms. The entities show in theirs all the same.
                Err(FollowError::Rejected { .. }) if of == EntityType::Instance => {}
                ended => ended?,
            }
            let refused = absent.iter().zip(outcomes);
            let refused = refused.filter(|(_, outcome)| *outcome != Some(Outcome::Stored));
            let refused: BTreeSet<_> = refused.map(|(named, _)| &named.urn).collect();
            let mut stored = Acknowledgement::default();
            for named in new.iter().filter(|named| !refused.contains(&named.urn)) {
                let note = Note {
                    server: window.server.clone(),
                    content: Content::Stored("1".to_owned()),
                    ..Note::default()
                };
                stored = stored.with_note(named.note_key(), note.text());
            }
            acknowledge(window.feed, stored).await?;
            for notice in new.iter().filter_map(|named| named.notice.as_ref()) {
                window.tally.notice(notice);
            }
        }
        window
            .once
            .0
            .extend(named.into_iter().map(|named| named.urn));
        Ok(())
    }

    /// Those of these entities of which no note says that this server has them.
    async fn without_note<'a>(
        window: &Window<'_>,
        named: &'a [Named],
    ) -> Result<Vec<&'a Named>, FollowError> {
        let keys: Vec<_> = named.iter().map(Named::note_key).collect();
        let notes = notes::<Note>(window.feed, &keys).await?;
        let is_full = window.feed.is_full();
        let is_new = |note: &Option<Note>| {
            note.as_ref()
                .is_none_or(|note| is_full || note.server != window.server)
        };
        let new = named.iter().zip(&notes).filter(|(_, note)| is_new(note));
        Ok(new.map(|(named, _)| named).collect())
    }

    /// Those of these entities that the catalog does not have.
    async fn absent<'a>(
        window: &Window<'_>,
        of: EntityType,
        named: &[&'a Named],
    ) -> Result<Vec<&'a Named>, FollowError> {
        let urns: Vec<_> = named.iter().map(|named| named.urn.as_str()).collect();
        // Somebody may own an entity that has no properties yet.
        let existence = [properties_of(of), "ownership"];
        let found = window.api.read(of, &urns, &existence).await?;
        let mut absent = Vec::new();
        for named in named {
            let exists = match &found {
                Some(found) => found.has_aspects(&named.urn),
                None => window.api.has(&named.urn, existence[0]).await?,
            };
            if !exists {
                absent.push(*named);
            }
        }
        Ok(absent)
    }
}
