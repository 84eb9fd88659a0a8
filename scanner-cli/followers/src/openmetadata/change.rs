//! What is to be done with an entity, and what is noted before and after.

use std::collections::BTreeSet;

use catalog_model::{ItemKey, follower::EntityKind};

use super::{
    mapping::{EntityType, Mapped},
    patch::{DELETED_CHARTS, EXTENSION, LIVE_CHARTS, OWNERS, TAGS, Wanted},
    state::State,
    targets::Written,
};
use crate::sync::{Content, Note, Parts};

/// An entity that exists, and whose content is not what was last sent.
#[derive(Debug)]
pub(super) struct Upsert {
    /// The key of the item or container.
    pub(super) key: ItemKey,
    /// Its fully qualified name.
    pub(super) fqn: String,
    pub(super) mapped: Mapped,
    /// The note that there is.
    pub(super) before: Note,
    /// The hash of its content.
    content: String,
    /// Whether the server does not show what it has of the entity.
    pub(super) is_unreadable: bool,
}

/// An entity that the catalog should not show.
#[derive(Debug)]
pub(super) struct Removal {
    pub(super) key: ItemKey,
    pub(super) of: EntityType,
    pub(super) fqn: String,
    pub(super) before: Note,
    /// Whether its note is deleted, because the store has deleted the entity.
    pub(super) is_forgotten: bool,
}

/// An entity with everything that is needed to write it.
#[derive(Debug)]
pub(super) struct Work {
    pub(super) key: ItemKey,
    pub(super) fqn: String,
    pub(super) wanted: Wanted,
    /// The note before this is sent.
    pub(super) before: Note,
    pub(super) plan: Plan,
    /// The operations that write its custom properties.
    pub(super) extension: Vec<serde_json::Value>,
    /// What is ours afterwards.
    pub(super) parts: Parts,
    content: String,
    /// What could not be written, and is tried again.
    pub(super) missing: Missing,
}

/// What to do.
#[derive(Clone, Debug)]
pub(super) enum Plan {
    /// The catalog does not have it.
    Create,
    /// The catalog has it like this.
    Update(State),
    /// Nothing.
    Nothing,
}

/// What could not be written of an entity.
#[derive(Debug, Default)]
pub(super) struct Missing {
    /// Its owners are not known, because the server did not answer.
    pub(super) owners: bool,
    /// The catalog refuses a tag, in these words.
    pub(super) tag: Option<String>,
    /// Its custom properties are not known, because the server did not answer.
    pub(super) extension: bool,
}

impl Missing {
    fn is_nothing(&self) -> bool {
        !self.owners && self.tag.is_none() && !self.extension
    }
}

impl Upsert {
    /// What is to be written so that the entity is as mapped; `None` if nothing is.
    pub(super) fn new(key: &ItemKey, fqn: String, mapped: Mapped, before: Note) -> Option<Self> {
        let content = mapped.content();
        let is_same = matches!(&before.content, Content::Stored(stored) if *stored == content);
        (!is_same || before.is_doubted).then(|| Self {
            key: key.clone(),
            fqn,
            mapped,
            before,
            content,
            is_unreadable: false,
        })
    }

    /// Whether people have deleted the entity: it returns only if it was removed here.
    pub(super) fn is_deleted_by_people(&self, state: &State) -> bool {
        let was_there = matches!(self.before.content, Content::Stored(_) | Content::Changing);
        state.is_deleted() && was_there
    }
}

impl Work {
    /// What is to be done, for an entity that the catalog has like this, or does not have.
    pub(super) fn new(
        upsert: Upsert,
        (state, service): (Option<State>, &str),
        owners: Option<Vec<String>>,
        missing: Missing,
    ) -> Self {
        let is_deleted_by_people = state
            .as_ref()
            .is_some_and(|state| upsert.is_deleted_by_people(state));
        let Upsert {
            key,
            fqn,
            mapped,
            before,
            content,
            ..
        } = upsert;
        let wanted = Wanted { mapped, owners };
        let extension = match is_deleted_by_people || missing.extension {
            true => Vec::new(),
            false => wanted.extend(state.as_ref(), &before),
        };
        let (plan, parts) = match state {
            None => (Plan::Create, wanted.parts()),
            Some(_) if is_deleted_by_people => (Plan::Nothing, before.parts.clone()),
            Some(state) => {
                let patch = wanted.patch(&state, service, &before);
                let is_same = patch.operations.is_empty() && patch.whole.is_none();
                let is_begun = before.parts.contains_key(DELETED_CHARTS);
                let is_same = is_same && extension.is_empty() && !is_begun;
                match is_same && !state.is_deleted() {
                    true => (Plan::Nothing, patch.parts),
                    false => (Plan::Update(state), patch.parts),
                }
            }
        };
        let mut work = Self {
            key,
            fqn,
            wanted,
            before,
            plan,
            extension,
            parts,
            content,
            missing,
        };
        if !matches!(work.plan, Plan::Nothing) {
            work.begin();
        }
        work
    }

