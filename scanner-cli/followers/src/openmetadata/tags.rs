//! Tags: each is created once in the classification of the product, before something has it.

use std::collections::{BTreeMap, BTreeSet};

use catalog_model::{Feed, FollowError, follower::Acknowledgement};
use serde_json::json;

use super::{
    api::Api,
    mapping::{Tag, name::in_path},
};
use crate::{
    product::{CLASSIFICATION, FULL_NAME},
    remote::CallError,
    sync::{Content, Note, acknowledge, notes},
};

/// The tags that the catalog has, and those that it refuses.
#[derive(Debug, Default)]
pub(super) struct Tags {
    known: BTreeSet<Tag>,
    refused: BTreeMap<Tag, String>,
    has_classification: bool,
}

impl Tags {
    /// Creates those of these tags that the catalog does not have. With `are_notes_valid`, those of earlier deliveries are
    /// not asked for again.
    pub(super) async fn create(
        &mut self,
        (feed, api): (&dyn Feed, &Api),
        (server, are_notes_valid): (&str, bool),
        tags: BTreeSet<Tag>,
    ) -> Result<(), FollowError> {
        let is_new = |tag: &Tag| !self.known.contains(tag) && !self.refused.contains_key(tag);
        let new: Vec<_> = tags.into_iter().filter(is_new).collect();
        let keys: Vec<_> = new.iter().map(note_key).collect();
        let noted = notes::<Note>(feed, &keys).await?;
        let mut stored = Acknowledgement::default();
        for (tag, note) in new.into_iter().zip(noted) {
            if are_notes_valid && note.is_some_and(|note| note.server == server) {
                self.known.insert(tag);
                continue;
            }
            match self.create_one(api, &tag).await {
                Ok(()) => {
                    let note = Note {
                        server: server.to_owned(),
                        content: Content::Stored("1".to_owned()),
                        ..Note::default()
                    };
                    stored = stored.with_note(note_key(&tag), note.text());
                    self.known.insert(tag);
                }
                Err(CallError::Refused { status, message }) => {
                    let message = format!("the tag `{}`: {message} (status {status})", tag.text);
                    self.refused.insert(tag, message);
                }
                Err(error) => return Err(error.ended("a tag cannot be created")),
            }
        }
        Ok(acknowledge(feed, stored).await?)
    }

    /// Takes out those of these tags that the catalog refuses. Returns why it refuses one.
    pub(super) fn retain(&self, tags: &mut Vec<Tag>) -> Option<String> {
        let why = tags.iter().find_map(|tag| self.refused.get(tag)).cloned();
        tags.retain(|tag| !self.refused.contains_key(tag));
        why
    }

    async fn create_one(&mut self, api: &Api, tag: &Tag) -> Result<(), CallError> {
        if !self.has_classification {
            let body = json!({
                "name": CLASSIFICATION,
                "description": format!("Tags of {FULL_NAME}"),
            });
            let path = format!("classifications/name/{CLASSIFICATION}");
            if api.find(&path).await?.is_none() {
                api.put("classifications", &body).await?;
            }
            self.has_classification = true;
        }
        let path = format!("tags/name/{}", in_path(&tag.qualified()));
        match api.find(&path).await {
            Ok(Some(_)) => return Ok(()),
            // A server may refuse a path with such a name, and accept the name in a body.
            Ok(None) | Err(CallError::Refused { .. }) => {}
            Err(error) => return Err(error),
        }
        let body = json!({
            "classification": CLASSIFICATION,
            "name": tag.name,
            "displayName": tag.text,
            "description": format!("`{}` in {FULL_NAME}", tag.text),
        });
        api.put("tags", &body).await.map(drop)
    }
}

fn note_key(tag: &Tag) -> String {
    format!("tag:{}", tag.qualified())
}
