//! A strict OpenMetadata server: a second reading of its protocol. What a client must never do is recorded as a violation.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::{
        Mutex, MutexGuard,
        atomic::{AtomicBool, Ordering},
    },
};

use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use crate::{
    fake_http::{Catalog, Reply, Request},
    faults::{self, Fault},
};

mod bulk;
mod json_patch;
mod people;
mod schema;
mod types;
mod writes;

pub(crate) use people::USERS;

pub(crate) const TOKEN: &str = "eyJhbGciOiJSUzI1NiJ9.openmetadata-token";

/// The servers differ by version.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Generation {
    /// Has `/bulk`; a `PUT` of a bot keeps the shown name and replaces owners; a dashboard is deleted
    /// and brought back with its charts.
    #[default]
    New,
    /// Has no `/bulk`; a `PUT` overwrites the shown name and keeps owners; charts stay when a dashboard is deleted.
    Old,
}

#[derive(Default)]
pub(crate) struct FakeOpenmetadata {
    state: Mutex<State>,
    pub(crate) has_hung: AtomicBool,
}

#[derive(Default)]
pub(crate) struct State {
    pub(crate) generation: Generation,
    /// Entities by type and fully qualified name.
    pub(crate) entities: BTreeMap<(String, String), Value>,
    pub(crate) violations: Vec<String>,
    /// Faults of the next writes; after them, there are none.
    pub(crate) faults: VecDeque<Fault>,
    /// The fault of all writes after so many.
    pub(crate) later: Option<(u64, Fault)>,
    /// Names of entities that are refused, with the status.
    pub(crate) poison: Vec<(String, u16)>,
    /// Maximum size of a body, in bytes; more is answered with status 413.
    pub(crate) max_bytes: Option<usize>,
    /// Whether the owner of the token may write.
    pub(crate) is_readonly: bool,
    /// Whether the owner of the token may not change names, as bots with the role of the server's own ones.
    pub(crate) denies_names: bool,
    /// The custom properties that are defined: types and names.
    pub(crate) defined: BTreeSet<(String, String)>,
    /// Whether the owner of the token may not define some.
    pub(crate) may_not_define: bool,
    /// Whether the owner of the token may not write custom properties.
    pub(crate) denies_extension: bool,
    /// Whether charts and dashboards have no custom properties.
    pub(crate) has_no_extension: bool,
    /// Whether the search does not find users yet.
    pub(crate) is_search_late: bool,
    /// Whether users cannot be looked up: every request for one fails.
    pub(crate) fails_lookups: bool,
    /// Whether answers have no version.
    pub(crate) has_no_etags: bool,
    /// Users who change an entity after it was read, before the next change.
    pub(crate) meanwhile: Vec<(String, Value)>,
    pub(crate) writes: u64,
    /// Method and path of all requests.
    pub(crate) requests: Vec<String>,
    /// Bodies of all writes.
    pub(crate) bodies: Vec<String>,
    ids: u64,
}

/// A refusal: status and message.
pub(crate) type Refused = (u16, String);

impl FakeOpenmetadata {
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// Forgets the entities, and the faults and limits of before.
    pub(crate) fn clear(&self) {
        let mut state = self.state();
        *state = State {
            generation: state.generation,
            ..State::default()
        };
        self.has_hung.store(false, Ordering::Relaxed);
    }

    /// An entity; `null` if it is not there.
    pub(crate) fn entity(&self, of: &str, fqn: &str) -> Value {
        let state = self.state();
        let found = state.entities.get(&(of.to_owned(), fqn.to_owned()));
        found.cloned().unwrap_or_default()
    }

    /// All entities of a type that are not deleted, by fully qualified name.
    pub(crate) fn shown(&self, of: &str) -> Vec<(String, Value)> {
        let state = self.state();
        let all = state.entities.iter().filter(|((own, _), _)| own == of);
        let shown = all.filter(|(_, entity)| entity["deleted"] != true);
        shown
            .map(|((_, fqn), entity)| (fqn.clone(), entity.clone()))
            .collect()
    }

    /// What a person changes in an entity. Nothing happens if there is none.
    pub(crate) fn edit(&self, of: &str, fqn: &str, edit: impl FnOnce(&mut Value)) {
        self.state().edit(of, fqn, edit);
    }

    #[track_caller]
    pub(crate) fn assert_no_violation(&self) {
        let state = self.state();
        assert!(state.violations.is_empty(), "{:#?}", state.violations);
    }
}

