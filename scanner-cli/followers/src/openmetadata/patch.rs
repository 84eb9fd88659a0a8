//! The difference between what an entity should be and what the catalog has. What people have added or changed stays.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::{
    mapping::{EDITED, EntityType, Mapped, Tag},
    state::State,
};
use crate::sync::{Note, Parts, hash};

mod body;
mod custom_values;
mod list;

use body::{Body, Label, Owner};
use list::List;

/// The parts of a note: the lists that people edit, too, and what a server does not show.
pub(super) const TAGS: &str = "tags";
pub(super) const OWNERS: &str = "owners";
pub(super) const EXTENSION: &str = "extension";
const LIFE_CYCLE: &str = "lifeCycle";

/// The parts of a note while a dashboard is removed or brought back: charts that were live or deleted before, and that a
/// server may delete or bring back together with the dashboard. They become again what they were.
pub(super) const LIVE_CHARTS: &str = "liveCharts";
pub(super) const DELETED_CHARTS: &str = "deletedCharts";

/// The field with the name that people see.
const NAME: &str = EDITED[0];

/// Maximum number of people who own an entity.
const MAX_OWNERS: usize = 5;

/// An entity as it should be, with the ids of its owners in this catalog.
#[derive(Debug)]
pub struct Wanted {
    /// The entity.
    pub mapped: Mapped,
    /// The ids. `None` if they are not known: those in the catalog stay.
    pub owners: Option<Vec<String>>,
}

/// What is to be sent.
#[derive(Debug)]
pub(super) struct Patch {
    /// The operations; empty if nothing changed.
    pub(super) operations: Vec<Value>,
    /// Of a dashboard whose charts changed: the whole entity, for a `PUT`.
    pub(super) whole: Option<Value>,
    /// What is ours afterwards, for the note.
    pub(super) parts: Parts,
}

impl Wanted {
    /// The body that creates the entity in a service with this fully qualified name.
    #[must_use]
    pub fn create(&self, service: &str) -> Value {
        json!(self.body(service))
    }

    /// The same as text.
    pub(super) fn create_text(&self, service: &str) -> String {
        // A structure of texts and values can be written.
        serde_json::to_string(&self.body(service)).unwrap_or_default()
    }

    fn body<'a>(&'a self, service: &'a str) -> Body<'a> {
        let is_chart = self.mapped.of == EntityType::Chart;
        let fields = self.mapped.fields.iter();
        let fields = fields.filter(|(_, value)| !value.is_null());
        let owners = self.owners.iter().flatten().take(MAX_OWNERS);
        Body {
            chart_type: is_chart.then_some("Other"),
            charts: (!is_chart).then_some(&self.mapped.charts),
            fields: fields.map(|(field, value)| (*field, value)).collect(),
            life_cycle: &self.mapped.life_cycle,
            name: &self.mapped.name,
            owners: owners.map(|id| Owner::new(id)).collect(),
            service,
            source_hash: self.source_hash(None),
            tags: self.mapped.tags.iter().flatten().map(Label::new).collect(),
        }
    }

    /// What is ours after the entity was created.
    pub(super) fn parts(&self) -> Parts {
        let mut parts = Parts::new();
        if let Some(tags) = self.tags() {
            parts.insert(TAGS.to_owned(), tags);
        }
        if let Some(owners) = &self.owners {
            let owners = owners.iter().take(MAX_OWNERS).cloned().collect();
            parts.insert(OWNERS.to_owned(), owners);
        }
        self.note_life_cycle(&mut parts);
        self.note_extension(&Note::default(), &mut parts);
        parts
    }

    /// The fully qualified names of its tags.
    pub(super) fn tags(&self) -> Option<Vec<String>> {
        let tags = self.mapped.tags.as_ref()?;
        Some(tags.iter().map(Tag::qualified).collect())
    }

    /// The difference to what the catalog has. `before` says what is ours there.
    pub(super) fn patch(&self, state: &State, service: &str, before: &Note) -> Patch {
        let mut parts = before.parts.clone();
        parts.remove(DELETED_CHARTS);
        parts.remove(LIVE_CHARTS);
        let mut patch = Patch {
            operations: Vec::new(),
            whole: None,
            parts,
        };
        self.patch_fields(state, &mut patch);
        self.patch_life_cycle(state, before, &mut patch);
        self.patch_tags(state, before, &mut patch);
        self.patch_owners(state, before, &mut patch);
        self.note_extension(before, &mut patch.parts);
        let charts = self.charts(state, service);
        let source_hash = self.source_hash(Some(state));
        match charts {
            None => set(state, "sourceHash", &source_hash, &mut patch),
            Some(charts) => {
                if !patch.operations.is_empty() {
                    // Not the final one: a server may skip a `PUT` whose hash it has.
                    let interim = format!("{}{}", &source_hash[..16], &hash(&[&source_hash])[..16]);
                    set(state, "sourceHash", &interim, &mut patch);
                }
                patch.whole = Some(self.whole(state, service, charts, &source_hash));
            }
        }
        patch
    }

