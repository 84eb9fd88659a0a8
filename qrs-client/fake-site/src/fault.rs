//! Faults on demand: what goes wrong, with which requests, and how often.

use std::sync::Arc;
use std::time::Duration;

use super::answer::{Answer, Body};
use super::pages::{self, LoginWay};
use super::request::Request;

mod flood;

/// Something that goes wrong, for [`FakeSite::fail`](super::FakeSite::fail).
///
/// A fault concerns every request, unless [`on`](Self::on), [`when`](Self::when) or [`after`](Self::after) say which,
/// and forever, unless [`times`](Self::times) says how often. Faults that do not exclude each other add up.
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

/// What a fault does to the answer of one request.
#[derive(Debug, Clone)]
pub(super) enum Effect {
    Instead(Instead),
    HangUp(Ending),
    Delay(Duration),
    /// A byte of the body at a time, with this pause after each.
    Drip(Duration),
    Stop(Point, Ending),
    /// `Content-Length` is this much off the truth.
    LengthOff(i64),
    CountOff(i64),
    List(ListEffect),
    /// The body is packed while it is sent.
    Gzip,
    /// The sessions end just before the request is answered.
    EndSessions,
}

/// An answer in place of the right one.
#[derive(Debug, Clone)]
pub(super) enum Instead {
    Given(Answer),
    LoginRedirect(LoginWay),
}

/// How a connection ends too early.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// Closed, without the end of the body that the framing promised.
    Close,
    Reset,
    /// Not at all: nothing comes any more.
    Stall,
    /// Closed, and as the answer promised no length, this looks like its end.
    Clean,
}

/// What is wrong with the text of a body that is otherwise delivered whole.
#[derive(Debug, Clone)]
pub(super) enum ListEffect {
    ByteOrderMark,
    Trailing(String),
    /// The text between two records, after so many of them.
    Separator(usize, &'static str),
    /// The text in place of a record, the first being 0.
    Record(usize, String),
    Missing(usize),
    Repeated(usize),
}

/// The answer is another one.
impl Fault {
    /// Answers with this status and a line of text.
    pub fn status(status: u16) -> Self {
        let text = format!("The fake site answers with {status}.");
        Self::instead(Answer::text(status, text))
    }

    /// Answers with 200 and this body, said to be JSON.
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

    /// Adds a `Retry-After` to the answer, in seconds. Only for faults that are an answer.
    pub fn retry_after(self, seconds: u32) -> Self {
        self.with_header("Retry-After", &seconds.to_string())
    }

    /// Sets a header of the answer. Only for faults that are an answer.
    pub fn with_header(self, name: &str, value: &str) -> Self {
        self.change_answer(|answer| answer.header(name, value))
    }

    /// Sets the body of the answer. Only for faults that are an answer.
    pub fn with_body(self, body: impl Into<String>) -> Self {
        let body = Body::Text(body.into());
        self.change_answer(|answer| Answer { body, ..answer })
    }

    /// Ends all sessions just before the request is answered: one with a cookie meets the answer to an ended session.
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

/// The answer arrives late, in part, or not at all.
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

    /// Waits before the first byte of the answer.
    pub fn delay(time: Duration) -> Self {
        Self::new(Effect::Delay(time))
    }

    /// Sends the body byte by byte, with a pause after each.
    pub fn drip(pause: Duration) -> Self {
        Self::new(Effect::Drip(pause))
    }

    /// Closes the connection in the middle of the body: a chunked one has no last chunk then, another is too short.
    pub fn cut(point: Point) -> Self {
        Self::new(Effect::Stop(point, Ending::Close))
    }

    /// Resets the connection (RST) in the middle of the body.
    pub fn reset_within(point: Point) -> Self {
        Self::new(Effect::Stop(point, Ending::Reset))
    }

    /// Sends nothing more from a point in the body on, and leaves the connection open.
    pub fn stall(point: Point) -> Self {
        Self::new(Effect::Stop(point, Ending::Stall))
    }

    /// Ends the body at a point as if it were complete: with `Connection: close` and without a length.
    pub fn end_early(point: Point) -> Self {
        Self::new(Effect::Stop(point, Ending::Clean))
    }

    /// Declares a `Content-Length` that is this many bytes above (or below) the truth, then closes the connection.
    pub fn length_off_by(bytes: i64) -> Self {
        Self::new(Effect::LengthOff(bytes))
    }
}

/// The answer is complete, and wrong.
impl Fault {
    /// Adds this to every count. Other answers stay right.
    pub fn count_off_by(records: i64) -> Self {
        Self::new(Effect::CountOff(records))
    }

    /// Leaves out the last records of a list.
    pub fn missing_records(count: usize) -> Self {
        Self::new(Effect::List(ListEffect::Missing(count)))
    }

    /// Repeats the first records of a list at its end.
    pub fn repeated_records(count: usize) -> Self {
        Self::new(Effect::List(ListEffect::Repeated(count)))
    }

    /// Writes this text in place of a record of a list, the first being 0.
    pub fn record(number: usize, text: impl Into<String>) -> Self {
        Self::new(Effect::List(ListEffect::Record(number, text.into())))
    }

    /// Leaves out the comma after the first `records` records of a list.
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

/// Which requests, and how often.
impl Fault {
    /// Only for requests of this path, from `/qrs` on: `/qrs/app/full`.
    pub fn on(mut self, path: &str) -> Self {
        self.path = Some(path.to_owned());
        self
    }

    /// Only for requests that `condition` accepts. The site waits for it: it must not ask the site itself.
    pub fn when(mut self, condition: impl Fn(&Request) -> bool + Send + Sync + 'static) -> Self {
        self.condition = Some(Arc::new(condition));
        self
    }

    /// Only after this many requests that would have met it.
    pub fn after(mut self, requests: usize) -> Self {
        self.skipped = requests;
        self
    }

    /// No more than this many times.
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

    /// Gives the effect on this request, if there is one, and counts it.
    pub(super) fn strike(&mut self, request: &Request) -> Option<Effect> {
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
