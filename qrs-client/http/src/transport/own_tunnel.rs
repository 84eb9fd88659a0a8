//! Requests to an IPv6 address through a proxy, each over a new connection of our own.
//!
//! Through a proxy, reqwest treats the brackets of `https://[::1]/` as a part of the certificate's name (reqwest #3094). When
//! that is fixed, this file can be removed.

use http::HeaderValue;
use http::header::{HOST, USER_AGENT};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use reqwest::{Body, Request};
use url::{Host, Position, Url};

use super::{MAX_HEADERS, RawResponse, SendError};
use crate::error::Error;
use crate::route::Route;

/// Whether reqwest cannot make the connection.
pub(super) fn is_needed(route: &Route<'_>) -> bool {
    let is_ipv6 = matches!(route.server.host(), Some(Host::Ipv6(_)));
    route.proxy.is_some() && route.is_https() && is_ipv6
}

/// Sends one request over a new connection.
pub(super) async fn send(
    request: Request,
    route: &Route<'_>,
    user_agent: &HeaderValue,
) -> Result<RawResponse, SendError> {
    let request = relative(request, user_agent)?;
    let stream = route.open().await.map_err(SendError::Connection)?;
    let handshake = http1::Builder::new()
        .max_headers(MAX_HEADERS)
        .allow_obsolete_multiline_headers_in_responses(true)
        .allow_spaces_after_header_name_in_responses(true)
        .ignore_invalid_headers_in_responses(true)
        .handshake(TokioIo::new(stream));
    let (mut sender, connection) = handshake.await.map_err(exchange_error)?;
    // The request reports the errors of its connection.
    tokio::spawn(connection);
    let response = sender.send_request(request).await;
    let response = response.map_err(exchange_error)?;
    Ok(RawResponse::new(response.map(Body::wrap).into()))
}

fn exchange_error(error: hyper::Error) -> SendError {
    SendError::Exchange(error.into())
}

/// The request with only the path in its first line, as servers expect it.
fn relative(request: Request, user_agent: &HeaderValue) -> Result<hyper::Request<Body>, SendError> {
    let invalid = || {
        let error = Error::configuration("the request's URL or host is not valid");
        SendError::Connection(error)
    };
    let url: Url = request.url().clone();
    let mut request = hyper::Request::try_from(request).map_err(|_error| invalid())?;
    let target = &url[Position::BeforePath..Position::AfterQuery];
    *request.uri_mut() = target.parse().map_err(|_error| invalid())?;
    let host = HeaderValue::from_str(&url[Position::BeforeHost..Position::AfterPort]);
    let headers = request.headers_mut();
    headers.insert(HOST, host.map_err(|_error| invalid())?);
    headers.insert(USER_AGENT, user_agent.clone());
    Ok(request)
}
