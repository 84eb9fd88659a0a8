//! Selections: records that are read, counted and deleted together (Qlik help, Repository Service API: Selection).

use std::sync::Arc;

use serde_json::{Value, json};

use super::Site;
use super::writing::{bad, body, existing, not_allowed, not_found};
use crate::account::Account;
use crate::answer::{Answer, Body, Extent};
use crate::request::Request;
use crate::schema::{Entity, May};

use super::query::Lookup;

/// A record of a selection.
#[derive(Clone)]
pub(super) struct Item {
    entity: Entity,
    id: String,
}

impl Site {
    /// Creates a selection, or deletes it or its records.
    pub(super) fn change_selections(
        &self,
        path: &[&str],
        request: &Request,
        account: &Account,
    ) -> Result<Answer, Answer> {
        match (request.method(), path) {
            ("POST", []) => self.select(request, account),
            ("DELETE", [id]) => match self.live().selections.remove(*id) {
                Some(_) => Ok(Answer::empty()),
                None => Err(not_found()),
            },
            ("DELETE", [id, kind @ ..]) => self.delete_selected(id, &kind.join("/")),
            _ => Err(not_allowed()),
        }
    }

    fn select(&self, request: &Request, account: &Account) -> Result<Answer, Answer> {
        let sent = body(request)?;
        let items = sent.get("items").and_then(Value::as_array);
        let items = items.ok_or_else(|| bad("The selection has no items"))?;
        let mut live = self.live();
        let known: Result<Vec<_>, _> = items
            .iter()
            .map(|item| {
                let text = |key: &str| item[key].as_str().unwrap_or_default();
                let entity = Entity::of_name(text("type"));
                let entity = entity.ok_or_else(|| bad("The type of an item is not known"))?;
                let id = existing(&live.content, entity, text("objectID"), account)?;
                Ok(Item { entity, id })
            })
            .collect();
        let known = known?;
        let id = Arc::make_mut(&mut live.content).next_guid();
        let answer = Answer::created(&record(&id, &known));
        live.selections.insert(id, known);
        Ok(answer)
    }

    fn delete_selected(&self, id: &str, kind: &str) -> Result<Answer, Answer> {
        let (entity, "") = Entity::of_path(kind).ok_or_else(not_found)? else {
            return Err(not_found());
        };
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
        let items = self.live().selections.get(id).cloned();
        let items = items.ok_or_else(not_found)?;
        if kind.is_empty() {
            return Ok(Answer::record(&record(id, &items)));
        }
        let (entity, form) = Entity::of_path(kind).ok_or_else(not_found)?;
        let lookup = Lookup {
            content: Arc::clone(&self.live().content),
            entity,
            access: account.access(entity),
            request,
        };
        let extent = match form {
            "/full" => Extent::Full,
            "" | "/count" => Extent::Condensed,
            _ => return Err(not_found()),
        };
        let mut rows = lookup.rows(extent)?;
        let records = lookup.content.records(entity);
        rows.places.retain(|place| {
            let id = &records[*place]["id"];
            items
                .iter()
                .any(|item| item.entity == entity && *id == item.id.as_str())
        });
        Ok(Answer::json(match form {
            "/count" => Body::Count {
                value: rows.places.len() as i64,
                form: self.settings.count_form,
            },
            _ => Body::Rows(rows),
        }))
    }
}

fn record(id: &str, items: &[Item]) -> Value {
    let items = items.iter().map(|item| {
        json!({"type": item.entity.name(), "objectID": item.id, "schemaPath": "SelectionItem"})
    });
    json!({"id": id, "items": items.collect::<Vec<_>>(), "privileges": null, "schemaPath": "Selection"})
}
