//! The task behind a list: it sends the request, decodes the response and passes the records on in batches.

use std::sync::Arc;

use outbound_http::FailureClass;
use serde::de::DeserializeOwned;
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

use super::Record;
use super::decoder::{ListDecoder, ListError, ListErrorKind};
use crate::body::Body;
use crate::call::Call;
use crate::error::{EndedSession, Error, ErrorKind};
use crate::fact::Fact;
use crate::request_context::RequestContext;
use crate::time_limits::Wanted;
use crate::transport::Transport;
use crate::tries::Tries;

/// Maximum number of batches that wait for the caller. Together with [`MAX_BATCH_BYTES`], this limits the memory of a list.
pub(super) const MAX_WAITING_BATCHES: usize = 4;

/// Maximum number of records in a batch. With this many, the cost of passing on a batch does not matter.
const MAX_BATCH_RECORDS: usize = 64;

/// Maximum size of a batch, in bytes of the response. A record needs about as much memory.
const MAX_BATCH_BYTES: u64 = 256 * 1024;

/// Maximum number of elements that are not records, in a list that has more of them than records. An endless list of
/// `null` would be read for as long as the site sends it.
const MAX_UNREADABLE: u64 = 10_000;

/// A batch of records. The last message contains the end of the list.
pub(super) struct Message<T> {
    pub(super) records: Vec<Record<T>>,
    /// Position in the response after these records, in bytes.
    pub(super) bytes_read: u64,
    pub(super) end: Option<Result<(), Error>>,
}

pub(super) async fn read<T: DeserializeOwned>(
    transport: Arc<Transport>,
    call: Call,
    sender: mpsc::Sender<Message<T>>,
) {
    let mut outgoing = Outgoing::new(sender);
    let mut tries = transport.tries(Wanted::List, call.repeat);
    let end = loop {
        let Err(error) = read_once(&transport, &call, &mut tries, &mut outgoing).await else {
            break Ok(());
        };
        // The caller already has some records: another try is the caller's decision.
        if outgoing.count > 0 {
            break Err(incomplete_list(error, outgoing.count));
        }
        if !tries.wait_for_next(error.class()).await {
            break Err(tries.last_error(error));
        }
    };
    outgoing.send_end(end).await;
}

async fn read_once<T: DeserializeOwned>(
    transport: &Transport,
    call: &Call,
    tries: &mut Tries,
    outgoing: &mut Outgoing<T>,
) -> Result<(), Error> {
    let mut body = transport.open(call, tries).await?;
    let ended = read_body(&mut body, outgoing).await;
    body.end();
    // The site may answer the cookies of an ended session with something other than a list.
    if let (Err(error), Some(cookies), 0) = (&ended, body.sent_cookies(), outgoing.count)
        && transport.renew(call, error, cookies, tries).await?
    {
        let mut second = transport.open(call, tries).await?;
        return read_body(&mut second, outgoing).await;
    }
    ended
}

async fn read_body<T: DeserializeOwned>(
    body: &mut Body,
    outgoing: &mut Outgoing<T>,
) -> Result<(), Error> {
    let mut decoder = ListDecoder::new();
    while let Some(chunk) = body.chunk().await? {
        // A compressed response may never have to wait: give other tasks a turn.
        tokio::task::consume_budget().await;
        decoder.push(&chunk);
        outgoing.add(&mut decoder, body).await?;
        if outgoing.is_awaited() {
            outgoing.send(body).await;
        }
    }
    decoder.finish();
    outgoing.add(&mut decoder, body).await
}

/// The batch that is being filled for the caller.
struct Outgoing<T> {
    sender: mpsc::Sender<Message<T>>,
    records: Vec<Record<T>>,
    /// Positions in the response before and after the batch, in bytes.
    bytes_before: u64,
    bytes_read: u64,
    /// Number of records of all batches, and of the unreadable ones among them.
    count: u64,
    unreadable: u64,
}

impl<T: DeserializeOwned> Outgoing<T> {
    fn new(sender: mpsc::Sender<Message<T>>) -> Self {
        Self {
            sender,
            records: Vec::new(),
            bytes_before: 0,
            bytes_read: 0,
            count: 0,
            unreadable: 0,
        }
    }

    /// Adds all records that the decoder has, and sends each full batch.
    async fn add(&mut self, decoder: &mut ListDecoder<T>, body: &mut Body) -> Result<(), Error> {
        loop {
            let record = decoder.next();
            let record =
                record.map_err(|error| list_error(error, decoder.rest(), body.context()))?;
            self.bytes_read = decoder.offset();
            let Some(record) = record else {
                return Ok(());
            };
            if self.records.capacity() == 0 {
                self.records.reserve_exact(MAX_BATCH_RECORDS);
            }
            self.count += 1;
            if let Err(unreadable) = &record {
                self.unreadable += 1;
                self.check_unreadable(&unreadable.reason, body.context())?;
            }
            self.records.push(record);
            let bytes = self.bytes_read - self.bytes_before;
            if self.records.len() == MAX_BATCH_RECORDS || bytes >= MAX_BATCH_BYTES {
                self.send(body).await;
            }
        }
    }

    /// Ends a list that consists mostly of elements that are not records.
    fn check_unreadable(&self, reason: &str, context: RequestContext<'_>) -> Result<(), Error> {
        let Self {
            unreadable, count, ..
        } = self;
        if *unreadable <= MAX_UNREADABLE || unreadable * 2 <= *count {
            return Ok(());
        }
        let reason = context.redactor().redact_line(reason);
        let message = format!(
            "stopped reading the list: {unreadable} of its first {count} elements are not readable records; the last \
             one: {reason}"
        );
        Err(context.error(ErrorKind::TooLarge, message))
    }

    /// Whether the caller waits for this batch.
    fn is_awaited(&self) -> bool {
        !self.records.is_empty() && self.sender.capacity() == self.sender.max_capacity()
    }

    /// Sends the batch. While the caller has no room for it, nothing is read.
    async fn send(&mut self, body: &mut Body) {
        let message = self.message(None);
        // This fails only if the list was dropped, and then this task is aborted.
        if let Err(TrySendError::Full(message)) = self.sender.try_send(message) {
            body.pause(self.sender.send(message)).await.ok();
        }
    }

    /// Sends the last batch and the end of the list.
    async fn send_end(&mut self, end: Result<(), Error>) {
        let message = self.message(Some(end));
        self.sender.send(message).await.ok();
    }

    fn message(&mut self, end: Option<Result<(), Error>>) -> Message<T> {
        let bytes_read = self.bytes_read;
        self.bytes_before = bytes_read;
        Message {
            records: std::mem::take(&mut self.records),
            bytes_read,
            end,
        }
    }
}

/// Maximum size of a response other than a list that is read for an excerpt, in bytes.
const MAX_EXCERPT_SOURCE: usize = 4096;

/// The error of a response that is not a list. `rest` is the part that is not decoded: it shows what came instead.
fn list_error(error: ListError, rest: &[u8], context: RequestContext<'_>) -> Error {
    let ListError {
        reason,
        offset,
        kind: cause,
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
    let source = &rest[..rest.len().min(MAX_EXCERPT_SOURCE)];
    match cause {
        ListErrorKind::TooLarge => error,
        ListErrorKind::Incomplete => error.with_class(FailureClass::ConnectionLost),
        ListErrorKind::Invalid => error
            .with_class(FailureClass::Later)
            .with_excerpt(context.redactor().excerpt(source)),
    }
}

/// The error of a list that ended after some records, with the cause as its source.
fn incomplete_list(error: Error, records: u64) -> Error {
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
