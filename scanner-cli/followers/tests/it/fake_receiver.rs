//! A strict receiver of webhooks: a second reading of CloudEvents and Standard Webhooks. What a sender must never do is
//! recorded as a violation.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{
        LazyLock, Mutex, MutexGuard,
        atomic::{AtomicBool, Ordering},
    },
};

use base64::{Engine, prelude::BASE64_STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::fake_http::{Catalog, Reply, Request};

pub(crate) const TOKEN: &str = "token-of-the-receiver";
pub(crate) const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// How a request is answered instead of normally.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    None,
    /// This status, and nothing is stored.
    Status(u16),
    /// A login page with status 200, and nothing is stored.
    Page,
    /// This status with this header, and nothing is stored.
    Header(u16, &'static str, &'static str),
    /// It is stored, but the connection is closed before the answer.
    CutAfterStoring,
    /// It is stored, and the answer is cut off.
    CutAnswer,
    /// It is stored, and the answer comes later.
    Slow,
    /// It is stored, and the answer is a text that is labelled as a page, as some frameworks do.
    LabelledText,
    /// No answer comes, and nothing is stored.
    Hang,
    /// This status with the target of the request and its last part, and nothing is stored.
    Echo(u16),
    /// A page with status 200 and the target of the request, and nothing is stored.
    EchoPage,
    /// A redirect to the target of the request on another host.
    EchoLocation,
}

#[derive(Default)]
pub(crate) struct Receiver {
    state: Mutex<State>,
    pub(crate) has_hung: AtomicBool,
}

#[derive(Default)]
pub(crate) struct State {
    /// The names of the existing items by key, by the events so far.
    pub(crate) items: BTreeMap<String, String>,
    /// The accepted events, each once, in their order.
    pub(crate) events: Vec<Value>,
    /// The bodies of all requests by their ids, and how often each came.
    pub(crate) requests: BTreeMap<String, (Vec<u8>, u64)>,
    /// The time stamps of all requests, in order.
    pub(crate) timestamps: Vec<i64>,
    pub(crate) violations: Vec<String>,
    /// Faults of the next requests; after them, there are none.
    pub(crate) faults: VecDeque<Fault>,
    /// The fault of all requests after so many.
    pub(crate) later: Option<(u64, Fault)>,
    /// Keys whose events are refused with this status.
    pub(crate) poison: Vec<(String, u16)>,
    /// Maximum size of a body, in bytes; more is answered with status 413.
    pub(crate) max_bytes: Option<usize>,
    pub(crate) posts: u64,
    pub(crate) accepted: u64,
}

static SCHEMA: LazyLock<jsonschema::Validator> = LazyLock::new(|| {
    let schema = include_str!("../../../../docs/catalogs/webhook-event.schema.json");
    let schema: Value = serde_json::from_str(schema).unwrap();
    jsonschema::options()
        .should_validate_formats(true)
        .build(&schema)
        .unwrap()
});

impl Receiver {
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    pub(crate) fn clear(&self) {
        self.has_hung.store(false, Ordering::Relaxed);
        let violations = std::mem::take(&mut self.state().violations);
        *self.state() = State {
            violations,
            ..State::default()
        };
    }

    pub(crate) fn assert_no_violation(&self) {
        assert_eq!(self.state().violations, [""; 0]);
    }

    /// The ids of the accepted events, in order.
    pub(crate) fn ids(&self) -> Vec<String> {
        let state = self.state();
        let ids = state.events.iter();
        ids.map(|event| event["id"].as_str().unwrap().to_owned())
            .collect()
    }

    /// The types and subjects of the accepted events, in order.
    pub(crate) fn happenings(&self) -> Vec<String> {
        let state = self.state();
        let of = |event: &Value| {
            let [kind, subject] = ["type", "subject"].map(|name| event[name].as_str().unwrap());
            format!("{} {subject}", kind.strip_prefix("qlik-scanner.").unwrap())
        };
        state.events.iter().map(of).collect()
    }
}

