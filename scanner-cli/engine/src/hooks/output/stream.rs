//! A stream of a hook. On Unix, it is read without a thread.

#[cfg(unix)]
pub(crate) use self::pipe::Stream;
#[cfg(not(unix))]
pub(crate) use self::thread::Stream;

#[cfg(unix)]
mod pipe {
    use std::{io, os::fd::OwnedFd};

    use tokio::net::unix::pipe::Receiver;

    /// A pipe that is read without blocking, and closed when it is dropped.
    pub(crate) struct Stream(Receiver);

    impl Stream {
        /// # Errors
        /// If the pipe cannot be read without blocking.
        pub(crate) fn new(output: impl Into<OwnedFd>) -> io::Result<Self> {
            Receiver::from_owned_fd(output.into()).map(Self)
        }

        /// Reads up to `piece.len()` bytes. Returns 0 at the end of the stream.
        pub(crate) async fn read(&mut self, piece: &mut [u8]) -> io::Result<usize> {
            loop {
                self.0.readable().await?;
                match self.0.try_read(piece) {
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                    read => return read,
                }
            }
        }
    }
}

#[cfg(not(unix))]
mod thread {
    use std::{
        io::{self, Read},
        sync::atomic::{AtomicUsize, Ordering},
        thread,
    };

    use tokio::sync::mpsc;

    /// A stream that a thread reads. The thread ends with the stream.
    pub(crate) struct Stream(mpsc::Receiver<Vec<u8>>);

    /// Number of reading threads, including those kept alive by processes that a hook left running.
    static THREADS: AtomicUsize = AtomicUsize::new(0);
    /// Maximum number of such threads.
    const MAX_THREADS: usize = 64;

    impl Stream {
        /// # Errors
        /// If there are too many threads, or the system cannot create one.
        pub(crate) fn new(mut output: impl Read + Send + 'static) -> io::Result<Self> {
            if THREADS.fetch_add(1, Ordering::Relaxed) >= MAX_THREADS {
                THREADS.fetch_sub(1, Ordering::Relaxed);
                let message =
                    "too many programs that hooks left running still have their output open";
                return Err(io::Error::other(message));
            }
            let (read, pieces) = mpsc::channel(4);
            let reading = move || {
                let mut piece = [0; 4096];
                while let Ok(length @ 1..) = output.read(&mut piece) {
                    if read.blocking_send(piece[..length].to_vec()).is_err() {
                        break;
                    }
                }
                THREADS.fetch_sub(1, Ordering::Relaxed);
            };
            let name = "output of a hook".to_owned();
            let started = thread::Builder::new().name(name).spawn(reading);
            if let Err(error) = started {
                THREADS.fetch_sub(1, Ordering::Relaxed);
                return Err(error);
            }
            Ok(Self(pieces))
        }

        /// Reads up to `piece.len()` bytes. Returns 0 at the end of the stream.
        pub(crate) async fn read(&mut self, piece: &mut [u8]) -> io::Result<usize> {
            let Some(read) = self.0.recv().await else {
                return Ok(0);
            };
            // The thread reads pieces of at most the same length as the caller.
            let length = read.len().min(piece.len());
            piece[..length].copy_from_slice(&read[..length]);
            Ok(length)
        }
    }
}
