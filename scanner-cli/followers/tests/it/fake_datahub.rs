//! A strict DataHub server: a second reading of its protocol. What a client must never do is recorded as a violation.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::{
        Mutex, MutexGuard,
        atomic::{AtomicBool, Ordering},
    },
};

use serde_json::{Map, Value, json};

pub(crate) use crate::faults::Fault;
use crate::{
    fake_http::{Catalog, Reply, Request},
    faults,
};
use protocols::refused;

mod aspects;
mod patches;
mod protocols;

pub(crate) const TOKEN: &str = "eyJhbGciOiJIUzI1NiJ9.datahub-token";

/// Which doors are open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Doors {
    #[default]
    All,
    /// A gateway closes OpenAPI with this status and a page.
    RestLi(u16),
}

#[derive(Default)]
pub(crate) struct FakeDatahub {
    state: Mutex<State>,
    pub(crate) has_hung: AtomicBool,
}

#[derive(Default)]
pub(crate) struct State {
    /// The aspects of entities by urn.
    pub(crate) entities: BTreeMap<String, BTreeMap<String, Value>>,
    pub(crate) violations: Vec<String>,
    /// Faults of the next writes; after them, there are none.
    pub(crate) faults: VecDeque<Fault>,
    /// The fault of all writes after so many.
    pub(crate) later: Option<(u64, Fault)>,
    pub(crate) doors: Doors,
    /// Urns that are refused with status 400, or 500.
    pub(crate) poison: Vec<(String, u16)>,
    /// Maximum size of a body, in bytes; more is answered with status 413.
    pub(crate) max_bytes: Option<usize>,
    /// Whether the owner of the token may write.
    pub(crate) is_readonly: bool,
    /// A type of entities that the owner of the token may not write.
    pub(crate) denied: Option<&'static str>,
    pub(crate) writes: u64,
    /// Method and path of all requests.
    pub(crate) requests: Vec<String>,
    /// An aspect that this server does not know.
    pub(crate) unknown_aspect: Option<&'static str>,
    /// What was sent, whether or not it was stored.
    pub(crate) attempted: BTreeSet<String>,
    /// What people have added: urn, aspect, list and entry.
    pub(crate) by_people: Vec<(String, String, String, Value)>,
}

/// What a write does to an aspect.
struct Step {
    of: String,
    urn: String,
    aspect: String,
    value: Value,
    is_patch: bool,
}

impl FakeDatahub {
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// The entities, without the faults and limits of before.
    pub(crate) fn clear(&self) {
        *self.state() = State::default();
        self.has_hung.store(false, Ordering::Relaxed);
    }

    /// An aspect of an entity; `null` if it is not there.
    pub(crate) fn aspect(&self, urn: &str, aspect: &str) -> Value {
        let state = self.state();
        let found = state
            .entities
            .get(urn)
            .and_then(|aspects| aspects.get(aspect));
        found.cloned().unwrap_or_default()
    }

    /// Sets an aspect of an entity.
    pub(crate) fn set_aspect(&self, urn: &str, aspect: &str, value: Value) {
        let mut state = self.state();
        let aspects = state.entities.entry(urn.to_owned()).or_default();
        aspects.insert(aspect.to_owned(), value);
    }

    /// The names and values of an aspect of everything that is shown.
    pub(crate) fn shown(&self, aspect: &str) -> Vec<(String, Value)> {
        let state = self.state();
        let shown = state.entities.iter().filter(|(_, aspects)| {
            aspects
                .get("status")
                .is_some_and(|status| status["removed"] == false)
        });
        shown
            .filter_map(|(urn, aspects)| Some((urn.clone(), aspects.get(aspect)?.clone())))
            .collect()
    }

    /// What a person adds to the tags or owners of an entity.
    pub(crate) fn add_by_person(&self, urn: &str, aspect: &str, list: &str, entry: Value) {
        let mut state = self.state();
        let aspects = state.entities.entry(urn.to_owned()).or_default();
        let value = aspects
            .entry(aspect.to_owned())
            .or_insert_with(|| json!({ list: [] }));
        let entries = value[list].as_array_mut().unwrap();
        if !entries.contains(&entry) {
            entries.push(entry.clone());
        }
        let edit = (urn.to_owned(), aspect.to_owned(), list.to_owned(), entry);
        state.by_people.push(edit);
    }

