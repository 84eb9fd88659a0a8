//! Name resolution and TCP.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};
use tokio::net::{TcpStream, lookup_host};
use url::{Host, Url};

use crate::diagnosis::Seen;
use crate::error::{Error, ErrorKind};
use crate::fact::Fact;
use crate::peer::Peer;
use crate::retry::FailureClass;

/// Interval at which a silent connection is probed. Firewalls drop silent connections, and a response may take minutes to
/// begin.
pub(crate) const PROBE_INTERVAL: Duration = Duration::from_secs(15);

/// Number of unanswered probes after which a connection is considered lost.
pub(crate) const MAX_PROBES: u32 = 4;

/// How long data that was sent may stay unacknowledged, or be refused by a peer that does not read. Without a limit, Linux tries
/// for 15 minutes.
#[cfg(target_os = "linux")]
const MAX_UNACKNOWLEDGED_TIME: Duration = Duration::from_secs(120);

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
    let _ = test_while_idle(&stream);
    let address = stream.peer_addr().map_err(failed)?;
    Ok((stream, Seen::Connected(address)))
}

/// Lets the system end the connection if the machine of the peer is gone, for example because it has lost power.
fn test_while_idle(stream: &TcpStream) -> io::Result<()> {
    let socket = SockRef::from(stream);
    let probes = TcpKeepalive::new()
        .with_time(PROBE_INTERVAL)
        .with_interval(PROBE_INTERVAL)
        .with_retries(MAX_PROBES);
    socket.set_tcp_keepalive(&probes)?;
    // Other systems give up earlier.
    #[cfg(target_os = "linux")]
    socket.set_tcp_user_timeout(Some(MAX_UNACKNOWLEDGED_TIME))?;
    Ok(())
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

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn a_connection_is_tested_while_it_is_idle() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stream, _) = connect(&[address], Peer::Server("the site")).await.unwrap();
        let socket = SockRef::from(&stream);
        assert!(socket.keepalive().unwrap());
        #[cfg(target_os = "linux")]
        {
            assert_eq!(socket.tcp_keepalive_time().unwrap(), PROBE_INTERVAL);
            let limit = socket.tcp_user_timeout().unwrap();
            assert_eq!(limit, Some(MAX_UNACKNOWLEDGED_TIME));
        }
    }
}
