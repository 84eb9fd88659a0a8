//! Faults on demand: what fails, for which requests, and how many times.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Barrier;

use super::answer::{Answer, Body};
use super::pages::{self, LoginWay};
use super::request::Request;

mod flood;

/// A fault to inject with [`FakeSite::fail`](super::FakeSite::fail).
///
/// A fault applies to every request, unless [`on`](Self::on), [`when`](Self::when) or [`after`](Self::after) restrict it,
/// and for ever, unless [`times`](Self::times) limits it. Faults that do not exclude each other are combined.
///
/// ```
/// # use std::time::Duration;
/// # use qrs_fake_site::{Fault, Point};
/// let busy = Fault::status(503).retry_after(1).on("/qrs/app/full").times(2);
/// let slow = Fault::delay(Duration::from_millis(50));
/// let cut = Fault::cut(Point::Records(3)).on("/qrs/app/object/full").after(1).times(1);
/// ```
#[derive(Clone)]
pub struct Fault {
    pub(super) effect: Effect,
    path: Option<String>,
    condition: Option<Condition>,
    skipped: usize,
    left: Option<usize>,
}

type Condition = Arc<dyn Fn(&Request) -> bool + Send + Sync>;

/// A point in an answer's body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Point {
    /// After this many bytes of the body.
    Bytes(usize),
    /// After this many records of the list, before the comma that follows.
    Records(usize),
}

/// The effect of a fault on the response to one request.
#[derive(Debug, Clone)]
pub(super) enum Effect {
    Instead(Instead),
    HangUp(Ending),
    Delay(Duration),
    /// A byte of the body at a time, with this pause after each.
    Drip(Duration),
    Stop(Point, Ending),
    /// `Content-Length` differs from the true length by this much.
    LengthOff(i64),
    CountOff(i64),
    List(ListEffect),
    /// The body is compressed while it is sent.
    Gzip,
    /// The sessions end just before the request is answered.
    EndSessions,
    /// The request waits for others.
    Together(Arc<Barrier>),
}

/// A response that replaces the right one.
#[derive(Debug, Clone)]
pub(super) enum Instead {
    Given(Answer),
    LoginRedirect(LoginWay),
}

/// How a connection ends prematurely.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// Closed before the end of the body, as the framing shows.
    Close,
    Reset,
    /// It does not end, but nothing more is sent.
    Stall,
    /// Closed; without a declared length, this looks like the end of the body.
    Clean,
}

/// A change of the text of a complete body.
#[derive(Debug, Clone)]
pub(super) enum ListEffect {
    ByteOrderMark,
    Trailing(String),
    /// Another text between two records, after this many of them.
    Separator(usize, &'static str),
    /// Another text instead of a record; the first one is 0.
    Record(usize, String),
    Missing(usize),
    Repeated(usize),
}

/// Faults that replace the response.
impl Fault {
    /// Answers with this status and a line of text.
    pub fn status(status: u16) -> Self {
        let text = format!("The fake site answers with {status}.");
        Self::instead(Answer::text(status, text))
    }

    /// Answers with 200 and this body, labelled as JSON.
    pub fn body(body: impl Into<String>) -> Self {
        Self::instead(Answer::json(Body::Text(body.into())))
    }

    /// Answers with 401 and an NTLM challenge.
    pub fn ntlm_challenge() -> Self {
        Self::instead(pages::ntlm_challenge())
    }

    /// Answers with 200 and a login form in HTML.
    pub fn login_page() -> Self {
        Self::instead(pages::login_form())
    }

    /// Answers with 302 to a login page.
    pub fn redirect_to_login(way: LoginWay) -> Self {
        Self::new(Effect::Instead(Instead::LoginRedirect(way)))
    }

    /// Answers with 400 and 88 KB of HTML, as if the virtual proxy did not exist.
    pub fn wrong_prefix_page() -> Self {
        Self::instead(pages::wrong_prefix())
    }

    /// Adds a `Retry-After` in seconds. Only for faults that replace the response.
    pub fn retry_after(self, seconds: u32) -> Self {
        self.with_header("Retry-After", &seconds.to_string())
    }

    /// Sets a header. Only for faults that replace the response.
    pub fn with_header(self, name: &str, value: &str) -> Self {
        self.change_answer(|answer| answer.header(name, value))
    }

    /// Sets the body. Only for faults that replace the response.
    pub fn with_body(self, body: impl Into<String>) -> Self {
        let body = Body::Text(body.into());
        self.change_answer(|answer| Answer { body, ..answer })
    }

    /// Ends all sessions just before the request is answered, so a request with a cookie gets the response to an ended session.
    pub fn end_sessions() -> Self {
        Self::new(Effect::EndSessions)
    }

    fn change_answer(mut self, change: impl FnOnce(Answer) -> Answer) -> Self {
        if let Effect::Instead(Instead::Given(answer)) = self.effect {
            self.effect = Effect::Instead(Instead::Given(change(answer)));
        }
        self
    }

