//! Requests that change records: created, replaced and deleted as QRS does (Qlik help, Repository Service API).

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::Site;
use crate::account::Account;
use crate::answer::Answer;
use crate::content::{Content, required};
use crate::filter::{comparable_date, is_guid};
use crate::request::Request;
use crate::schema::{Entity, May, Type};

/// What the site sets itself: a client may send it, but cannot change it.
pub(super) const SET_BY_SITE: [&str; 6] = [
    "id",
    "createdDate",
    "modifiedDate",
    "modifiedByUserName",
    "privileges",
    "schemaPath",
];

impl Site {
    /// The response to a request with `POST`, `PUT` or `DELETE`.
    pub(super) fn write(
        &self,
        path: &str,
        request: &Request,
        account: &Account,
    ) -> Result<Answer, Answer> {
        if let Some(entity) = path.strip_suffix("/table")
            && request.method() == "POST"
        {
            return self.table(entity, request, account);
        }
        if !account.may_write {
            return Err(forbidden());
        }
        let parts: Vec<_> = path.split('/').collect();
        match (request.method(), parts.as_slice()) {
            (_, ["selection", rest @ ..]) => self.change_selections(rest, request, account),
            ("POST", ["task", id, "start"]) => self.start_task(id).map(|_| Answer::empty()),
            ("POST", ["task", id, "start", "synchronous"]) => {
                let execution = self.start_task(id)?;
                Ok(Answer::created(&json!({ "value": execution })))
            }
            ("POST", ["task", id, "stop"]) => self.stop_task(id),
            ("POST", ["app", id, "copy"]) => self.copy_app(id, request, account),
            ("POST", ["app", id, "export", token]) => self.export_app(id, token, request, account),
            ("POST", ["app", "upload"]) => self.upload_app(request, account),
            ("PUT", ["app", id, "publish"]) => self.publish_app(id, request, account),
            _ => self.change_record(path, request, account),
        }
    }

    fn change_record(
        &self,
        path: &str,
        request: &Request,
        account: &Account,
    ) -> Result<Answer, Answer> {
        let (entity, rest) = Entity::of_path(path).ok_or_else(not_found)?;
        let id = rest.strip_prefix('/').filter(|id| !id.is_empty());
        let wanted = if id.is_none() {
            May::Create
        } else {
            May::Change
        };
        if !entity.allows(wanted) || path.starts_with("task") {
            return Err(not_allowed());
        }
        match (request.method(), id) {
            ("POST", None) => self.create(entity, request, account),
            ("PUT", Some(id)) => self.update(entity, id, request, account),
            ("DELETE", Some(id)) => {
                let mut live = self.live();
                let id = existing(&live.content, entity, id, account)?;
                Arc::make_mut(&mut live.content).remove(&id);
                Ok(Answer::empty())
            }
            _ => Err(not_allowed()),
        }
    }

    fn create(
        &self,
        entity: Entity,
        request: &Request,
        account: &Account,
    ) -> Result<Answer, Answer> {
        let sent = body(request)?;
        let missing = required(entity).iter().find(|name| {
            let value = sent.get(**name).unwrap_or(&Value::Null);
            value.is_null() || value == ""
        });
        if let Some(name) = missing {
            return Err(bad(format!("The property {name} is required")));
        }
        let mut live = self.live();
        let content = Arc::make_mut(&mut live.content);
        let user = content.user_of(&account.header_value);
        let template = content.new_record(entity, Map::new(), &user);
        check_properties(entity, &sent, &template)?;
        if let Some(id) = sent.get("id").and_then(Value::as_str)
            && content.get(id).is_some()
        {
            return Err(Answer::text(409, "The item already exists"));
        }
        if entity == Entity::ReloadTask {
            let app = sent["app"]["id"].as_str().unwrap_or_default();
            content
                .record(Entity::App, app)
                .ok_or_else(|| bad("The app of the task does not exist"))?;
        }
        let mut sent = sent;
        sent.retain(|name, _| name == "id" || !SET_BY_SITE.contains(&name.as_str()));
        let record = content.new_record(entity, sent, &user);
        let id = content.insert(entity, record);
        Ok(Answer::created(
            content.record(entity, &id).ok_or_else(not_found)?,
        ))
    }

