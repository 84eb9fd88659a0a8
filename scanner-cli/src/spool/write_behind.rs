//! Writes a file in a thread of its own, so that the caller can go on with its work meanwhile.

use std::{
    io::{self, Write},
    sync::mpsc::{Receiver, SyncSender, channel, sync_channel},
    thread::{self, JoinHandle},
};

/// A writer whose bytes reach `W` a little later. An error of `W` comes back at one of the next calls.
pub(super) struct WriteBehind<W> {
    filling: Vec<u8>,
    full: Option<SyncSender<Vec<u8>>>,
    written: Receiver<Vec<u8>>,
    thread: Option<JoinHandle<(W, io::Result<()>)>>,
}

/// How many bytes go over at once.
const BUFFER: usize = 128 * 1024;
/// How many full buffers may wait; with the one that is filled and the one that is written they are all there are.
const WAITING: usize = 2;

impl<W: Write + Send + 'static> WriteBehind<W> {
    pub(super) fn new(mut inner: W) -> io::Result<Self> {
        let (full, to_write) = sync_channel::<Vec<u8>>(WAITING);
        let (give_back, written) = channel();
        let thread = thread::Builder::new()
            .name("spool".to_owned())
            .spawn(move || {
                let mut outcome = Ok(());
                for mut buffer in to_write {
                    outcome = inner.write_all(&buffer);
                    if outcome.is_err() {
                        break;
                    }
                    buffer.clear();
                    // Nobody wants it back at the end.
                    let _ = give_back.send(buffer);
                }
                (inner, outcome)
            })?;
        Ok(Self {
            filling: Vec::with_capacity(BUFFER),
            full: Some(full),
            written,
            thread: Some(thread),
        })
    }

    /// Waits until every byte is written, and gives the file back.
    pub(super) fn finish(mut self) -> io::Result<W> {
        self.hand_over()?;
        let (inner, outcome) = self.join()?;
        outcome.map(|()| inner)
    }

    fn hand_over(&mut self) -> io::Result<()> {
        let empty = self
            .written
            .try_recv()
            .unwrap_or_else(|_| Vec::with_capacity(BUFFER));
        let buffer = std::mem::replace(&mut self.filling, empty);
        if self
            .full
            .as_ref()
            .is_some_and(|full| full.send(buffer).is_ok())
        {
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

impl<W: Write + Send + 'static> Write for WriteBehind<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.filling.len() + bytes.len() > BUFFER && !self.filling.is_empty() {
            self.hand_over()?;
        }
        self.filling.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    /// Hands over what there is; [`finish`](Self::finish) waits for it.
    fn flush(&mut self) -> io::Result<()> {
        self.hand_over()
    }
}

impl<W> Drop for WriteBehind<W> {
    /// Ends the thread before the file is let go: a dropped spool leaves nothing behind.
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
    fn all_bytes_arrive_in_order() {
        let mut writer = WriteBehind::new(Vec::new()).unwrap();
        let mut expected = Vec::new();
        for n in 0..50_000_u32 {
            let line = format!("{n}\n");
            writer.write_all(line.as_bytes()).unwrap();
            expected.extend_from_slice(line.as_bytes());
        }
        assert!(writer.finish().unwrap() == expected);
    }

    #[test]
    fn an_error_comes_back() {
        struct Full;
        impl Write for Full {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::StorageFull.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let mut writer = WriteBehind::new(Full).unwrap();
        writer.write_all(b"a").unwrap();
        assert_eq!(
            writer.finish().map(|_| ()).unwrap_err().kind(),
            io::ErrorKind::StorageFull
        );
        let mut writer = WriteBehind::new(Full).unwrap();
        let error = (0..100).find_map(|_| writer.write_all(&[0; BUFFER]).err());
        assert_eq!(error.unwrap().kind(), io::ErrorKind::StorageFull);
    }
}