    #[track_caller]
    pub(crate) fn assert_no_violation(&self) {
        let state = self.state();
        assert!(state.violations.is_empty(), "{:#?}", state.violations);
    }
}

impl Catalog for FakeDatahub {
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

    fn answer(&mut self, request: &Request) -> Reply {
        let (path, query) = request
            .target
            .split_once('?')
            .unwrap_or((&request.target, ""));
        self.requests.push(format!("{} {path}", request.method));
        if path == "/frontend/config" {
            return Reply::Page(200, "<html>DataHub</html>");
        }
        if path == "/config" {
            return Reply::Json(
                200,
                json!({ "noCode": "true", "versions": { "acryldata/datahub": { "version": "v1.7.0" } } }),
            );
        }
        if request.headers.get("authorization").map(String::as_str)
            != Some(&format!("Bearer {TOKEN}"))
        {
            return Reply::Page(401, "<html>Unauthorized to perform this action.</html>");
        }
        if request.method == "DELETE" {
            self.violation("DELETE is a hard delete");
            return Reply::Json(200, json!({}));
        }
        let words: Vec<_> = path.split('/').skip(1).collect();
        match (request.method.as_str(), words.as_slice(), self.doors) {
            ("POST", ["api", "graphql"], _) => Reply::Json(
                200,
                json!({ "data": { "me": { "corpUser": { "urn": "urn:li:corpuser:scanner" } } } }),
            ),
            (_, ["openapi", ..], Doors::RestLi(status)) => {
                Reply::Page(status, "<html>closed by the gateway</html>")
            }
            ("POST", ["openapi", "v3", "entity", of, "batchGet"], Doors::All) => {
                self.batch_get(of, request)
            }
            ("POST" | "PATCH", ["openapi", "v3", "entity", of], Doors::All) => {
                if query != "async=false" {
                    self.violation(format!("`async=false` is missing: {query}"));
                }
                self.write(request, |state| state.openapi_steps(of, request))
            }
            ("POST", ["aspects"], _) => self.write(request, |state| state.restli_steps(request)),
            _ => Reply::Json(
                404,
                json!({ "status": 404, "error": "Not Found", "path": path }),
            ),
        }
    }

    fn batch_get(&mut self, of: &str, request: &Request) -> Reply {
        let wanted = self.list(request);
        let mut found = Vec::new();
        for entity in wanted {
            let urn = entity["urn"].as_str().unwrap_or_default();
            if !urn.starts_with(&format!("urn:li:{of}:")) {
                self.violation(format!("{urn} is no {of}"));
            }
            let names = entity.as_object().into_iter().flat_map(Map::keys);
            for name in names.filter(|name| *name != "urn") {
                if !aspects::exists(of, name) {
                    self.violation(format!("{of} has no aspect {name}"));
                }
            }
            let Some(aspects) = self.entities.get(urn) else {
                continue;
            };
            let asked = |name: &String| entity.get(name.as_str()).is_some();
            let shown = aspects.iter().filter(|(name, _)| asked(name));
            let shown = shown.map(|(name, value)| (name.clone(), json!({ "value": value })));
            let urn = ("urn".to_owned(), json!(urn));
            found.push(Value::Object(std::iter::once(urn).chain(shown).collect()));
        }
        Reply::Json(200, Value::Array(found))
    }

    /// The body as a list.
    fn list(&mut self, request: &Request) -> Vec<Value> {
        if request.headers.get("content-type").map(String::as_str) != Some("application/json") {
            self.violation(format!("content type of {}", request.target));
        }
        match serde_json::from_slice(&request.body) {
            Ok(Value::Array(entities)) if entities.len() <= 25 => entities,
            other => {
                self.violation(format!(
                    "the body is no list of at most 25 entities: {other:?}"
                ));
                Vec::new()
            }
        }
    }

