//! Requests to an IPv6 address behind a proxy, over a connection of our own.
//!
//! reqwest takes the brackets of `https://[::1]/` for a part of the certificate's name when it comes through a proxy
//! (reqwest #3094). When that is corrected, this file can go. Each request makes a connection.

use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use reqwest::header::{HOST, HeaderValue, USER_AGENT};
use reqwest::{Body, Request};
use url::{Host, Position, Url};

use super::{MAX_HEADERS, PRODUCT, Response, Unanswered};
use crate::error::Error;
use crate::route::Route;

/// Whether reqwest cannot make the connection.
pub(super) fn is_needed(route: &Route<'_>) -> bool {
    let site = route.site.as_url();
    route.proxy.is_some() && route.site.is_https() && matches!(site.host(), Some(Host::Ipv6(_)))
}

/// Sends one request over a connection of its own.
pub(super) async fn send(request: Request, route: &Route<'_>) -> Result<Response, Unanswered> {
    let request = relative(request)?;
    let stream = route.open().await.map_err(Unanswered::NoConnection)?;
    let handshake = http1::Builder::new()
        .max_headers(MAX_HEADERS)
        .allow_obsolete_multiline_headers_in_responses(true)
        .allow_spaces_after_header_name_in_responses(true)
        .ignore_invalid_headers_in_responses(true)
        .handshake(TokioIo::new(stream));
    let (mut sender, connection) = handshake.await.map_err(broken)?;
    // An error of the connection is reported by the request that it concerns.
    tokio::spawn(connection);
    let response = sender.send_request(request).await;
    let response = response.map_err(broken)?;
    Ok(Response::new(response.map(Body::wrap).into()))
}

fn broken(error: hyper::Error) -> Unanswered {
    Unanswered::Broken(error.into())
}

/// The request with the path alone in its first line, as a site wants it.
fn relative(request: Request) -> Result<hyper::Request<Body>, Unanswered> {
    let invalid = || {
        let error = Error::configuration("the request's URL or host is not valid");
        Unanswered::NoConnection(error)
    };
    let url: Url = request.url().clone();
    let mut request = hyper::Request::try_from(request).map_err(|_error| invalid())?;
    let target = &url[Position::BeforePath..Position::AfterQuery];
    *request.uri_mut() = target.parse().map_err(|_error| invalid())?;
    let host = HeaderValue::from_str(&url[Position::BeforeHost..Position::AfterPort]);
    let headers = request.headers_mut();
    headers.insert(HOST, host.map_err(|_error| invalid())?);
    headers.insert(USER_AGENT, HeaderValue::from_static(PRODUCT));
    Ok(request)
}
