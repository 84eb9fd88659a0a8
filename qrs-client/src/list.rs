//! A list of records, read one at a time.

mod decoder;
mod incoming;
mod oversize;
mod readable;
mod reader;

#[cfg(any(test, fuzzing))]
pub use decoder::pieces::check_pieces;

use std::fmt;
use std::future::poll_fn;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use serde::de::DeserializeOwned;

use crate::call::Call;
use crate::error::{Error, ErrorKind};
use crate::lend::{Lend, Owned};
use crate::request_context::RequestContext;
use crate::transport::Transport;
use decoder::ListDecoder;
use incoming::{Arrival, Incoming};
pub use readable::ReadableRecords;
use reader::list_error;

/// A list of records that is never kept in memory as a whole: each record is decoded while its bytes arrive.
///
/// It is a [`Stream`] of results, and [`try_next`](Self::try_next) reads it without an import. [`for_each`](Self::for_each)
/// lends records that borrow from the response, which takes half the time. The request is sent when the first record is asked
/// for, or earlier with [`start`](Self::start). From then on, a separate task reads the response a little ahead. Dropping the list
/// ends the task.
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
    incoming: Incoming,
    decoder: ListDecoder,
    is_over: bool,
    records_read: u64,
    /// Number of unreadable records among them.
    unreadable: u64,
    record: PhantomData<fn() -> T>,
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

/// Maximum number of elements that are not records, in a list that has more of them than records. An endless list of
/// `null` would be read for as long as the site sends it.
const MAX_UNREADABLE: u64 = 10_000;

/// Number of bytes of records after which [`RecordList::lend_arrived`] returns.
const MAX_LENT_BYTES: u64 = 64 * 1024;

impl<T> RecordList<T> {
    pub(crate) fn new(transport: Arc<Transport>, call: Call) -> Self {
        Self {
            incoming: Incoming::new(transport, call),
            decoder: ListDecoder::new(),
            is_over: false,
            records_read: 0,
            unreadable: 0,
            record: PhantomData,
        }
    }

    /// Number of bytes of the response that were decoded for the records so far.
    #[must_use]
    pub fn bytes_read(&self) -> u64 {
        self.decoder.offset()
    }

    /// Number of records that were returned, unreadable ones included.
    #[must_use]
    pub fn records_read(&self) -> u64 {
        self.records_read
    }

    /// Sends the request now, unless it was sent already. Several lists can thus be requested at once and then be read one
    /// after the other.
    ///
    /// A list that waits to be read takes at most about 1 MB of its response. The rest stays at the site until the records
    /// before it are taken; this time does not count for the [time limits](crate::TimeLimits),
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
        self.incoming.start();
    }

    /// The next record that has arrived, decoded as one of `L`.
    fn decode<L: Lend>(&mut self) -> Result<Option<Record<L::Record<'_>>>, Error> {
        let Self {
            incoming, decoder, ..
        } = self;
        match decoder.next::<L>() {
            Ok(Some(Err(record))) => {
                self.unreadable += 1;
                self.records_read += 1;
                if self.unreadable > MAX_UNREADABLE && self.unreadable * 2 > self.records_read {
                    self.is_over = true;
                    return Err(incoming.fail(|context| {
                        too_many_unreadable(&record, self.unreadable, self.records_read, context)
                    }));
                }
                Ok(Some(Err(record)))
            }
            Ok(next) => {
                self.records_read += u64::from(next.is_some());
                Ok(next)
            }
            Err(error) => {
                self.is_over = true;
                Err(incoming.fail(|context| list_error(error, context)))
            }
        }
    }

    /// Waits for more of the response. Returns whether there is more to decode.
    fn poll_more(&mut self, cx: &mut Context<'_>) -> Poll<Result<bool, Error>> {
        let arrival = ready!(self.incoming.poll(cx, self.records_read));
        self.is_over = !matches!(arrival, Ok(Arrival::Piece(_) | Arrival::End));
        match arrival? {
            Arrival::Piece(piece) => self.decoder.push_piece(piece),
            Arrival::End => self.decoder.finish(),
            Arrival::Nothing => {}
        }
        Poll::Ready(Ok(!self.is_over))
    }
}

