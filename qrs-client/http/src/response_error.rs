//! The errors of requests without a response, or with an incomplete one.

use std::error::Error as StdError;
use std::io;
use std::time::Duration;

use crate::error::{Cause, Error, ErrorKind};
use crate::fact::Fact;
use crate::page_text::one_line;
use crate::peer::Peer;
use crate::request_context::RequestContext;
use crate::retry::FailureClass;
use crate::route::early_data;
use crate::time_limits::TimeLimit;
use crate::tls::explain;
use crate::transport::{BodyError, UnknownCoding};

/// The connection was made, but no response came.
pub(crate) fn no_response(error: Link<'_>, context: &RequestContext) -> Error {
    let links = links(error);
    let name = context.server_name();
    // A server that refuses a TLS 1.3 handshake says so in the first bytes that are read.
    if let Some(cause) = links.iter().find_map(|link| link.downcast_ref()) {
        return explain::handshake_error(cause, Peer::Server(name)).with_url(context.url());
    }
    let http = links
        .iter()
        .find_map(|link| link.downcast_ref::<hyper::Error>());
    let closed = http.is_some_and(|error| {
        error.is_incomplete_message() || error.is_canceled() || error.is_closed()
    });
    let (kind, fact, message, class) = if links.iter().any(|link| is_unexpected_message(*link)) {
        // A server may also send a late status on an idle connection, so the request is retried.
        (
            ErrorKind::UnexpectedAnswer,
            Fact::NotHttp,
            early_data::message(name),
            FailureClass::ConnectionLost,
        )
    } else if closed || links.iter().any(|link| is_reset(*link)) {
        (
            ErrorKind::Unreachable,
            Fact::ClosedWithoutAnswer,
            format!("{name} closed the connection without a response"),
            FailureClass::ConnectionLost,
        )
    } else if http.is_some_and(hyper::Error::is_parse_too_large) {
        (
            ErrorKind::TooLarge,
            Fact::HeadersTooLarge,
            "the response has more than 400 KB or 2,000 lines of headers".to_owned(),
            FailureClass::Permanent,
        )
    } else if http.is_some_and(hyper::Error::is_parse) {
        (
            ErrorKind::UnexpectedAnswer,
            Fact::NotHttp,
            format!("{name} does not speak HTTP at this port"),
            FailureClass::Permanent,
        )
    } else {
        (
            ErrorKind::Unreachable,
            Fact::ClosedWithoutAnswer,
            format!("the connection to {name} was lost"),
            FailureClass::ConnectionLost,
        )
    };
    let described = context.error(kind, message).with_fact(fact);
    with_causes(described.with_class(class), &links, context)
}

/// A response began but did not end.
pub(crate) fn incomplete_response(error: &BodyError, context: &RequestContext) -> Error {
    let error: Link<'_> = match error {
        BodyError::Connection(error) => error,
        BodyError::Coding(error) => return coding_error(error, context),
    };
    let described = context.error(
        ErrorKind::Unreachable,
        "the connection was lost in the middle of the response",
    );
    let described = described.with_fact(Fact::AnswerCut);
    with_causes(described, &links(error), context).with_class(FailureClass::ConnectionLost)
}

/// A compressed response that ends too early was cut off; a damaged one may be complete the next time.
fn coding_error(error: &io::Error, context: &RequestContext) -> Error {
    let (kind, fact, message, class) = if error.kind() == io::ErrorKind::UnexpectedEof {
        (
            ErrorKind::Unreachable,
            Fact::CompressedAnswerCut,
            "the compressed response ends too early",
            FailureClass::ConnectionLost,
        )
    } else {
        (
            ErrorKind::UnexpectedAnswer,
            Fact::CompressedAnswerDamaged,
            "the response is labelled as gzip but is not valid gzip",
            FailureClass::Later,
        )
    };
    context
        .error(kind, message)
        .with_fact(fact)
        .with_class(class)
        .with_hint("check whether a gateway between the client and the server changes compressed responses")
        .with_cause(context.redactor().redact(&error.to_string()))
}

