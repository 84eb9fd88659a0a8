//! The task behind a list: it sends the request and passes the response on piece by piece, once it begins as a list.

use std::sync::Arc;

use bytes::Bytes;
use outbound_http::FailureClass;
use serde::de::IgnoredAny;
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

use super::decoder::{ListDecoder, ListError, ListErrorKind, Piece};
use crate::body::Body;
use crate::call::Call;
use crate::credentials::LoginKind;
use crate::error::{EndedSession, Error, ErrorKind};
use crate::fact::Fact;
use crate::lend::Owned;
use crate::request_context::RequestContext;
use crate::site::SiteUrl;
use crate::time_limits::Wanted;
use crate::transport::Transport;
use crate::tries::Tries;

/// Maximum number of pieces that wait for the caller. Together with [`MAX_PIECE_BYTES`], this limits the memory of a list.
pub(super) const MAX_WAITING_PIECES: usize = 4;

/// Maximum size of a piece, in bytes. Chunks of a connection are copied, so that it can use its buffer again.
const MAX_PIECE_BYTES: usize = 56 * 1024;

/// Maximum size of the beginning of a response, in bytes, that is kept until it shows whether this is a list. A longer first
/// element is passed on before its end.
const MAX_BEGINNING_BYTES: usize = 512 * 1024;

pub(super) enum Message {
    /// The response begins as a list does. It is not requested again, whatever follows.
    Begins(Box<ListRequest>),
    Piece(Piece),
    /// The end of the response, or why it is not complete.
    End(Result<(), Error>),
}

/// The request of a list, as errors about its response describe it.
pub(super) struct ListRequest {
    site: SiteUrl,
    login: LoginKind,
    http: outbound_http::RequestContext,
}

impl ListRequest {
    fn new(context: RequestContext<'_>) -> Self {
        Self {
            site: context.site.clone(),
            login: context.login,
            http: context.http.clone(),
        }
    }

    pub(super) fn context(&self) -> RequestContext<'_> {
        RequestContext {
            site: &self.site,
            login: self.login,
            http: &self.http,
        }
    }
}

pub(super) async fn read(transport: Arc<Transport>, call: Call, sender: mpsc::Sender<Message>) {
    let mut outgoing = Outgoing {
        sender,
        has_begun: false,
        piece: Piece::with_capacity(0),
    };
    let mut tries = transport.tries(Wanted::List, call.repeat);
    let end = loop {
        let Err(error) = read_once(&transport, &call, &mut tries, &mut outgoing).await else {
            break Ok(());
        };
        // The caller may already have some records: another try is the caller's decision.
        if outgoing.has_begun {
            break Err(error);
        }
        if !tries.wait_for_next(error.class()).await {
            break Err(tries.last_error(error));
        }
    };
    // Sending fails only if the list was dropped.
    let Outgoing { sender, piece, .. } = outgoing;
    if !piece.bytes().is_empty() {
        sender.send(Message::Piece(piece)).await.ok();
    }
    sender.send(Message::End(end)).await.ok();
}

async fn read_once(
    transport: &Transport,
    call: &Call,
    tries: &mut Tries,
    outgoing: &mut Outgoing,
) -> Result<(), Error> {
    let mut body = transport.open(call, tries).await?;
    let ended = read_body(&mut body, outgoing).await;
    body.end();
    // The site may answer the cookies of an ended session with something other than a list.
    if let (Err(error), Some(cookies), false) = (&ended, body.sent_cookies(), outgoing.has_begun)
        && transport.renew(call, error, cookies, tries).await?
    {
        let mut second = transport.open(call, tries).await?;
        return read_body(&mut second, outgoing).await;
    }
    ended
}

async fn read_body(body: &mut Body, outgoing: &mut Outgoing) -> Result<(), Error> {
    let mut beginning = Beginning::new();
    while let Some(chunk) = body.chunk().await? {
        // A compressed response may never have to wait: give other tasks a turn.
        tokio::task::consume_budget().await;
        if outgoing.has_begun {
            outgoing.add(&chunk, body).await;
            continue;
        }
        let is_list = beginning.push(chunk);
        if is_list.map_err(|error| list_error(error, body.context()))? {
            outgoing.begin(&mut beginning, body).await;
        }
    }
    if !outgoing.has_begun {
        let end = beginning.finish();
        end.map_err(|error| list_error(error, body.context()))?;
        outgoing.begin(&mut beginning, body).await;
    }
    Ok(())
}

/// The beginning of a response, until it shows whether this is a list.
struct Beginning {
    decoder: ListDecoder,
    pieces: Vec<Bytes>,
    bytes: usize,
}

