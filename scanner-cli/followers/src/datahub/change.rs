//! What is to be sent of an entity: the difference between what it should be and what was last sent.

use catalog_model::{ItemKey, follower::EntityKind};

use super::{
    echo::Echo,
    mapping::{Aspects, EntityType, Mapped, Shared, Tag, VERSION, status},
};
use crate::sync::{Content, Note, Parts, hash};

/// What is to be sent of an entity.
#[derive(Debug)]
pub(super) struct Change {
    /// The key of the item or container.
    pub(super) key: ItemKey,
    pub(super) of: EntityType,
    pub(super) urn: String,
    /// The aspects that are replaced.
    pub(super) aspects: Aspects,
    /// What is added to and removed from the aspects that people edit, too.
    pub(super) patches: Vec<Patch>,
    /// The tags that are added.
    pub(super) tags: Vec<Tag>,
    /// The note that there is.
    pub(super) before: Note,
    /// The note after this was stored; `None` deletes the one before.
    pub(super) after: Option<Note>,
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
    pub(super) fn of_existing(key: &ItemKey, mapped: Mapped, before: Note) -> Option<Self> {
        let (mut patches, mut parts) = (Vec::new(), before.parts.clone());
        for of in Shared::ALL {
            let Some(wanted) = mapped.shared(of) else {
                continue;
            };
            let (added, removed) = before.difference(of.aspect(), &wanted);
            parts.insert(of.aspect().to_owned(), wanted);
            let patch = Patch { of, added, removed };
            if !patch.is_empty() {
                patches.push(patch);
            }
        }
        let mut aspects = mapped.aspects;
        // People may hide an entity that exists: it returns only if it was removed here.
        let status = aspects.remove("status").unwrap_or_default();
        let content = serde_json::to_string(&aspects).unwrap_or_default();
        let content = Content::Stored(hash(&[&VERSION.to_string(), &content]));
        match &before.content {
            Content::Stored(_) if before.content == content && !before.is_doubted => {
                aspects.clear();
            }
            Content::Stored(_) | Content::Changing => {}
            _ => drop(aspects.insert("status", status)),
        }
        if aspects.is_empty() && patches.is_empty() {
            return None;
        }
        let after = Note {
            server: before.server.clone(),
            content,
            parts,
            maybe: Parts::new(),
            is_doubted: false,
        };
        let is_doubted = before.is_doubted;
        let added = patches.iter().flat_map(|patch| &patch.added);
        let added: Vec<_> = added.collect();
        let tags = mapped.tags.into_iter().flatten();
        let tags = tags
            .filter(|tag| is_doubted || added.contains(&&tag.urn))
            .collect();
        let (key, of, urn) = (key.clone(), mapped.of, mapped.urn);
        Some(Self {
            key,
            of,
            urn,
            aspects,
            patches,
            tags,
            before,
            after: Some(after),
        })
    }

    /// What is to be sent so that the catalog does not show the entity; `None` if nothing is.
    pub(super) fn of_removed(
        key: &ItemKey,
        (of, urn): (EntityType, String),
        before: Note,
    ) -> Option<Self> {
        let after = Note {
            content: Content::Removed,
            ..before.clone()
        };
        (before.content != Content::Removed || before.is_doubted).then(|| Self {
            key: key.clone(),
            of,
            urn,
            aspects: Aspects::from([("status", status(true))]),
            patches: Vec::new(),
            tags: Vec::new(),
            before,
            after: Some(after),
        })
    }

    /// What is to be sent of an entity that the store has deleted: as of a removed one, and its note is deleted.
    pub(super) fn of_forgotten(
        key: &ItemKey,
        entity: (EntityType, String),
        before: Note,
    ) -> Option<Self> {
        let removal = Self::of_removed(key, entity, before)?;
        Some(Self {
            after: None,
            ..removal
        })
    }

    /// Whether the catalog may have the entity although no note says so: it must be read first.
    pub(super) fn is_unknown(&self) -> bool {
        self.before.content.is_unknown()
    }

    /// Whether the entity must be read before it is written.
    pub(super) fn must_be_read(&self) -> bool {
        self.is_unknown() || self.before.is_doubted
    }

    /// Whether aspects are written that say where the entity belongs.
    pub(super) fn is_described(&self) -> bool {
        !self.is_removal() && !self.aspects.is_empty()
    }

    /// Whether nothing is to be sent.
    pub(super) fn is_empty(&self) -> bool {
        self.aspects.is_empty() && self.patches.is_empty()
    }

    /// The note before this is sent: what is not known if no answer comes. `None` if it is the one that there is.
    pub(super) fn note_before(&self) -> Option<Note> {
        let mut note = self.before.clone();
        match self.is_removal() {
            true => note.begin_removal(),
            false if !self.aspects.is_empty() => note.begin_change(),
            false => {}
        }
        for patch in &self.patches {
            note.add_maybe(patch.of.aspect(), &patch.added);
        }
        (note != self.before).then_some(note)
    }

    fn is_removal(&self) -> bool {
        let after = self.after.as_ref().map(|note| &note.content);
        !matches!(after, Some(Content::Stored(_)))
    }

    /// The change for an entity that the catalog does not have: it gets everything as a whole. Nothing is sent if it
    /// was to be removed.
    pub(super) fn make_whole(&mut self) {
        if self.is_removal() {
            self.aspects.clear();
            return;
        }
        self.aspects.insert("status", status(false));
        self.patches.clear();
        for of in Shared::ALL {
            let parts = self.after.as_ref().map(|note| &note.parts);
            let entries = parts.and_then(|parts| parts.get(of.aspect()));
            if let Some(entries) = entries.filter(|entries| !entries.is_empty()) {
                self.aspects.insert(of.aspect(), of.value(entries));
            }
        }
    }

    /// Leaves out what the catalog has already, as it was read.
    pub(super) fn leave_out(&mut self, found: &Echo) {
        let urn = &self.urn;
        self.aspects
            .retain(|name, value| !found.has_same(urn, name, value));
        for patch in &mut self.patches {
            let aspect = patch.of.aspect();
            let has = |entry: &String| found.has_entry(urn, aspect, entry);
            patch.added.retain(|entry| !has(entry));
            patch.removed.retain(has);
        }
        self.patches.retain(|patch| !patch.is_empty());
        let patches = &self.patches;
        let is_added = |tag: &Tag| patches.iter().any(|patch| patch.added.contains(&tag.urn));
        self.tags.retain(is_added);
    }

    /// The patches, by aspect.
    pub(super) fn patches(&self) -> Aspects {
        let patches = self.patches.iter().map(|patch| {
            let value = patch.of.patch(&patch.added, &patch.removed);
            (patch.of.aspect(), value)
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
