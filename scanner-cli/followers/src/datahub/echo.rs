//! What a server answers to a write: the entities with the aspects that it stored. An aspect that it does not know is
//! left out without a word, so that the answer is compared with what was sent.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// The entities of an answer, by urn.
#[derive(Debug, Default)]
pub(super) struct Echo(BTreeMap<String, Map<String, Value>>);

impl Echo {
    /// Reads a list of entities; `None` if it is something else.
    pub(super) fn read(json: Value) -> Option<Self> {
        let Value::Array(entities) = json else {
            return None;
        };
        let mut echo = BTreeMap::<String, Map<String, Value>>::new();
        for entity in entities {
            let Value::Object(mut aspects) = entity else {
                return None;
            };
            let urn = aspects.remove("urn")?.as_str()?.to_owned();
            aspects.retain(|_, aspect| aspect.is_object());
            // An entity may be there twice, with different aspects.
            echo.entry(urn).or_default().extend(aspects);
        }
        Some(Self(echo))
    }

    /// Adds the entities of another answer.
    pub(super) fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// The aspects of an entity; `None` if it is not there, or has none.
    pub(super) fn aspects(&self, urn: &str) -> Option<&Map<String, Value>> {
        self.0.get(urn).filter(|aspects| !aspects.is_empty())
    }

    /// The first of these aspects that is missing or has another value.
    pub(super) fn first_lost<'a>(
        &self,
        urn: &str,
        aspects: &'a Map<String, Value>,
    ) -> Option<&'a str> {
        let found = self.0.get(urn);
        let is_lost = |(name, value): &(&String, &Value)| {
            let stored = found.and_then(|found| found.get(*name)?.get("value"));
            !stored.is_some_and(|stored| has(stored, value))
        };
        aspects.iter().find(is_lost).map(|(name, _)| name.as_str())
    }

    /// Whether an aspect has this value and no more.
    pub(super) fn has_same(&self, urn: &str, aspect: &str, value: &Value) -> bool {
        let found = self.0.get(urn).and_then(|aspects| aspects.get(aspect));
        let found = found.and_then(|aspect| aspect.get("value"));
        found.is_some_and(|found| is_same(found, value))
    }

    /// Whether an aspect contains this urn as an entry: a tag or an owner.
    pub(super) fn has_entry(&self, urn: &str, aspect: &str, entry: &str) -> bool {
        let value = self.0.get(urn).and_then(|aspects| aspects.get(aspect));
        let lists = value.and_then(|aspect| aspect.get("value")?.as_object());
        let entries = lists
            .into_iter()
            .flat_map(Map::values)
            .filter_map(Value::as_array);
        entries.flatten().any(|found| {
            ["tag", "owner"]
                .iter()
                .any(|field| found[*field].as_str() == Some(entry))
        })
    }
}

/// Whether two values are the same. Servers add empty fields, and write numbers in different ways.
fn is_same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Object(fields), Value::Object(others)) => {
            let names = fields.keys().chain(others.keys());
            let same = |name| match (fields.get(name), others.get(name)) {
                (Some(one), Some(other)) => is_same(one, other),
                (alone, other_alone) => alone.or(other_alone).is_none_or(is_empty),
            };
            names.into_iter().all(same)
        }
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len()
                && one
                    .iter()
                    .zip(other)
                    .all(|(one, other)| is_same(one, other))
        }
        (Value::Number(one), Value::Number(other)) => one.as_f64() == other.as_f64(),
        (one, other) => one == other,
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(entries) => entries.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        _ => false,
    }
}

/// Whether a stored value is the one that was sent. Fields that the server adds or does not know do not matter.
fn has(stored: &Value, sent: &Value) -> bool {
    match (stored, sent) {
        (Value::Object(stored), Value::Object(sent)) => sent
            .iter()
            .all(|(name, sent)| stored.get(name).is_none_or(|stored| has(stored, sent))),
        (Value::Array(stored), Value::Array(sent)) => sent
            .iter()
            .all(|sent| stored.iter().any(|stored| has(stored, sent))),
        (Value::Number(stored), Value::Number(sent)) => stored.as_f64() == sent.as_f64(),
        (stored, sent) => stored == sent,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_aspect_that_differs_is_seen() {
        let sent = json!({ "name": "A", "time": 1, "more": { "a": "b" } });
        for (stored, is_same) in [
            (
                json!({ "name": "A", "time": 1.0, "more": { "a": "b" }, "charts": [] }),
                true,
            ),
            (
                json!({ "name": "B", "time": 1, "more": { "a": "b" } }),
                false,
            ),
            (
                json!({ "name": "A", "time": 1, "more": { "a": "b", "c": "d" } }),
                false,
            ),
            (json!({ "name": "A", "time": 1 }), false),
        ] {
            let answer = json!([{ "urn": "u", "x": { "value": stored } }]);
            let echo = Echo::read(answer).unwrap();
            assert_eq!(echo.has_same("u", "x", &sent), is_same, "{stored}");
        }
    }

    #[test]
    fn an_answer_is_compared_with_what_was_sent() {
        let sent = json!({ "status": { "removed": false }, "subTypes": { "typeNames": ["A"] } });
        let sent = sent.as_object().unwrap();
        let status = json!({ "value": { "removed": false, "more": 1 } });
        let types = json!({ "value": { "typeNames": ["A"] } });
        for (answer, lost) in [
            (
                json!([{ "urn": "u", "status": status, "subTypes": types }]),
                None,
            ),
            // Twice, with one aspect each.
            (
                json!([{ "urn": "u", "status": status }, { "urn": "u", "subTypes": types }]),
                None,
            ),
            (json!([{ "urn": "u", "status": status }]), Some("subTypes")),
            (json!([{ "urn": "v", "status": status }]), Some("status")),
            (json!([]), Some("status")),
            (
                json!([{ "urn": "u", "status": { "value": { "removed": true } }, "subTypes": types }]),
                Some("status"),
            ),
        ] {
            let echo = Echo::read(answer.clone()).unwrap();
            assert_eq!(echo.first_lost("u", sent), lost, "{answer}");
        }
        assert!(Echo::read(json!({ "value": "success" })).is_none());
    }
}
