//! The response of a list as its caller receives it.

use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::decoder::Piece;
use super::reader::{self, ListRequest, Message, incomplete_list};
use crate::call::Call;
use crate::error::{Error, ErrorKind};
use crate::request_context::RequestContext;
use crate::runtime;
use crate::transport::Transport;

/// The response of a list: requested or not, and its pieces.
pub(super) struct Incoming {
    source: Source,
    /// The request, once its response has begun as a list.
    request: Option<Box<ListRequest>>,
}

enum Source {
    NotRequested(Arc<Transport>, Call),
    Reading(Reading),
    /// The request could not be sent.
    Failed(Error),
    Over,
}

/// The task that reads the list. It ends when this is dropped.
struct Reading {
    messages: mpsc::Receiver<Message>,
    task: JoinHandle<()>,
}

/// What has arrived.
pub(super) enum Arrival {
    Piece(Piece),
    /// The end of the response. Only the closing bracket shows whether the list is complete.
    End,
    /// Nothing more: the end was already returned.
    Nothing,
}

impl Incoming {
    pub(super) fn new(transport: Arc<Transport>, call: Call) -> Self {
        Self {
            source: Source::NotRequested(transport, call),
            request: None,
        }
    }

    /// Sends the request, unless it was sent already.
    pub(super) fn start(&mut self) {
        let Source::NotRequested(transport, call) = &self.source else {
            return;
        };
        self.source = match runtime::check() {
            Ok(()) => Source::Reading(Reading::start(transport.clone(), call.clone())),
            Err(error) => Source::Failed(error),
        };
    }

    /// Ends the request: nothing more is read. Returns the error that is made from its description.
    #[cold]
    pub(super) fn fail(&mut self, error: impl FnOnce(RequestContext<'_>) -> Error) -> Error {
        self.source = Source::Over;
        match &self.request {
            Some(request) => error(request.context()),
            // The first piece follows after the request.
            None => reader_stopped(),
        }
    }

    /// The next piece, after `records` were read.
    pub(super) fn poll(
        &mut self,
        cx: &mut Context<'_>,
        records: u64,
    ) -> Poll<Result<Arrival, Error>> {
        self.start();
        let message = match &mut self.source {
            Source::Reading(reading) => ready!(reading.messages.poll_recv(cx)),
            _ => return Poll::Ready(self.end()),
        };
        match message {
            Some(Message::Piece(piece)) => Poll::Ready(Ok(Arrival::Piece(piece))),
            Some(Message::Begins(request)) => {
                self.request = Some(request);
                self.poll(cx, records)
            }
            Some(Message::End(end)) => {
                self.source = Source::Over;
                let end = end.map(|()| Arrival::End);
                Poll::Ready(end.map_err(|error| match records {
                    0 => error,
                    _ => incomplete_list(error, records),
                }))
            }
            None => {
                self.source = Source::Over;
                Poll::Ready(Err(reader_stopped()))
            }
        }
    }

    fn end(&mut self) -> Result<Arrival, Error> {
        match std::mem::replace(&mut self.source, Source::Over) {
            Source::Failed(error) => Err(error),
            _ => Ok(Arrival::Nothing),
        }
    }
}

/// The error of a reader that ended without reporting the end of the list: the runtime is shutting down.
fn reader_stopped() -> Error {
    Error::new(
        ErrorKind::ListBroken,
        "the list was not read to its end: its reader stopped unexpectedly",
    )
}

impl Reading {
    fn start(transport: Arc<Transport>, call: Call) -> Self {
        let (sender, messages) = mpsc::channel(reader::MAX_WAITING_PIECES);
        let task = tokio::spawn(reader::read(transport, call, sender));
        Self { messages, task }
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        self.task.abort();
    }
}
