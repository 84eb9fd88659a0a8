//! Requests as plain values. Nothing here touches the network.

mod body;

use std::io;
use std::pin::Pin;

use bytes::Bytes;
use futures_core::Stream;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use crate::error::Error;
use body::{Body, StreamBody};

/// A request as a plain value.
#[derive(Debug)]
pub struct Request {
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) headers: HeaderMap,
    body: Body,
}

impl Request {
    /// Creates a request without headers and body.
    #[must_use]
    pub fn new(method: Method, url: Url) -> Self {
        Self {
            method,
            url,
            headers: HeaderMap::new(),
            body: Body::Empty,
        }
    }

    /// Sets a header. Mark the value as sensitive if it is a secret.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    /// Sets a body and its `Content-Type`.
    #[must_use]
    pub fn with_body(self, content_type: &'static str, body: Bytes) -> Self {
        let content_type = HeaderValue::from_static(content_type);
        let mut request = self.with_header(http::header::CONTENT_TYPE, content_type);
        request.set_body(body);
        request
    }

    /// Sets a body that is sent while it is produced, and its `Content-Type`. It can be sent once.
    #[must_use]
    pub fn with_body_stream<S>(self, content_type: &'static str, stream: S) -> Self
    where
        S: Stream<Item = io::Result<Bytes>> + Send + 'static,
    {
        let content_type = HeaderValue::from_static(content_type);
        let mut request = self.with_header(http::header::CONTENT_TYPE, content_type);
        request.set_body_stream(stream);
        request
    }

    pub(crate) fn replace_headers(&mut self, headers: HeaderMap) {
        for (name, value) in &headers {
            self.headers.insert(name, value.clone());
        }
    }

    pub(crate) fn set_body(&mut self, body: Bytes) {
        self.body = Body::Bytes(body);
    }

    pub(crate) fn set_body_stream(
        &mut self,
        stream: impl Stream<Item = io::Result<Bytes>> + Send + 'static,
    ) {
        let stream: Pin<Box<dyn Stream<Item = _> + Send>> = Box::pin(stream);
        self.body = Body::Stream(Some(StreamBody::new(stream)));
    }

    /// The request in the form of the HTTP library. A streamed body can be taken once; after that it is empty.
    pub(crate) fn take_reqwest(&mut self) -> reqwest::Request {
        let mut request = reqwest::Request::new(self.method.clone(), self.url.clone());
        *request.headers_mut() = self.headers.clone();
        *request.body_mut() = self.body.take_reqwest();
        request
    }
}

/// The parts of a header's value that are secret: the value itself, and what follows a scheme such as `Bearer`.
pub(crate) fn secrets_of_header(value: &SecretString) -> impl Iterator<Item = SecretString> {
    let token = value
        .expose_secret()
        .split_once(' ')
        .map(|(_, token)| token.trim());
    let token = token
        .filter(|token| !token.is_empty())
        .map(SecretString::from);
    std::iter::once(value.clone()).chain(token)
}

pub(crate) fn header_name(name: &str) -> Result<HeaderName, Error> {
    HeaderName::from_bytes(name.as_bytes()).map_err(|_error| {
        Error::configuration(format!(
            "`{}` is not a valid header name",
            name.escape_debug()
        ))
    })
}

pub(crate) fn header_value(name: &str, value: &str) -> Result<HeaderValue, Error> {
    HeaderValue::from_str(value).map_err(|_error| {
        // The value is not repeated: it may be a secret.
        Error::configuration(format!(
            "the value of the header `{}` contains characters that a header cannot contain",
            name.escape_debug()
        ))
    })
}

pub(crate) fn secret_header_value(name: &str, value: &SecretString) -> Result<HeaderValue, Error> {
    let mut value = header_value(name, value.expose_secret())?;
    value.set_sensitive(true);
    Ok(value)
}
