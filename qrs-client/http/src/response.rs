//! A response: its status, its headers, and its body within the time limits.

mod status;

use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use http::header::{CONTENT_TYPE, DATE, PROXY_AUTHENTICATE, RETRY_AFTER, WWW_AUTHENTICATE};
use serde::de::DeserializeOwned;
use tokio::time::{Instant, timeout, timeout_at};

use crate::challenge::Challenge;
use crate::error::{Error, ErrorKind};
use crate::fact::Fact;
use crate::page_text::{is_html, without_byte_order_mark};
use crate::request_context::RequestContext;
use crate::response_error;
use crate::retry::{self, FailureClass};
use crate::time_limits::{ResponseLimits, TimeLimit, bounded};
use crate::transport::{RawResponse, UnknownCoding};

/// Maximum size of a body that [`Response::text`] and [`Response::json`] read, in bytes.
const MAX_TEXT_BYTES: usize = 10_000_000;

/// Maximum size of an error page that is read for a message, in bytes.
const MAX_PAGE_BYTES: usize = 128 * 1024;

/// Maximum time to read an error page for a message.
const MAX_PAGE_TIME: Duration = Duration::from_secs(5);

/// The response of a server, with any status. Its body is read piece by piece with [`chunk`](Self::chunk), or as a whole with
/// [`text`](Self::text) or [`json`](Self::json).
pub struct Response {
    raw: RawResponse,
    coding: Result<(), UnknownCoding>,
    context: RequestContext,
    limits: ResponseLimits,
    /// Number of failed tries and their total time, if there were several.
    tries: Option<(u32, Duration)>,
}

impl Response {
    pub(crate) fn new(
        mut raw: RawResponse,
        context: RequestContext,
        limits: ResponseLimits,
    ) -> Self {
        let coding = raw.unpack();
        Self {
            raw,
            coding,
            context,
            limits,
            tries: None,
        }
    }

    pub(crate) fn set_tries(&mut self, tries: Option<(u32, Duration)>) {
        self.tries = tries;
    }

