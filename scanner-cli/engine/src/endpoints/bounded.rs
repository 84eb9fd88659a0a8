//! Limits the number of open connections and their duration, so that clients cannot block the pages.

use std::{
    collections::VecDeque,
    io,
    net::SocketAddr,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use axum::serve::Listener;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
    sync::oneshot,
    time::{Sleep, sleep},
};

/// Maximum number of open connections. If there are more, the oldest is closed.
const AT_ONCE: usize = 32;
/// Time after which a connection is closed, whatever its client does. A page takes a fraction of it.
const LIFE: Duration = Duration::from_secs(10);

/// A socket with limited connections.
pub(super) struct Bounded {
    listener: TcpListener,
    /// The open connections, the oldest first. Dropping an entry closes its connection.
    places: VecDeque<oneshot::Sender<()>>,
}

/// A connection that is closed after a time.
pub(super) struct Brief {
    stream: TcpStream,
    end: Pin<Box<Sleep>>,
    place: oneshot::Receiver<()>,
}

impl Bounded {
    pub(super) fn new(listener: TcpListener) -> Self {
        Self {
            listener,
            places: VecDeque::new(),
        }
    }

    fn place(&mut self) -> oneshot::Receiver<()> {
        self.places.retain(|place| !place.is_closed());
        if self.places.len() >= AT_ONCE {
            self.places.pop_front();
        }
        let (place, taken) = oneshot::channel();
        self.places.push_back(place);
        taken
    }
}

impl Listener for Bounded {
    type Io = Brief;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Brief, SocketAddr) {
        // `accept` itself waits and retries after errors, such as too many open files.
        let (stream, address) = Listener::accept(&mut self.listener).await;
        let brief = Brief {
            stream,
            end: Box::pin(sleep(LIFE)),
            place: self.place(),
        };
        (brief, address)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

impl Brief {
    /// The stream, or an error once the connection must be closed.
    fn alive(&mut self, context: &mut Context<'_>) -> io::Result<Pin<&mut TcpStream>> {
        let over = self.end.as_mut().poll(context).is_ready()
            || Pin::new(&mut self.place).poll(context).is_ready();
        if over {
            return Err(io::ErrorKind::TimedOut.into());
        }
        Ok(Pin::new(&mut self.stream))
    }
}

impl AsyncRead for Brief {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.alive(context)?.poll_read(context, buffer)
    }
}

impl AsyncWrite for Brief {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.alive(context)?.poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.alive(context)?.poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.alive(context)?.poll_shutdown(context)
    }
}
