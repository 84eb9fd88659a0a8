//! Builds a request and sends it.

use std::fmt;
use std::io;
use std::time::Duration;

use bytes::Bytes;
use futures_core::Stream;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Method};
use secrecy::SecretString;
use serde::Serialize;
use url::Url;

use super::Client;
use crate::error::Error;
use crate::request::{Request, header_name, header_value, secret_header_value, secrets_of_header};
use crate::response::Response;
use crate::retry::{Repeat, RetryPolicy, Tries};
use crate::time_limits::TimeLimits;

/// A request to the server of a [`Client`], in the making. An error in it is returned by [`send`](Self::send).
#[must_use = "a request does nothing until it is sent"]
pub struct RequestBuilder<'c> {
    client: &'c Client,
    request: Result<Request, Error>,
    secrets: Vec<SecretString>,
    of_each_try: Option<&'c HeadersOfTry<'c>>,
    limits: TimeLimits,
    repeat: Repeat,
    retry: RetryPolicy,
}

/// Computes headers when a request is sent, and again for each further try.
pub(crate) type HeadersOfTry<'h> = dyn Fn() -> HeaderMap + Sync + 'h;

impl<'c> RequestBuilder<'c> {
    pub(super) fn new(client: &'c Client, method: Method, url: Result<Url, Error>) -> Self {
        Self {
            client,
            repeat: Repeat::from_method(&method),
            request: url.map(|url| Request::new(method, url)),
            secrets: Vec::new(),
            of_each_try: None,
            limits: client.time_limits(),
            retry: client.retry_policy(),
        }
    }

    /// Adds a parameter to the URL's query; the client encodes it.
    pub fn query(mut self, name: &str, value: &str) -> Self {
        if let Ok(request) = &mut self.request {
            request.url.query_pairs_mut().append_pair(name, value);
        }
        self
    }

    /// Sets a header.
    pub fn header(self, name: &str, value: &str) -> Self {
        self.with_header(name, header_value(name, value))
    }

    /// Sets a header whose value is a secret. No text of an error contains it.
    pub fn secret_header(mut self, name: &str, value: &SecretString) -> Self {
        self.secrets.extend(secrets_of_header(value));
        self.with_header(name, secret_header_value(name, value))
    }

    /// Sets headers that are computed for each try, such as a signature with the current time.
    pub fn headers_of_each_try(mut self, headers: &'c (dyn Fn() -> HeaderMap + Sync + 'c)) -> Self {
        self.of_each_try = Some(headers);
        self
    }

    /// Sets a body that is sent as it is.
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        if let Ok(request) = &mut self.request {
            request.set_body(body.into());
        }
        self
    }

    /// Sets a JSON body and its `Content-Type`.
    pub fn json<T: Serialize + ?Sized>(self, value: &T) -> Self {
        let json = serde_json::to_vec(value);
        let json = json.map_err(|error| {
            Error::configuration(format!(
                "the request body cannot be written as JSON: {error}"
            ))
        });
        match json {
            Ok(json) => self
                .header(CONTENT_TYPE.as_str(), "application/json")
                .body(json),
            Err(error) => self.with_error(error),
        }
    }

    /// Sets a body that is sent while it is produced. The request is never retried, since the stream can be read only once.
    pub fn body_stream<S>(mut self, stream: S) -> Self
    where
        S: Stream<Item = io::Result<Bytes>> + Send + 'static,
    {
        if let Ok(request) = &mut self.request {
            request.set_body_stream(stream);
        }
        self.repeat = Repeat::Never;
        self
    }

    /// Sets whether the request may be sent twice. By default this depends on the method.
    pub fn repeat(mut self, repeat: Repeat) -> Self {
        self.repeat = repeat;
        self
    }

    /// Sets how the request is retried, instead of the client's policy.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = policy;
        self
    }

    /// Sets the maximum time until the response begins, instead of the client's.
    pub fn first_byte(mut self, limit: Duration) -> Self {
        self.limits = self.limits.with_first_byte(limit);
        self
    }

    /// Sets the maximum time for the request and its whole response, instead of the client's.
    pub fn total(mut self, limit: Duration) -> Self {
        self.limits = self.limits.with_total(limit);
        self
    }

    /// Sends the request, and retries it as long as that is worthwhile and allowed. A response with an error status is a
    /// response, not an error.
    ///
    /// # Errors
    ///
    /// If the request is not valid, or no response comes.
    pub async fn send(self) -> Result<Response, Error> {
        let request = self.request?;
        let tries = Tries::new(self.retry, self.limits.begin(), self.repeat);
        self.client
            .send(request, self.of_each_try, self.secrets, tries)
            .await
    }

    fn with_header(mut self, name: &str, value: Result<HeaderValue, Error>) -> Self {
        let header = header_name(name).and_then(|name| Ok((name, value?)));
        match (&mut self.request, header) {
            (Ok(request), Ok((name, value))) => {
                request.headers.insert(name, value);
                self
            }
            (Ok(_), Err(error)) => self.with_error(error),
            (Err(_), _) => self,
        }
    }

    /// The first error counts.
    fn with_error(mut self, error: Error) -> Self {
        if self.request.is_ok() {
            self.request = Err(error);
        }
        self
    }
}

impl fmt::Debug for RequestBuilder<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestBuilder").finish_non_exhaustive()
    }
}
