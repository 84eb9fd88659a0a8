//! Responses as values, before they are sent.

use std::sync::Arc;

use serde_json::{Value, json};

use super::content::Content;
use super::schema::Entity;

/// A response: its content, without its framing.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Body,
}

#[derive(Debug, Clone)]
pub(super) enum Body {
    Text(String),
    /// The content of a file.
    Bytes(Arc<[u8]>),
    /// `{"value":5}`, or `5`.
    Count {
        value: i64,
        form: CountForm,
    },
    Rows(Rows),
    /// Produced while it is sent, without keeping it in memory.
    Flood(Flood),
}

/// A body of any length: `start`, then `part` repeatedly, then `end`.
#[derive(Debug, Clone)]
pub(super) struct Flood {
    pub(super) start: String,
    /// Each `{n}` in it becomes the number of the repetition, from 0.
    pub(super) part: String,
    /// How many times `part` is sent; `None` while the client reads.
    pub(super) times: Option<u64>,
    pub(super) end: String,
}

/// The format of a count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CountForm {
    /// `{"value":5}`, as documented.
    Value,
    /// `5`
    BareInteger,
}

impl Answer {
    pub(super) fn new(status: u16, body: Body) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body,
        }
    }

    /// A response in plain text, as QRS sends for every error.
    pub(super) fn text(status: u16, text: impl Into<String>) -> Self {
        Self::new(status, Body::Text(text.into()))
            .header("Content-Type", "text/plain; charset=utf-8")
    }

    pub(super) fn html(status: u16, page: impl Into<String>) -> Self {
        Self::new(status, Body::Text(page.into())).header("Content-Type", "text/html")
    }

    pub(super) fn json(body: Body) -> Self {
        Self::new(200, body).header("Content-Type", "application/json;charset=utf-8")
    }

    pub(super) fn record(record: &Value) -> Self {
        Self::json(Body::Text(record.to_string()))
    }

    /// Whether the connection ends after the response.
    pub(super) fn closes(&self) -> bool {
        let closes = |(name, value): &(String, String)| name == "Connection" && value == "close";
        self.headers.iter().any(closes)
    }

    /// The response to a request that created something.
    pub(super) fn created(record: &Value) -> Self {
        let mut answer = Self::record(record);
        answer.status = 201;
        answer
    }

    /// A response without a body.
    pub(super) fn empty() -> Self {
        Self::new(204, Body::Text(String::new()))
    }

    /// Sets a header, or replaces the one with the same name.
    pub(super) fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers
            .retain(|(other, _)| !other.eq_ignore_ascii_case(name));
        self.headers.push((name.to_owned(), value.into()));
        self
    }
}

/// Some of the site's records. They are written one by one: a whole list is never in memory.
#[derive(Debug, Clone)]
pub(super) struct Rows {
    pub(super) content: Arc<Content>,
    pub(super) entity: Entity,
    /// The places in the content's list.
    pub(super) places: Vec<usize>,
    pub(super) form: Form,
}

/// The form in which a record is written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Form {
    pub(super) extent: Extent,
    /// `privileges` is null unless it is requested.
    pub(super) with_privileges: bool,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Extent {
    Full,
    Condensed,
}

impl Rows {
    pub(super) fn json(&self, row: usize) -> String {
        let record = &self.content.records(self.entity)[self.places[row]];
        self.form.apply(self.entity, record).to_string()
    }
}

impl Form {
    pub(super) fn apply(self, entity: Entity, record: &Value) -> Value {
        let mut record = match self.extent {
            Extent::Full => record.clone(),
            Extent::Condensed => entity.condense(record),
        };
        if self.with_privileges && record.is_object() {
            record["privileges"] = json!(["read"]);
        }
        record
    }
}
