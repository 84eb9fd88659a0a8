//! Name resolution and TCP.

use std::io;
use std::net::SocketAddr;

use tokio::net::{TcpStream, lookup_host};
use url::{Host, Url};

use crate::diagnosis::Seen;
use crate::error::{Error, ErrorKind};
use crate::fact::Fact;
use crate::peer::Peer;
use crate::retry::FailureClass;

/// Resolves the host name of a URL.
pub(super) async fn resolve(url: &Url, peer: Peer) -> Result<(Vec<SocketAddr>, Seen), Error> {
    let addresses = addresses(url, peer).await?;
    let ips = addresses.iter().map(SocketAddr::ip).collect();
    Ok((addresses, Seen::Addresses(ips)))
}

/// Makes a TCP connection to one of the addresses.
pub(super) async fn connect(
    addresses: &[SocketAddr],
    peer: Peer,
) -> Result<(TcpStream, Seen), Error> {
    let failed = |error: io::Error| connection_error(addresses, peer, &error);
    let stream = TcpStream::connect(addresses).await.map_err(failed)?;
    // The connection works without it, only slower.
    let _ = stream.set_nodelay(true);
    let address = stream.peer_addr().map_err(failed)?;
    Ok((stream, Seen::Connected(address)))
}

async fn addresses(url: &Url, peer: Peer) -> Result<Vec<SocketAddr>, Error> {
    let port = url.port_or_known_default().unwrap_or(443);
    let name = match url.host() {
        Some(Host::Ipv4(address)) => return Ok(vec![(address, port).into()]),
        Some(Host::Ipv6(address)) => return Ok(vec![(address, port).into()]),
        Some(Host::Domain(name)) => name,
        None => "",
    };
    let unresolved = |cause: String| {
        Error::new(
            ErrorKind::Unreachable,
            format!("cannot resolve {peer}'s host name `{name}`"),
        )
        .with_hint(
            "check the spelling of the name, and that this machine uses the right DNS server",
        )
        .with_fact(Fact::HostUnresolved)
        .with_class(FailureClass::NameNotResolved)
        .with_cause(cause)
    };
    let found = lookup_host((name, port)).await;
    let addresses: Vec<_> = found
        .map_err(|error| unresolved(error.to_string()))?
        .collect();
    if addresses.is_empty() {
        return Err(unresolved("the name has no address".to_owned()));
    }
    Ok(addresses)
}

fn connection_error(addresses: &[SocketAddr], peer: Peer, error: &io::Error) -> Error {
    let addresses: Vec<_> = addresses.iter().map(ToString::to_string).collect();
    let addresses = addresses.join("`, `");
    let (fact, message, hint) = match error.kind() {
        io::ErrorKind::ConnectionRefused => (
            Fact::ConnectionRefused,
            format!("connection refused by {peer} (`{addresses}`)"),
            "check the host and the port: nothing listens there, or a firewall refuses the connection",
        ),
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => (
            Fact::HostUnreachable,
            format!("no route to {peer} (`{addresses}`)"),
            "check the address and this machine's network: the other machine is off, or there is no route to it",
        ),
        io::ErrorKind::TimedOut => (
            Fact::ConnectionTimedOut,
            format!("{peer} does not answer (`{addresses}`)"),
            "check the host, the port, and that no firewall drops the packets",
        ),
        _ => (
            Fact::ConnectionFailed,
            format!("cannot connect to {peer} (`{addresses}`)"),
            "check the host, the port, and that no firewall blocks the connection",
        ),
    };
    Error::new(ErrorKind::Unreachable, message)
        .with_fact(fact)
        .with_hint(hint)
        .with_class(FailureClass::NotConnected)
        .with_cause(error.to_string())
}
