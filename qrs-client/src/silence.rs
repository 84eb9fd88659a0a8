//! What went wrong when no answer came, or not a whole one.

use std::error::Error as StdError;
use std::io;

use crate::asked::Asked;
use crate::error::{Cause, Error, ErrorKind};
use crate::fact::Fact;
use crate::http::{BodyError, UnknownCoding};
use crate::retry::Trouble;
use crate::tls::explain::{self, Peer};

/// hyper's text for headers that are larger than it reads; there is no other sign of it.
const TOO_LARGE: &str = "message head is too large";

/// hyper's text for what comes before the request was sent: a server of another protocol greets first.
const TOO_EARLY: &str = "received unexpected message from connection";

/// The connection was there, but no answer came.
pub(crate) fn no_answer(error: Link<'_>, asked: &Asked) -> Error {
    let links = links(error);
    // A refusal of TLS 1.3 arrives with the first bytes that are read.
    if let Some(cause) = links.iter().find_map(|link| link.downcast_ref()) {
        return explain::failed(cause, Peer::Site).with_url(asked.url());
    }
    let http = links
        .iter()
        .find_map(|link| link.downcast_ref::<hyper::Error>());
    let closed = http.is_some_and(|error| {
        error.is_incomplete_message() || error.is_canceled() || error.is_closed()
    });
    let (kind, fact, message, trouble) = if links.iter().any(|link| is_too_early(*link)) {
        // A site may also send a late status for an idle connection, so the request is retried.
        (
            ErrorKind::UnexpectedAnswer,
            Fact::NotHttp,
            "the response is not HTTP: data came before the request",
            Trouble::Cut,
        )
    } else if closed || links.iter().any(|link| is_reset(*link)) {
        (
            ErrorKind::Unreachable,
            Fact::ClosedWithoutAnswer,
            "the site closed the connection without an answer",
            Trouble::Cut,
        )
    } else if http.is_some_and(|error| error.is_parse() && error.to_string().contains(TOO_LARGE)) {
        (
            ErrorKind::TooLarge,
            Fact::HeadersTooLarge,
            "the response's headers are larger than the client reads (400 KB, 2,000 lines)",
            Trouble::Final,
        )
    } else if http.is_some_and(hyper::Error::is_parse) {
        (
            ErrorKind::UnexpectedAnswer,
            Fact::NotHttp,
            "the response is not HTTP",
            Trouble::Final,
        )
    } else {
        (
            ErrorKind::Unreachable,
            Fact::ClosedWithoutAnswer,
            "the connection to the site broke",
            Trouble::Cut,
        )
    };
    let described = asked.error(kind, message).with_fact(fact);
    let described = described.with_trouble(trouble);
    with_cause(described, &links, asked)
}

/// An answer began and did not come to its end.
pub(crate) fn cut_answer(error: &BodyError, asked: &Asked) -> Error {
    let error: Link<'_> = match error {
        BodyError::Broken(error) => error,
        BodyError::Coding(error) => return not_unpacked(error, asked),
    };
    let described = asked.error(
        ErrorKind::Unreachable,
        "the connection broke in the middle of the answer",
    );
    let described = described.with_fact(Fact::AnswerCut);
    with_cause(described, &links(error), asked).with_trouble(Trouble::Cut)
}

/// A packed answer that ends too early was cut on the way; a damaged one may be whole another time.
fn not_unpacked(error: &io::Error, asked: &Asked) -> Error {
    let (kind, fact, message, trouble) = if error.kind() == io::ErrorKind::UnexpectedEof {
        let (fact, message) = (
            Fact::CompressedAnswerCut,
            "the compressed answer ends too early",
        );
        (ErrorKind::Unreachable, fact, message, Trouble::Cut)
    } else {
        let message = "the answer is not valid gzip, although it is labelled as gzip";
        let fact = Fact::CompressedAnswerDamaged;
        (ErrorKind::UnexpectedAnswer, fact, message, Trouble::Damaged)
    };
    asked
        .error(kind, message)
        .with_fact(fact)
        .with_trouble(trouble)
        .with_hint("a gateway between the client and the site may damage compressed answers")
        .with_cause(asked.scrub(&error.to_string()))
}

/// The answer is compressed in a way that the client did not ask for.
pub(crate) fn unknown_coding(coding: &UnknownCoding, asked: &Asked) -> Error {
    let UnknownCoding(coding) = coding;
    let coding = asked.scrub(&crate::excerpt::one_line(coding));
    let message =
        format!("the answer has the content coding `{coding}`, but the client asked for `gzip`");
    asked
        .error(ErrorKind::UnexpectedAnswer, message)
        .with_fact(Fact::UnknownCoding)
        .with_hint(
            "let the site, or the gateway in front of it, compress with gzip or not at all: it must obey the header \
             `Accept-Encoding`",
        )
}

/// Whether a timer of this process ended the request, not one of the operating system.
pub(crate) fn is_time_limit(error: &reqwest::Error) -> bool {
    let is_of_system = |link: &Link<'_>| {
        let error = link.downcast_ref::<io::Error>();
        error.is_some_and(|error| error.raw_os_error().is_some())
    };
    error.is_timeout() && !links(error).iter().any(is_of_system)
}

/// Whether the connection failed because of what TLS found.
pub(crate) fn is_of_tls(error: Link<'_>) -> bool {
    links(error).iter().any(|link| link.is::<rustls::Error>())
}

/// Whether data came before the request was sent. hyper cancels the request if it was already waiting.
fn is_too_early(link: Link<'_>) -> bool {
    let error = link.downcast_ref::<hyper::Error>();
    error.is_some_and(|error| error.to_string().contains(TOO_EARLY))
}

fn is_reset(link: Link<'_>) -> bool {
    link.downcast_ref::<io::Error>().is_some_and(|error| {
        matches!(
            error.kind(),
            io::ErrorKind::ConnectionReset
                | io::ErrorKind::ConnectionAborted
                | io::ErrorKind::BrokenPipe
                | io::ErrorKind::UnexpectedEof
        )
    })
}

type Link<'a> = &'a (dyn StdError + 'static);

/// An error and its sources. What an I/O error wraps counts as its source.
fn links<'a>(error: Link<'a>) -> Vec<Link<'a>> {
    std::iter::successors(Some(error), |link| next_link(*link)).collect()
}

fn next_link(link: Link<'_>) -> Option<Link<'_>> {
    match link
        .downcast_ref::<io::Error>()
        .and_then(io::Error::get_ref)
    {
        Some(wrapped) => Some(wrapped as Link<'_>),
        None => link.source(),
    }
}

/// The texts of the causes, each once: an I/O error repeats what it wraps. What reqwest says itself is left out: it
/// names the URL with its xrfkey.
fn with_cause(error: Error, links: &[Link<'_>], asked: &Asked) -> Error {
    let texts = links.iter().filter(|link| !link.is::<reqwest::Error>());
    let texts = texts.map(|link| asked.scrub(&link.to_string()));
    let mut texts: Vec<_> = texts.collect();
    texts.dedup();
    match Cause::chain(texts.into_iter()) {
        Some(cause) => error.with_source(cause),
        None => error,
    }
}
