//! What is to be sent of an entity: the difference between what it should be and what was last sent.

use catalog_model::{ItemKey, follower::EntityKind};
use serde_json::{Map, Value};

use super::mapping::{EntityType, Mapped, Shared, Tag, VERSION, status};
use crate::sync::{Note, hash};

/// What is to be sent of an entity.
#[derive(Debug)]
pub(super) struct Change {
    /// The key of the item or container.
    pub(super) key: ItemKey,
    pub(super) of: EntityType,
    pub(super) urn: String,
    /// The aspects that are replaced.
    pub(super) aspects: Map<String, Value>,
    /// What is added to and removed from the aspects that people edit, too.
    pub(super) patches: Vec<Patch>,
    /// Whether the catalog may have it although no note says so: it must be read first.
    pub(super) is_unknown: bool,
    /// The tags that it gets.
    pub(super) tags: Vec<Tag>,
    /// Whether the catalog should not show it any more.
    pub(super) is_removal: bool,
    /// The note after this was stored; `None` deletes the one before.
    pub(super) note: Option<Note>,
}

/// A change of an aspect that people edit, too.
#[derive(Debug, PartialEq)]
pub(super) struct Patch {
    pub(super) of: Shared,
    pub(super) added: Vec<String>,
    pub(super) removed: Vec<String>,
}

impl Change {
    /// What is to be sent so that the entity is as mapped; `None` if nothing is.
    pub(super) fn of_existing(
        key: &ItemKey,
        mapped: Mapped,
        before: Option<&Note>,
        server: &str,
    ) -> Option<Self> {
        let mut note = new_note(server, before);
        let (mut patches, mut tags) = (Vec::new(), Vec::new());
        for of in Shared::ALL {
            let Some(wanted) = mapped.shared(of) else {
                continue;
            };
            let known = note.parts.insert(of.aspect().to_owned(), wanted.clone());
            let known = known.unwrap_or_default();
            let patch = Patch {
                of,
                added: missing(&wanted, &known),
                removed: missing(&known, &wanted),
            };
            if of == Shared::Tags {
                let all = mapped.tags.iter().flatten();
                tags.extend(all.filter(|tag| patch.added.contains(&tag.urn)).cloned());
            }
            if !patch.is_empty() {
                patches.push(patch);
            }
        }
        let mut aspects = mapped.aspects;
        // People may hide an entity that exists: it returns only if it was removed here.
        let status = aspects.remove("status");
        let content = serde_json::to_string(&aspects).unwrap_or_default();
        note.content = hash(&[&VERSION.to_string(), &content]);
        match before {
            Some(before) if before.content == note.content => aspects.clear(),
            Some(before) if !before.is_removed() => {}
            _ => drop(aspects.insert("status".to_owned(), status.unwrap_or_default())),
        }
        let change = Self {
            key: key.clone(),
            of: mapped.of,
            urn: mapped.urn,
            aspects,
            patches,
            is_unknown: before.is_none(),
            tags,
            is_removal: false,
            note: Some(note),
        };
        (!change.aspects.is_empty() || !change.patches.is_empty()).then_some(change)
    }

    /// What is to be sent so that the catalog does not show the entity; `None` if nothing is.
    pub(super) fn of_removed(
        key: &ItemKey,
        (of, urn): (EntityType, String),
        before: Option<&Note>,
        server: &str,
    ) -> Option<Self> {
        if before.is_some_and(Note::is_removed) {
            return None;
        }
        Some(Self {
            key: key.clone(),
            of,
            urn,
            aspects: Map::from_iter([("status".to_owned(), status(true))]),
            patches: Vec::new(),
            is_unknown: before.is_none(),
            tags: Vec::new(),
            is_removal: true,
            note: Some(Note {
                content: String::new(),
                ..new_note(server, before)
            }),
        })
    }

    /// What is to be sent of an entity that the store has deleted: as of a removed one, and its note is deleted.
    pub(super) fn of_forgotten(
        key: &ItemKey,
        (of, urn): (EntityType, String),
        before: Option<&Note>,
    ) -> Self {
        let mut aspects = Map::new();
        if !before.is_some_and(Note::is_removed) {
            aspects.insert("status".to_owned(), status(true));
        }
        Self {
            key: key.clone(),
            of,
            urn,
            aspects,
            patches: Vec::new(),
            is_unknown: before.is_none(),
            tags: Vec::new(),
            is_removal: true,
            note: None,
        }
    }

    /// The change for an entity that the catalog does not have: it gets everything as a whole. Nothing is sent if it was to
    /// be removed.
    pub(super) fn make_whole(&mut self) {
        if self.is_removal {
            self.aspects.clear();
        }
        for patch in std::mem::take(&mut self.patches) {
            if !patch.added.is_empty() {
                let name = patch.of.aspect().to_owned();
                self.aspects.insert(name, patch.of.value(&patch.added));
            }
        }
    }

    /// The patches, by aspect.
    pub(super) fn patches(&self) -> Map<String, Value> {
        let patches = self.patches.iter().map(|patch| {
            let value = patch.of.patch(&patch.added, &patch.removed);
            (patch.of.aspect().to_owned(), value)
        });
        patches.collect()
    }

    /// The key of its note.
    pub(super) fn note_key(&self) -> String {
        note_key(self.of, &self.key)
    }
}

impl Patch {
    fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty()
    }
}

/// The key of the note of an entity with this key.
pub(super) fn note_key(of: EntityType, key: &ItemKey) -> String {
    format!("{}:{key}", of.name())
}

/// The type of items and containers.
pub(super) fn type_of(kind: EntityKind) -> EntityType {
    match kind {
        EntityKind::Container => EntityType::Container,
        EntityKind::Item => EntityType::Dashboard,
    }
}

fn new_note(server: &str, before: Option<&Note>) -> Note {
    Note {
        server: server.to_owned(),
        ..before.cloned().unwrap_or_default()
    }
}

/// What is in one list and not in the other.
fn missing(here: &[String], there: &[String]) -> Vec<String> {
    let missing = here.iter().filter(|urn| !there.contains(urn));
    missing.cloned().collect()
}
