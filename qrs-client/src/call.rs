//! Requests as plain values: a method, a path and a body. Nothing here touches the network.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use futures_core::Stream;
use outbound_http::{Method, Repeat, Request};
use serde::Serialize;

use crate::error::Error;
use crate::path::QrsPath;
use crate::time_limits::Wanted;

/// A request to QRS.
#[derive(Clone)]
pub(crate) struct Call {
    pub(crate) method: Method,
    pub(crate) path: QrsPath,
    pub(crate) body: Option<Payload>,
    pub(crate) repeat: Repeat,
    pub(crate) wanted: Wanted,
    pub(crate) reading: Reading,
}

/// What is kept of the response to a request for a single value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reading {
    /// All of it.
    Whole,
    /// An object without the arrays and objects in it.
    Outline,
}

/// The body of a request.
#[derive(Clone)]
pub(crate) struct Payload {
    content_type: &'static str,
    content: Content,
}

#[derive(Clone)]
enum Content {
    Bytes(Bytes),
    /// `None` after it was sent.
    Stream(Arc<Mutex<Option<ByteStream>>>),
}

type ByteStream = Pin<Box<dyn Stream<Item = io::Result<Bytes>> + Send>>;

impl Call {
    /// Reads a path.
    pub(crate) fn get(path: QrsPath) -> Self {
        Self::new(Method::GET, path)
    }

    /// A request without a body. Only reading may be repeated: QRS gives no promise that another request which is sent twice
    /// has the same effect as one.
    pub(crate) fn new(method: Method, path: QrsPath) -> Self {
        let repeat = match method {
            Method::GET | Method::HEAD | Method::OPTIONS => Repeat::Safe,
            _ => Repeat::IfNotProcessed,
        };
        Self {
            method,
            path,
            body: None,
            repeat,
            wanted: Wanted::Value,
            reading: Reading::Whole,
        }
    }

    /// Sets a JSON body.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`](crate::ErrorKind::Configuration) if the value cannot be written as JSON.
    pub(crate) fn json<B: Serialize + ?Sized>(mut self, value: &B) -> Result<Self, Error> {
        let bytes = serde_json::to_vec(value).map_err(|error| {
            Error::configuration(format!("the body cannot be written as JSON: {error}"))
        })?;
        self.body = Some(Payload {
            content_type: "application/json",
            content: Content::Bytes(bytes.into()),
        });
        Ok(self)
    }

    /// Sets a body that is produced while it is sent. The request is sent once.
    pub(crate) fn stream<S>(mut self, content_type: &'static str, stream: S) -> Self
    where
        S: Stream<Item = io::Result<Bytes>> + Send + 'static,
    {
        let stream: ByteStream = Box::pin(stream);
        self.body = Some(Payload {
            content_type,
            content: Content::Stream(Arc::new(Mutex::new(Some(stream)))),
        });
        self.repeat = Repeat::Never;
        self
    }

    /// Adds the body to a request.
    pub(crate) fn add_body(&self, request: Request) -> Request {
        let Some(Payload {
            content_type,
            content,
        }) = &self.body
        else {
            return request;
        };
        match content {
            Content::Bytes(bytes) => request.with_body(content_type, bytes.clone()),
            Content::Stream(stream) => {
                let stream = stream.lock().unwrap_or_else(PoisonError::into_inner).take();
                match stream {
                    Some(stream) => request.with_body_stream(content_type, stream),
                    None => request,
                }
            }
        }
    }

    /// Allows the response to begin as late as a list: the request is about many records.
    pub(crate) fn of_many(mut self) -> Self {
        self.wanted = Wanted::List;
        self
    }

    /// Keeps only the outline of the response, which may be of any size.
    pub(crate) fn outlined(mut self) -> Self {
        self.reading = Reading::Outline;
        self
    }

    /// Allows the request to be repeated, because it only reads.
    pub(crate) fn repeatable(mut self) -> Self {
        self.repeat = Repeat::Safe;
        self
    }
}

/// Without the body, which may contain the password of a data connection.
impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("method", &self.method)
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}
