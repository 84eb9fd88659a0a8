//! The bodies of requests.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_core::Stream;
use http_body::Frame;

type ByteStream = Pin<Box<dyn Stream<Item = io::Result<Bytes>> + Send>>;

/// The body of a request.
pub(super) enum Body {
    Empty,
    Bytes(Bytes),
    /// `None` after it was sent.
    Stream(Option<StreamBody>),
}

/// A body that is produced while it is sent.
pub(super) struct StreamBody {
    /// The HTTP library requires `Sync`. The mutex provides it and is never locked.
    stream: Mutex<ByteStream>,
}

impl Body {
    /// The body in the form of the HTTP library.
    pub(super) fn take_reqwest(&mut self) -> Option<reqwest::Body> {
        match self {
            Self::Empty => None,
            Self::Bytes(bytes) => Some(bytes.clone().into()),
            Self::Stream(stream) => stream.take().map(reqwest::Body::wrap),
        }
    }
}

impl StreamBody {
    pub(super) fn new(stream: ByteStream) -> Self {
        let stream = Mutex::new(stream);
        Self { stream }
    }
}

impl http_body::Body for StreamBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let stream = self
            .stream
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner);
        let polled = stream.as_mut().poll_next(context);
        polled.map(|piece| piece.map(|bytes| bytes.map(Frame::data)))
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "Empty",
            Self::Bytes(_) => "Bytes",
            Self::Stream(_) => "Stream",
        })
    }
}
