//! The pages to sign in with the token and to sign out: the only requests that change anything.

use std::{
    net::IpAddr,
    time::{Duration, Instant},
};

use axum::{
    body::{Body, to_bytes},
    http::{HeaderValue, Method, Request, StatusCode, Uri, header},
    response::{Html, IntoResponse, Response},
};
use secrecy::SecretString;
use tokio::time::timeout;

use super::{
    Site,
    login::{COOKIE, Login, Logins, digest, session_ids},
    refusal,
    sessions::LIFETIME,
    settings::Auth,
};
use crate::{
    pages,
    query::Query,
    texts::{ENGLISH, counted},
};

/// A page of this module that is asked for.
pub(super) enum Page {
    SignIn(SecretString),
    SignOut,
}

const SIGN_IN: &str = "/sign-in";
const SIGN_OUT: &str = "/sign-out";
/// The parameter with the page to show after signing in.
const NEXT: &str = "next";
/// Maximum size of a form, in bytes.
const MAX_FORM_BYTES: usize = 16 * 1024;
/// How long a client may take to send a form.
const FORM_TIMEOUT: Duration = Duration::from_secs(10);

impl Page {
    /// The page that a request asks for. Without a token in the settings there are none.
    pub(super) fn of<B>(site: &Site, request: &Request<B>) -> Option<Self> {
        let Some(Auth::Token(token)) = &site.settings.auth else {
            return None;
        };
        match request.uri().path() {
            SIGN_IN => Some(Self::SignIn(token.clone())),
            SIGN_OUT => Some(Self::SignOut),
            _ => None,
        }
    }

    pub(super) async fn answer(
        self,
        site: &Site,
        logins: &Logins,
        peer: IpAddr,
        request: Request<Body>,
    ) -> Response {
        let method = request.method().clone();
        match (self, method) {
            (Self::SignIn(_), Method::GET | Method::HEAD) => {
                let query = Query::new(request.uri().query().unwrap_or_default());
                shown(
                    site,
                    StatusCode::OK,
                    query.get(NEXT).unwrap_or_default(),
                    None,
                )
            }
            (_, Method::POST) if !is_same_origin(&request) => {
                refusal::plain(StatusCode::FORBIDDEN, "the form was sent by another site")
            }
            (Self::SignIn(token), Method::POST) => {
                sign_in(site, logins, peer, &token, request).await
            }
            (Self::SignOut, Method::POST) => sign_out(site, logins, &request),
            (page, _) => {
                let allowed = match page {
                    Self::SignIn(_) => "GET, HEAD, POST",
                    Self::SignOut => "POST",
                };
                let allow = [(header::ALLOW, HeaderValue::from_static(allowed))];
                let text = "this page does not accept this method";
                (allow, refusal::plain(StatusCode::METHOD_NOT_ALLOWED, text)).into_response()
            }
        }
    }
}

/// Leads a browser to the sign-in page, and afterwards to the page that it asked for.
pub(super) fn redirection(site: &Site, uri: &Uri) -> Response {
    let next = uri.path_and_query().map_or("/", |path| path.as_str());
    see_other(&site.links.with_query(SIGN_IN, &[(NEXT, next)]))
}

async fn sign_in(
    site: &Site,
    logins: &Logins,
    peer: IpAddr,
    token: &SecretString,
    request: Request<Body>,
) -> Response {
    let body = timeout(FORM_TIMEOUT, to_bytes(request.into_body(), MAX_FORM_BYTES)).await;
    let Ok(Ok(body)) = body else {
        return refusal::plain(
            StatusCode::BAD_REQUEST,
            "the form is too long or incomplete",
        );
    };
    let form = Query::new(&String::from_utf8_lossy(&body));
    let next = form.get(NEXT).unwrap_or_default();
    let given = form.get("token").unwrap_or_default();
    match logins.attempt(given, token, peer) {
        Login::Accepted => {}
        Login::Throttled(seconds) => {
            let error = counted(ENGLISH.too_many_attempts, seconds);
            let status = StatusCode::TOO_MANY_REQUESTS;
            let mut response = shown(site, status, next, Some(&error));
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, seconds.into());
            return response;
        }
        _ => {
            let error = Some(ENGLISH.token_wrong);
            return shown(site, StatusCode::FORBIDDEN, next, error);
        }
    }
    let Some(id) = logins.sessions.open(digest(token), Instant::now()) else {
        let text = "the session cannot be opened";
        return refusal::plain(StatusCode::INTERNAL_SERVER_ERROR, text);
    };
    let seconds = LIFETIME.as_secs();
    with_cookie(see_other(&site.links.to(local(next))), site, &id, seconds)
}

