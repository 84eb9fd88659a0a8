//! Takes items in a thread of its own, so that the caller can go on with its work meanwhile.

use std::{
    io, mem,
    sync::mpsc::{Receiver, SyncSender, channel, sync_channel},
    thread::{self, JoinHandle},
};

/// Items that reach `W` a little later. An error comes back at one of the next calls.
pub(super) struct Behind<T, W> {
    filling: Vec<T>,
    full: Option<SyncSender<Vec<T>>>,
    emptied: Receiver<Vec<T>>,
    thread: Option<JoinHandle<(W, io::Result<()>)>>,
}

/// How many items go over at once: few, since they may be large.
const BATCH: usize = 16;
/// How many batches may wait; with the one that is filled and the one that is taken they are all there are.
const WAITING: usize = 2;

impl<T: Send + 'static, W: Send + 'static> Behind<T, W> {
    pub(super) fn new(
        mut inner: W,
        take: impl Fn(&mut W, T) -> io::Result<()> + Send + 'static,
    ) -> io::Result<Self> {
        let (full, to_take) = sync_channel::<Vec<T>>(WAITING);
        let (give_back, emptied) = channel();
        let thread = thread::Builder::new()
            .name("spool".to_owned())
            .spawn(move || {
                let mut outcome = Ok(());
                for mut batch in to_take {
                    outcome = batch.drain(..).try_for_each(|item| take(&mut inner, item));
                    if outcome.is_err() {
                        break;
                    }
                    // Nobody wants it back at the end.
                    let _ = give_back.send(batch);
                }
                (inner, outcome)
            })?;
        Ok(Self {
            filling: Vec::with_capacity(BATCH),
            full: Some(full),
            emptied,
            thread: Some(thread),
        })
    }

    pub(super) fn push(&mut self, item: T) -> io::Result<()> {
        if self.filling.len() == BATCH {
            self.hand_over()?;
        }
        self.filling.push(item);
        Ok(())
    }

    /// Waits until every item is taken, and gives back what took them.
    pub(super) fn finish(mut self) -> io::Result<W> {
        // A thread that stopped early says why when it is joined.
        let _ = self.hand_over();
        let (inner, outcome) = self.join()?;
        outcome.map(|()| inner)
    }

    fn hand_over(&mut self) -> io::Result<()> {
        let empty = self.emptied.try_recv();
        let empty = empty.unwrap_or_else(|_| Vec::with_capacity(BATCH));
        let batch = mem::replace(&mut self.filling, empty);
        if (self.full.as_ref()).is_some_and(|full| full.send(batch).is_ok()) {
            return Ok(());
        }
        match self.join()?.1 {
            Err(error) => Err(error),
            Ok(()) => Err(io::ErrorKind::BrokenPipe.into()),
        }
    }

    fn join(&mut self) -> io::Result<(W, io::Result<()>)> {
        drop(self.full.take());
        let thread = self.thread.take().ok_or(io::ErrorKind::BrokenPipe)?;
        thread.join().or(Err(io::ErrorKind::Other.into()))
    }
}

impl<T, W> Drop for Behind<T, W> {
    /// Ends the thread before what it writes to is let go: a dropped spool leaves nothing behind.
    fn drop(&mut self) {
        drop(self.full.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_items_arrive_in_order() {
        let take = |taken: &mut Vec<u32>, item| {
            taken.push(item);
            Ok(())
        };
        let mut behind = Behind::new(Vec::new(), take).unwrap();
        for item in 0..50_000 {
            behind.push(item).unwrap();
        }
        assert!(behind.finish().unwrap().into_iter().eq(0..50_000));
    }

    #[test]
    fn an_error_comes_back() {
        let full = |(): &mut (), ()| Err(io::ErrorKind::StorageFull.into());
        let mut behind = Behind::new((), full).unwrap();
        behind.push(()).unwrap();
        let error = behind.finish().unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
        let mut behind = Behind::new((), full).unwrap();
        let error = (0..100 * BATCH).find_map(|_| behind.push(()).err());
        assert_eq!(error.unwrap().kind(), io::ErrorKind::StorageFull);
    }
}