    fn write(
        &mut self,
        request: &Request,
        steps: impl Fn(&mut Self) -> Result<Vec<Step>, Reply>,
    ) -> Reply {
        let is_denied = |of: &str| request.target.contains(&format!("/{of}?"));
        if self.is_readonly || self.denied.is_some_and(is_denied) {
            return Reply::Json(
                403,
                json!({ "error": "urn:li:corpuser:scanner is unauthorized" }),
            );
        }
        if request.body.len() > 1_000_000 {
            self.violation(format!("a body of {} bytes", request.body.len()));
        }
        if self.max_bytes.is_some_and(|max| request.body.len() > max) {
            return Reply::Page(413, "<html>413 Request Entity Too Large</html>");
        }
        let body = String::from_utf8_lossy(&request.body);
        let is_probe = body.contains("If-Version-Match");
        let urns = body
            .split('"')
            .filter(|text| text.starts_with("urn:li:tag:"));
        self.attempted.extend(urns.map(str::to_owned));
        let fault = faults::next(&mut self.faults, &mut self.later);
        match fault.before() {
            Some(_) if is_probe && matches!(fault, Fault::Status(_)) => {
                return Reply::Json(403, json!({ "error": "no" }));
            }
            Some(reply) => return reply,
            None => {}
        }
        let mut steps = match steps(self) {
            Ok(steps) => steps,
            Err(refused) => return refused,
        };
        self.writes += 1;
        if fault == Fault::Half {
            let urns: Vec<_> = steps.iter().map(|step| step.urn.clone()).collect();
            let half = urns.len() / 2;
            steps.retain(|step| urns[..half].contains(&step.urn));
        }
        if let Some(unknown) = self.unknown_aspect {
            steps.retain(|step| step.aspect != unknown);
        }
        for step in &steps {
            self.apply(step);
        }
        let is_restli = request.target.starts_with("/aspects");
        let answer = match is_restli {
            true => json!({ "value": "success" }),
            false => self.echo(&steps, fault),
        };
        fault.after(Reply::Json(200, answer))
    }

    fn echo(&self, steps: &[Step], fault: Fault) -> Value {
        let mut entities = BTreeMap::<&str, Map<String, Value>>::new();
        for step in steps {
            let value = &self.entities[&step.urn][&step.aspect];
            let entity = entities.entry(&step.urn).or_default();
            entity.insert("urn".to_owned(), json!(step.urn));
            entity.insert(step.aspect.clone(), json!({ "value": value }));
        }
        let mut echo: Vec<_> = entities.into_values().map(Value::Object).collect();
        match fault {
            Fault::Duplicates => echo.extend(echo.clone()),
            Fault::SilentAnswer => echo.clear(),
            _ => {}
        }
        Value::Array(echo)
    }

    fn check(&mut self, steps: &[Step]) -> Result<(), Reply> {
        for step in steps {
            aspects::check(step).map_err(|message| refused(&message))?;
            for violation in self.broken_rules(step) {
                self.violation(violation);
            }
        }
        Ok(())
    }

    /// What the server accepts and a client must not do.
    fn broken_rules(&self, step: &Step) -> Vec<String> {
        let mut broken = Vec::new();
        let mut edits = self.by_people.iter();
        let is_edited = edits.any(|(urn, aspect, ..)| *urn == step.urn && *aspect == step.aspect);
        if is_edited && !step.is_patch {
            broken.push(format!(
                "{} of {} overwrites what people did",
                step.aspect, step.urn
            ));
        }
        for urn in aspects::references(step) {
            // A tag that the server has lost shows its id, which does no harm.
            let is_tag = urn.starts_with("urn:li:tag:") && self.attempted.contains(&urn);
            if !is_tag && !self.entities.contains_key(&urn) {
                broken.push(format!(
                    "{} refers to {urn}, which was not written",
                    step.urn
                ));
            }
        }
        broken
    }

    fn apply(&mut self, step: &Step) {
        let aspects = self.entities.entry(step.urn.clone()).or_default();
        match step.is_patch {
            false => drop(aspects.insert(step.aspect.clone(), step.value.clone())),
            true => {
                let value = aspects
                    .entry(step.aspect.clone())
                    .or_insert_with(|| json!({}));
                patches::apply(value, &step.value);
            }
        }
    }
}
