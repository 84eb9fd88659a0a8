//! The errors that statuses stand for, as a table.

use super::Response;
use crate::challenge::Challenge;
use crate::error::{Error, ErrorKind};
use crate::fact::Fact;

/// The error of a response with an error status and this body.
pub(super) fn error(response: &Response, page: &[u8]) -> Error {
    let context = response.context();
    let name = context.server_name();
    let (kind, fact, message) = meaning(response, name);
    let error = context
        .error(kind, message)
        .with_fact(fact)
        .with_status(response.status())
        .with_class(response.class())
        .with_excerpt(context.redactor().excerpt(page));
    match hint(kind) {
        Some(hint) => error.with_hint(hint),
        None => error,
    }
}

/// What a proxy asks for that does not forward a request.
fn proxy_refusal(challenges: &[Challenge]) -> (Fact, String) {
    let is_windows = challenges.iter().any(Challenge::is_windows);
    match Challenge::describe(challenges) {
        Some(kinds) if is_windows && !challenges.contains(&Challenge::Basic) => (
            Fact::ProxyNeedsWindows,
            format!(
                "the proxy asks for {kinds}, which is not possible for a server without `https`"
            ),
        ),
        _ => (
            Fact::ProxyFailed,
            "the proxy asks for credentials, or rejects the given ones".to_owned(),
        ),
    }
}

fn meaning(response: &Response, name: &str) -> (ErrorKind, Fact, String) {
    let (kind, fact, message) = match response.status() {
        401 => return unauthorized(response, name),
        300..=399 => return redirect(response, name),
        403 => (
            ErrorKind::Forbidden,
            Fact::Forbidden,
            "refuses this request for the account",
        ),
        404 => (ErrorKind::NotFound, Fact::NothingHere, "has no such page"),
        407 => {
            let (fact, message) = proxy_refusal(&response.challenges());
            return (ErrorKind::Proxy, fact, message);
        }
        408 | 425 => (
            ErrorKind::ServerError,
            Fact::Throttled,
            "is not ready for the request",
        ),
        429 => (
            ErrorKind::ServerError,
            Fact::Throttled,
            "asks for fewer requests",
        ),
        431 => (
            ErrorKind::RequestTooLong,
            Fact::RequestTooLong,
            "does not accept request headers of this length",
        ),
        400..=499 => (
            ErrorKind::BadRequest,
            Fact::RequestRefused,
            "does not accept the request",
        ),
        502 | 504 => {
            let message = format!("a gateway gets no response from {name}");
            return (ErrorKind::ServerError, Fact::GatewayFailed, message);
        }
        503 => (
            ErrorKind::ServerError,
            Fact::ServiceUnavailable,
            "is not available",
        ),
        500..=599 => (
            ErrorKind::ServerError,
            Fact::ServerFailed,
            "failed to process the request",
        ),
        _ => (
            ErrorKind::UnexpectedAnswer,
            Fact::UnexpectedStatus,
            "sent an unexpected status",
        ),
    };
    (kind, fact, format!("{name} {message}"))
}

fn unauthorized(response: &Response, name: &str) -> (ErrorKind, Fact, String) {
    let challenges = response.challenges();
    let message = match Challenge::describe(&challenges) {
        Some(schemes) => format!("{name} rejects the credentials and asks for {schemes}"),
        None => format!("{name} rejects the credentials"),
    };
    let fact = Fact::CredentialsRequested(challenges);
    (ErrorKind::Unauthorized, fact, message)
}

fn redirect(response: &Response, name: &str) -> (ErrorKind, Fact, String) {
    let target = response.header("location").unwrap_or_default();
    // The query may contain tokens.
    let target = target.split(['?', '#']).next().unwrap_or_default();
    let target = response.context().redactor().redact_line(target);
    let message = format!("{name} redirects to `{target}`");
    (ErrorKind::UnexpectedAnswer, Fact::Redirected, message)
}

fn hint(kind: ErrorKind) -> Option<&'static str> {
    match kind {
        ErrorKind::Unauthorized => Some("check the credentials"),
        ErrorKind::Forbidden => Some("check the permissions of the account"),
        ErrorKind::NotFound => Some("check the URL"),
        ErrorKind::Proxy => Some("check the proxy's user and password"),
        ErrorKind::UnexpectedAnswer => Some(
            "check the URL, and whether a gateway in front of the server answers instead of it",
        ),
        _ => None,
    }
}
