//! The difference between the custom properties that an entity should have and those in the catalog.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::{EXTENSION, Wanted};
use crate::{
    openmetadata::state::State,
    sync::{Note, Parts},
};

impl Wanted {
    /// The operations that give the entity its custom properties. Those of others stay.
    pub(in super::super) fn extend(&self, state: Option<&State>, before: &Note) -> Vec<Value> {
        let wanted = self.mapped.extension.properties.iter();
        let Some(live) = state.and_then(|state| state.object(EXTENSION)) else {
            let all: Map<_, _> = wanted
                .map(|(name, property)| (name.clone(), property.value.as_str().into()))
                .collect();
            let add = json!({ "op": "add", "path": format!("/{EXTENSION}"), "value": all });
            return match add["value"].as_object().is_some_and(Map::is_empty) {
                true => Vec::new(),
                false => vec![add],
            };
        };
        let path = |name: &str| format!("/{EXTENSION}/{name}");
        let removed = noted_properties(before);
        let removed = removed.filter(|name| live.contains_key(*name) && self.drops(name));
        let removed = removed.map(|name| json!({ "op": "remove", "path": path(name) }));
        let has = |name: &str, value: &str| live.get(name).is_some_and(|own| own == value);
        let changed = wanted.filter(|(name, property)| !has(name, &property.value));
        let changed = changed.map(
            |(name, property)| json!({ "op": "add", "path": path(name), "value": property.value }),
        );
        removed.chain(changed).collect()
    }

    /// Whether the source no longer has a value of a custom property.
    fn drops(&self, name: &str) -> bool {
        let extension = &self.mapped.extension;
        !extension.is_empty()
            && !extension.properties.contains_key(name)
            && !extension.is_unknown(name)
    }

    /// Notes which custom properties are ours.
    pub(super) fn note_extension(&self, before: &Note, parts: &mut Parts) {
        let kept = noted_properties(before).filter(|name| !self.drops(name));
        let wanted = self.mapped.extension.properties.keys();
        let ours: BTreeSet<_> = kept.chain(wanted).cloned().collect();
        if !ours.is_empty() {
            parts.insert(EXTENSION.to_owned(), ours.into_iter().collect());
        } else {
            parts.remove(EXTENSION);
        }
    }
}

/// The names of the custom properties that the follower has added, or may have.
fn noted_properties(note: &Note) -> impl Iterator<Item = &String> {
    let noted = [note.parts.get(EXTENSION), note.maybe.get(EXTENSION)];
    let noted: BTreeSet<_> = noted.into_iter().flatten().flatten().collect();
    noted.into_iter()
}
