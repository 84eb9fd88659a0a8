//! A proxy between a scanner and its database, which can behave like a bad network.

use std::{
    io::{self, Read, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU8, AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

/// A proxy that ends with the process.
pub(super) struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    server: SocketAddr,
    network: AtomicU8,
    /// Numbers the cuts: connections of before a cut end.
    cuts: AtomicU64,
    open: Mutex<Vec<TcpStream>>,
}

/// How the network behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Network {
    /// It works.
    Good = 0,
    /// Nothing arrives, and nobody is told.
    Silent = 1,
    /// Each piece takes long.
    Slow = 2,
}

/// How long a piece takes on a slow network.
const DELAY: Duration = Duration::from_millis(20);
/// How often a silent network is looked at.
const PAUSE: Duration = Duration::from_millis(10);

impl Proxy {
    /// Starts a proxy to a server of this machine.
    pub(super) fn start(port: u16) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            server: ([127, 0, 0, 1], port).into(),
            network: AtomicU8::new(Network::Good as u8),
            cuts: AtomicU64::new(0),
            open: Mutex::default(),
        });
        let theirs = Arc::clone(&shared);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let shared = Arc::clone(&theirs);
                thread::spawn(move || shared.connect(client));
            }
        });
        Ok(Self { address, shared })
    }

    /// Its port.
    pub(super) fn port(&self) -> u16 {
        self.address.port()
    }

    /// Changes how the network behaves.
    pub(super) fn set(&self, network: Network) {
        self.shared.network.store(network as u8, Ordering::Relaxed);
    }

    /// Cuts all connections.
    pub(super) fn cut(&self) {
        self.shared.cuts.fetch_add(1, Ordering::Relaxed);
        let mut open = self
            .shared
            .open
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        for stream in open.drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

impl Shared {
    fn connect(self: Arc<Self>, client: TcpStream) -> io::Result<()> {
        self.wait_while_silent();
        let server = TcpStream::connect(self.server)?;
        for stream in [&client, &server] {
            stream.set_nodelay(true)?;
            let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
            open.push(stream.try_clone()?);
        }
        let (back, there) = (server.try_clone()?, client.try_clone()?);
        let theirs = Arc::clone(&self);
        thread::spawn(move || theirs.forward(back, there));
        self.forward(client, server);
        Ok(())
    }

    fn forward(&self, mut from: TcpStream, mut to: TcpStream) {
        let mut buffer = vec![0; 64 << 10];
        while let Ok(length @ 1..) = from.read(&mut buffer) {
            self.wait_while_silent();
            if self.network.load(Ordering::Relaxed) == Network::Slow as u8 {
                thread::sleep(DELAY);
            }
            if to.write_all(&buffer[..length]).is_err() {
                break;
            }
        }
        let _ = from.shutdown(Shutdown::Both);
        let _ = to.shutdown(Shutdown::Both);
    }

    fn wait_while_silent(&self) {
        let cuts = self.cuts.load(Ordering::Relaxed);
        while self.network.load(Ordering::Relaxed) == Network::Silent as u8
            && self.cuts.load(Ordering::Relaxed) == cuts
        {
            thread::sleep(PAUSE);
        }
    }
}