    fn update(
        &self,
        entity: Entity,
        id: &str,
        request: &Request,
        account: &Account,
    ) -> Result<Answer, Answer> {
        let mut sent = body(request)?;
        let mut live = self.live();
        let id = existing(&live.content, entity, id, account)?;
        let content = Arc::make_mut(&mut live.content);
        let stored = content.record(entity, &id).ok_or_else(not_found)?;
        let same_id = sent["id"].as_str().is_some_and(|sent| sent == id);
        if !same_id {
            return Err(bad("The id in the body is not the id in the path"));
        }
        check_properties(entity, &sent, stored)?;
        // QRS compares the date with its own (Qlik help, Repository Service API: Update).
        let date = |value: &Value| value.as_str().and_then(comparable_date);
        if date(&sent["modifiedDate"]) != date(&stored["modifiedDate"]) {
            return Err(conflict());
        }
        sent.retain(|name, value| {
            !SET_BY_SITE.contains(&name.as_str()) && stored.get(name) != Some(value)
        });
        let user = content.user_of(&account.header_value);
        content.change(&id, &sent, &user);
        Ok(Answer::record(
            content.record(entity, &id).ok_or_else(not_found)?,
        ))
    }
}

/// The id, as it is stored, of a record that the account sees.
pub(super) fn existing(
    content: &Content,
    entity: Entity,
    id: &str,
    account: &Account,
) -> Result<String, Answer> {
    let mut records = content.records(entity).iter();
    let found = records.find(|record| {
        let own = record["id"].as_str();
        own.is_some_and(|own| own.eq_ignore_ascii_case(id))
    });
    let found = found.filter(|record| account.access(entity).shows(record));
    let id = found.and_then(|record| record["id"].as_str());
    id.map(str::to_owned).ok_or_else(not_found)
}

/// The JSON object in a body.
pub(super) fn body(request: &Request) -> Result<Map<String, Value>, Answer> {
    let kind = request.header("Content-Type").unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if !kind.eq_ignore_ascii_case("application/json") {
        return Err(Answer::text(415, "Unsupported Media Type"));
    }
    match serde_json::from_slice(request.body()) {
        Ok(Value::Object(object)) => Ok(object),
        _ => Err(bad("The body is not a JSON object")),
    }
}

/// Refuses properties that this kind of record does not have, and values of another type.
fn check_properties(
    entity: Entity,
    sent: &Map<String, Value>,
    known: &Value,
) -> Result<(), Answer> {
    for (name, value) in sent {
        let is_right = match entity.type_of(name) {
            Some(kind) => fits(kind, value) || known.get(name) == Some(value),
            None => known.get(name).is_some(),
        };
        if !is_right {
            return Err(bad(format!("The property {name} is not valid")));
        }
    }
    Ok(())
}

pub(super) fn fits(kind: Type, value: &Value) -> bool {
    match (kind, value) {
        (_, Value::Null) => true,
        (Type::Text, Value::String(_))
        | (Type::Bool, Value::Bool(_))
        | (Type::Number, Value::Number(_)) => true,
        (Type::Guid, Value::String(text)) => is_guid(text),
        (Type::Date, Value::String(text)) => comparable_date(text).is_some(),
        (Type::Texts, Value::Array(texts)) => texts.iter().all(Value::is_string),
        (Type::Record(_), Value::Array(records)) => records.iter().all(Value::is_object),
        (Type::Record(_), Value::Object(_)) => true,
        _ => false,
    }
}

pub(super) fn bad(text: impl Into<String>) -> Answer {
    Answer::text(400, text)
}

pub(super) fn conflict() -> Answer {
    Answer::text(409, "The item has been modified by another user")
}

pub(super) fn forbidden() -> Answer {
    Answer::text(403, "Forbidden")
}

pub(super) fn not_allowed() -> Answer {
    Answer::text(405, "Method Not Allowed")
}

pub(super) fn not_found() -> Answer {
    Answer::text(404, "Not Found")
}