/// The response has a content coding that the client did not ask for.
pub(crate) fn unknown_coding(coding: &UnknownCoding, context: &RequestContext) -> Error {
    let UnknownCoding(coding) = coding;
    let coding = context.redactor().redact(&one_line(coding));
    let message =
        format!("the response is compressed with `{coding}`, but the client accepts only `gzip`");
    context
        .error(ErrorKind::UnexpectedAnswer, message)
        .with_fact(Fact::UnknownCoding)
        .with_hint(
            "configure the server, or the gateway in front of it, to compress with gzip or not at all: it must respect the \
             header `Accept-Encoding`",
        )
}

/// The server took longer than a time limit.
pub(crate) fn time_limit_exceeded(
    limit: TimeLimit,
    value: Duration,
    context: &RequestContext,
) -> Error {
    let (name, seconds) = (context.server_name(), value.as_secs_f64());
    let (fact, message) = match limit {
        TimeLimit::FirstByte => (
            Fact::NoAnswerInTime,
            format!("{name} did not begin its response within {seconds} s"),
        ),
        TimeLimit::Silence => (
            Fact::AnswerTooSlow,
            format!("{name} sent nothing for {seconds} s in the middle of its response"),
        ),
        TimeLimit::Connect => (
            Fact::ConnectionTimedOut,
            format!("no connection to {name} within {seconds} s"),
        ),
        TimeLimit::Total => (
            Fact::AnswerTooSlow,
            format!("{name} did not complete its response within {seconds} s"),
        ),
    };
    context
        .error(ErrorKind::Timeout, message)
        .with_fact(fact)
        .with_time_limit(limit, value)
}

/// Whether a timer of this process ended the request, not one of the operating system.
pub(crate) fn is_time_limit(error: &reqwest::Error) -> bool {
    error.is_timeout() && !links(error).iter().any(is_of_system)
}

fn is_of_system(link: &Link<'_>) -> bool {
    let error = link.downcast_ref::<io::Error>();
    error.is_some_and(|error| error.raw_os_error().is_some())
}

/// Whether the connection failed because of TLS.
pub(crate) fn is_tls_error(error: Link<'_>) -> bool {
    links(error).iter().any(|link| link.is::<rustls::Error>())
}

/// Whether data came before the request was sent. hyper has no predicate for this error; it is the only one without a cause
/// for which none of the predicates is true. If the request was already waiting, it is the cause of its cancellation.
fn is_unexpected_message(link: Link<'_>) -> bool {
    let Some(error) = link.downcast_ref::<hyper::Error>() else {
        return false;
    };
    let is_other = error.is_parse()
        || error.is_user()
        || error.is_canceled()
        || error.is_closed()
        || error.is_incomplete_message()
        || error.is_body_write_aborted()
        || error.is_shutdown()
        || error.is_timeout();
    !is_other && error.source().is_none()
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

/// One error of a chain of causes.
type Link<'a> = &'a (dyn StdError + 'static);

/// An error and its sources. The error inside an I/O error counts as its source.
fn links<'a>(error: Link<'a>) -> Vec<Link<'a>> {
    std::iter::successors(Some(error), |link| next_link(*link)).collect()
}

fn next_link(link: Link<'_>) -> Option<Link<'_>> {
    match link
        .downcast_ref::<io::Error>()
        .and_then(io::Error::get_ref)
    {
        Some(inner) => Some(inner as Link<'_>),
        None => link.source(),
    }
}

/// Adds the causes that the operating system reported. The texts of the HTTP libraries repeat the message in their own
/// terms, and may contain the URL with its query.
fn with_causes(error: Error, links: &[Link<'_>], context: &RequestContext) -> Error {
    let texts = links.iter().filter(|link| is_of_system(link));
    let texts = texts.map(|link| context.redactor().redact(&link.to_string()));
    let mut texts: Vec<_> = texts.collect();
    texts.dedup();
    match Cause::chain(texts.into_iter()) {
        Some(cause) => error.with_source(cause),
        None => error,
    }
}
