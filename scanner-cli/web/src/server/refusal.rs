//! The answers to requests that may not see a page.

use axum::{
    body::{Body, to_bytes},
    http::{HeaderName, HeaderValue, Request, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::json;

use super::{Site, login::Login, settings::Auth, sign_in};

const PROBLEM: HeaderValue = HeaderValue::from_static("application/problem+json");
/// Maximum length of a text about an error, in bytes.
const MAX_TEXT_BYTES: usize = 64 * 1024;

/// A text for people and programs.
pub(super) fn plain(status: StatusCode, text: &str) -> Response {
    (status, format!("{text}\n")).into_response()
}

/// The same answer as problem details (RFC 9457), if it is a text about an error.
pub(super) async fn as_problem(response: Response) -> Response {
    let status = response.status();
    let kind = response.headers().get(header::CONTENT_TYPE);
    let is_text = kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/plain"));
    if !is_text || !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let text = to_bytes(body, MAX_TEXT_BYTES).await.unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    parts.headers.insert(header::CONTENT_TYPE, PROBLEM);
    parts.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(parts, Body::from(problem(status, text.trim())))
}

/// Problem details.
fn problem(status: StatusCode, detail: &str) -> String {
    let title = status.canonical_reason().unwrap_or_default();
    let problem = json!({
        "type": "about:blank",
        "title": title,
        "status": status.as_u16(),
        "detail": detail,
    });
    format!("{problem}\n")
}

/// The answer to a request for a page of the catalog. A browser is led to the sign-in page.
pub(super) fn of_request<B>(
    site: &Site,
    auth: &Auth,
    login: Login,
    request: &Request<B>,
) -> Response {
    let accepted = request.headers().get_all(header::ACCEPT).iter();
    let mut accepted = accepted.filter_map(|accepted| accepted.to_str().ok());
    let is_browser = accepted.any(|accepted| accepted.contains("text/html"));
    match (auth, login) {
        (Auth::Token(_), Login::Missing) if is_browser => sign_in::redirection(site, request.uri()),
        _ => of_program(auth, login),
    }
}

/// The answer to a program: problem details (RFC 9457).
pub(super) fn of_program(auth: &Auth, login: Login) -> Response {
    let (status, detail) = match (auth, login) {
        (_, Login::Throttled(_)) => (
            StatusCode::TOO_MANY_REQUESTS,
            "too many logins from this address failed",
        ),
        (Auth::ProxyHeader { .. }, _) => (
            StatusCode::FORBIDDEN,
            "the catalog is only available through its reverse proxy, to users who are signed in there",
        ),
        (_, Login::Wrong) => (StatusCode::UNAUTHORIZED, "the credentials are wrong"),
        _ => (StatusCode::UNAUTHORIZED, "the catalog needs a login"),
    };
    let body = problem(status, detail);
    let mut response = (status, [(header::CONTENT_TYPE, PROBLEM)], body).into_response();
    if let Some((name, value)) = advice(auth, login) {
        response.headers_mut().insert(name, value);
    }
    let never = HeaderValue::from_static("no-store");
    response.headers_mut().insert(header::CACHE_CONTROL, never);
    response
}

/// The header that says what to do.
fn advice(auth: &Auth, login: Login) -> Option<(HeaderName, HeaderValue)> {
    let challenge = |text| Some((header::WWW_AUTHENTICATE, HeaderValue::from_static(text)));
    match (auth, login) {
        (_, Login::Throttled(seconds)) => Some((header::RETRY_AFTER, seconds.into())),
        (Auth::Token(_), _) => challenge("Bearer realm=\"catalog\""),
        (Auth::Basic { .. }, _) => challenge("Basic realm=\"catalog\", charset=\"UTF-8\""),
        (Auth::ProxyHeader { .. }, _) => None,
    }
}