impl Catalog for FakeOpenmetadata {
    fn answer(&self, request: &Request) -> Reply {
        let reply = self.state().answer(request);
        if matches!(reply, Reply::Hang) {
            self.has_hung.store(true, Ordering::Relaxed);
        }
        reply
    }
}

impl State {
    fn violation(&mut self, text: impl Into<String>) {
        self.violations.push(text.into());
    }

    pub(crate) fn edit(&mut self, of: &str, fqn: &str, edit: impl FnOnce(&mut Value)) {
        if let Some(entity) = self.entities.get_mut(&(of.to_owned(), fqn.to_owned())) {
            edit(entity);
            step(entity);
        }
    }

    fn answer(&mut self, request: &Request) -> Reply {
        let (path, query) = request
            .target
            .split_once('?')
            .unwrap_or((&request.target, ""));
        self.requests.push(format!("{} {path}", request.method));
        let Some(path) = path.strip_prefix("/api/v1/") else {
            return Reply::Page(200, "<html>OpenMetadata</html>");
        };
        if path == "system/version" {
            return Reply::Json(
                200,
                json!({ "version": "1.9.3", "revision": "x", "timestamp": 1 }),
            );
        }
        let token = request.headers.get("authorization").map(String::as_str);
        if token != Some(&format!("Bearer {TOKEN}")) {
            return refuse((401, "Not Authorized! Invalid token".to_owned()));
        }
        let words: Vec<_> = path.split('/').map(decoded).collect();
        let words: Vec<_> = words.iter().map(String::as_str).collect();
        match (request.method.as_str(), words.as_slice()) {
            ("GET", ["users", "loggedInUser"]) => {
                Reply::Json(200, json!({ "id": "u0", "name": "qlik-bot" }))
            }
            ("GET", ["users", "name", _] | ["search", "query"]) if self.fails_lookups => {
                refuse((500, "search is down".to_owned()))
            }
            ("GET", ["users", "name", name]) => people::by_name(name),
            ("GET", ["search", "query"]) => people::search(query, self.is_search_late),
            ("GET", ["permissions", resource]) => self.permissions(resource),
            (
                "GET",
                [
                    of @ ("charts" | "dashboards" | "classifications" | "tags"),
                    "name",
                    fqn,
                ],
            ) => self.get(of, fqn, query),
            ("GET", ["metadata", "types", "name", name]) => self.type_named(name, query),
            ("GET", ["services", "dashboardServices", "name", fqn]) => {
                self.get("services", fqn, query)
            }
            ("PUT" | "PATCH" | "DELETE", words) => self.write(request, words, query),
            _ => refuse((404, "HTTP 404 Not Found".to_owned())),
        }
    }

    fn permissions(&self, resource: &str) -> Reply {
        let access = match self.is_readonly {
            true => "deny",
            false => "allow",
        };
        let mut all: Vec<_> = ["Create", "Delete", "EditAll", "ViewAll"]
            .map(|operation| json!({ "operation": operation, "access": access }))
            .into();
        if self.denies_names {
            all.push(json!({ "operation": "EditDisplayName", "access": "deny" }));
        }
        Reply::Json(200, json!({ "resource": resource, "permissions": all }))
    }

    fn get(&mut self, of: &str, fqn: &str, query: &str) -> Reply {
        let key = (of.to_owned(), fqn.to_owned());
        let includes_deleted = query.split('&').any(|word| word == "include=all");
        let found = self.entities.get(&key).cloned();
        let Some(mut entity) = found.filter(|entity| includes_deleted || entity["deleted"] != true)
        else {
            return refuse((404, format!("{of} instance for {fqn} not found")));
        };
        let fields = query
            .split('&')
            .find_map(|word| word.strip_prefix("fields="));
        let fields: Vec<_> = fields.unwrap_or_default().split(',').collect();
        if self.has_no_extension && fields.contains(&"extension") {
            return refuse((400, "Invalid field name extension".to_owned()));
        }
        for field in ["owners", "tags", "charts", "lifeCycle", "extension"] {
            let is_empty = entity[field].as_array().is_some_and(Vec::is_empty);
            if !fields.contains(&field) || is_empty {
                entity.as_object_mut().unwrap().remove(field);
            }
        }
        if let Some(charts) = entity.get_mut("charts").and_then(Value::as_array_mut) {
            for chart in charts {
                *chart = self.reference(chart["fullyQualifiedName"].as_str().unwrap());
            }
        }
        let etag = version(&entity);
        if let Some(at) = self.meanwhile.iter().position(|(own, _)| own == fqn) {
            let (_, label) = self.meanwhile.remove(at);
            self.edit(of, fqn, |entity| {
                entity["tags"].as_array_mut().unwrap().push(label);
            });
        }
        match self.has_no_etags {
            true => Reply::Json(200, entity),
            false => Reply::Versioned(entity, etag),
        }
    }

