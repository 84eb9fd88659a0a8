//! Writes a file in a separate thread, so that a slow or hanging disk does not block a task.

use std::{
    io::{self, Write},
    mem,
    thread::{self, JoinHandle},
};

use crate::backlog::{BacklogReceiver, BacklogSender, backlog};

/// A writer that passes its bytes to `W` in another thread. An error of `W` is returned by one of the next calls.
pub(super) struct WriteBehind<W> {
    filling: Vec<u8>,
    full: Option<BacklogSender<Vec<u8>>>,
    written: BacklogReceiver<Vec<u8>>,
    thread: Option<JoinHandle<(W, io::Result<()>)>>,
}

/// Number of bytes at which a buffer is written.
const BUFFER_BYTES: usize = 128 * 1024;
/// Maximum number of full buffers that wait. In addition, one buffer is being filled and one is being written.
const MAX_WAITING_BUFFERS: usize = 2;

impl<W: Write + Send + 'static> WriteBehind<W> {
    pub(super) fn new(mut inner: W) -> io::Result<Self> {
        let (full, mut to_write) = backlog::<Vec<u8>>(MAX_WAITING_BUFFERS);
        let (give_back, written) = backlog(MAX_WAITING_BUFFERS);
        let thread = thread::Builder::new()
            .name("spool".to_owned())
            .spawn(move || {
                let mut outcome = Ok(());
                while let Some(mut buffer) = to_write.receive() {
                    outcome = inner.write_all(&buffer);
                    if outcome.is_err() {
                        break;
                    }
                    buffer.clear();
                    // At the end, the buffer is no longer needed.
                    let _ = give_back.send_now(buffer);
                }
                (inner, outcome)
            })?;
        Ok(Self {
            filling: Vec::with_capacity(BUFFER_BYTES),
            full: Some(full),
            written,
            thread: Some(thread),
        })
    }

    /// The buffer for the next bytes. [`ready`](Self::ready) and [`finish`](Self::finish) write it.
    pub(super) fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.filling
    }

    /// Waits until there is room for more bytes, without blocking the thread.
    pub(super) async fn ready(&mut self) -> io::Result<()> {
        if self.filling.len() < BUFFER_BYTES {
            return Ok(());
        }
        let buffer = self.swap();
        let sent = match &self.full {
            Some(full) => full.send(buffer).await.is_ok(),
            None => false,
        };
        if sent { Ok(()) } else { Err(self.error()) }
    }

    /// Waits until every byte is written, and returns the file. Blocks the thread.
    pub(super) fn finish(mut self) -> io::Result<W> {
        let rest = mem::take(&mut self.filling);
        let full = self.full.take();
        if full.is_none_or(|full| full.send_now(rest).is_err()) {
            return Err(self.error());
        }
        let (inner, outcome) = self.join()?;
        outcome.map(|()| inner)
    }

    /// Returns the buffer, and replaces it with an empty one.
    fn swap(&mut self) -> Vec<u8> {
        let empty = self.written.try_receive();
        let empty = empty.unwrap_or_else(|| Vec::with_capacity(BUFFER_BYTES));
        mem::replace(&mut self.filling, empty)
    }

    /// Returns the error that ended the thread.
    fn error(&mut self) -> io::Error {
        match self.join() {
            Err(error) | Ok((_, Err(error))) => error,
            Ok((_, Ok(()))) => io::ErrorKind::BrokenPipe.into(),
        }
    }

    fn join(&mut self) -> io::Result<(W, io::Result<()>)> {
        drop(self.full.take());
        let thread = self.thread.take().ok_or(io::ErrorKind::BrokenPipe)?;
        thread.join().or(Err(io::ErrorKind::Other.into()))
    }
}

impl<W> Drop for WriteBehind<W> {
    /// Ends the thread before the file is closed, so that a dropped spool deletes its files.
    fn drop(&mut self) {
        drop(self.full.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, channel};

    use super::*;

    #[tokio::test]
    async fn all_bytes_arrive_in_order() {
        let mut writer = WriteBehind::new(Vec::new()).unwrap();
        let mut expected = Vec::new();
        for n in 0..50_000_u32 {
            let line = format!("{n}\n");
            writer.ready().await.unwrap();
            writer.buffer().extend_from_slice(line.as_bytes());
            expected.extend_from_slice(line.as_bytes());
        }
        assert!(writer.finish().unwrap() == expected);
    }

    #[tokio::test]
    async fn an_error_of_the_thread_is_returned() {
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
        writer.buffer().push(b'a');
        assert_eq!(
            writer.finish().map(|_| ()).unwrap_err().kind(),
            io::ErrorKind::StorageFull
        );
        let mut writer = WriteBehind::new(Full).unwrap();
        let error = loop {
            writer.buffer().resize(BUFFER_BYTES, 0);
            if let Err(error) = writer.ready().await {
                break error;
            }
        };
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
    }

    /// A disk that hangs until the test releases it.
    struct Hanging(Receiver<()>);

    impl Write for Hanging {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let _ = self.0.recv();
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[tokio::test]
    async fn a_hanging_disk_blocks_the_writer_and_no_other_task() {
        let (go_on, hangs) = channel();
        let mut writer = WriteBehind::new(Hanging(hangs)).unwrap();
        let waiting = async {
            loop {
                writer.buffer().resize(BUFFER_BYTES, 0);
                writer.ready().await.unwrap();
            }
        };
        // Both run in the same thread.
        tokio::select! {
            () = waiting => {}
            () = tokio::time::sleep(std::time::Duration::from_millis(20)) => {}
        }
        drop(go_on);
        writer.finish().unwrap();
    }
}
