//! HTTP/1.1 over a connection of our own, which serves one request after another and is not shared.
//!
//! Some logins are bound to a connection. It also serves requests to an IPv6 address through a proxy: there, reqwest treats
//! the brackets of `https://[::1]/` as a part of the certificate's name (reqwest #3094).

use http::header::{HOST, PROXY_AUTHORIZATION, USER_AGENT};
use http::{HeaderMap, HeaderValue, Uri};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use reqwest::{Body, Request};
use url::{Host, Position, Url};

use super::{MAX_HEADERS, RawResponse, SendError};
use crate::error::Error;
use crate::proxy::Proxy;
use crate::route::Route;

/// A connection that is not shared.
pub(crate) struct OwnConnection {
    sender: http1::SendRequest<Body>,
    user_agent: HeaderValue,
    /// If the other end is a proxy that forwards requests, its credentials.
    forwarding: Option<Option<HeaderValue>>,
}

/// Whether reqwest cannot make the connection.
pub(super) fn is_needed(route: &Route<'_>) -> bool {
    let is_ipv6 = matches!(route.server.host(), Some(Host::Ipv6(_)));
    let proxy = route.proxy.filter(|_| route.is_https());
    proxy.is_some_and(|proxy| is_ipv6 || proxy.has_user())
}

impl OwnConnection {
    /// Connects.
    pub(crate) async fn open(
        route: &Route<'_>,
        user_agent: &HeaderValue,
    ) -> Result<Self, SendError> {
        let stream = route.open().await.map_err(SendError::Connection)?;
        let handshake = http1::Builder::new()
            .max_headers(MAX_HEADERS)
            .allow_obsolete_multiline_headers_in_responses(true)
            .allow_spaces_after_header_name_in_responses(true)
            .ignore_invalid_headers_in_responses(true)
            .handshake(TokioIo::new(stream));
        let (sender, connection) = handshake.await.map_err(exchange_error)?;
        // The requests report the errors of their connection. It ends when the sender and the response are dropped.
        tokio::spawn(connection);
        let proxy = route.proxy.filter(|_| !route.is_https());
        Ok(Self {
            sender,
            user_agent: user_agent.clone(),
            forwarding: proxy.map(Proxy::authorization),
        })
    }

    /// Sends a request. The response before it must have been read to its end.
    pub(crate) async fn send(&mut self, request: Request) -> Result<RawResponse, SendError> {
        let request = self.prepared(request).ok_or_else(|| {
            let error = Error::configuration("the request's URL or host is not valid");
            SendError::Connection(error)
        })?;
        let response = self.sender.send_request(request).await;
        let response = response.map_err(exchange_error)?;
        Ok(RawResponse::new(response.map(Body::wrap).into()))
    }

    /// Whether the connection can serve a request now: it is open, and the response before was read to its end.
    pub(super) fn is_idle(&self) -> bool {
        self.sender.is_ready() && !self.is_closed()
    }

    pub(super) fn is_closed(&self) -> bool {
        self.sender.is_closed()
    }

    /// Waits until the connection can serve the next request, after the end of a response. Returns whether it can.
    pub(crate) async fn is_reusable(&mut self) -> bool {
        self.sender.ready().await.is_ok()
    }

    /// The request with the target and the headers that the other end expects.
    fn prepared(&self, request: Request) -> Option<hyper::Request<Body>> {
        let url: Url = request.url().clone();
        let mut request = hyper::Request::try_from(request).ok()?;
        *request.uri_mut() = self.target(&url).parse::<Uri>().ok()?;
        let host = &url[Position::BeforeHost..Position::AfterPort];
        let headers: &mut HeaderMap = request.headers_mut();
        headers.insert(HOST, HeaderValue::from_str(host).ok()?);
        headers.insert(USER_AGENT, self.user_agent.clone());
        if let Some(Some(credentials)) = &self.forwarding {
            headers.insert(PROXY_AUTHORIZATION, credentials.clone());
        }
        Some(request)
    }

    /// The target in the first line of a request: servers expect the path, proxies the whole URL.
    fn target<'a>(&self, url: &'a Url) -> &'a str {
        match self.forwarding {
            None => &url[Position::BeforePath..Position::AfterQuery],
            Some(_) => &url[..Position::AfterQuery],
        }
    }
}

fn exchange_error(error: hyper::Error) -> SendError {
    SendError::Exchange(error.into())
}
