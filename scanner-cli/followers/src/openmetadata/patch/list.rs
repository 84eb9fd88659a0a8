//! The difference between two lists that people edit, too.

use serde_json::{Value, json};

use super::Patch;
use crate::openmetadata::state::State;

/// A list that should have more entries.
pub(super) struct List<'a> {
    pub(super) field: &'static str,
    pub(super) state: &'a State,
    pub(super) added: Vec<Value>,
}

impl List<'_> {
    /// Adds the operations. Indexes are safe only if the change is bound to the version that was read.
    pub(super) fn patch(self, is_removed: impl Fn(&Value) -> bool, patch: &mut Patch) {
        let live = self.state.list(self.field);
        let entries = live.unwrap_or_default();
        let removed = (0..entries.len()).filter(|index| is_removed(&entries[*index]));
        let removed: Vec<_> = removed.collect();
        if removed.is_empty() && self.added.is_empty() {
            return;
        }
        let path = format!("/{}", self.field);
        if live.is_none() || self.state.etag.is_none() {
            let kept = entries.iter().filter(|entry| !is_removed(entry)).cloned();
            let all: Vec<_> = kept.chain(self.added).collect();
            let add = json!({ "op": "add", "path": path, "value": all });
            return patch.operations.push(add);
        }
        // From the end, so that the other indexes stay as they are.
        for index in removed.iter().rev() {
            let remove = json!({ "op": "remove", "path": format!("{path}/{index}") });
            patch.operations.push(remove);
        }
        for entry in self.added {
            let add = json!({ "op": "add", "path": format!("{path}/-"), "value": entry });
            patch.operations.push(add);
        }
    }
}