    fn instead(answer: Answer) -> Self {
        Self::new(Effect::Instead(Instead::Given(answer)))
    }
}

/// Faults that delay, truncate or suppress the response.
impl Fault {
    /// Closes the connection without an answer.
    pub fn close() -> Self {
        Self::new(Effect::HangUp(Ending::Close))
    }

    /// Resets the connection (RST) without an answer.
    pub fn reset() -> Self {
        Self::new(Effect::HangUp(Ending::Reset))
    }

    /// Never answers, and leaves the connection open.
    pub fn silence() -> Self {
        Self::new(Effect::HangUp(Ending::Stall))
    }

    /// Waits before the first byte of the response.
    pub fn delay(time: Duration) -> Self {
        Self::new(Effect::Delay(time))
    }

    /// Answers requests only when this many of them have arrived and wait, so a client that sends fewer at once waits for
    /// ever.
    pub fn together(requests: usize) -> Self {
        Self::new(Effect::Together(Arc::new(Barrier::new(requests))))
    }

    /// Sends the body byte by byte, with a pause after each.
    pub fn drip(pause: Duration) -> Self {
        Self::new(Effect::Drip(pause))
    }

    /// Closes the connection in the middle of the body: a chunked body then lacks its last chunk, another one is too short.
    pub fn cut(point: Point) -> Self {
        Self::new(Effect::Stop(point, Ending::Close))
    }

    /// Resets the connection (RST) in the middle of the body.
    pub fn reset_within(point: Point) -> Self {
        Self::new(Effect::Stop(point, Ending::Reset))
    }

    /// Sends nothing after a point in the body, and leaves the connection open.
    pub fn stall(point: Point) -> Self {
        Self::new(Effect::Stop(point, Ending::Stall))
    }

    /// Ends the body at a point as if it were complete: with `Connection: close` and without a length.
    pub fn end_early(point: Point) -> Self {
        Self::new(Effect::Stop(point, Ending::Clean))
    }

    /// Declares a `Content-Length` that is too large (or too small) by this many bytes, then closes the connection.
    pub fn length_off_by(bytes: i64) -> Self {
        Self::new(Effect::LengthOff(bytes))
    }
}

/// Faults that make a complete response wrong.
impl Fault {
    /// Adds this to every count. Other responses stay right.
    pub fn count_off_by(records: i64) -> Self {
        Self::new(Effect::CountOff(records))
    }

    /// Omits the last records of a list.
    pub fn missing_records(count: usize) -> Self {
        Self::new(Effect::List(ListEffect::Missing(count)))
    }

    /// Repeats the first records of a list at its end.
    pub fn repeated_records(count: usize) -> Self {
        Self::new(Effect::List(ListEffect::Repeated(count)))
    }

    /// Writes this text instead of a record of a list; the first one is 0.
    pub fn record(number: usize, text: impl Into<String>) -> Self {
        Self::new(Effect::List(ListEffect::Record(number, text.into())))
    }

    /// Omits the comma after the first `records` records of a list.
    pub fn missing_comma(records: usize) -> Self {
        Self::new(Effect::List(ListEffect::Separator(records, "")))
    }

    /// Doubles the comma after the first `records` records of a list.
    pub fn double_comma(records: usize) -> Self {
        Self::new(Effect::List(ListEffect::Separator(records, ",,")))
    }

    /// Writes this text after the body, as after a list's `]`.
    pub fn trailing(text: impl Into<String>) -> Self {
        Self::new(Effect::List(ListEffect::Trailing(text.into())))
    }

    /// Writes a byte order mark before the body.
    pub fn byte_order_mark() -> Self {
        Self::new(Effect::List(ListEffect::ByteOrderMark))
    }
}

/// Restrictions of a fault.
impl Fault {
    /// Only for requests with this path, without the virtual proxy: `/qrs/app/full`.
    pub fn on(mut self, path: &str) -> Self {
        self.path = Some(path.to_owned());
        self
    }

    /// Only for requests that `condition` accepts. The site waits for it, so it must not send requests to the site.
    pub fn when(mut self, condition: impl Fn(&Request) -> bool + Send + Sync + 'static) -> Self {
        self.condition = Some(Arc::new(condition));
        self
    }

    /// Only after this many matching requests.
    pub fn after(mut self, requests: usize) -> Self {
        self.skipped = requests;
        self
    }

    /// At most this many times.
    pub fn times(mut self, times: usize) -> Self {
        self.left = Some(times);
        self
    }

    fn new(effect: Effect) -> Self {
        Self {
            effect,
            path: None,
            condition: None,
            skipped: 0,
            left: None,
        }
    }

    /// The effect on this request, if the fault applies. Counts it.
    pub(super) fn trigger(&mut self, request: &Request) -> Option<Effect> {
        let on_path = self
            .path
            .as_deref()
            .is_none_or(|path| path == request.path());
        let wanted = self.condition.as_ref().is_none_or(|holds| holds(request));
        if !on_path || !wanted || self.left == Some(0) {
            return None;
        }
        if self.skipped > 0 {
            self.skipped -= 1;
            return None;
        }
        self.left = self.left.map(|left| left - 1);
        Some(self.effect.clone())
    }
}
