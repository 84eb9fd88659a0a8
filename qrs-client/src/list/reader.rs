//! The task behind a list: it asks, decodes what comes and hands it over in batches.

use std::sync::Arc;

use serde::de::DeserializeOwned;
use tokio::sync::mpsc;

use super::Record;
use super::decoder::{Broken, Flaw, ListDecoder};
use crate::asked::Asked;
use crate::body::Body;
use crate::error::{Error, ErrorKind};
use crate::fact::Fact;
use crate::renewal::Doubt;
use crate::request::Get;
use crate::retry::{Tries, Trouble};
use crate::time_limits::Wanted;
use crate::transport::Transport;

/// How many batches may wait for the caller; with [`LARGEST_BATCH_BYTES`] this bounds the memory
/// that a list takes.
pub(super) const MESSAGES_AHEAD: usize = 4;

/// Enough that handing over costs nothing per record.
const LARGEST_BATCH_RECORDS: usize = 64;

/// In bytes of the answer; a record takes about as much in memory.
const LARGEST_BATCH_BYTES: u64 = 256 * 1024;

/// Maximum number of elements that are not records, in a list that has more of them than records. An endless list of
/// `null` would be read for as long as the site sends it.
const MAX_UNREADABLE: u64 = 10_000;

/// Some records and, in the last message, how the list ended.
pub(super) struct Message<T> {
    pub(super) records: Vec<Record<T>>,
    /// How much of the answer is decoded after these records.
    pub(super) bytes_read: u64,
    pub(super) end: Option<Result<(), Error>>,
}

pub(super) async fn read<T: DeserializeOwned>(
    transport: Arc<Transport>,
    get: Get,
    sender: mpsc::Sender<Message<T>>,
) {
    let mut outgoing = Outgoing::new(sender);
    let mut tries = transport.tries(Wanted::List);
    let end = loop {
        let Err(error) = read_once(&transport, &get, &mut tries, &mut outgoing).await else {
            break Ok(());
        };
        // What was handed out can't be taken back: another try is the caller's decision.
        if outgoing.count > 0 {
            break Err(broken_off(error, outgoing.count));
        }
        if !tries.again(error.trouble()).await {
            break Err(tries.give_up(error));
        }
    };
    outgoing.send(Some(end)).await;
}

async fn read_once<T: DeserializeOwned>(
    transport: &Transport,
    get: &Get,
    tries: &mut Tries,
    outgoing: &mut Outgoing<T>,
) -> Result<(), Error> {
    let mut body = transport.open(get, tries).await?;
    let ended = read_body(&mut body, outgoing).await;
    // Something else than a list may be the answer to the cookies of an ended session.
    if let (Err(error), Some(carried), 0) = (&ended, body.carried(), outgoing.count)
        && transport.renew(get, error, carried, tries).await?
    {
        let mut second = transport.open(get, tries).await?;
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
        // Packed answers can be ready for minutes: others get their turn, too.
        tokio::task::consume_budget().await;
        decoder.push(&chunk);
        outgoing.take(&mut decoder, body).await?;
        if outgoing.is_awaited() {
            outgoing.send(None).await;
        }
    }
    decoder.finish();
    outgoing.take(&mut decoder, body).await
}

/// A batch on its way to the caller.
struct Outgoing<T> {
    sender: mpsc::Sender<Message<T>>,
    records: Vec<Record<T>>,
    /// How much of the answer was decoded before the batch, and with it.
    bytes_before: u64,
    bytes_read: u64,
    /// The records of all batches, and how many of them are unreadable.
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

