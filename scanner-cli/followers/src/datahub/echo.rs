//! What a server answers to a write: the entities with the aspects that it stored. An aspect that it does not know is
//! left out without a word, so that the answer is compared with what was sent.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use super::{
    mapping::{Aspect, Aspects},
    same_json::{Fields, Json, has, is_same},
};

/// The entities of an answer, by urn.
#[derive(Debug, Default)]
pub(super) struct Echo(BTreeMap<String, Stored>);

/// The aspects of an entity, with their values as JSON. No tree is made of them: most are the same as what was sent.
#[derive(Debug, Default)]
struct Stored(Vec<(String, Option<Box<str>>)>);

impl Echo {
    /// Reads a list of entities; `None` if it is something else.
    pub(super) fn read(json: &RawValue) -> Option<Self> {
        let entities: Vec<Fields<'_>> = serde_json::from_str(json.get()).ok()?;
        let mut echo = BTreeMap::<String, Stored>::new();
        for entity in entities {
            let urn = Json::from_text(entity.get("urn")?).text()?.into_owned();
            let aspects = entity.iter().filter_map(|(name, aspect)| {
                let aspect = Json::from_text(aspect).object()?;
                Some((name.to_owned(), aspect.get("value").map(Box::from)))
            });
            // An entity may be there twice, with different aspects.
            echo.entry(urn).or_default().0.extend(aspects);
        }
        Some(Self(echo))
    }

    /// Adds the entities of another answer.
    pub(super) fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// Whether the entity is there with an aspect.
    pub(super) fn has_aspects(&self, urn: &str) -> bool {
        self.0.get(urn).is_some_and(|stored| !stored.0.is_empty())
    }

    /// The first of these aspects that is missing or has another value.
    pub(super) fn first_lost(&self, urn: &str, aspects: &Aspects) -> Option<&'static str> {
        let found = self.0.get(urn);
        let is_stored = |(name, sent): &(&&str, &Aspect)| {
            let stored = found.and_then(|found| found.value(name));
            stored.is_some_and(|stored| has(stored, sent.json()))
        };
        let mut aspects = aspects.iter();
        let lost = aspects.find(|aspect| !is_stored(aspect));
        lost.map(|(name, _)| *name)
    }

    /// Whether an aspect has this value and no more.
    pub(super) fn has_same(&self, urn: &str, aspect: &str, value: &Aspect) -> bool {
        let found = self.value(urn, aspect);
        found.is_some_and(|found| is_same(found, value.json()))
    }

    /// Whether an aspect contains this urn as an entry: a tag or an owner.
    pub(super) fn has_entry(&self, urn: &str, aspect: &str, entry: &str) -> bool {
        let Some(lists) = self
            .value(urn, aspect)
            .and_then(|json| Json::from_text(json).object())
        else {
            return false;
        };
        let is_it = |found: &str| {
            let found = Json::from_text(found).object();
            let mut names = ["tag", "owner"].iter();
            let value = |name| Json::from_text(found.as_ref()?.get(name)?).text();
            names.any(|name| value(name).as_deref() == Some(entry))
        };
        lists.iter().any(|(_, list)| match Json::from_text(list) {
            Json::Array(entries) => entries.into_iter().any(is_it),
            _ => false,
        })
    }

    fn value(&self, urn: &str, aspect: &str) -> Option<&str> {
        self.0.get(urn)?.value(aspect)
    }
}

impl Stored {
    /// The last value of an aspect.
    fn value(&self, name: &str) -> Option<&str> {
        let (_, value) = self.0.iter().rfind(|(known, _)| known == name)?;
        value.as_deref()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json, value::to_raw_value};

    use super::*;

    fn read(answer: &Value) -> Option<Echo> {
        Echo::read(&to_raw_value(answer).unwrap())
    }

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
            let echo = read(&answer).unwrap();
            let sent = Aspect::new(&sent);
            assert_eq!(echo.has_same("u", "x", &sent), is_same, "{answer}");
        }
    }

    #[test]
    fn an_answer_is_compared_with_what_was_sent() {
        let sent = json!({ "status": { "removed": false }, "subTypes": { "typeNames": ["A"] } });
        let sent = ["status", "subTypes"].map(|name| (name, Aspect::new(&sent[name])));
        let sent = Aspects::from(sent);
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
            let echo = read(&answer).unwrap();
            assert_eq!(echo.first_lost("u", &sent), lost, "{answer}");
        }
        for other in [
            json!({ "value": "success" }),
            json!([{ "urn": 1 }]),
            json!([1]),
        ] {
            assert!(read(&other).is_none(), "{other}");
        }
    }
}
