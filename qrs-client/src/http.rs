//! HTTP/1.1: requests and answers, by reqwest.
//!
//! What curl reads is read: folded header lines, a space before the colon, lines that are no header, hundreds of headers.

mod coding;
mod own_tunnel;

use std::error::Error as StdError;
use std::io;
use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{CONTENT_ENCODING, HeaderMap};
use reqwest::redirect::Policy;
use rustls::ClientConfig;

use crate::error::Error;
use crate::proxy::Proxy;
use crate::route::Route;
use coding::{Next, Unpacker};

pub(crate) use coding::UnknownCoding;

/// Maximum number of header lines of an answer.
const MAX_HEADERS: usize = 2000;

/// Maximum time that a connection waits for its next request. Servers close theirs after 60 s or later.
const MAX_IDLE_TIME: Duration = Duration::from_secs(50);

/// Interval at which a silent connection is probed. Firewalls forget silent connections, and a list may take minutes to
/// begin.
const PROBE_INTERVAL: Duration = Duration::from_secs(15);

/// Number of unanswered probes after which a connection counts as broken.
const MAX_PROBES: u32 = 4;

/// What the client calls itself.
const PRODUCT: &str = concat!("qrs-client/", env!("CARGO_PKG_VERSION"));

/// Sends requests over connections that it keeps for the next ones.
#[derive(Clone)]
pub(crate) struct Http(reqwest::Client);

/// Why no answer came.
pub(crate) enum Unanswered {
    /// There is no connection to the site, and the step that failed is known.
    NoConnection(Error),
    /// There is no connection to the site. The library does not say at which step it failed.
    NotConnected(reqwest::Error),
    /// The connection broke, or what came is not HTTP.
    Broken(Box<dyn StdError + Send + Sync>),
}

/// An answer whose body has not been read yet.
pub(crate) struct Response {
    response: reqwest::Response,
    unpacker: Option<Unpacker>,
}

/// Why a body was not read to its end.
pub(crate) enum BodyError {
    Broken(reqwest::Error),
    /// It is not what its content coding promises.
    Coding(io::Error),
}

impl Http {
    /// A client that trusts as `tls` says and connects within `connect`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`](crate::ErrorKind::Configuration) if it cannot be set up.
    pub(crate) fn new(
        tls: ClientConfig,
        proxy: Option<&Proxy>,
        connect: Duration,
    ) -> Result<Self, Error> {
        // `no_proxy` also clears proxies that were set before it.
        let mut builder = reqwest::Client::builder()
            .no_proxy()
            .tls_backend_preconfigured(tls)
            .redirect(Policy::none())
            .referer(false)
            .connect_timeout(connect)
            .pool_idle_timeout(MAX_IDLE_TIME)
            .tcp_keepalive(PROBE_INTERVAL)
            .tcp_keepalive_interval(PROBE_INTERVAL)
            .tcp_keepalive_retries(MAX_PROBES)
            .http1_max_headers(MAX_HEADERS)
            .http1_allow_obsolete_multiline_headers_in_responses(true)
            .http1_allow_spaces_after_header_name_in_responses(true)
            .http1_ignore_invalid_headers_in_responses(true)
            .user_agent(PRODUCT);
        if let Some(proxy) = proxy {
            builder = builder.proxy(proxy.to_reqwest()?);
        }
        let client = builder.build();
        client
            .map(Self)
            .map_err(|_error| Error::configuration("the HTTP client can't be set up"))
    }

    /// Starts a request for `url`.
    pub(crate) fn get(&self, url: reqwest::Url) -> reqwest::RequestBuilder {
        self.0.get(url)
    }

    /// Sends a request over a connection that waits for one, or over a new one. `route` is what its connections take.
    pub(crate) async fn send(
        &self,
        request: reqwest::Request,
        route: &Route<'_>,
    ) -> Result<Response, Unanswered> {
        if own_tunnel::is_needed(route) {
            return own_tunnel::send(request, route).await;
        }
        match self.0.execute(request).await {
            Ok(response) => Ok(Response::new(response)),
            Err(error) if error.is_connect() => Err(Unanswered::NotConnected(error)),
            Err(error) => Err(Unanswered::Broken(error.into())),
        }
    }
}

impl Response {
    fn new(response: reqwest::Response) -> Self {
        Self {
            response,
            unpacker: None,
        }
    }

    pub(crate) fn status(&self) -> u16 {
        self.response.status().as_u16()
    }

    pub(crate) fn headers(&self) -> &HeaderMap {
        self.response.headers()
    }

    /// Unpacks the body from now on, as its content codings say.
    pub(crate) fn unpack(&mut self) -> Result<(), UnknownCoding> {
        let codings = self.response.headers().get_all(CONTENT_ENCODING).iter();
        let codings = codings.map(|value| String::from_utf8_lossy(value.as_bytes()));
        let codings: Vec<_> = codings.collect();
        self.unpacker = Unpacker::new(&codings.join(","))?;
        Ok(())
    }

    /// The next piece of the body; none at its end.
    pub(crate) async fn chunk(&mut self) -> Result<Option<Bytes>, BodyError> {
        loop {
            match self.unpacker.as_mut().map(Unpacker::next) {
                None => return self.packed().await,
                Some(Ok(Next::Piece(piece))) => return Ok(Some(piece)),
                Some(Ok(Next::End)) => return Ok(None),
                Some(Err(error)) => return Err(BodyError::Coding(error)),
                Some(Ok(Next::Hungry)) => {}
            }
            let packed = self.packed().await?;
            if let Some(unpacker) = &mut self.unpacker {
                unpacker.feed(packed);
            }
        }
    }

    async fn packed(&mut self) -> Result<Option<Bytes>, BodyError> {
        loop {
            let chunk = self.response.chunk().await.map_err(BodyError::Broken)?;
            if chunk.as_ref().is_none_or(|bytes| !bytes.is_empty()) {
                return Ok(chunk);
            }
        }
    }
}