    /// The status code.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.raw.status()
    }

    /// Whether the status is from 200 to 299.
    #[must_use]
    pub fn is_success(&self) -> bool {
        matches!(self.status(), 200..=299)
    }

    /// The headers.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        self.raw.headers()
    }

    /// The first value of a header, if there is one and it is text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers().get(name)?.to_str().ok()
    }

    /// The delay that the server asks for with `Retry-After`.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        let value = self.header(RETRY_AFTER.as_str())?;
        retry::retry_after(value, self.header(DATE.as_str()))
    }

    /// The authentication schemes that the server asks for, or the proxy if the status is 407.
    #[must_use]
    pub fn challenges(&self) -> Vec<Challenge> {
        let name = match self.status() {
            407 => PROXY_AUTHENTICATE,
            _ => WWW_AUTHENTICATE,
        };
        let values = self.headers().get_all(name).iter();
        Challenge::all(values.filter_map(|value| value.to_str().ok()))
    }

    /// Whether the header `Content-Type` says that the body is a web page.
    #[must_use]
    pub fn is_labelled_as_page(&self) -> bool {
        let label = self.header(CONTENT_TYPE.as_str()).unwrap_or_default();
        label.to_ascii_lowercase().contains("html")
    }

    /// The request as messages may describe it.
    #[must_use]
    pub fn context(&self) -> &RequestContext {
        &self.context
    }

    /// The same, to add secrets that came with the response.
    pub fn context_mut(&mut self) -> &mut RequestContext {
        &mut self.context
    }

    /// How the retry table treats the status.
    pub(crate) fn class(&self) -> FailureClass {
        FailureClass::Status(self.status(), self.retry_after())
    }

    /// The next piece of the body, decompressed; `None` at its end.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Timeout`] if a time limit is exceeded, [`ErrorKind::Unreachable`] if the connection is lost,
    /// [`ErrorKind::UnexpectedAnswer`] if the body cannot be decompressed.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, Error> {
        if let Err(coding) = &self.coding {
            let error = response_error::unknown_coding(coding, &self.context);
            return Err(error.with_status(self.status()));
        }
        let ResponseLimits { deadline, limits } = self.limits;
        let exceeded = |limit, value, context: &RequestContext| {
            Err(response_error::time_limit_exceeded(limit, value, context))
        };
        let now = Instant::now();
        // A piece that has already arrived wins against a timer, so that a response that never pauses would never end.
        if now >= deadline {
            return exceeded(TimeLimit::Total, limits.total, &self.context);
        }
        let silent_at = now + limits.silence;
        match timeout_at(silent_at.min(deadline), self.raw.chunk()).await {
            Ok(chunk) => {
                chunk.map_err(|error| response_error::incomplete_response(&error, &self.context))
            }
            Err(_) if silent_at < deadline => {
                exceeded(TimeLimit::Silence, limits.silence, &self.context)
            }
            Err(_) => exceeded(TimeLimit::Total, limits.total, &self.context),
        }
    }

    /// Allows the response to take this much longer as a whole, because nothing was read for so long.
    pub fn extend(&mut self, time: Duration) {
        self.limits.deadline += bounded(time);
    }

    /// The time at which the response must be complete.
    pub(crate) fn deadline(&self) -> Instant {
        self.limits.deadline
    }

    /// Reads the rest of the body, up to `max` bytes, without keeping it. Returns whether that was all.
    pub(crate) async fn discard(mut self, max: usize) -> bool {
        let rest = async {
            let mut length = 0;
            while length <= max {
                match self.raw.packed().await {
                    Ok(Some(chunk)) => length += chunk.len(),
                    Ok(None) => return true,
                    Err(_) => return false,
                }
            }
            false
        };
        let time = self.limits.limits.silence.min(MAX_PAGE_TIME);
        timeout(time, rest).await.unwrap_or(false)
    }

    /// The whole body, if it has at most `max` bytes.
    ///
    /// # Errors
    ///
    /// As [`chunk`](Self::chunk), and [`ErrorKind::TooLarge`].
    pub async fn bytes(&mut self, max: usize) -> Result<Vec<u8>, Error> {
        let mut whole = Vec::new();
        while let Some(chunk) = self.chunk().await? {
            if whole.len() + chunk.len() > max {
                let message = format!("the response has more than {max} bytes");
                return Err(self.context.error(ErrorKind::TooLarge, message));
            }
            whole.extend_from_slice(&chunk);
        }
        Ok(whole)
    }

    /// The whole body as text, up to 10 MB. Invalid UTF-8 becomes U+FFFD.
    ///
    /// # Errors
    ///
    /// As [`bytes`](Self::bytes).
    pub async fn text(&mut self) -> Result<String, Error> {
        let bytes = self.bytes(MAX_TEXT_BYTES).await?;
        Ok(String::from_utf8_lossy(without_byte_order_mark(&bytes)).into_owned())
    }

    /// The whole body as JSON, up to 10 MB.
    ///
    /// # Errors
    ///
    /// As [`bytes`](Self::bytes); [`ErrorKind::WebPage`] if the body is a web page, [`ErrorKind::UnexpectedAnswer`] if it is
    /// not JSON of this type. The status is not checked; see [`error_for_status`](Self::error_for_status).
    pub async fn json<T: DeserializeOwned>(&mut self) -> Result<T, Error> {
        let bytes = self.bytes(MAX_TEXT_BYTES).await?;
        let json = without_byte_order_mark(&bytes);
        let value = serde_json::from_slice(json);
        value.map_err(|error| self.not_json(json, &error))
    }

    fn not_json(&self, body: &[u8], error: &serde_json::Error) -> Error {
        let name = self.context.server_name();
        let error = if is_html(body) {
            let message = format!("{name} answered with a web page instead of JSON");
            self.context
                .error(ErrorKind::WebPage, message)
                .with_fact(Fact::WebPage)
                .with_hint(
                    "check the URL, and whether a gateway in front of the server sends this page",
                )
        } else {
            let reason = self.context.redactor().redact_line(&error.to_string());
            let message = match (error.is_eof(), error.is_syntax()) {
                (true, _) => "the response ends before its JSON is complete".to_owned(),
                (_, true) => format!("the response is not valid JSON: {reason}"),
                _ => format!("the response is not the expected JSON: {reason}"),
            };
            let (fact, class) = match () {
                // JSON that ends too early was cut off, although the connection was closed properly.
                () if error.is_eof() => (Fact::AnswerCut, FailureClass::ConnectionLost),
                () if error.is_syntax() => (Fact::NotJson, FailureClass::Permanent),
                () => (Fact::UnexpectedJson, FailureClass::Permanent),
            };
            self.context
                .error(ErrorKind::UnexpectedAnswer, message)
                .with_fact(fact)
                .with_class(class)
        };
        error
            .with_status(self.status())
            .with_excerpt(self.context.redactor().excerpt(body))
    }

    /// Returns the response if its status is from 200 to 299, otherwise the error that the status stands for, with the
    /// beginning of the body's text.
    ///
    /// # Errors
    ///
    /// One of the [kinds](ErrorKind) that stand for a status.
    pub async fn error_for_status(mut self) -> Result<Self, Error> {
        if self.is_success() {
            return Ok(self);
        }
        let page = self.page(Vec::new()).await;
        let error = status::error(&self, &page);
        Err(match self.tries {
            Some((tries, total)) => error.with_tries(tries, total),
            None => error,
        })
    }

    /// Reads as much of an error page as a message needs, after the `beginning` that was already read. Errors are ignored. If
    /// the page is cut off within a secret, the secret's beginning is left out.
    pub async fn page(&mut self, beginning: Vec<u8>) -> Vec<u8> {
        let mut page = beginning;
        let mut is_complete = false;
        let read = async {
            while page.len() < MAX_PAGE_BYTES {
                tokio::task::consume_budget().await;
                match self.chunk().await {
                    Ok(Some(chunk)) => page.extend_from_slice(&chunk),
                    Ok(None) => {
                        is_complete = true;
                        return;
                    }
                    Err(_) => return,
                }
            }
        };
        // Whatever arrived in time is enough.
        timeout(MAX_PAGE_TIME, read).await.ok();
        page.truncate(MAX_PAGE_BYTES);
        if !is_complete {
            let shown = self.context.redactor().shown_of_cut(&page);
            page.truncate(shown);
        }
        page
    }
}

impl std::fmt::Debug for Response {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.status())
            .field("url", &self.context.url())
            .finish_non_exhaustive()
    }
}