    /// Whether the difference to what the catalog has includes the shown name.
    pub(super) fn renames(&self, state: &State) -> bool {
        let name = self.mapped.fields.get(NAME).and_then(Value::as_str);
        name.is_some_and(|name| state.text(NAME) != Some(name)) && self.is_ours(NAME, state)
    }

    /// The same without the shown name: the catalog keeps the one that it has.
    pub(super) fn without_name(&self) -> Self {
        let mut mapped = self.mapped.clone();
        mapped.fields.remove(NAME);
        let owners = self.owners.clone();
        Self { mapped, owners }
    }

    fn patch_fields(&self, state: &State, patch: &mut Patch) {
        for (field, value) in &self.mapped.fields {
            if EDITED.contains(field) && !self.is_ours(field, state) {
                continue;
            }
            match value.as_str() {
                Some(text) => set(state, field, text, patch),
                None if state.text(field).is_some_and(|text| !text.is_empty()) => {
                    let remove = json!({ "op": "remove", "path": format!("/{field}") });
                    patch.operations.push(remove);
                }
                None => {}
            }
        }
    }

    /// Whether the catalog has in a field what was written there, so that it may be replaced.
    fn is_ours(&self, field: &str, state: &State) -> bool {
        let current = state.text(field).unwrap_or_default();
        match written(field, state) {
            Some(written) => written == short(current),
            // It is not known who wrote a description. Names come from the source.
            None => field != "description" || current.is_empty(),
        }
    }

    fn patch_life_cycle(&self, state: &State, before: &Note, patch: &mut Patch) {
        let wanted = &self.mapped.life_cycle;
        let mut parts = Parts::new();
        self.note_life_cycle(&mut parts);
        match state.object(LIFE_CYCLE) {
            Some(shown) => {
                let has = |name: &str, value: &Value| {
                    shown
                        .get(name)
                        .is_some_and(|own| own["timestamp"] == value["timestamp"])
                };
                for (name, value) in wanted.iter().filter(|(name, value)| !has(name, value)) {
                    let path = format!("/{LIFE_CYCLE}/{name}");
                    let add = json!({ "op": "add", "path": path, "value": value });
                    patch.operations.push(add);
                }
            }
            // A server may have one and not show it.
            None if !wanted.is_empty() && parts.get(LIFE_CYCLE) != before.parts.get(LIFE_CYCLE) => {
                let path = format!("/{LIFE_CYCLE}");
                let add = json!({ "op": "add", "path": path, "value": wanted });
                patch.operations.push(add);
            }
            None => {}
        }
        patch.parts.extend(parts);
    }

    fn note_life_cycle(&self, parts: &mut Parts) {
        if !self.mapped.life_cycle.is_empty() {
            let text = Value::from(self.mapped.life_cycle.clone()).to_string();
            parts.insert(LIFE_CYCLE.to_owned(), vec![hash(&[&text])]);
        }
    }

    fn patch_tags(&self, state: &State, before: &Note, patch: &mut Patch) {
        let Some(wanted) = self.tags() else {
            return;
        };
        let live = state.list(TAGS).unwrap_or_default();
        let (added, removed) = before.difference(TAGS, &wanted);
        let has = |tag: &String| live.iter().any(|label| label["tagFQN"] == **tag);
        let added: Vec<_> = added.into_iter().filter(|tag| !has(tag)).collect();
        let tags = self.mapped.tags.iter().flatten();
        let labels = tags
            .filter(|tag| added.contains(&tag.qualified()))
            .map(label);
        let is_removed = |label: &Value| {
            let tag = label["tagFQN"].as_str().unwrap_or_default();
            removed.iter().any(|removed| removed == tag)
        };
        let changed = List {
            field: TAGS,
            state,
            added: labels.collect(),
        };
        changed.patch(is_removed, patch);
        let is_automated = |tag: &String| {
            let mut live = live.iter().filter(|label| label["tagFQN"] == **tag);
            live.any(|label| label["labelType"] == "Automated")
        };
        let is_ours = |tag: &String| is_noted(before, TAGS, tag) || is_automated(tag);
        let ours = wanted
            .into_iter()
            .filter(|tag| added.contains(tag) || is_ours(tag));
        patch.parts.insert(TAGS.to_owned(), ours.collect());
    }

