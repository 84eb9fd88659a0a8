//! Name resolution and TCP.

use std::io;
use std::net::SocketAddr;

use tokio::net::{TcpStream, lookup_host};
use url::{Host, Url};

use crate::diagnosis::Seen;
use crate::error::{Error, ErrorKind};
use crate::fact::Fact;
use crate::retry::Trouble;
use crate::tls::explain::Peer;

pub(super) async fn resolved(url: &Url, peer: Peer) -> Result<(Vec<SocketAddr>, Seen), Error> {
    let addresses = resolve(url, peer).await?;
    let ips = addresses.iter().map(SocketAddr::ip).collect();
    Ok((addresses, Seen::Addresses(ips)))
}

pub(super) async fn connected(
    addresses: &[SocketAddr],
    peer: Peer,
) -> Result<(TcpStream, Seen), Error> {
    let failed = |error: io::Error| no_connection(addresses, peer, &error);
    let stream = TcpStream::connect(addresses).await.map_err(failed)?;
    // It only makes the connection quicker.
    let _ = stream.set_nodelay(true);
    let address = stream.peer_addr().map_err(failed)?;
    Ok((stream, Seen::Connected(address)))
}

async fn resolve(url: &Url, peer: Peer) -> Result<Vec<SocketAddr>, Error> {
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
            "check the spelling of the name, and that this machine asks the right name server",
        )
        .with_fact(Fact::HostUnresolved)
        .with_trouble(Trouble::Unresolved)
        .with_cause(cause)
    };
    let found = lookup_host((name, port)).await;
    let addresses: Vec<_> = found
        .map_err(|error| unresolved(error.to_string()))?
        .collect();
    if addresses.is_empty() {
        return Err(unresolved("it has no address".to_owned()));
    }
    Ok(addresses)
}

fn no_connection(addresses: &[SocketAddr], peer: Peer, error: &io::Error) -> Error {
    let addresses: Vec<_> = addresses.iter().map(ToString::to_string).collect();
    let addresses = addresses.join("`, `");
    let (fact, message, hint) = match error.kind() {
        io::ErrorKind::ConnectionRefused => (
            Fact::ConnectionRefused,
            format!("connection refused by {peer} (`{addresses}`)"),
            "check host and port: nothing listens there, or a firewall refuses the connection",
        ),
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => (
            Fact::HostUnreachable,
            format!("no route to {peer} (`{addresses}`)"),
            "check the address, and this machine's network: the machine is off, or no route leads to it",
        ),
        io::ErrorKind::TimedOut => (
            Fact::ConnectionTimedOut,
            format!("{peer} does not answer (`{addresses}`)"),
            "check host and port, and that a firewall lets the client through: packets get no answer",
        ),
        _ => (
            Fact::ConnectionFailed,
            format!("cannot connect to {peer} (`{addresses}`)"),
            "check host and port, and that a firewall lets the client through",
        ),
    };
    Error::new(ErrorKind::Unreachable, message)
        .with_fact(fact)
        .with_hint(hint)
        .with_trouble(Trouble::NoConnection)
        .with_cause(error.to_string())
}
