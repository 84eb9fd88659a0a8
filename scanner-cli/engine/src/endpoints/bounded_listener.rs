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
const MAX_CONNECTIONS: usize = 32;
/// Time after which a connection is closed, whatever its client does. A page takes a fraction of it.
const CONNECTION_LIMIT: Duration = Duration::from_secs(10);

/// A socket with limited connections.
pub(super) struct BoundedListener {
    listener: TcpListener,
    /// The open connections, the oldest first. Dropping an entry closes its connection.
    slots: VecDeque<oneshot::Sender<()>>,
}

/// A connection that is closed after a time.
pub(super) struct TimedConnection {
    stream: TcpStream,
    end: Pin<Box<Sleep>>,
    slot: oneshot::Receiver<()>,
}

impl BoundedListener {
    pub(super) fn new(listener: TcpListener) -> Self {
        Self {
            listener,
            slots: VecDeque::new(),
        }
    }

    fn slot(&mut self) -> oneshot::Receiver<()> {
        self.slots.retain(|slot| !slot.is_closed());
        if self.slots.len() >= MAX_CONNECTIONS {
            self.slots.pop_front();
        }
        let (slot, taken) = oneshot::channel();
        self.slots.push_back(slot);
        taken
    }
}

impl Listener for BoundedListener {
    type Io = TimedConnection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (TimedConnection, SocketAddr) {
        // `accept` itself waits and retries after errors, such as too many open files.
        let (stream, address) = Listener::accept(&mut self.listener).await;
        let connection = TimedConnection {
            stream,
            end: Box::pin(sleep(CONNECTION_LIMIT)),
            slot: self.slot(),
        };
        (connection, address)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

impl TimedConnection {
    /// The stream, or an error once the connection must be closed.
    fn open_stream(&mut self, context: &mut Context<'_>) -> io::Result<Pin<&mut TcpStream>> {
        let over = self.end.as_mut().poll(context).is_ready()
            || Pin::new(&mut self.slot).poll(context).is_ready();
        if over {
            return Err(io::ErrorKind::TimedOut.into());
        }
        Ok(Pin::new(&mut self.stream))
    }
}

impl AsyncRead for TimedConnection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.open_stream(context)?.poll_read(context, buffer)
    }
}

impl AsyncWrite for TimedConnection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.open_stream(context)?.poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.open_stream(context)?.poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.open_stream(context)?.poll_shutdown(context)
    }
}
