//! Selections: records that are read, counted, changed and deleted together (Qlik help, Repository Service API: Selection).

mod multi_edit;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::{Value, json};

use super::Site;
use super::query::Lookup;
use super::writing::{bad, body, not_allowed, not_found};
use crate::account::Account;
use crate::answer::{Answer, Body, Extent, Rows};
use crate::content::Content;
use crate::request::Request;
use crate::schema::{Entity, May};

/// A record of a selection.
#[derive(Clone)]
pub(super) struct Item {
    entity: Entity,
    id: String,
}

impl Site {
    /// Creates a selection, changes or deletes its records, or removes it.
    pub(super) fn change_selections(
        &self,
        path: &[&str],
        request: &Request,
        account: &Account,
    ) -> Result<Answer, Answer> {
        match (request.method(), path) {
            ("POST", []) => self.select(request, account),
            ("POST", kind) => self.select_all(whole_kind(&kind.join("/"))?, request, account),
            ("DELETE", [id]) => match self.live().selections.remove(*id) {
                Some(_) => Ok(Answer::empty()),
                None => Err(not_found()),
            },
            ("DELETE", [id, kind @ ..]) => self.delete_selected(id, &kind.join("/")),
            ("PUT", [id, kind @ .., "synthetic"]) => {
                let entity = whole_kind(&kind.join("/"))?;
                self.edit_selected(id, entity, request, account)
            }
            _ => Err(not_allowed()),
        }
    }

    fn select(&self, request: &Request, account: &Account) -> Result<Answer, Answer> {
        let sent = body(request)?;
        let items = sent.get("items").and_then(Value::as_array);
        let items = items.ok_or_else(|| bad("The selection has no items"))?;
        let content = Arc::clone(&self.live().content);
        // A client may select ten thousand records: they are not searched for one by one.
        let mut visible = BTreeMap::new();
        let known: Result<Vec<_>, _> = items
            .iter()
            .map(|item| {
                let text = |key: &str| item[key].as_str().unwrap_or_default();
                let entity = Entity::of_name(text("type"));
                let entity = entity.ok_or_else(|| bad("The type of an item is not known"))?;
                let ids = visible
                    .entry(entity)
                    .or_insert_with(|| visible_ids(&content, entity, account));
                let id = ids.get(&text("objectID").to_ascii_lowercase());
                let id = id.cloned().ok_or_else(not_found)?;
                Ok(Item { entity, id })
            })
            .collect();
        Ok(self.keep_selection(known?))
    }

    fn select_all(
        &self,
        entity: Entity,
        request: &Request,
        account: &Account,
    ) -> Result<Answer, Answer> {
        let rows = self.lookup(entity, request, account).rows(Extent::Full)?;
        let records = rows.content.records(entity);
        let ids = rows
            .places
            .iter()
            .filter_map(|place| records[*place]["id"].as_str());
        let items = ids.map(|id| Item {
            entity,
            id: id.to_owned(),
        });
        Ok(self.keep_selection(items.collect()))
    }

    fn keep_selection(&self, items: Vec<Item>) -> Answer {
        let mut live = self.live();
        let id = Arc::make_mut(&mut live.content).next_guid();
        let answer = Answer::created(&record(&id, &items));
        live.selections.insert(id, items);
        answer
    }

    fn delete_selected(&self, id: &str, kind: &str) -> Result<Answer, Answer> {
        let entity = whole_kind(kind)?;
        if !entity.allows(May::Change) {
            return Err(not_allowed());
        }
        let mut live = self.live();
        let live = &mut *live;
        let items = live.selections.get_mut(id).ok_or_else(not_found)?;
        let content = Arc::make_mut(&mut live.content);
        items.retain(|item| {
            let is_deleted = item.entity == entity;
            if is_deleted {
                content.remove(&item.id);
            }
            !is_deleted
        });
        Ok(Answer::empty())
    }

    /// Reads a selection, or the records in it.
    pub(super) fn look_up_selected(
        &self,
        path: &str,
        request: &Request,
        account: &Account,
    ) -> Result<Answer, Answer> {
        let path = path.strip_prefix("selection/").unwrap_or(path);
        let (id, kind) = path.split_once('/').unwrap_or((path, ""));
        if kind.is_empty() {
            let items = self.live().selections.get(id).cloned();
            return Ok(Answer::record(&record(id, &items.ok_or_else(not_found)?)));
        }
        let (entity, form) = Entity::of_path(kind).ok_or_else(not_found)?;
        let extent = match form {
            "/full" | "/synthetic" => Extent::Full,
            "" | "/count" => Extent::Condensed,
            _ => return Err(not_found()),
        };
        let rows = self.selected(id, &self.lookup(entity, request, account), extent)?;
        Ok(match form {
            "/count" => Answer::json(Body::Count {
                value: rows.places.len() as i64,
                form: self.settings.count_form,
            }),
            "/synthetic" => Answer::record(&multi_edit::synthetic(&rows)),
            _ => Answer::json(Body::Rows(rows)),
        })
    }

    /// The records of a selection that the account sees and the filter accepts.
    pub(super) fn selected(
        &self,
        id: &str,
        lookup: &Lookup<'_>,
        extent: Extent,
    ) -> Result<Rows, Answer> {
        let items = self.live().selections.get(id).cloned();
        let items = items.ok_or_else(not_found)?;
        let of_kind = items.iter().filter(|item| item.entity == lookup.entity);
        let ids: BTreeSet<_> = of_kind.map(|item| item.id.as_str()).collect();
        let mut rows = lookup.rows(extent)?;
        let records = rows.content.records(lookup.entity);
        rows.places.retain(|place| {
            records[*place]["id"]
                .as_str()
                .is_some_and(|id| ids.contains(id))
        });
        Ok(rows)
    }
}

/// The ids of all records that the account sees, by their form in lower case.
fn visible_ids(content: &Content, entity: Entity, account: &Account) -> BTreeMap<String, String> {
    let access = account.access(entity);
    let records = content.records(entity).iter();
    let ids = records
        .filter(|record| access.shows(record))
        .filter_map(|record| record["id"].as_str());
    ids.map(|id| (id.to_ascii_lowercase(), id.to_owned()))
        .collect()
}

/// The kind of record that a path is, without anything after it.
fn whole_kind(path: &str) -> Result<Entity, Answer> {
    match Entity::of_path(path) {
        Some((entity, "")) => Ok(entity),
        _ => Err(not_found()),
    }
}

fn record(id: &str, items: &[Item]) -> Value {
    let items = items.iter().map(|item| {
        json!({"type": item.entity.name(), "objectID": item.id, "schemaPath": "SelectionItem"})
    });
    json!({"items": items.collect::<Vec<_>>(), "id": id, "privileges": null, "schemaPath": "Selection"})
}
