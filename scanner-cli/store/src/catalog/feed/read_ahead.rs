//! Reads the next batch in a thread while the one before is delivered.

use std::{
    io,
    panic::resume_unwind,
    sync::{
        Arc,
        mpsc::{Receiver, sync_channel},
    },
    thread::{Builder, JoinHandle},
};

use catalog_model::follower::FeedError;

use super::Reader;

/// The result of reading a batch; `None` at the end.
type Batch<T> = Result<Option<Vec<T>>, FeedError>;

/// Batches that a thread reads, at most one ahead.
pub(super) struct ReadAhead<T> {
    reader: Arc<Reader>,
    /// `None` when it is dropped, which ends the thread.
    batches: Option<Receiver<Batch<T>>>,
    /// `None` after its end.
    thread: Option<JoinHandle<()>>,
}

impl<T: Send + 'static> ReadAhead<T> {
    /// Starts the thread. It calls `read` until the last batch.
    pub(super) fn new(
        reader: Arc<Reader>,
        mut read: impl FnMut() -> Batch<T> + Send + 'static,
    ) -> Result<Self, FeedError> {
        // Without room, so that one batch waits here and no more.
        let (sender, batches) = sync_channel(0);
        let thread = Builder::new().name("read-ahead".to_owned()).spawn(move || {
            loop {
                let batch = read();
                let is_last = !matches!(batch, Ok(Some(_)));
                if sender.send(batch).is_err() || is_last {
                    return;
                }
            }
        });
        Ok(Self {
            reader,
            batches: Some(batches),
            thread: Some(thread.map_err(|error: io::Error| FeedError::Store(error.into()))?),
        })
    }

    /// Returns the next batch; `None` at the end.
    pub(super) fn next(&mut self) -> Batch<T> {
        if self.reader.is_stopped() {
            return Err(FeedError::Stopped);
        }
        match self.batches.as_ref().map(Receiver::recv) {
            Some(Ok(batch)) => batch,
            // The thread has ended.
            _ => match self.thread.take().map(JoinHandle::join) {
                Some(Err(panic)) => resume_unwind(panic),
                _ => Ok(None),
            },
        }
    }
}

impl<T> Drop for ReadAhead<T> {
    /// Waits for the thread, so that nothing reads the store after its feed was dropped.
    fn drop(&mut self) {
        drop(self.batches.take());
        // The thread reads one batch at most. A panic in it concerns nobody now.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}