impl<T: Lend> RecordList<T> {
    /// Reads the list to its end, and lends each record to `receive`. A record may borrow its texts from the response, so that
    /// reading it copies nothing ([`Lend`]).
    ///
    /// ```no_run
    /// # async fn print(client: &qrs_client::QrsClient) -> Result<(), qrs_client::Error> {
    /// use std::borrow::Cow;
    ///
    /// use qrs_client::{Lend, lenient};
    /// use serde::Deserialize;
    ///
    /// #[derive(Default, Deserialize)]
    /// #[serde(default)]
    /// struct SheetName<'a> {
    ///     #[serde(borrow, deserialize_with = "lenient::borrowed_text")]
    ///     name: Cow<'a, str>,
    /// }
    ///
    /// impl Lend for SheetName<'_> {
    ///     type Record<'de> = SheetName<'de>;
    /// }
    ///
    /// let mut longest = String::new();
    /// let sheets = client.app_objects::<SheetName>(None);
    /// let read = sheets.for_each(|sheet| {
    ///     match sheet {
    ///         Ok(sheet) if sheet.name.len() > longest.len() => longest = sheet.name.into_owned(),
    ///         Ok(_) => {}
    ///         Err(unreadable) => eprintln!("{unreadable}"),
    ///     }
    ///     Ok::<_, qrs_client::Error>(())
    /// });
    /// read.await?;
    /// println!("{longest}");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`try_next`](RecordList::try_next), and the errors of `receive`, which end the list.
    pub async fn for_each<F, E>(mut self, mut receive: F) -> Result<(), E>
    where
        F: FnMut(Record<T::Record<'_>>) -> Result<(), E>,
        E: From<Error>,
    {
        while self.lend_arrived(usize::MAX, &mut receive)? > 0 || self.await_more().await? {}
        Ok(())
    }

    /// Lends the records that have arrived to `receive`, but at most `most` of them, and stops after some 64 KB. Returns their
    /// number. It does not wait: 0 means that [`await_more`](Self::await_more) must be called first. Between two calls, the caller
    /// can wait for something else, such as a disk.
    ///
    /// # Errors
    ///
    /// As [`for_each`](Self::for_each). After an error of `receive`, the list continues with the next record.
    pub fn lend_arrived<F, E>(&mut self, most: usize, mut receive: F) -> Result<usize, E>
    where
        F: FnMut(Record<T::Record<'_>>) -> Result<(), E>,
        E: From<Error>,
    {
        let (mut lent, before) = (0, self.decoder.offset());
        while !self.is_over && lent < most && self.decoder.offset() - before < MAX_LENT_BYTES {
            let Some(record) = self.decode::<T>()? else {
                break;
            };
            receive(record)?;
            lent += 1;
        }
        Ok(lent)
    }
}

impl<T> RecordList<T> {
    /// Waits until more of the response has arrived, for [`lend_arrived`](Self::lend_arrived). Returns `false` at the end of the
    /// list. Nothing is lost if the future is dropped.
    ///
    /// # Errors
    ///
    /// As [`try_next`](Self::try_next).
    pub async fn await_more(&mut self) -> Result<bool, Error> {
        if self.is_over {
            return Ok(false);
        }
        poll_fn(|cx| self.poll_more(cx)).await
    }
}

impl<T: DeserializeOwned> RecordList<T> {
    /// The next record; `None` at the end of the list. No record is lost if the future is dropped.
    ///
    /// # Errors
    ///
    /// Any [`ErrorKind`] of a request before the first record; after it
    /// [`ErrorKind::ListBroken`], with the cause as source. [`ErrorKind::Configuration`] outside of a tokio runtime.
    pub async fn try_next(&mut self) -> Result<Option<Record<T>>, Error> {
        poll_fn(|cx| self.poll_record(cx)).await.transpose()
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
        while !self.is_over {
            match self.decode::<Owned<T>>() {
                Ok(None) => {
                    if let Err(error) = ready!(self.poll_more(cx)) {
                        return Poll::Ready(Some(Err(error)));
                    }
                }
                next => return Poll::Ready(next.transpose()),
            }
        }
        Poll::Ready(None)
    }
}

impl<T: DeserializeOwned> Stream for RecordList<T> {
    type Item = Result<Record<T>, Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().poll_record(cx)
    }
}

/// Nothing in a list refers to itself.
impl<T> Unpin for RecordList<T> {}

/// The error of a list that consists mostly of elements that are not records.
fn too_many_unreadable(
    last: &UnreadableRecord,
    unreadable: u64,
    count: u64,
    context: RequestContext<'_>,
) -> Error {
    let reason = context.redactor().redact_line(&last.reason);
    let message = format!(
        "stopped reading the list: {unreadable} of its first {count} elements are not readable records; the last one: {reason}"
    );
    context.error(ErrorKind::TooLarge, message)
}

impl<T> fmt::Debug for RecordList<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecordList")
            .field("bytes_read", &self.bytes_read())
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
