//! A request as a plain value, and what its failure means for a delivery.

use std::borrow::Cow;

use catalog_model::{FollowError, follower::Planned};
use outbound_http::{Bytes, Method};
use serde::Serialize;

/// A request to the server of a catalog.
///
/// It must be harmless to send it twice: the catalog may have stored it although no answer came.
#[derive(Clone, Debug)]
pub struct Call {
    /// The method.
    pub method: Method,
    /// The path below the server's URL, with its query: `openapi/v3/entity/tag?async=false`.
    pub path: String,
    /// More headers. Never a secret: the server's token is added when the request is sent.
    pub headers: Vec<(&'static str, Cow<'static, str>)>,
    /// The body, if there is one.
    pub body: Option<Bytes>,
    /// Whether it changes the catalog.
    pub effect: Effect,
}

/// Whether a request changes the catalog.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// It only reads. A dry run sends it, too.
    Reads,
    /// It writes. A dry run records it.
    Writes,
}

impl Call {
    /// A request that only reads.
    #[must_use]
    pub fn read(method: Method, path: impl Into<String>) -> Self {
        Self {
            method,
            path: path.into(),
            headers: Vec::new(),
            body: None,
            effect: Effect::Reads,
        }
    }

    /// A request that writes.
    #[must_use]
    pub fn write(method: Method, path: impl Into<String>) -> Self {
        Self {
            effect: Effect::Writes,
            ..Self::read(method, path)
        }
    }

    /// The same request with a header.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<Cow<'static, str>>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// The same request with a body of JSON.
    #[must_use]
    pub fn json(self, value: &(impl Serialize + ?Sized)) -> Self {
        // Values that are made here can be written: their maps have texts as keys.
        let json = serde_json::to_vec(value).unwrap_or_default();
        self.header("Content-Type", "application/json").body(json)
    }

    /// The same request with a JSON array of these JSON texts.
    #[must_use]
    pub fn json_texts<'a>(self, texts: impl Iterator<Item = &'a str> + Clone) -> Self {
        let length: usize = texts.clone().map(|text| text.len() + 1).sum();
        let mut array = String::with_capacity(length + 2);
        let mut separator = '[';
        for text in texts {
            array.push(separator);
            array.push_str(text);
            separator = ',';
        }
        if array.is_empty() {
            array.push('[');
        }
        array.push(']');
        self.header("Content-Type", "application/json").body(array)
    }

    /// The same request with a body, whose type is a header.
    #[must_use]
    pub fn body(self, body: impl Into<Bytes>) -> Self {
        Self {
            body: Some(body.into()),
            ..self
        }
    }
}

impl Call {
    /// The request as a dry run shows it.
    pub(super) fn planned(&self, url: String) -> Planned {
        let headers = self.headers.iter();
        let headers = headers.map(|(name, value)| ((*name).to_owned(), value.to_string()));
        let body = self.body.as_ref();
        Planned::Request {
            method: self.method.to_string(),
            url,
            headers: headers.collect(),
            body: body.map(|body| String::from_utf8_lossy(body).into_owned()),
        }
    }
}

/// Why a request failed, by what a delivery does then.
#[derive(Debug)]
pub enum CallError {
    /// The request is too large for the server, or for a gateway in front of it (status 413). Smaller ones may pass.
    TooLarge,
    /// The server refuses the content: with another status from 400 to 499, or with 500 again and again. Other content
    /// may be accepted.
    Refused {
        /// The status.
        status: u16,
        /// Why, in the words of the server: one line without secrets.
        message: String,
    },
    /// The token is rejected (status 401), or its owner may not do this (status 403). No request will pass.
    Denied {
        /// The status.
        status: u16,
        /// Whether the answer is JSON, as of a server, and not a page of a gateway in front of it.
        is_json: bool,
        /// The end of the delivery.
        error: FollowError,
    },
    /// The answer is a web page: `url` is that of something else, or a gateway answers. The delivery ends.
    Page(FollowError),
    /// Nothing more can be delivered now: the server cannot be reached, or is something else.
    Ended(FollowError),
}

impl CallError {
    /// The status with which the server refused the request, if it did.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::TooLarge => Some(413),
            Self::Refused { status, .. } | Self::Denied { status, .. } => Some(*status),
            Self::Page(_) | Self::Ended(_) => None,
        }
    }

    /// The same as the end of a delivery, for a request that concerns no single item. `what` begins the message: `the
    /// version of the server cannot be read`.
    #[must_use]
    pub fn ended(self, what: &str) -> FollowError {
        match self {
            Self::Ended(error) | Self::Page(error) | Self::Denied { error, .. } => error,
            Self::TooLarge => FollowError::target(what, "the request is too large"),
            Self::Refused { status, message } => {
                FollowError::target(what, format!("{message} (status {status})"))
            }
        }
    }
}
