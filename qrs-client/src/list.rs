//! A list of records, read one at a time.

mod decoder;
mod oversize;
mod readable;
mod reader;

#[cfg(any(test, fuzzing))]
pub use decoder::pieces::check_pieces;

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use serde::de::DeserializeOwned;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::call::Call;
use crate::error::{Error, ErrorKind};
use crate::runtime;
use crate::transport::Transport;
pub use readable::ReadableRecords;
use reader::Message;

/// A list of records that is never kept in memory as a whole: each record is decoded while its bytes arrive.
///
/// It is a [`Stream`] of results, and [`try_next`](Self::try_next) reads it without an import. The request is sent when the
/// first record is asked for, or earlier with [`start`](Self::start). From then on, a separate task reads and decodes a little ahead, so that the site, the decoder and
/// the caller work at the same time. Dropping the list ends the task.
///
/// The list is complete when the stream has ended without an error. After an error, there are no more records.
///
/// ```no_run
/// # async fn print(client: &qrs_client::QrsClient) -> Result<(), qrs_client::Error> {
/// use qrs_client::App;
///
/// let mut apps = client
///     .apps::<App>(None)
///     .skip_unreadable(|unreadable| eprintln!("{unreadable}"));
/// while let Some(app) = apps.try_next().await? {
///     println!("{}", app.name);
/// }
/// # Ok(())
/// # }
/// ```
pub struct RecordList<T> {
    source: Source<T>,
    batch: std::vec::IntoIter<Record<T>>,
    /// The end of the list, if it follows the batch.
    end: Option<Result<(), Error>>,
    bytes_read: u64,
    records_read: u64,
}

/// A record, or why an element of the list is not one. The list continues after it.
pub type Record<T> = Result<T, UnreadableRecord>;

/// An element of a list that cannot be read as a record.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnreadableRecord {
    /// Its position in the list, from 0.
    pub index: u64,
    /// Its position in the response, in bytes.
    pub offset: u64,
    /// Its `id`, if that can be read.
    pub id: Option<String>,
    /// Why it cannot be read, on one line. The text may quote the record.
    pub reason: String,
}

enum Source<T> {
    NotRequested(Arc<Transport>, Call),
    Reading(Reading<T>),
    Over,
}

/// The task that reads the list. It ends when this is dropped.
struct Reading<T> {
    messages: mpsc::Receiver<Message<T>>,
    task: JoinHandle<()>,
}

impl<T> RecordList<T> {
    pub(crate) fn new(transport: Arc<Transport>, call: Call) -> Self {
        Self {
            source: Source::NotRequested(transport, call),
            batch: Vec::new().into_iter(),
            end: None,
            bytes_read: 0,
            records_read: 0,
        }
    }

    /// Number of bytes of the response that were decoded for the records so far, rounded up to a batch.
    #[must_use]
    pub fn bytes_read(&self) -> u64 {
        self.bytes_read
    }

    /// Number of records that were returned, unreadable ones included.
    #[must_use]
    pub fn records_read(&self) -> u64 {
        self.records_read
    }
}

impl<T: DeserializeOwned + Send + 'static> RecordList<T> {
    /// The next record; `None` at the end of the list. No record is lost if the future is dropped.
    ///
    /// # Errors
    ///
    /// Any [`ErrorKind`] of a request before the first record; after it
    /// [`ErrorKind::ListBroken`], with the cause as source. [`ErrorKind::Configuration`] outside of a tokio runtime.
    pub async fn try_next(&mut self) -> Result<Option<Record<T>>, Error> {
        poll_fn(|cx| self.poll_record(cx)).await.transpose()
    }

    /// Sends the request now, unless it was sent already. Several lists can thus be requested at once and then be read one
    /// after the other.
    ///
    /// A list that waits to be read takes at most about 1 MB: five batches of up to 64 records. The rest of the response stays
    /// at the site until the records before it are taken; this time does not count for the [time limits](crate::TimeLimits),
    /// but the site or a gateway may end a response that is not read for minutes. Errors are returned with the first record.
    ///
    /// ```no_run
    /// # async fn print(client: &qrs_client::QrsClient) -> Result<(), qrs_client::Error> {
    /// use qrs_client::{App, Stream};
    ///
    /// let (mut streams, mut apps) = (client.streams::<Stream>(None), client.apps::<App>(None));
    /// streams.start();
    /// apps.start();
    /// let streams = streams.collect_all().await?;
    /// let apps = apps.collect_all().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn start(&mut self) {
        let Source::NotRequested(transport, call) = &self.source else {
            return;
        };
        match runtime::check() {
            Ok(()) => {
                let reading = Reading::start(transport.clone(), call.clone());
                self.source = Source::Reading(reading);
            }
            Err(error) => self.end = Some(Err(error)),
        }
    }

    /// Leaves out the elements that are not records, and passes each to `report`.
    pub fn skip_unreadable<F>(self, report: F) -> ReadableRecords<T, F>
    where
        F: FnMut(UnreadableRecord),
    {
        ReadableRecords::new(self, report)
    }

    /// Reads the whole list into memory. For a list of unknown size, read record by record instead.
    ///
    /// # Errors
    ///
    /// As [`try_next`](Self::try_next); [`ErrorKind::UnexpectedAnswer`] if an element is not a record. To leave those out, use
    /// [`skip_unreadable`](Self::skip_unreadable) and [`ReadableRecords::collect_all`].
    pub async fn collect_all(mut self) -> Result<Vec<T>, Error> {
        let mut all = Vec::new();
        while let Some(record) = self.try_next().await? {
            let record = record.map_err(|unreadable| {
                Error::new(ErrorKind::UnexpectedAnswer, unreadable.to_string())
                    .with_hint("leave out such records with `skip_unreadable`")
            })?;
            all.push(record);
        }
        Ok(all)
    }

    fn poll_record(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Record<T>, Error>>> {
        loop {
            if let Some(record) = self.batch.next() {
                self.records_read += 1;
                return Poll::Ready(Some(Ok(record)));
            }
            if let Some(end) = self.end.take() {
                self.source = Source::Over;
                return Poll::Ready(end.err().map(Err));
            }
            match &mut self.source {
                Source::NotRequested(..) => self.start(),
                Source::Reading(reading) => match ready!(reading.messages.poll_recv(cx)) {
                    Some(message) => {
                        self.batch = message.records.into_iter();
                        self.bytes_read = message.bytes_read;
                        self.end = message.end;
                    }
                    None => self.end = Some(Err(reader_stopped())),
                },
                Source::Over => return Poll::Ready(None),
            }
        }
    }
}

impl<T: DeserializeOwned + Send + 'static> Stream for RecordList<T> {
    type Item = Result<Record<T>, Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().poll_record(cx)
    }
}

/// Nothing in a list refers to itself.
impl<T> Unpin for RecordList<T> {}

/// The error of a reader that ended without reporting the end of the list: the record type panicked, or the runtime is
/// shutting down.
fn reader_stopped() -> Error {
    Error::new(
        ErrorKind::ListBroken,
        "the list was not read to its end: its reader stopped unexpectedly",
    )
}

impl<T: DeserializeOwned + Send + 'static> Reading<T> {
    fn start(transport: Arc<Transport>, call: Call) -> Self {
        let (sender, messages) = mpsc::channel(reader::MAX_WAITING_BATCHES);
        let task = tokio::spawn(reader::read(transport, call, sender));
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
        write!(f, "record {index} at byte {offset} cannot be read")?;
        if let Some(id) = id {
            write!(f, ", id `{id}`")?;
        }
        write!(f, ": {reason}")
    }
}

impl std::error::Error for UnreadableRecord {}
