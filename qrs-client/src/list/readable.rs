//! A list without its unreadable elements.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use serde::de::DeserializeOwned;

use super::{RecordList, UnreadableRecord};
use crate::error::Error;

/// A list whose unreadable elements are reported and left out; see [`RecordList::skip_unreadable`].
#[must_use = "nothing is read until the records are asked for"]
pub struct ReadableRecords<T, F> {
    list: RecordList<T>,
    report: F,
}

impl<T, F> ReadableRecords<T, F> {
    pub(super) fn new(list: RecordList<T>, report: F) -> Self {
        Self { list, report }
    }
}

impl<T, F> ReadableRecords<T, F>
where
    T: DeserializeOwned,
    F: FnMut(UnreadableRecord),
{
    /// The next record; `None` at the end of the list. No record is lost if the future is dropped.
    ///
    /// # Errors
    ///
    /// As [`RecordList::try_next`].
    pub async fn try_next(&mut self) -> Result<Option<T>, Error> {
        loop {
            match self.list.try_next().await? {
                Some(Ok(record)) => return Ok(Some(record)),
                Some(Err(unreadable)) => (self.report)(unreadable),
                None => return Ok(None),
            }
        }
    }

    /// Reads the whole list into memory. For a list of unknown size, read record by record instead.
    ///
    /// # Errors
    ///
    /// As [`RecordList::try_next`].
    pub async fn collect_all(mut self) -> Result<Vec<T>, Error> {
        let mut all = Vec::new();
        while let Some(record) = self.try_next().await? {
            all.push(record);
        }
        Ok(all)
    }
}

impl<T, F> Stream for ReadableRecords<T, F>
where
    T: DeserializeOwned,
    F: FnMut(UnreadableRecord) + Unpin,
{
    type Item = Result<T, Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Self { list, report } = self.get_mut();
        loop {
            match ready!(Pin::new(&mut *list).poll_next(cx)) {
                Some(Ok(Ok(record))) => return Poll::Ready(Some(Ok(record))),
                Some(Ok(Err(unreadable))) => report(unreadable),
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            }
        }
    }
}

impl<T, F> fmt::Debug for ReadableRecords<T, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadableRecords")
            .field("list", &self.list)
            .finish_non_exhaustive()
    }
}
