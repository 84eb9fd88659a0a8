//! A way to the server that can be cut, or hang.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::watch,
};

/// Forwards connections on a port of its own to the server.
pub(crate) struct TestWay {
    pub(crate) port: u16,
    state: Arc<State>,
}

struct State {
    hangs: watch::Sender<bool>,
    /// Whether something was received that is not forwarded.
    holds: watch::Sender<bool>,
    /// Number of bytes to the server after which connections are cut.
    left: AtomicU64,
    is_limited: AtomicBool,
}

impl TestWay {
    pub(crate) async fn to(server: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(State {
            hangs: watch::Sender::new(false),
            holds: watch::Sender::new(false),
            left: AtomicU64::new(0),
            is_limited: AtomicBool::new(false),
        });
        let shared = Arc::clone(&state);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let state = Arc::clone(&shared);
                tokio::spawn(async move {
                    let Ok(server) = TcpStream::connect(("127.0.0.1", server)).await else {
                        return;
                    };
                    let (from_client, to_client) = client.into_split();
                    let (from_server, to_server) = server.into_split();
                    tokio::select! {
                        () = forward(from_client, to_server, Some(&state)) => {}
                        () = forward(from_server, to_client, None) => {}
                    }
                });
            }
        });
        Self { port, state }
    }

    /// From now on nothing that is sent to the server arrives.
    pub(crate) fn hang(&self, hangs: bool) {
        self.state.holds.send_replace(false);
        self.state.hangs.send_replace(hangs);
    }

    /// Waits until something was sent that does not arrive.
    pub(crate) async fn holds(&self) {
        let mut holds = self.state.holds.subscribe();
        let _ = holds.wait_for(|holds| *holds).await;
    }

    /// Cuts the connection after this number of bytes to the server, or never.
    pub(crate) fn cut_after(&self, bytes: Option<u64>) {
        self.state
            .left
            .store(bytes.unwrap_or_default(), Ordering::Relaxed);
        self.state
            .is_limited
            .store(bytes.is_some(), Ordering::Relaxed);
    }

    /// Whether a connection was cut.
    pub(crate) fn is_cut(&self) -> bool {
        self.state.is_limited.load(Ordering::Relaxed)
            && self.state.left.load(Ordering::Relaxed) == 0
    }
}

async fn forward(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    state: Option<&State>,
) {
    let mut buffer = [0; 16 * 1024];
    while let Ok(count) = from.read(&mut buffer).await {
        if count == 0 {
            return;
        }
        let mut count = count;
        if let Some(state) = state {
            if *state.hangs.borrow() {
                state.holds.send_replace(true);
                let _ = state.hangs.subscribe().wait_for(|hangs| !hangs).await;
                return;
            }
            if state.is_limited.load(Ordering::Relaxed) {
                let left = state.left.load(Ordering::Relaxed);
                count = count.min(usize::try_from(left).unwrap());
                state.left.store(left - count as u64, Ordering::Relaxed);
                let _ = to.write_all(&buffer[..count]).await;
                if left == count as u64 {
                    return;
                }
                continue;
            }
        }
        if to.write_all(&buffer[..count]).await.is_err() {
            return;
        }
    }
}
