//! The synthetic entity, with which all records of a selection are changed at once (Qlik help, Repository Service API: Get
//! synthetic by selection, Update selection by synthetic).

use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::account::Account;
use crate::answer::{Answer, Extent, Rows};
use crate::content::Content;
use crate::filter::{comparable_date, is_guid};
use crate::request::Request;
use crate::schema::{Entity, May, Type};
use crate::site::Site;
use crate::site::writing::{SET_BY_SITE, bad, body, conflict, existing, fits, not_allowed};

/// The list of tags, to which tags are added and from which they are removed.
const TAGS: &str = "refList_Tag";

/// What the selected records have in common.
pub(super) fn synthetic(rows: &Rows) -> Value {
    let records = rows.content.records(rows.entity);
    let selected: Vec<_> = rows.places.iter().map(|place| &records[*place]).collect();
    let names = rows.entity.properties();
    let properties = names.filter_map(|(name, kind)| property(name, kind, &selected));
    json!({
        "name": null,
        "type": rows.entity.name(),
        "access": ["read", "update"],
        "children": [],
        "properties": properties.collect::<Vec<_>>(),
        "latestModifiedDate": latest(selected),
        "schemaPath": "SyntheticRootEntity",
    })
}

fn latest<'a>(records: impl IntoIterator<Item = &'a Value>) -> Option<&'a str> {
    let dates = records.into_iter();
    let dates = dates.filter_map(|record| record["modifiedDate"].as_str());
    dates.max_by_key(|date| comparable_date(date))
}

fn property(name: &str, kind: Type, records: &[&Value]) -> Option<Value> {
    if SET_BY_SITE.contains(&name) {
        return None;
    }
    let synthetic = |name: &str, value: Value, is_different: bool| {
        json!({
            "name": name, "value": value, "valueIsDifferent": is_different,
            "valueIsModified": false, "schemaPath": "SyntheticProperty",
        })
    };
    let value_of = |record: &Value| match kind {
        Type::Record(_) => record[name]["id"].clone(),
        _ => record[name].clone(),
    };
    match (name, kind) {
        ("tags", _) => Some(synthetic(TAGS, json!({"added": [], "removed": []}), false)),
        ("owner", _) | (_, Type::Text | Type::Bool | Type::Number | Type::Date | Type::Guid) => {
            let first = records
                .first()
                .map_or(Value::Null, |record| value_of(record));
            let is_different = records.iter().any(|record| value_of(record) != first);
            let value = if is_different { Value::Null } else { first };
            Some(synthetic(name, value, is_different))
        }
        _ => None,
    }
}

/// A property that is to be changed, checked.
enum Change {
    Set(String, Value),
    Tags {
        added: Vec<Value>,
        removed: Vec<String>,
    },
}

impl Site {
    pub(super) fn edit_selected(
        &self,
        id: &str,
        entity: Entity,
        request: &Request,
        account: &Account,
    ) -> Result<Answer, Answer> {
        if !entity.allows(May::Change) {
            return Err(not_allowed());
        }
        let sent = body(request)?;
        if sent.get("type").and_then(Value::as_str) != Some(entity.name()) {
            return Err(bad(format!("The type is not {}", entity.name())));
        }
        let date = sent.get("latestModifiedDate").and_then(Value::as_str);
        let date = date.and_then(comparable_date);
        let date = date.ok_or_else(|| bad("The latestModifiedDate is not a date"))?;
        let rows = self.selected(id, &self.lookup(entity, request, account), Extent::Full)?;
        let records = rows.content.records(entity);
        let selected = || rows.places.iter().map(|place| &records[*place]);
        // QRS compares the latest date of all (Qlik help, Updating an entity and handling PUT request conflict responses).
        if latest(selected()).and_then(comparable_date) > Some(date) {
            return Err(conflict());
        }
        let changes = changes(&rows.content, entity, &sent, account)?;
        let mut live = self.live();
        let content = Arc::make_mut(&mut live.content);
        let user = content.user_of(&account.header_value);
        for record in selected() {
            let id = record["id"].as_str().unwrap_or_default();
            content.change(id, &applied(&changes, record), &user);
        }
        Ok(Answer::empty())
    }
}

/// The changed properties of one record.
fn applied(changes: &[Change], record: &Value) -> Map<String, Value> {
    let changed = changes.iter().map(|change| match change {
        Change::Set(name, value) => (name.clone(), value.clone()),
        Change::Tags { added, removed } => {
            let before = record["tags"].as_array().into_iter().flatten();
            let kept = before.filter(|tag| {
                let id = tag["id"].as_str().unwrap_or_default();
                !removed.iter().any(|other| other == id) && added.iter().all(|tag| tag["id"] != id)
            });
            let tags: Vec<_> = kept.chain(added).cloned().collect();
            ("tags".to_owned(), json!(tags))
        }
    });
    changed.collect()
}

fn changes(
    content: &Content,
    entity: Entity,
    sent: &Map<String, Value>,
    account: &Account,
) -> Result<Vec<Change>, Answer> {
    let properties = sent.get("properties").and_then(Value::as_array);
    let properties = properties.ok_or_else(|| bad("The synthetic entity has no properties"))?;
    let mut changes = Vec::new();
    for property in properties {
        let flags = ["valueIsDifferent", "valueIsModified"];
        let [Some(_), Some(is_modified)] = flags.map(|flag| property[flag].as_bool()) else {
            return Err(bad("A property does not say whether its value is modified"));
        };
        if is_modified {
            let name = property["name"].as_str().unwrap_or_default();
            let change = change(content, entity, (name, &property["value"]), account);
            changes.push(change?);
        }
    }
    Ok(changes)
}

fn change(
    content: &Content,
    entity: Entity,
    (name, value): (&str, &Value),
    account: &Account,
) -> Result<Change, Answer> {
    let not_valid = || bad(format!("The property {name} is not valid"));
    match (name, entity.type_of(name)) {
        (TAGS, _) if entity.type_of("tags").is_some() => {
            let ids = |list: &str| -> Result<Vec<String>, Answer> {
                let ids = value[list].as_array().ok_or_else(not_valid)?.iter();
                let ids = ids.map(|id| id.as_str().filter(|id| is_guid(id)).map(str::to_owned));
                ids.collect::<Option<_>>().ok_or_else(not_valid)
            };
            let added = ids("added")?.into_iter().map(|id| {
                let id = existing(content, Entity::Tag, &id, account)?;
                let tag = content.record(Entity::Tag, &id).ok_or_else(not_valid)?;
                Ok(Entity::Tag.condense(tag))
            });
            Ok(Change::Tags {
                added: added.collect::<Result<_, _>>()?,
                removed: ids("removed")?,
            })
        }
        ("owner", Some(Type::Record(_))) => {
            let id = value.as_str().ok_or_else(not_valid)?;
            let id = existing(content, Entity::User, id, account)?;
            let user = content.record(Entity::User, &id).ok_or_else(not_valid)?;
            Ok(Change::Set("owner".to_owned(), Entity::User.condense(user)))
        }
        (_, Some(kind)) if !matches!(kind, Type::Record(_)) => {
            match fits(kind, value) && !SET_BY_SITE.contains(&name) {
                true => Ok(Change::Set(name.to_owned(), value.clone())),
                false => Err(not_valid()),
            }
        }
        _ => Err(not_valid()),
    }
}
