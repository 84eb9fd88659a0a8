//! A port at which nothing listens.

use std::net::{Ipv4Addr, SocketAddr};

use tokio::net::TcpSocket;

/// A port of `127.0.0.1` at which nothing listens.
///
/// While this value lives, the system does not give the port to a program that asks for any free port (Unix only). Connections to
/// the port are refused until a program listens at exactly this port.
///
/// ```
/// let port = qrs_fake_site::ReservedPort::new();
/// assert!(std::net::TcpStream::connect(port.address()).is_err());
/// assert!(std::net::TcpListener::bind(port.address()).is_ok());
/// ```
#[derive(Debug)]
pub struct ReservedPort {
    address: SocketAddr,
    /// Keeps the port. On Windows, nobody could listen there then.
    _socket: Option<TcpSocket>,
}

impl ReservedPort {
    /// Reserves a free port.
    ///
    /// # Panics
    ///
    /// Panics if the system has no free port.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "each value is another port")]
    pub fn new() -> Self {
        let reserve = || {
            let socket = TcpSocket::new_v4()?;
            // On Unix, so that another socket may listen at the port. Listeners of std and Tokio set this too.
            socket.set_reuseaddr(cfg!(unix))?;
            socket.bind((Ipv4Addr::LOCALHOST, 0).into())?;
            let address = socket.local_addr()?;
            Ok::<_, std::io::Error>(Self {
                address,
                _socket: cfg!(unix).then_some(socket),
            })
        };
        reserve().expect("there is a free local port")
    }

    /// The address: `127.0.0.1` and the port.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The port's number.
    #[must_use]
    pub fn number(&self) -> u16 {
        self.address.port()
    }
}
