//! A proxy between a scanner and the servers of its database, which can behave like a bad network.

use std::{
    collections::HashMap,
    io::{self, Read, Write},
    net::{Ipv4Addr, Shutdown, TcpListener, TcpStream},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU8, AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

/// A proxy that ends with the process.
pub(super) struct Proxy {
    /// Its ports, one for each server.
    ports: Vec<u16>,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    network: AtomicU8,
    /// Numbers the cuts: connections of before a cut end.
    cuts: AtomicU64,
    /// Both ends of each connection, by its number.
    open: Mutex<HashMap<u64, [TcpStream; 2]>>,
    connections: AtomicU64,
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
    /// Starts a proxy to servers of this machine.
    pub(super) fn start(servers: &[u16]) -> io::Result<Self> {
        let shared: Arc<Shared> = Arc::default();
        let mut ports = Vec::new();
        for server in servers.iter().copied() {
            let listener = TcpListener::bind("127.0.0.1:0")?;
            ports.push(listener.local_addr()?.port());
            let shared = Arc::clone(&shared);
            thread::spawn(move || {
                for client in listener.incoming().flatten() {
                    let shared = Arc::clone(&shared);
                    thread::spawn(move || shared.connect(client, server));
                }
            });
        }
        Ok(Self { ports, shared })
    }

    /// Its ports, in the order of the servers.
    pub(super) fn ports(&self) -> &[u16] {
        &self.ports
    }

    /// Changes how the network behaves.
    pub(super) fn set(&self, network: Network) {
        self.shared.network.store(network as u8, Ordering::Relaxed);
    }

    /// Cuts all connections.
    pub(super) fn cut(&self) {
        self.shared.cuts.fetch_add(1, Ordering::Relaxed);
        for (_, ends) in self.shared.open().drain() {
            for stream in ends {
                let _ = stream.shutdown(Shutdown::Both);
            }
        }
    }
}

impl Shared {
    fn open(&self) -> MutexGuard<'_, HashMap<u64, [TcpStream; 2]>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn connect(self: Arc<Self>, client: TcpStream, server: u16) -> io::Result<()> {
        self.wait_while_silent();
        let server = TcpStream::connect((Ipv4Addr::LOCALHOST, server))?;
        client.set_nodelay(true)?;
        server.set_nodelay(true)?;
        let number = self.connections.fetch_add(1, Ordering::Relaxed);
        let ends = [client.try_clone()?, server.try_clone()?];
        self.open().insert(number, ends);
        let (back, there) = (server.try_clone()?, client.try_clone()?);
        let theirs = Arc::clone(&self);
        thread::spawn(move || theirs.forward(back, there));
        self.forward(client, server);
        self.open().remove(&number);
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
