//! A list of records, read one at a time.

mod decoder;
mod oversize;
mod reader;

#[cfg(any(test, fuzzing))]
pub use decoder::pieces::check_pieces;

use std::fmt;
use std::sync::Arc;

use futures_core::Stream;
use serde::de::DeserializeOwned;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::error::{Error, ErrorKind};
use crate::request::Get;
use crate::transport::Transport;
use reader::Message;

/// A list of records that is never held whole: each is decoded as its bytes arrive.
///
/// Nothing is asked before the first [`next`](Self::next). From then on a task of its own reads and
/// decodes a little ahead, so that the site, the decoder and the caller work side by side; dropping
/// the list ends it.
///
/// The list is complete when `next` has answered `Ok(None)`. After an error there is nothing more.
pub struct RecordList<T> {
    source: Source<T>,
    batch: std::vec::IntoIter<Record<T>>,
    /// How the list ends after the batch.
    end: Option<Result<(), Error>>,
    bytes_read: u64,
    records_read: u64,
}

/// A record, or why one element of the list is none; the list goes on after it.
pub type Record<T> = Result<T, UnreadableRecord>;

/// An element of a list that is not the record it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnreadableRecord {
    /// Its place in the list, from 0.
    pub index: u64,
    /// Where it begins in the answer, in bytes.
    pub offset: u64,
    /// Its `id`, if that much can be read.
    pub id: Option<String>,
    /// What is wrong with it, on one line. It may quote the record.
    pub reason: String,
}

enum Source<T> {
    Unasked(Arc<Transport>, Get),
    Reading(Reading<T>),
    Over,
}

/// The task that reads, as long as somebody wants what it reads.
struct Reading<T> {
    messages: mpsc::Receiver<Message<T>>,
    task: JoinHandle<()>,
}

impl<T> RecordList<T> {
    pub(crate) fn new(transport: Arc<Transport>, get: Get) -> Self {
        Self {
            source: Source::Unasked(transport, get),
            batch: Vec::new().into_iter(),
            end: None,
            bytes_read: 0,
            records_read: 0,
        }
    }

    /// How much of the answer was decoded for the records so far, in bytes, rounded up to a batch.
    #[must_use]
    pub fn bytes_read(&self) -> u64 {
        self.bytes_read
    }

    /// How many records were handed out, unreadable ones included.
    #[must_use]
    pub fn records_read(&self) -> u64 {
        self.records_read
    }
}

impl<T: DeserializeOwned + Send + 'static> RecordList<T> {
    /// The next record; none when the list is over. No record is lost if the future is dropped.
    ///
    /// # Errors
    ///
    /// Any [`ErrorKind`] of a request before the first record; after it
    /// [`ErrorKind::ListBroken`], with the cause as source.
    ///
    /// # Panics
    ///
    /// The first call panics outside of a tokio runtime.
    pub async fn next(&mut self) -> Result<Option<Record<T>>, Error> {
        loop {
            if let Some(record) = self.batch.next() {
                self.records_read += 1;
                return Ok(Some(record));
            }
            if let Some(end) = self.end.take() {
                self.source = Source::Over;
                return end.map(|()| None);
            }
            match &mut self.source {
                Source::Unasked(transport, get) => {
                    self.source = Source::Reading(Reading::start(transport.clone(), get.clone()));
                }
                Source::Reading(reading) => match reading.messages.recv().await {
                    Some(message) => {
                        self.batch = message.records.into_iter();
                        self.bytes_read = message.bytes_read;
                        self.end = message.end;
                    }
                    None => self.end = Some(Err(stopped())),
                },
                Source::Over => return Ok(None),
            }
        }
    }

    /// The list as a [`Stream`], which ends after an error.
    pub fn into_stream(self) -> impl Stream<Item = Result<Record<T>, Error>> + Send + Unpin {
        Box::pin(futures_util::stream::unfold(self, async |mut list| {
            let item = list.next().await.transpose()?;
            Some((item, list))
        }))
    }
}

/// The reader says how the list ended before it goes; it did not, so the record type panicked or
/// the runtime is shutting down.
fn stopped() -> Error {
    Error::new(
        ErrorKind::ListBroken,
        "the list was not read to its end: its reader stopped",
    )
}

impl<T: DeserializeOwned + Send + 'static> Reading<T> {
    fn start(transport: Arc<Transport>, get: Get) -> Self {
        let (sender, messages) = mpsc::channel(reader::MESSAGES_AHEAD);
        let task = tokio::spawn(reader::read(transport, get, sender));
        Self { messages, task }
    }
}

impl<T> Drop for Reading<T> {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl<T> fmt::Debug for RecordList<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecordList")
            .field("bytes_read", &self.bytes_read)
            .field("records_read", &self.records_read)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for UnreadableRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            index,
            offset,
            id,
            reason,
        } = self;
        write!(f, "record {index} at byte {offset} can't be read")?;
        if let Some(id) = id {
            write!(f, ", id `{id}`")?;
        }
        write!(f, ": {reason}")
    }
}

impl std::error::Error for UnreadableRecord {}
