//! A change of all records of a selection: the synthetic entity of QRS, whose properties are those of all records.

use std::fmt;
use std::marker::PhantomData;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::id::{TagId, UserId};
use crate::lenient;

/// The list of tags in a synthetic entity.
const TAGS: &str = "refList_Tag";

/// A change of all records of one kind in a selection; see [`Selection::edit`](super::Selection::edit).
///
/// Only what was set is changed.
#[derive(Clone, PartialEq)]
#[must_use = "nothing is changed until it is passed to `Selection::apply`"]
pub struct SelectionEdit<T> {
    common: Common,
    changes: Vec<Property>,
    kind: PhantomData<fn() -> T>,
}

/// What the records of a selection have in common: a synthetic entity, as a site writes it. Its children are not used.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Common {
    /// As the site writes it: it is sent back unchanged.
    #[serde(deserialize_with = "lenient::text")]
    latest_modified_date: String,
    #[serde(deserialize_with = "lenient::list")]
    properties: Vec<Property>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize)]
#[serde(default, rename_all = "camelCase")]
struct Property {
    #[serde(deserialize_with = "lenient::text")]
    name: String,
    value: Value,
    #[serde(deserialize_with = "lenient::or_default")]
    value_is_different: bool,
    #[serde(deserialize_with = "lenient::or_default")]
    value_is_modified: bool,
}

/// The body of a change.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Body<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    /// QRS compares it with the latest date of the records (Qlik help, Updating an entity and handling PUT request conflict
    /// responses).
    latest_modified_date: &'a str,
    properties: &'a [Property],
}

impl<T> SelectionEdit<T> {
    pub(super) fn new(common: Common) -> Self {
        Self {
            common,
            changes: Vec::new(),
            kind: PhantomData,
        }
    }

    /// The value that a property has in all records; `None` if it differs between them, or the site does not show it.
    #[must_use]
    pub fn common_value(&self, property: &str) -> Option<&Value> {
        let mut properties = self.common.properties.iter();
        let found = properties.find(|one| one.name == property)?;
        (!found.value_is_different).then_some(&found.value)
    }

    /// Sets a property of all records. Its name is that of QRS, such as `approved`.
    pub fn set(mut self, property: &str, value: impl Into<Value>) -> Self {
        self.changes.retain(|change| change.name != property);
        self.changes.push(Property {
            name: property.to_owned(),
            value: value.into(),
            value_is_different: false,
            value_is_modified: true,
        });
        self
    }

    /// Makes a user the owner of all records.
    pub fn set_owner(self, user: &UserId) -> Self {
        self.set("owner", user.as_str())
    }

    /// Adds a tag to all records.
    pub fn add_tag(self, tag: &TagId) -> Self {
        self.change_tag(tag, "added", "removed")
    }

    /// Removes a tag from all records that have it.
    pub fn remove_tag(self, tag: &TagId) -> Self {
        self.change_tag(tag, "removed", "added")
    }

    fn change_tag(self, tag: &TagId, into: &str, other: &str) -> Self {
        let mut changes = self.changes.iter();
        let before = changes.find(|change| change.name == TAGS);
        let of = |list: &str| -> Vec<Value> {
            let ids = before.and_then(|change| change.value[list].as_array());
            let ids = ids.into_iter().flatten().filter(|id| *id != tag.as_str());
            ids.cloned().collect()
        };
        let (mut ids, others) = (of(into), of(other));
        ids.push(json!(tag));
        self.set(TAGS, json!({into: ids, other: others}))
    }

    pub(super) fn body(&self, kind: &'static str) -> Body<'_> {
        Body {
            kind,
            latest_modified_date: &self.common.latest_modified_date,
            properties: &self.changes,
        }
    }
}

/// The changes, and not what the records have in common.
impl<T> fmt::Debug for SelectionEdit<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.changes.iter().map(|change| &change.name);
        f.debug_struct("SelectionEdit")
            .field("changes", &names.collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edit() -> SelectionEdit<()> {
        let common = json!({
            "type": "App.Object", "latestModifiedDate": "2024-05-06T07:08:09.123Z", "children": null,
            "properties": [
                {"name": "approved", "value": false, "valueIsDifferent": false, "valueIsModified": false},
                {"name": "name", "value": null, "valueIsDifferent": true, "valueIsModified": false},
            ],
        });
        SelectionEdit::new(serde_json::from_value(common).unwrap())
    }

    #[test]
    fn a_value_is_common_unless_it_differs() {
        assert_eq!(edit().common_value("approved"), Some(&json!(false)));
        assert_eq!(edit().common_value("name"), None);
        assert_eq!(edit().common_value("colour"), None);
    }

    #[test]
    fn only_what_was_set_is_sent_with_the_latest_date() {
        let tag = TagId::from;
        let edit = edit()
            .set("approved", false)
            .set("approved", true)
            .set_owner(&UserId::from("u-1"))
            .add_tag(&tag("t-1"))
            .add_tag(&tag("t-2"))
            .add_tag(&tag("t-2"))
            .remove_tag(&tag("t-1"));
        let modified = |name: &str, value: Value| json!({"name": name, "value": value, "valueIsDifferent": false, "valueIsModified": true});
        assert_eq!(
            serde_json::to_value(edit.body("App.Object")).unwrap(),
            json!({
                "type": "App.Object", "latestModifiedDate": "2024-05-06T07:08:09.123Z",
                "properties": [
                    modified("approved", json!(true)),
                    modified("owner", json!("u-1")),
                    modified("refList_Tag", json!({"added": ["t-2"], "removed": ["t-1"]})),
                ],
            })
        );
    }
}