    /// Takes all records that the decoder has, and sends each batch that is full.
    async fn take(&mut self, decoder: &mut ListDecoder<T>, body: &Body) -> Result<(), Error> {
        loop {
            let record = decoder.next();
            let record = record.map_err(|broken| error(broken, decoder.rest(), body.asked()))?;
            self.bytes_read = decoder.offset();
            let Some(record) = record else {
                return Ok(());
            };
            if self.records.capacity() == 0 {
                self.records.reserve_exact(LARGEST_BATCH_RECORDS);
            }
            self.count += 1;
            if let Err(unreadable) = &record {
                self.unreadable += 1;
                self.check_unreadable(&unreadable.reason, body.asked())?;
            }
            self.records.push(record);
            let bytes = self.bytes_read - self.bytes_before;
            if self.records.len() == LARGEST_BATCH_RECORDS || bytes >= LARGEST_BATCH_BYTES {
                self.send(None).await;
            }
        }
    }

    /// Gives up on a list that is hardly a list of records.
    fn check_unreadable(&self, reason: &str, asked: &Asked) -> Result<(), Error> {
        let Self {
            unreadable, count, ..
        } = self;
        if *unreadable <= MAX_UNREADABLE || unreadable * 2 <= *count {
            return Ok(());
        }
        let reason = asked.scrub_line(reason);
        let message = format!(
            "gave up on the list: {unreadable} of its first {count} elements are not readable records, the last because \
             {reason}"
        );
        Err(asked.error(ErrorKind::TooLarge, message))
    }

    /// Whether the caller has nothing to do but wait for this batch.
    fn is_awaited(&self) -> bool {
        !self.records.is_empty() && self.sender.capacity() == self.sender.max_capacity()
    }

    async fn send(&mut self, end: Option<Result<(), Error>>) {
        let records = std::mem::take(&mut self.records);
        let bytes_read = self.bytes_read;
        self.bytes_before = bytes_read;
        let message = Message {
            records,
            bytes_read,
            end,
        };
        // It fails only if the list was dropped, and then this task is aborted.
        self.sender.send(message).await.ok();
    }
}

/// What is left of the answer shows what came instead of a list.
fn error(broken: Broken, rest: &[u8], asked: &Asked) -> Error {
    let Broken {
        reason,
        offset,
        flaw,
    } = broken;
    let message = format!("the list is broken at byte {offset}: {reason}");
    let (kind, fact) = match flaw {
        Flaw::TooLarge => (ErrorKind::TooLarge, Fact::AnswerTooLarge),
        Flaw::Short => (ErrorKind::ListBroken, Fact::AnswerCut),
        Flaw::Wrong => (ErrorKind::ListBroken, Fact::ListDamaged),
    };
    let doubt = match flaw {
        Flaw::Wrong => Doubt::Possible,
        Flaw::Short if offset == 0 => Doubt::Possible,
        Flaw::Short | Flaw::TooLarge => Doubt::None,
    };
    let error = asked.error(kind, message).with_fact(fact);
    let error = error.with_doubt(doubt);
    match flaw {
        Flaw::TooLarge => error,
        Flaw::Short => error.with_trouble(Trouble::Cut),
        Flaw::Wrong => error
            .with_trouble(Trouble::Damaged)
            .with_excerpt(asked.excerpt(&rest[..rest.len().min(LONGEST_REST)])),
    }
}

/// How much of what came instead of a list is considered for an excerpt, in bytes.
const LONGEST_REST: usize = 4096;

fn broken_off(error: Error, records: u64) -> Error {
    if matches!(error.kind(), ErrorKind::ListBroken | ErrorKind::TooLarge) {
        return error;
    }
    let plural = if records == 1 { "" } else { "s" };
    let message = format!("the list broke off after {records} record{plural}");
    let broken = Error::new(ErrorKind::ListBroken, message)
        .with_fact(error.fact().clone())
        .with_trouble(error.trouble());
    let broken = match error.hint() {
        Some(hint) => broken.with_hint(hint.to_owned()),
        None => broken,
    };
    let broken = match error.time_limit() {
        Some((limit, value)) => broken.with_time_limit(limit, value),
        None => broken,
    };
    broken.with_source(error)
}