fn sign_out(site: &Site, logins: &Logins, request: &Request<Body>) -> Response {
    for id in session_ids(request.headers()) {
        logins.sessions.close(&id);
    }
    with_cookie(see_other(&site.links.to(SIGN_IN)), site, "", 0)
}

fn shown(site: &Site, status: StatusCode, next: &str, error: Option<&str>) -> Response {
    let page = pages::sign_in::page(&site.links, error, local(next));
    let html = page.unwrap_or_else(|error| error.title);
    let never = [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))];
    (status, never, Html(html)).into_response()
}

/// The page to show next, if it is one of this server; otherwise the home page.
fn local(next: &str) -> &str {
    let is_local = next.starts_with('/')
        && !next[1..].starts_with(['/', '\\'])
        && !next.contains(|char: char| char.is_control());
    if is_local { next } else { "/" }
}

/// Whether a form was sent by a page of this server. Browsers say where a form comes from; other programs need not.
fn is_same_origin<B>(request: &Request<B>) -> bool {
    let header = |name| {
        let value: Option<&HeaderValue> = request.headers().get(name);
        value.map(|value| value.to_str().unwrap_or_default())
    };
    let is_own_site = |site| matches!(site, "same-origin" | "none");
    let is_own_host = |origin: &str| {
        let host = origin.split_once("://").map(|(_, host)| host);
        host.is_some() && host == header("host")
    };
    match (header("sec-fetch-site"), header("origin")) {
        (Some(site), _) => is_own_site(site),
        (None, Some(origin)) => is_own_host(origin),
        (None, None) => true,
    }
}

fn see_other(address: &str) -> Response {
    let location = HeaderValue::from_str(address);
    let location = location.unwrap_or(HeaderValue::from_static("/"));
    let headers = [
        (header::LOCATION, location),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (StatusCode::SEE_OTHER, headers).into_response()
}

/// Sets the cookie. A lifetime of zero seconds removes it.
fn with_cookie(mut response: Response, site: &Site, id: &str, seconds: u64) -> Response {
    let path = match site.links.base() {
        "" => "/",
        base => base,
    };
    let cookie =
        format!("{COOKIE}={id}; Path={path}; Max-Age={seconds}; HttpOnly; SameSite=Strict; Secure");
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pages_of_this_server_are_shown_next() {
        for (next, expected) in [
            ("/items/a?b=c", "/items/a?b=c"),
            ("//evil.example", "/"),
            ("/\\evil.example", "/"),
            ("https://evil.example", "/"),
            ("/\r\nSet-Cookie: a=b", "/"),
            ("", "/"),
        ] {
            assert_eq!(local(next), expected, "{next}");
        }
    }

    #[test]
    fn forms_of_other_sites_are_refused() {
        for (name, value, expected) in [
            ("origin", "https://catalog.example.com", true),
            ("origin", "https://evil.example", false),
            ("origin", "null", false),
            ("sec-fetch-site", "same-origin", true),
            ("sec-fetch-site", "cross-site", false),
            ("sec-fetch-site", "same-site", false),
            ("x-other", "a", true),
        ] {
            let request = Request::builder().header("host", "catalog.example.com");
            let request = request.header(name, value).body(()).unwrap();
            assert_eq!(is_same_origin(&request), expected, "{name}: {value}");
        }
    }
}
