//! An entity as the catalog has it.

use serde_json::{Map, Value};

use crate::remote::Answer;

/// An entity that was read.
#[derive(Clone, Debug)]
pub(super) struct State {
    json: Map<String, Value>,
    /// The version of the entity, for a condition of the next change.
    pub(super) etag: Option<String>,
}

impl State {
    /// The entity of an answer; `None` if it is something else.
    pub(super) fn read(answer: Answer) -> Option<Self> {
        let etag = answer.headers.get("etag");
        let etag = etag.and_then(|etag| etag.to_str().ok().map(str::to_owned));
        match answer.json {
            Value::Object(json) if json.get("id").is_some_and(Value::is_string) => {
                Some(Self { json, etag })
            }
            _ => None,
        }
    }

    /// The id that the server gave it.
    pub(super) fn id(&self) -> &str {
        self.text("id").unwrap_or_default()
    }

    /// Whether it is soft-deleted.
    pub(super) fn is_deleted(&self) -> bool {
        self.json.get("deleted") == Some(&Value::Bool(true))
    }

    /// A text; `None` if there is none.
    pub(super) fn text(&self, field: &str) -> Option<&str> {
        self.json.get(field)?.as_str()
    }

    /// An object; `None` if there is none.
    pub(super) fn object(&self, field: &str) -> Option<&Map<String, Value>> {
        self.json.get(field)?.as_object()
    }

    /// A list; `None` if there is none.
    pub(super) fn list(&self, field: &str) -> Option<&[Value]> {
        self.json.get(field)?.as_array().map(Vec::as_slice)
    }

    /// The fully qualified names of the charts of a dashboard that are not deleted.
    pub(super) fn charts(&self) -> Vec<&str> {
        self.charts_where(false)
    }

    /// The fully qualified names of the charts of a dashboard that are soft-deleted.
    pub(super) fn deleted_charts(&self) -> Vec<&str> {
        self.charts_where(true)
    }

    fn charts_where(&self, is_deleted: bool) -> Vec<&str> {
        let charts = self.list("charts").unwrap_or_default().iter();
        let wanted = charts.filter(|chart| (chart["deleted"] == true) == is_deleted);
        wanted
            .filter_map(|chart| chart["fullyQualifiedName"].as_str())
            .collect()
    }
}