impl Catalog for Receiver {
    fn answer(&self, request: &Request) -> Reply {
        let mut state = self.state();
        if request.header("authorization") != format!("Bearer {TOKEN}") {
            return Reply::Json(401, json!({ "message": "who are you?" }));
        }
        if request.method != "POST" {
            return match state.later {
                Some((0, Fault::Status(status))) => Reply::Json(status, json!({})),
                _ => Reply::Empty(204, "allow", "POST".to_owned()),
            };
        }
        state.posts += 1;
        if let Err(violation) = state.check(request) {
            state.violations.push(violation);
        }
        let events: Vec<Value> = serde_json::from_slice(&request.body).unwrap_or_default();
        let fault = match (state.faults.pop_front(), state.later) {
            (Some(fault), _) => fault,
            (None, Some((after, fault))) if state.accepted >= after => fault,
            _ => Fault::None,
        };
        match fault {
            Fault::Status(status) => {
                return Reply::Json(status, json!({ "message": "not now, friend" }));
            }
            Fault::Page => return Reply::Page(200, "<!DOCTYPE html><title>Log in</title>"),
            Fault::Header(status, name, value) => {
                return Reply::Empty(status, name, value.to_owned());
            }
            Fault::Echo(_) | Fault::EchoPage | Fault::EchoLocation => return echo(fault, request),
            Fault::Hang => {
                self.has_hung.store(true, Ordering::Relaxed);
                return Reply::Hang;
            }
            _ => {}
        }
        if state.max_bytes.is_some_and(|max| request.body.len() > max) {
            return Reply::Page(413, "<h1>413 Request Entity Too Large</h1>");
        }
        if let Some((key, status)) = state.poisoned(&events) {
            let message = format!("the event of {key} is not understood");
            return Reply::Json(status, json!({ "error": message }));
        }
        state.accept(events);
        match fault {
            Fault::CutAfterStoring => Reply::Cut,
            Fault::CutAnswer => Reply::CutBody,
            Fault::Slow => Reply::Slow(Box::new(Reply::Json(202, json!({})))),
            Fault::LabelledText => Reply::Page(200, "thank you"),
            _ => Reply::Empty(204, "x-receiver", "1".to_owned()),
        }
    }
}

/// An answer with the target of the request.
fn echo(fault: Fault, request: &Request) -> Reply {
    let target = &request.target;
    match fault {
        Fault::Echo(status) => {
            let path = target.split('?').next().unwrap_or_default();
            let last = path.split('/').rev().nth(1).unwrap_or_default();
            let message = format!("no hook {target}: {last} is unknown");
            Reply::Json(status, json!({ "message": message }))
        }
        Fault::EchoPage => {
            let page = format!("<!DOCTYPE html><title>{target}</title>");
            Reply::Page(200, page.leak())
        }
        _ => Reply::Empty(
            307,
            "location",
            format!("https://elsewhere.example{target}"),
        ),
    }
}

impl State {
    /// Whether a request is as it should be.
    fn check(&mut self, request: &Request) -> Result<(), String> {
        let header = |name: &str| request.header(name);
        let kind = header("content-type");
        if kind != "application/cloudevents-batch+json" {
            return Err(format!("the type {kind:?}"));
        }
        let (id, timestamp) = (header("webhook-id"), header("webhook-timestamp"));
        if id.is_empty() || header("idempotency-key") != id {
            return Err(format!("the id {id:?}"));
        }
        self.timestamps.push(
            timestamp
                .parse()
                .map_err(|error| format!("the time {timestamp:?}: {error}"))?,
        );
        let key = BASE64_STANDARD
            .decode(SECRET.trim_start_matches("whsec_"))
            .unwrap();
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
        mac.update(&[format!("{id}.{timestamp}.").as_bytes(), &request.body].concat());
        let expected = BASE64_STANDARD.encode(mac.finalize().into_bytes());
        if header("webhook-signature") != format!("v1,{expected}") {
            return Err("the signature".to_owned());
        }
        let events: Vec<Value> =
            serde_json::from_slice(&request.body).map_err(|error| error.to_string())?;
        if events.is_empty() || events.len() > 100 {
            return Err(format!("{} events", events.len()));
        }
        for event in &events {
            if let Err(error) = SCHEMA.validate(event) {
                return Err(format!("{event} does not match the schema: {error}"));
            }
        }
        let known = self.requests.entry(id.clone());
        let (body, count) = known.or_insert_with(|| (request.body.clone(), 0));
        *count += 1;
        match *body == request.body {
            true => Ok(()),
            false => Err(format!("another body with the id {id}")),
        }
    }

    fn poisoned(&self, events: &[Value]) -> Option<(String, u16)> {
        let of = |key: &str| events.iter().any(|event| event["subject"] == key);
        self.poison.iter().find(|(key, _)| of(key)).cloned()
    }

    /// Accepts events, unless they came before.
    fn accept(&mut self, events: Vec<Value>) {
        self.accepted += 1;
        for event in events {
            let former = self.events.iter().find(|known| known["id"] == event["id"]);
            if let Some(former) = former {
                if *former != event {
                    let violation = format!("an event with two contents: {former}, {event}");
                    self.violations.push(violation);
                }
                continue;
            }
            let subject = event["subject"].as_str().unwrap().to_owned();
            match event["type"].as_str().unwrap() {
                "qlik-scanner.item.removed" => drop(self.items.remove(&subject)),
                "qlik-scanner.scan.ended" => {}
                _ => {
                    let name = event["data"]["item"]["name"].as_str().unwrap();
                    self.items.insert(subject, name.to_owned());
                }
            }
            self.events.push(event);
        }
    }
}

impl Request {
    fn header(&self, name: &str) -> String {
        self.headers.get(name).cloned().unwrap_or_default()
    }
}
