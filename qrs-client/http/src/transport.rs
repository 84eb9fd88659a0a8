//! HTTP/1.1: requests and responses, by reqwest.
//!
//! The client is as lenient as curl: folded header lines, a space before the colon, lines that are not headers, hundreds of
//! headers.

mod coding;
mod own_connection;
mod own_connections;

use std::error::Error as StdError;
use std::io;
use std::time::Duration;

use bytes::Bytes;
use http::header::CONTENT_ENCODING;
use http::{HeaderMap, HeaderValue};
use reqwest::redirect::Policy;
use rustls::ClientConfig;

use crate::error::Error;
use crate::proxy::Proxy;
use crate::route::{MAX_PROBES, PROBE_INTERVAL, Route};
use coding::{Next, Unpacker};

pub(crate) use own_connection::OwnConnection;
use own_connections::OwnConnections;

pub(crate) use coding::UnknownCoding;

/// Maximum number of header lines of a response.
const MAX_HEADERS: usize = 2000;

/// Maximum time that an idle connection is kept for the next request. Servers close idle connections after 60 s or later.
const MAX_IDLE_TIME: Duration = Duration::from_secs(50);

/// Sends requests over connections that it keeps for the next ones.
#[derive(Clone)]
pub(crate) struct Transport {
    client: reqwest::Client,
    user_agent: HeaderValue,
    own: OwnConnections,
}

/// Why no response came.
pub(crate) enum SendError {
    /// The connection failed at a known step.
    Connection(Error),
    /// The connection failed. The library does not report at which step.
    NotConnected(reqwest::Error),
    /// The connection was lost, or the response is not HTTP.
    Exchange(Box<dyn StdError + Send + Sync>),
}

/// A response whose body has not been read yet.
pub(crate) struct RawResponse {
    response: reqwest::Response,
    unpacker: Option<Unpacker>,
}

/// Why a body was not read to its end.
pub(crate) enum BodyError {
    Connection(reqwest::Error),
    /// The body does not have the format that its content coding names.
    Coding(io::Error),
}

impl Transport {
    /// Creates a transport with the TLS configuration `tls`. Connecting takes at most `connect`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`](crate::ErrorKind::Configuration) if it cannot be set up.
    pub(crate) fn new(
        tls: ClientConfig,
        proxy: Option<&Proxy>,
        connect: Duration,
        user_agent: &HeaderValue,
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
            .user_agent(user_agent.clone());
        if let Some(proxy) = proxy {
            builder = builder.proxy(proxy.to_reqwest()?);
        }
        let client = builder.build();
        let client =
            client.map_err(|_error| Error::configuration("cannot set up the HTTP client"))?;
        Ok(Self {
            client,
            user_agent: user_agent.clone(),
            own: OwnConnections::default(),
        })
    }

    /// Sends a request over an idle connection or a new one. `route` describes the connection.
    pub(crate) async fn send(
        &self,
        request: reqwest::Request,
        route: &Route<'_>,
    ) -> Result<RawResponse, SendError> {
        if own_connection::is_needed(route) {
            let mut connection = match self.own.take() {
                Some(connection) => connection,
                None => self.connect(route).await?,
            };
            let response = connection.send(request).await?;
            self.own.keep(connection);
            return Ok(response);
        }
        match self.client.execute(request).await {
            Ok(response) => Ok(RawResponse::new(response)),
            Err(error) if error.is_connect() => Err(SendError::NotConnected(error)),
            Err(error) => Err(SendError::Exchange(error.into())),
        }
    }

    /// Makes a connection that is not shared.
    pub(crate) async fn connect(&self, route: &Route<'_>) -> Result<OwnConnection, SendError> {
        OwnConnection::open(route, &self.user_agent).await
    }
}

impl RawResponse {
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

    /// Decompresses the body from now on, as its content codings require.
    pub(crate) fn unpack(&mut self) -> Result<(), UnknownCoding> {
        let codings = self.response.headers().get_all(CONTENT_ENCODING).iter();
        let codings = codings.map(|value| String::from_utf8_lossy(value.as_bytes()));
        let codings: Vec<_> = codings.collect();
        self.unpacker = Unpacker::new(&codings.join(","))?;
        Ok(())
    }

    /// The next piece of the body; `None` at its end.
    pub(crate) async fn chunk(&mut self) -> Result<Option<Bytes>, BodyError> {
        loop {
            match self.unpacker.as_mut().map(Unpacker::next) {
                None => return self.packed().await,
                Some(Ok(Next::Piece(piece))) => return Ok(Some(piece)),
                Some(Ok(Next::End)) => return Ok(None),
                Some(Err(error)) => return Err(BodyError::Coding(error)),
                Some(Ok(Next::NeedsInput)) => {}
            }
            let packed = self.packed().await?;
            if let Some(unpacker) = &mut self.unpacker {
                unpacker.feed(packed);
            }
        }
    }

    /// The next piece of the body as it is sent, compressed or not; `None` at its end.
    pub(crate) async fn packed(&mut self) -> Result<Option<Bytes>, BodyError> {
        loop {
            let chunk = self.response.chunk().await.map_err(BodyError::Connection)?;
            if chunk.as_ref().is_none_or(|bytes| !bytes.is_empty()) {
                return Ok(chunk);
            }
        }
    }
}
