//! Runs a server in a task of the caller's runtime, or in a thread with its own runtime.

use std::net::{IpAddr, SocketAddr};
use std::sync::mpsc;
use std::thread::{self, JoinHandle};

use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::AbortHandle;

/// A running server. It stops when this is dropped.
pub(super) enum Host {
    Task(AbortHandle),
    Thread {
        stop: Option<oneshot::Sender<()>>,
        thread: Option<JoinHandle<()>>,
    },
}

impl Host {
    /// Runs a server in the caller's runtime at this address; port 0 is any free port.
    pub(super) async fn task<F>(
        address: (IpAddr, u16),
        serve: impl FnOnce(TcpListener) -> F,
    ) -> (SocketAddr, Self)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let (listener, address) = listener(address).await;
        let server = tokio::spawn(serve(listener));
        (address, Self::Task(server.abort_handle()))
    }

    /// Runs a server in a thread at this address; port 0 is any free port.
    pub(super) fn thread<F>(
        address: (IpAddr, u16),
        serve: impl FnOnce(TcpListener) -> F + Send + 'static,
    ) -> (SocketAddr, Self)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let (started, start) = mpsc::channel();
        let (stop, stopped) = oneshot::channel::<()>();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("the operating system allows a runtime");
        let thread = thread::spawn(move || {
            runtime.block_on(async {
                let (listener, address) = listener(address).await;
                tokio::spawn(serve(listener));
                let sent = started.send(address);
                sent.expect("the caller waits for the address");
                // Nothing is ever sent: dropping the host drops the sender, which stops the server.
                let _ = stopped.await;
            });
        });
        let address = start.recv().expect("there is a free local port");
        let host = Self::Thread {
            stop: Some(stop),
            thread: Some(thread),
        };
        (address, host)
    }
}

async fn listener(address: (IpAddr, u16)) -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind(address).await;
    let listener = listener.expect("the local port is free");
    let address = listener.local_addr();
    (listener, address.expect("a bound socket has an address"))
}

impl Drop for Host {
    fn drop(&mut self) {
        match self {
            Self::Task(server) => server.abort(),
            Self::Thread { stop, thread } => {
                drop(stop.take());
                if let Some(thread) = thread.take() {
                    // A panic in the thread has already been printed; a second one here would abort the tests.
                    let _ = thread.join();
                }
            }
        }
    }
}
