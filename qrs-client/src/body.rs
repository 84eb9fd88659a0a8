//! The body of an answer, piece by piece, within the time limits.

use std::time::Duration;

use bytes::Bytes;
use tokio::time::{Instant, timeout, timeout_at};

use crate::answer::login_page;
use crate::asked::Asked;
use crate::error::{Error, ErrorKind};
use crate::excerpt::{BYTE_ORDER_MARK, is_html, without_mark};
use crate::http::Response;
use crate::session::Carried;
use crate::silence;
use crate::time_limits::{self, AnswerLimits, TimeLimit};

/// The body of an answer as it comes, unpacked but not decoded.
pub struct Body {
    response: Response,
    asked: Asked,
    limits: AnswerLimits,
    /// The cookies of the request.
    carried: Option<Carried>,
    beginning: Beginning,
    /// The answer's head says that it is a web page. It is read all the same if it begins as JSON does.
    labelled_as_page: bool,
}

/// What is known of how the body begins.
enum Beginning {
    /// Nothing but white space came so far.
    Blank(Vec<u8>),
    /// It begins as JSON may; this much was read to know it, and is still to be given to the caller.
    Read(Bytes),
    /// The caller has it.
    Given,
}

/// Maximum white space before a body, in bytes, that is searched for a web page.
const MAX_BLANK: usize = 4 * 1024;

/// Qlik Sense's error pages have 88 KB, with the message at any place.
const LONGEST_ERROR_BODY: usize = 128 * 1024;

/// Whether a page was read to its end.
enum PageEnd {
    Whole,
    Cut,
}

/// A message is not worth a long wait.
const ERROR_BODY_TIME: Duration = Duration::from_secs(5);

/// Maximum size of an answer that is read as one value, in bytes. A version or a count has less than 1 KB.
const MAX_VALUE_BYTES: usize = 1_000_000;

impl Body {
    pub(crate) fn new(response: Response, asked: Asked, limits: AnswerLimits) -> Self {
        let beginning = Beginning::Blank(Vec::new());
        Self {
            response,
            asked,
            limits,
            carried: None,
            beginning,
            labelled_as_page: false,
        }
    }

    pub(crate) fn set_carried(&mut self, carried: Carried) {
        self.carried = Some(carried);
    }

    /// The cookies of the request.
    pub(crate) fn carried(&self) -> Option<&Carried> {
        self.carried.as_ref()
    }

    pub(crate) fn set_labelled_as_page(&mut self) {
        self.labelled_as_page = true;
    }

    /// The next piece; none at the end of the answer. A connection that is closed in order looks
    /// like an end.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Timeout`] and [`ErrorKind::Unreachable`] if the answer breaks off;
    /// [`ErrorKind::LoginPage`] if it is a web page.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, Error> {
        self.begin().await?;
        match std::mem::replace(&mut self.beginning, Beginning::Given) {
            Beginning::Read(bytes) if !bytes.is_empty() => Ok(Some(bytes)),
            _ => self.any_chunk().await,
        }
    }

    /// Reads until it is known whether the body is a web page.
    ///
    /// # Errors
    ///
    /// As [`chunk`](Self::chunk).
    pub(crate) async fn begin(&mut self) -> Result<(), Error> {
        while matches!(self.beginning, Beginning::Blank(_)) {
            let chunk = self.any_chunk().await?;
            let Beginning::Blank(read) = &mut self.beginning else {
                return Ok(());
            };
            read.extend_from_slice(chunk.as_deref().unwrap_or_default());
            let is_known = chunk.is_none() || read.len() > MAX_BLANK || !is_blank(read);
            if is_html(read) || (self.labelled_as_page && is_known && !is_json(read)) {
                let page = std::mem::take(read);
                let page = self.beginning_of_page(page).await;
                let status = self.response.status();
                return Err(login_page(&page, &self.asked).with_status(status));
            }
            if is_known {
                self.beginning = Beginning::Read(Bytes::from(std::mem::take(read)));
            }
        }
        Ok(())
    }

    pub(crate) fn asked(&self) -> &Asked {
        &self.asked
    }

    /// The whole body of an answer that is no list.
    pub(crate) async fn whole(&mut self) -> Result<Vec<u8>, Error> {
        let mut whole = Vec::new();
        while let Some(chunk) = self.chunk().await? {
            if whole.len() + chunk.len() > MAX_VALUE_BYTES {
                let message = "the response has more than 1 MB where a single value was expected";
                return Err(self.asked.error(ErrorKind::TooLarge, message));
            }
            whole.extend_from_slice(&chunk);
        }
        Ok(whole)
    }

    /// As much of an error's body as a message needs; what can't be read is left out.
    pub(crate) async fn for_message(&mut self) -> Vec<u8> {
        self.beginning_of_page(Vec::new()).await
    }

    async fn beginning_of_page(&mut self, mut page: Vec<u8>) -> Vec<u8> {
        let read = async {
            while page.len() < LONGEST_ERROR_BODY {
                tokio::task::consume_budget().await;
                match self.any_chunk().await {
                    Ok(Some(chunk)) => page.extend_from_slice(&chunk),
                    Ok(None) => return PageEnd::Whole,
                    Err(_) => break,
                }
            }
            PageEnd::Cut
        };
        // Whatever came in time will do.
        let end = timeout(ERROR_BODY_TIME, read).await;
        page.truncate(LONGEST_ERROR_BODY);
        if !matches!(end, Ok(PageEnd::Whole)) {
            let shown = self.asked.secrets().shown_of_cut(&page);
            page.truncate(shown);
        }
        page
    }

    async fn any_chunk(&mut self) -> Result<Option<Bytes>, Error> {
        let AnswerLimits {
            silence, deadline, ..
        } = self.limits;
        let now = Instant::now();
        // A piece that is there already wins against a timer, so that an answer that never pauses would go on for ever.
        if now >= deadline {
            return Err(self.too_late());
        }
        let silent_at = now + silence;
        match timeout_at(silent_at.min(deadline), self.response.chunk()).await {
            Ok(chunk) => chunk.map_err(|error| silence::cut_answer(&error, &self.asked)),
            Err(_) if silent_at < deadline => Err(time_limits::exceeded(
                TimeLimit::Silence,
                silence,
                &self.asked,
            )),
            Err(_) => Err(self.too_late()),
        }
    }

    fn too_late(&self) -> Error {
        time_limits::exceeded(TimeLimit::List, self.limits.whole, &self.asked)
    }
}

/// Whether a body may still turn out to be a web page: white space, or a part of a byte order mark.
fn is_blank(read: &[u8]) -> bool {
    without_mark(read).trim_ascii_start().is_empty() || BYTE_ORDER_MARK.starts_with(read)
}

/// Whether a body begins as a JSON value does that QRS answers with: a list, an object, a number or a text.
fn is_json(read: &[u8]) -> bool {
    let first = without_mark(read).trim_ascii_start().first();
    first.is_some_and(|byte| matches!(byte, b'[' | b'{' | b'"' | b'-' | b'0'..=b'9'))
}

impl std::fmt::Debug for Body {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Body").finish_non_exhaustive()
    }
}