impl Beginning {
    fn new() -> Self {
        Self {
            decoder: ListDecoder::new(),
            pieces: Vec::new(),
            bytes: 0,
        }
    }

    /// Adds a piece. Returns whether the response is a list with at least one element, as far as it is known.
    fn push(&mut self, piece: Bytes) -> Result<bool, ListError> {
        self.decoder.push(&piece);
        self.bytes += piece.len();
        self.pieces.push(piece);
        let has_element = self.decoder.next::<Owned<IgnoredAny>>()?.is_some();
        Ok(has_element || self.bytes > MAX_BEGINNING_BYTES)
    }

    /// Checks a response that ended without an element.
    fn finish(&mut self) -> Result<(), ListError> {
        self.decoder.finish();
        self.decoder.next::<Owned<IgnoredAny>>().map(drop)
    }
}

/// The way to the caller.
struct Outgoing {
    sender: mpsc::Sender<Message>,
    /// Whether the caller has the beginning of a list.
    has_begun: bool,
    /// What is still to be sent.
    piece: Piece,
}

impl Outgoing {
    async fn begin(&mut self, beginning: &mut Beginning, body: &mut Body) {
        self.has_begun = true;
        let request = ListRequest::new(body.context());
        self.send(Message::Begins(Box::new(request)), body).await;
        for piece in beginning.pieces.drain(..) {
            self.add(&piece, body).await;
        }
        self.send_piece(body).await;
    }

    /// Sends each full piece, and what there is if the caller waits for it.
    async fn add(&mut self, mut bytes: &[u8], body: &mut Body) {
        while !bytes.is_empty() {
            bytes = self.piece.fill(bytes);
            let is_awaited = self.sender.capacity() == self.sender.max_capacity();
            if !bytes.is_empty() || is_awaited {
                self.send_piece(body).await;
            }
        }
    }

    async fn send_piece(&mut self, body: &mut Body) {
        let piece = std::mem::replace(&mut self.piece, Piece::with_capacity(MAX_PIECE_BYTES));
        if !piece.bytes().is_empty() {
            self.send(Message::Piece(piece), body).await;
        }
    }

    /// Sends a message. While the caller has no room for it, nothing is read.
    async fn send(&mut self, message: Message, body: &mut Body) {
        // This fails only if the list was dropped, and then this task is aborted.
        if let Err(TrySendError::Full(message)) = self.sender.try_send(message) {
            body.pause(self.sender.send(message)).await.ok();
        }
    }
}

/// The error of a response that is not a list.
pub(super) fn list_error(error: ListError, context: RequestContext<'_>) -> Error {
    let ListError {
        reason,
        offset,
        kind: cause,
        rest,
    } = error;
    let message = match cause {
        ListErrorKind::Incomplete => format!("the list is incomplete at byte {offset}: {reason}"),
        _ => format!("the list is invalid at byte {offset}: {reason}"),
    };
    let (kind, fact) = match cause {
        ListErrorKind::TooLarge => (ErrorKind::TooLarge, Fact::AnswerTooLarge),
        ListErrorKind::Incomplete => (ErrorKind::ListBroken, Fact::AnswerCut),
        ListErrorKind::Invalid => (ErrorKind::ListBroken, Fact::ListDamaged),
    };
    let ended_session = match cause {
        ListErrorKind::Invalid => EndedSession::Possible,
        ListErrorKind::Incomplete if offset == 0 => EndedSession::Possible,
        ListErrorKind::Incomplete | ListErrorKind::TooLarge => EndedSession::Excluded,
    };
    let error = context
        .error(kind, message)
        .with_fact(fact)
        .with_ended_session(ended_session);
    match cause {
        ListErrorKind::TooLarge => error,
        ListErrorKind::Incomplete => error.with_class(FailureClass::ConnectionLost),
        ListErrorKind::Invalid => error
            .with_class(FailureClass::Later)
            .with_excerpt(context.redactor().excerpt(&rest)),
    }
}

/// The error of a list that ended after some records, with the cause as its source.
pub(super) fn incomplete_list(error: Error, records: u64) -> Error {
    if matches!(error.kind(), ErrorKind::ListBroken | ErrorKind::TooLarge) {
        return error;
    }
    let plural = if records == 1 { "" } else { "s" };
    let message = format!("the list is incomplete: it ended after {records} record{plural}");
    let incomplete = Error::new(ErrorKind::ListBroken, message)
        .with_fact(error.fact().clone())
        .with_class(error.class());
    let incomplete = match error.hint() {
        Some(hint) => incomplete.with_hint(hint.to_owned()),
        None => incomplete,
    };
    let incomplete = match error.time_limit() {
        Some((limit, value)) => incomplete.with_time_limit(limit, value),
        None => incomplete,
    };
    incomplete.with_source(error)
}
