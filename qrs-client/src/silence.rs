//! What went wrong when no answer came, or not a whole one.

use std::error::Error as StdError;
use std::io;
use std::time::Duration;

use crate::asked::Asked;
use crate::error::{Cause, Error, ErrorKind};
use crate::retry::Trouble;
use crate::time_limits::{self, TimeLimit};
use crate::tls::explain::{self, Peer};

/// No answer came.
pub(crate) fn no_answer(error: &reqwest::Error, connect: Duration, asked: &Asked) -> Error {
    let links = links(error);
    if error.is_timeout() && !links.iter().any(|link| is_of_system(*link)) {
        return time_limits::exceeded(TimeLimit::Connect, connect, asked);
    }
    if let Some(cause) = links.iter().find_map(|link| link.downcast_ref()) {
        return explain::failed(cause, Peer::Site).with_url(asked.url());
    }
    let (kind, message, trouble) = without_tls(error, &links);
    let described = asked.error(kind, message).with_trouble(trouble);
    with_cause(described, &links, asked)
}

/// An answer began and did not come to its end.
pub(crate) fn cut_answer(error: &reqwest::Error, asked: &Asked) -> Error {
    let links = links(error);
    let error = asked.error(
        ErrorKind::Unreachable,
        "the connection broke in the middle of the answer",
    );
    with_cause(error, &links, asked).with_trouble(Trouble::Cut)
}

fn without_tls(error: &reqwest::Error, links: &[Link<'_>]) -> (ErrorKind, &'static str, Trouble) {
    let says = |text: &str| links.iter().any(|link| link.to_string().contains(text));
    if says("tunnel error") {
        let message = "the proxy did not connect to the site, and would do so now";
        return (ErrorKind::Proxy, message, Trouble::NoConnection);
    }
    let (message, trouble) = if error.is_dns() {
        ("cannot resolve the site's host name", Trouble::Unresolved)
    } else if links.iter().any(|link| is_reset(*link)) || says(CLOSED_EARLY) {
        (
            "the site closed the connection without an answer",
            Trouble::Cut,
        )
    } else if links.iter().any(|link| is_refused(*link)) {
        ("connection refused by the site", Trouble::NoConnection)
    } else if error.is_connect() {
        ("cannot connect to the site", Trouble::NoConnection)
    } else {
        let message = "what answers there does not speak HTTP";
        return (ErrorKind::UnexpectedAnswer, message, Trouble::Final);
    };
    (ErrorKind::Unreachable, message, trouble)
}

/// hyper's text for a connection that ends before an answer; it has no other sign of it that
/// could be asked here.
const CLOSED_EARLY: &str = "connection closed before message completed";

/// Whether the operating system reports it, rather than a timer of this process.
fn is_of_system(link: Link<'_>) -> bool {
    let error = link.downcast_ref::<io::Error>();
    error.is_some_and(|error| error.raw_os_error().is_some())
}

fn is_refused(link: Link<'_>) -> bool {
    link.downcast_ref::<io::Error>()
        .is_some_and(|error| error.kind() == io::ErrorKind::ConnectionRefused)
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
fn links(error: &reqwest::Error) -> Vec<Link<'_>> {
    std::iter::successors(Some(error as Link<'_>), |link| next_link(*link)).collect()
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

/// The texts of the causes, each once: an I/O error repeats what it wraps. The first one, of the
/// library's own error, names the URL with its xrfkey and is left out.
fn with_cause(error: Error, links: &[Link<'_>], asked: &Asked) -> Error {
    let mut texts: Vec<_> = links
        .iter()
        .skip(1)
        .map(|link| asked.scrub_line(&link.to_string()))
        .collect();
    texts.dedup();
    match Cause::chain(texts.into_iter()) {
        Some(cause) => error.with_source(cause),
        None => error,
    }
}
