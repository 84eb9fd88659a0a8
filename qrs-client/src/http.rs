//! HTTP/1.1 over a [`Route`]: requests, answers, and connections that are used again.
//!
//! What curl reads is read: folded header lines, a space before the colon, lines that are no header, hundreds of headers.

mod coding;

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{CONTENT_ENCODING, HeaderMap};
use hyper_util::rt::TokioIo;
use tokio::time::Instant;

use crate::error::Error;
use crate::route::Route;
use coding::{Next, Unpacker};

pub(crate) use coding::UnknownCoding;

/// A request without a body.
pub(crate) type Request = hyper::Request<Empty<Bytes>>;

/// Maximum number of header lines of an answer.
const MAX_HEADERS: usize = 2000;

/// Maximum time that a connection waits for its next request. Servers close theirs after 60 s or later.
const MAX_IDLE_TIME: Duration = Duration::from_secs(50);

/// The connections to one site that wait for another request.
#[derive(Default)]
pub(crate) struct Connections(Arc<Mutex<Vec<Idle>>>);

struct Idle {
    sender: SendRequest<Empty<Bytes>>,
    since: Instant,
}

/// Why no answer came.
pub(crate) enum Unanswered {
    /// There is no connection to the site.
    NoConnection(Error),
    /// The connection broke, or what came is not HTTP.
    Broken(hyper::Error),
}

/// An answer whose body has not been read yet.
pub(crate) struct Response {
    status: u16,
    headers: HeaderMap,
    body: Incoming,
    unpacker: Option<Unpacker>,
    /// Goes back to the others at the end of the body.
    sender: Option<SendRequest<Empty<Bytes>>>,
    idle: Arc<Mutex<Vec<Idle>>>,
}

/// Why a body was not read to its end.
pub(crate) enum BodyError {
    Broken(hyper::Error),
    /// It is not what its content coding promises.
    Coding(io::Error),
}

impl Connections {
    /// Sends a request over a connection that waits for one, or over a new one.
    pub(crate) async fn send(
        &self,
        mut request: Request,
        route: &Route<'_>,
    ) -> Result<Response, Unanswered> {
        while let Some(mut sender) = self.take() {
            if sender.ready().await.is_err() {
                continue;
            }
            match sender.try_send_request(request).await {
                Ok(response) => return Ok(self.response(response, sender)),
                Err(mut error) => match error.take_message() {
                    // The site closed the connection before the request was sent.
                    Some(unsent) => request = unsent,
                    None => return Err(Unanswered::Broken(error.into_error())),
                },
            }
        }
        let stream = route.open().await.map_err(Unanswered::NoConnection)?;
        let handshake = http1::Builder::new()
            .max_headers(MAX_HEADERS)
            .allow_obsolete_multiline_headers_in_responses(true)
            .allow_spaces_after_header_name_in_responses(true)
            .ignore_invalid_headers_in_responses(true)
            .handshake(TokioIo::new(stream));
        let (mut sender, connection) = handshake.await.map_err(Unanswered::Broken)?;
        // An error of the connection is reported by the request that it concerns.
        tokio::spawn(connection);
        let response = sender.send_request(request).await;
        let response = response.map_err(Unanswered::Broken)?;
        Ok(self.response(response, sender))
    }

    fn take(&self) -> Option<SendRequest<Empty<Bytes>>> {
        let mut idle = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|idle| idle.since.elapsed() < MAX_IDLE_TIME && !idle.sender.is_closed());
        idle.pop().map(|idle| idle.sender)
    }

    fn response(
        &self,
        response: hyper::Response<Incoming>,
        sender: SendRequest<Empty<Bytes>>,
    ) -> Response {
        let (head, body) = response.into_parts();
        Response {
            status: head.status.as_u16(),
            headers: head.headers,
            body,
            unpacker: None,
            sender: Some(sender),
            idle: Arc::clone(&self.0),
        }
    }
}

impl Response {
    pub(crate) fn status(&self) -> u16 {
        self.status
    }

    pub(crate) fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// Unpacks the body from now on, as its content codings say.
    pub(crate) fn unpack(&mut self) -> Result<(), UnknownCoding> {
        let codings = self.headers.get_all(CONTENT_ENCODING).iter();
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
        while let Some(frame) = self.body.frame().await {
            let frame = frame.map_err(BodyError::Broken)?;
            match frame.into_data() {
                Ok(bytes) if !bytes.is_empty() => return Ok(Some(bytes)),
                _ => {}
            }
        }
        if let Some(sender) = self.sender.take() {
            let since = Instant::now();
            let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
            idle.push(Idle { sender, since });
        }
        Ok(None)
    }
}