    fn patch_owners(&self, state: &State, before: &Note, patch: &mut Patch) {
        let Some(wanted) = &self.owners else {
            return;
        };
        let live = state.list(OWNERS).unwrap_or_default();
        let (added, removed) = before.difference(OWNERS, wanted);
        let is_removed = |owner: &Value| removed.iter().any(|id| owner["id"] == **id);
        let kept = live.iter().filter(|owner| !is_removed(owner));
        // A team owns alone.
        let has_team = kept.clone().any(|owner| owner["type"] == "team");
        let room = match has_team {
            true => 0,
            false => MAX_OWNERS.saturating_sub(kept.count()),
        };
        let has = |id: &String| live.iter().any(|owner| owner["id"] == **id);
        let added = added.into_iter().filter(|id| !has(id)).take(room);
        let added: Vec<_> = added.collect();
        let changed = List {
            field: OWNERS,
            state,
            added: added.iter().map(|id| owner(id)).collect(),
        };
        changed.patch(is_removed, patch);
        let is_ours = |id: &&String| added.contains(id) || is_noted(before, OWNERS, id);
        let ours = wanted.iter().filter(is_ours).cloned().collect();
        patch.parts.insert(OWNERS.to_owned(), ours);
    }

    /// The charts that a dashboard should have: ours, and those that people have put there. `None` if it has them.
    fn charts(&self, state: &State, service: &str) -> Option<Vec<String>> {
        if self.mapped.of == EntityType::Chart {
            return None;
        }
        let dashboard = format!("{service}.{}", self.mapped.name);
        let (live, deleted) = (state.charts(), state.deleted_charts());
        let has_deleted = foreign(&deleted, &dashboard).len() < deleted.len();
        let mut charts = self.mapped.charts.clone();
        charts.extend(foreign(&live, &dashboard));
        let shown: BTreeSet<_> = live.iter().copied().collect();
        let is_shown = |chart: &String| shown.contains(chart.as_str());
        let is_same = charts.len() == live.len() && charts.iter().all(is_shown);
        (!is_same || has_deleted).then_some(charts)
    }

    /// The body that gives a dashboard these charts. A `PUT` replaces some fields that are left out, so it has what people
    /// wrote, too. It adds no tags and owners.
    fn whole(&self, state: &State, service: &str, charts: Vec<String>, hash: &str) -> Value {
        let mut body = Map::new();
        for field in ["displayName", "description", "sourceUrl", "project"] {
            let current = state.text(field).filter(|text| !text.is_empty());
            let is_replaced = !EDITED.contains(&field) || self.is_ours(field, state);
            let value = match self.mapped.fields.get(field) {
                Some(value) if is_replaced => value.as_str(),
                _ => current,
            };
            if let Some(value) = value {
                body.insert(field.to_owned(), value.into());
            }
        }
        body.insert("name".to_owned(), self.mapped.name.as_str().into());
        body.insert("service".to_owned(), service.into());
        body.insert("charts".to_owned(), charts.into());
        body.insert("sourceHash".to_owned(), hash.into());
        Value::Object(body)
    }

    /// What the catalog keeps beside the entity: hashes of the fields that people edit, so that it is known later whether
    /// they did, then one of everything.
    fn source_hash(&self, state: Option<&State>) -> String {
        let fragment = |field| match self.mapped.fields.get(field) {
            Some(_) => short(self.mapped.text(field)),
            None => state
                .and_then(|state| written(field, state))
                .map_or_else(|| short(""), str::to_owned),
        };
        let owners = self.owners.iter().flatten().map(String::as_str);
        let content = self.mapped.content_without_extension();
        let all: Vec<_> = std::iter::once(content.as_str()).chain(owners).collect();
        let [name, description] = EDITED.map(fragment);
        format!("{name}{description}{}", &hash(&all)[..16])
    }
}

/// Those of these charts that people have put into the dashboard with this fully qualified name.
pub(super) fn foreign(charts: &[&str], dashboard: &str) -> Vec<String> {
    let own = format!("{dashboard}_");
    let foreign = charts.iter().filter(|chart| !chart.starts_with(&own));
    foreign.map(|chart| (*chart).to_owned()).collect()
}

/// Adds the operation that gives a field this text, if it has another one.
fn set(state: &State, field: &str, text: &str, patch: &mut Patch) {
    let current = state.text(field);
    if current == Some(text) {
        return;
    }
    let operation = match current {
        Some(_) => "replace",
        None => "add",
    };
    let path = format!("/{field}");
    let set = json!({ "op": operation, "path": path, "value": text });
    patch.operations.push(set);
}

/// The hash of what was written to a field, if the catalog has one.
fn written<'a>(field: &str, state: &'a State) -> Option<&'a str> {
    let hash = state.text("sourceHash")?;
    let at = EDITED.iter().position(|edited| *edited == field)? * 8;
    (hash.len() == 32).then(|| hash.get(at..at + 8)).flatten()
}

fn short(text: &str) -> String {
    hash(&[text])[..8].to_owned()
}

/// Whether an entry was added by the follower, or may have been.
fn is_noted(note: &Note, part: &str, entry: &str) -> bool {
    let noted = [note.parts.get(part), note.maybe.get(part)];
    let mut noted = noted.into_iter().flatten().flatten();
    noted.any(|noted| noted == entry)
}

fn label(tag: &Tag) -> Value {
    json!(Label::new(tag))
}

fn owner(id: &str) -> Value {
    json!(Owner::new(id))
}
