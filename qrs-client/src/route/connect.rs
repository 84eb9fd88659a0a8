//! Name resolution and TCP.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};
use tokio::net::{TcpStream, lookup_host};
use tokio::task::JoinSet;
use tokio::time::timeout;
use url::{Host, Url};

use crate::diagnosis::Seen;
use crate::error::{Error, ErrorKind};
use crate::retry::Trouble;
use crate::tls::explain::Peer;

/// Delay after which the next address is tried beside the one before it (RFC 8305, 5).
const STAGGER: Duration = Duration::from_millis(250);

/// Interval at which a silent connection is probed. Firewalls forget silent connections, and a list may take minutes to
/// begin.
const PROBE_INTERVAL: Duration = Duration::from_secs(15);

/// Number of unanswered probes after which a connection counts as broken.
#[cfg(any(target_os = "linux", target_os = "macos", windows))]
const MAX_PROBES: u32 = 4;

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
    let stream = connect(alternating(addresses)).await.map_err(failed)?;
    keep_alive(&stream);
    let address = stream.peer_addr().map_err(failed)?;
    Ok((stream, Seen::Connected(address)))
}

/// Makes the operating system notice within a minute or so that the other side is gone. Where it can't, the time limits do.
fn keep_alive(stream: &TcpStream) {
    let _ = stream.set_nodelay(true);
    let keepalive = TcpKeepalive::new()
        .with_time(PROBE_INTERVAL)
        .with_interval(PROBE_INTERVAL);
    #[cfg(any(target_os = "linux", target_os = "macos", windows))]
    let keepalive = keepalive.with_retries(MAX_PROBES);
    let _ = SockRef::from(stream).set_tcp_keepalive(&keepalive);
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

/// The addresses with their families in turn, the first one's first: where one family leads nowhere, the other is tried
/// soon.
fn alternating(addresses: &[SocketAddr]) -> Vec<SocketAddr> {
    let first_family = addresses.first().is_some_and(SocketAddr::is_ipv6);
    let of_family = |v6: bool| addresses.iter().filter(move |one| one.is_ipv6() == v6);
    let (mut these, mut those) = (of_family(first_family), of_family(!first_family));
    let mut order = Vec::with_capacity(addresses.len());
    while order.len() < addresses.len() {
        order.extend(these.next());
        order.extend(those.next());
    }
    order
}

/// Connects to the first address that answers; each has a head start before the next one.
async fn connect(addresses: Vec<SocketAddr>) -> io::Result<TcpStream> {
    let mut waiting = addresses.into_iter();
    let mut attempts = JoinSet::new();
    let mut failed = None;
    loop {
        if let Some(address) = waiting.next() {
            attempts.spawn(TcpStream::connect(address));
        }
        let ended = if waiting.len() > 0 {
            timeout(STAGGER, attempts.join_next()).await.ok().flatten()
        } else {
            match attempts.join_next().await {
                Some(ended) => Some(ended),
                None => {
                    return Err(failed.unwrap_or_else(|| io::ErrorKind::AddrNotAvailable.into()));
                }
            }
        };
        match ended {
            Some(Ok(Ok(stream))) => return Ok(stream),
            Some(Ok(Err(error))) => failed = Some(error),
            Some(Err(_)) | None => {}
        }
    }
}

fn no_connection(addresses: &[SocketAddr], peer: Peer, error: &io::Error) -> Error {
    let addresses: Vec<_> = addresses.iter().map(ToString::to_string).collect();
    let addresses = addresses.join("`, `");
    let message = match error.kind() {
        io::ErrorKind::ConnectionRefused => format!("connection refused by {peer} (`{addresses}`)"),
        _ => format!("cannot connect to {peer} (`{addresses}`)"),
    };
    Error::new(ErrorKind::Unreachable, message)
        .with_hint("check host and port, and that a firewall lets the client through")
        .with_trouble(Trouble::NoConnection)
        .with_cause(error.to_string())
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    #[test]
    fn families_take_turns() {
        let all = ["[::1]:1", "[::2]:1", "[::3]:1", "1.1.1.1:1", "2.2.2.2:1"];
        let all = all.map(|text| text.parse().unwrap());
        let order: Vec<_> = alternating(&all).iter().map(ToString::to_string).collect();
        assert_eq!(
            order,
            ["[::1]:1", "1.1.1.1:1", "[::2]:1", "2.2.2.2:1", "[::3]:1"]
        );
    }

    #[tokio::test]
    async fn an_address_that_leads_nowhere_does_not_hold_up_the_next() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let good = listener.local_addr().unwrap();
        let closed = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let refusing = closed.local_addr().unwrap();
        drop(closed);
        let stream = connect(vec![refusing, good]).await.unwrap();
        assert_eq!(stream.peer_addr().unwrap(), good);
        let error = connect(vec![refusing, refusing]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
        assert!(connect(Vec::new()).await.is_err());
    }
}