    /// A chart as a dashboard refers to it.
    fn reference(&self, fqn: &str) -> Value {
        let chart = &self.entities[&("charts".to_owned(), fqn.to_owned())];
        json!({
            "id": chart["id"],
            "type": "chart",
            "name": chart["name"],
            "fullyQualifiedName": fqn,
            "deleted": chart["deleted"],
        })
    }

    fn write(&mut self, request: &Request, words: &[&str], query: &str) -> Reply {
        if self.is_readonly {
            return refuse((
                403,
                "Principal: qlik-bot operations [Create] not allowed".to_owned(),
            ));
        }
        let size = request.body.len();
        if size > 1_000_000 {
            self.violation(format!("a body of {size} bytes"));
        }
        if self.max_bytes.is_some_and(|max| size > max) {
            return Reply::Page(413, "<html>413 Request Entity Too Large</html>");
        }
        let is_probe = request.body == b"[]";
        if is_probe && matches!(self.later, Some((0, Fault::Status(_)))) {
            return refuse((403, "not allowed".to_owned()));
        }
        let fault = match is_probe {
            true => Fault::None,
            false => faults::next(&mut self.faults, &mut self.later),
        };
        if let Some(reply) = fault.before() {
            return reply;
        }
        self.bodies
            .push(String::from_utf8_lossy(&request.body).into_owned());
        match self.apply(request, words, query, fault) {
            Ok(answer) => {
                self.writes += 1;
                let answer = match fault {
                    Fault::SilentAnswer => Value::Null,
                    _ => answer,
                };
                fault.after(Reply::Json(200, answer))
            }
            Err(refused) => refuse(refused),
        }
    }

    fn apply(
        &mut self,
        request: &Request,
        words: &[&str],
        query: &str,
        fault: Fault,
    ) -> Result<Value, Refused> {
        let text = request.headers.get("content-type").map(String::as_str);
        let body = || {
            serde_json::from_slice::<Value>(&request.body)
                .map_err(|error| (400, format!("Unable to process JSON: {error}")))
        };
        let is_bulk = words.last() == Some(&"bulk");
        if request.method == "PUT" && text != Some("application/json") {
            return Err((415, "HTTP 415 Unsupported Media Type".to_owned()));
        }
        match (request.method.as_str(), words) {
            ("PUT", ["charts" | "dashboards", "bulk"]) if self.generation == Generation::Old => {
                Err((405, "HTTP 405 Method Not Allowed".to_owned()))
            }
            ("PUT", [of @ ("charts" | "dashboards"), "bulk"]) => {
                if query != "async=false&overrideMetadata=false" {
                    self.violation(format!("the query of a bulk request: {query}"));
                }
                self.bulk(of, &body()?, fault)
            }
            ("PUT", [of @ ("charts" | "dashboards"), "restore"]) => self.restore(of, &body()?),
            ("PUT", [of @ ("charts" | "dashboards" | "classifications" | "tags")]) => {
                self.put(of, &body()?)
            }
            ("PUT", ["metadata", "types", id]) => self.define(id, &body()?),
            ("PUT", ["services", "dashboardServices"]) => self.put("services", &body()?),
            ("PATCH", [of @ ("charts" | "dashboards"), "name", fqn]) => {
                if text != Some("application/json-patch+json") {
                    return Err((415, "HTTP 415 Unsupported Media Type".to_owned()));
                }
                let condition = request.headers.get("if-match");
                self.patch(of, fqn, &body()?, condition.map(String::as_str))
            }
            ("DELETE", [of @ ("charts" | "dashboards"), "name", fqn]) => {
                if query != "hardDelete=false" {
                    self.violation(format!("{query} may be a hard delete"));
                }
                self.delete(of, fqn)
            }
            _ => {
                self.violation(format!("{} {words:?} (bulk: {is_bulk})", request.method));
                Err((404, "HTTP 404 Not Found".to_owned()))
            }
        }
    }
}

/// The next version of an entity.
fn step(entity: &mut Value) {
    let version = entity["version"].as_f64().unwrap_or(0.0);
    entity["version"] = json!(((version + 0.1) * 10.0).round() / 10.0);
}

fn version(entity: &Value) -> String {
    format!("\"{}\"", entity["version"])
}

fn refuse((status, message): Refused) -> Reply {
    Reply::Json(status, json!({ "code": status, "message": message }))
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8().unwrap().into_owned()
}