    /// Notes what will be written, since it is not known whether the catalog has stored it if no answer comes.
    fn begin(&mut self) {
        self.before.begin_change();
        self.note_deleted_charts();
        for part in [TAGS, OWNERS, EXTENSION] {
            let known = self.before.parts.get(part).cloned().unwrap_or_default();
            let added = self.parts.get(part).into_iter().flatten();
            let added: Vec<_> = added
                .filter(|entry| !known.contains(entry))
                .cloned()
                .collect();
            self.before.add_maybe(part, &added);
        }
    }

    /// Notes which charts are deleted, if a dashboard is brought back: a server may bring back all of its charts.
    fn note_deleted_charts(&mut self) {
        let Plan::Update(state) = &self.plan else {
            return;
        };
        let live = self.before.parts.get(LIVE_CHARTS).into_iter().flatten();
        let wanted: BTreeSet<_> = self.wanted.mapped.charts.iter().chain(live).collect();
        let deleted = state.deleted_charts().into_iter().map(str::to_owned);
        let deleted: Vec<_> = deleted.filter(|chart| !wanted.contains(chart)).collect();
        if state.is_deleted() && !deleted.is_empty() {
            self.before.parts.insert(DELETED_CHARTS.to_owned(), deleted);
        }
    }

    /// The charts that were deleted before the dashboard was brought back, and should be.
    pub(super) fn deleted_charts(&self) -> impl Iterator<Item = &String> {
        let noted = self.before.parts.get(DELETED_CHARTS).into_iter().flatten();
        let wanted: BTreeSet<_> = self.wanted.mapped.charts.iter().collect();
        noted.filter(move |chart| !wanted.contains(chart))
    }

    /// What is written, if all goes well.
    pub(super) fn written(&self) -> Written {
        Written {
            parts: self.parts.clone(),
            is_complete: true,
        }
    }

    /// The note after it was written.
    pub(super) fn after(&self, written: Written) -> Note {
        let Written { parts, is_complete } = written;
        let is_complete = is_complete && self.missing.is_nothing();
        Note {
            server: self.before.server.clone(),
            content: match is_complete {
                true => Content::Stored(self.content.clone()),
                false => Content::Changing,
            },
            parts,
            maybe: Parts::new(),
            is_doubted: false,
        }
    }

    pub(super) fn note_key(&self) -> String {
        note_key(self.wanted.mapped.of, &self.key)
    }

    /// Whether the catalog has the entity, as far as it is known, although it refuses the change.
    pub(super) fn is_there(&self) -> bool {
        matches!(&self.plan, Plan::Update(state) if !state.is_deleted())
    }
}

impl Removal {
    /// The note after it was removed; `None` deletes the one before.
    pub(super) fn after(&self) -> Option<Note> {
        let mut note = Note {
            content: Content::Removed,
            ..self.before.clone()
        };
        note.parts.remove(LIVE_CHARTS);
        (!self.is_forgotten).then_some(note)
    }

    /// Notes charts of others that a server may delete together with the dashboard.
    pub(super) fn note_live_charts(&mut self, charts: Vec<String>) {
        let noted = self.before.parts.entry(LIVE_CHARTS.to_owned());
        let noted = noted.or_default();
        noted.extend(charts);
        noted.sort();
        noted.dedup();
        if noted.is_empty() {
            self.before.parts.remove(LIVE_CHARTS);
        }
    }

    /// The charts of others that were live before the dashboard was removed.
    pub(super) fn live_charts(&self) -> impl Iterator<Item = &String> {
        self.before.parts.get(LIVE_CHARTS).into_iter().flatten()
    }

    pub(super) fn note_key(&self) -> String {
        note_key(self.of, &self.key)
    }
}

/// The key of the note of an entity.
pub(super) fn note_key(of: EntityType, key: &ItemKey) -> String {
    format!("{}:{key}", of.name())
}

/// The type of items and containers.
pub(super) fn type_of(kind: EntityKind) -> EntityType {
    match kind {
        EntityKind::Container => EntityType::Dashboard,
        EntityKind::Item => EntityType::Chart,
    }
}
