//! The body of a response, piece by piece, within the time limits.

use std::time::Duration;

use bytes::Bytes;
use outbound_http::{BYTE_ORDER_MARK, Response, is_html, without_byte_order_mark};
use tokio::time::Instant;

use crate::answer::login_page;
use crate::call::Reading;
use crate::credentials::LoginKind;
use crate::error::{Error, ErrorKind};
use crate::limiter::Turn;
use crate::outline::Outline;
use crate::request_context::RequestContext;
use crate::session::SentCookies;
use crate::site::SiteUrl;
use crate::span::RequestSpan;

/// The body of a response as it arrives, decompressed but not decoded.
pub struct Body {
    response: Response,
    site: SiteUrl,
    login: LoginKind,
    /// The cookies of the request.
    sent_cookies: Option<SentCookies>,
    beginning: Beginning,
    /// The request, until the response has been read.
    turn: Option<Turn>,
    span: Option<RequestSpan>,
}

/// The beginning of the body, as far as it was read.
enum Beginning {
    /// Only white space has arrived so far.
    Blank(Vec<u8>),
    /// The body begins as JSON may. These bytes were read to find out and are still to be returned.
    Read(Bytes),
    /// The bytes were returned.
    Returned,
}

/// Maximum duration of a pause that counts for the time limits. Decoding a piece of a list takes far less, on any machine.
const MAX_COUNTED_PAUSE: Duration = Duration::from_secs(5);

/// Maximum white space before a body, in bytes, that is searched for a web page.
const MAX_BLANK_BYTES: usize = 4 * 1024;

/// Maximum size of a response that is read as a single value, in bytes. A version or a count has less than 1 KB.
const MAX_VALUE_BYTES: usize = 1_000_000;

impl Body {
    pub(crate) fn new(response: Response, site: SiteUrl, login: LoginKind) -> Self {
        Self {
            response,
            site,
            login,
            sent_cookies: None,
            beginning: Beginning::Blank(Vec::new()),
            turn: None,
            span: None,
        }
    }

    pub(crate) fn set_turn(&mut self, turn: Turn) {
        self.turn = Some(turn);
    }

    /// Records the response in the span of its request. The span ends with the body.
    pub(crate) fn set_span(&mut self, span: RequestSpan, tries: u32) {
        span.record_status(self.response.status(), tries);
        self.span = Some(span);
    }

    /// Waits until the caller has room for more. Nothing is read in this time, so it does not count for the time limits, unless
    /// it is as short as decoding what was read: otherwise an endless list of tiny records would take very long.
    pub(crate) async fn pause<T>(&mut self, room: impl Future<Output = T>) -> T {
        let begun = Instant::now();
        if let Some(turn) = &mut self.turn {
            turn.pause();
        }
        let room = room.await;
        if let Some(turn) = &mut self.turn {
            turn.resume();
        }
        let paused = begun.elapsed();
        if paused > MAX_COUNTED_PAUSE {
            self.response.extend(paused);
        }
        room
    }

    /// Ends the request: nothing more is read.
    pub(crate) fn end(&mut self) {
        self.turn = None;
        self.span = None;
    }

    pub(crate) fn set_sent_cookies(&mut self, cookies: SentCookies) {
        self.sent_cookies = Some(cookies);
    }

    /// The cookies of the request.
    pub(crate) fn sent_cookies(&self) -> Option<&SentCookies> {
        self.sent_cookies.as_ref()
    }

    /// The next piece; `None` at the end of the response. A connection that is closed properly looks like an end.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Timeout`] and [`ErrorKind::Unreachable`] if the response is incomplete;
    /// [`ErrorKind::LoginPage`] if it is a web page.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, Error> {
        self.begin().await?;
        let chunk = match std::mem::replace(&mut self.beginning, Beginning::Returned) {
            Beginning::Read(bytes) if !bytes.is_empty() => Some(bytes),
            _ => self.response.chunk().await?,
        };
        match (&chunk, &mut self.span) {
            (Some(chunk), Some(span)) => span.add_bytes(chunk.len()),
            (Some(_), None) => {}
            (None, _) => self.end(),
        }
        Ok(chunk)
    }

    /// Reads until it is known whether the body is a web page.
    ///
    /// # Errors
    ///
    /// As [`chunk`](Self::chunk).
    pub(crate) async fn begin(&mut self) -> Result<(), Error> {
        while matches!(self.beginning, Beginning::Blank(_)) {
            let chunk = self.response.chunk().await?;
            let Beginning::Blank(read) = &mut self.beginning else {
                return Ok(());
            };
            read.extend_from_slice(chunk.as_deref().unwrap_or_default());
            let is_known = chunk.is_none() || read.len() > MAX_BLANK_BYTES || !is_blank(read);
            // A page that is labelled as one is read all the same if it begins as JSON does.
            let is_labelled = self.response.is_labelled_as_page();
            if is_html(read) || (is_labelled && is_known && !is_json(read)) {
                let page = std::mem::take(read);
                let page = self.response.page(page).await;
                let status = self.response.status();
                return Err(login_page(&page, self.context()).with_status(status));
            }
            if is_known {
                self.beginning = Beginning::Read(Bytes::from(std::mem::take(read)));
            }
        }
        Ok(())
    }

    /// The request as messages may describe it.
    pub(crate) fn context(&self) -> RequestContext<'_> {
        RequestContext {
            site: &self.site,
            login: self.login,
            http: self.response.context(),
        }
    }

    /// What is wanted of a response that is not a list.
    pub(crate) async fn value(&mut self, reading: Reading) -> Result<Vec<u8>, Error> {
        match reading {
            Reading::Whole => self.whole().await,
            Reading::Outline => self.outline().await,
        }
    }

    /// The outline of a body of any size.
    async fn outline(&mut self) -> Result<Vec<u8>, Error> {
        let mut outline = Outline::default();
        while let Some(chunk) = self.chunk().await? {
            outline.push(&chunk);
            if outline.bytes().len() > MAX_VALUE_BYTES {
                return Err(self.too_large());
            }
        }
        Ok(outline.into_bytes())
    }

    fn too_large(&self) -> Error {
        let message = "the response has more than 1 MB, but a single value was expected";
        self.context().error(ErrorKind::TooLarge, message)
    }

    /// The whole body of a response that is not a list.
    pub(crate) async fn whole(&mut self) -> Result<Vec<u8>, Error> {
        let mut whole = Vec::new();
        while let Some(chunk) = self.chunk().await? {
            if whole.len() + chunk.len() > MAX_VALUE_BYTES {
                return Err(self.too_large());
            }
            whole.extend_from_slice(&chunk);
        }
        Ok(whole)
    }
}

/// Whether a body may still turn out to be a web page: white space, or a part of a byte order mark.
fn is_blank(read: &[u8]) -> bool {
    let text = without_byte_order_mark(read);
    text.trim_ascii_start().is_empty() || BYTE_ORDER_MARK.starts_with(read)
}

/// Whether a body begins as the JSON values of QRS do: a list, an object, a number or a text.
fn is_json(read: &[u8]) -> bool {
    let first = without_byte_order_mark(read).trim_ascii_start().first();
    first.is_some_and(|byte| matches!(byte, b'[' | b'{' | b'"' | b'-' | b'0'..=b'9'))
}

impl std::fmt::Debug for Body {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Body").finish_non_exhaustive()
    }
}
