//! The steps themselves, with the trust and the limits of the client's requests.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ProtocolVersion};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::{Instant, timeout};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use url::{Host, Url};

use super::tunnel::{self, NoTunnel};
use super::{Handshake, Seen, Stage, Step};
use crate::certificate::Certificate;
use crate::error::{Error, ErrorKind};
use crate::proxy::Proxy;
use crate::retry::Trouble;
use crate::scrub::Secrets;
use crate::site::SiteUrl;
use crate::time_limits::TimeLimit;
use crate::tls::explain::{self, Peer};
use crate::tls::{self, Trust, Use};

/// How the client gets to its site.
pub(crate) struct Route<'a> {
    pub(crate) site: &'a SiteUrl,
    pub(crate) proxy: Option<&'a Proxy>,
    pub(crate) tls: &'a Arc<ClientConfig>,
    /// For each step.
    pub(crate) limit: Duration,
    pub(crate) secrets: Secrets,
}

/// A connection, whatever lies beneath it.
trait Wire: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Wire for S {}

/// A server of TLS answers at once, and others may wait for more.
const LONGEST_PROBE: Duration = Duration::from_secs(1);

const CLEAR_TEXT_TO_TLS: &str = "speaks TLS at this port, and was spoken to in the clear";

impl Route<'_> {
    /// All steps up to the one that fails, if one does.
    pub(crate) async fn walk(&self) -> Vec<Step> {
        let mut walk = Walk {
            limit: self.limit,
            peer: self.first_peer(),
            steps: Vec::new(),
        };
        // None is a step that failed; it is the last one.
        let _ = self.steps(&mut walk).await;
        walk.steps
    }

    /// Why the way does not lead to the site, if it does not.
    pub(crate) async fn obstacle(&self) -> Option<Error> {
        self.walk().await.pop()?.seen.err()
    }

    /// Why what begins in the clear is not understood, if that is because TLS is spoken there.
    pub(crate) async fn unexpected_tls(&self) -> Option<Error> {
        let trusting = tls::client_config(&Trust::AnyCertificate, Use::Needed).ok()?;
        let handshake = async {
            let url = self.first_stretch();
            let stream = connect(&resolve(url).await.ok()?).await.ok()?;
            secure(stream, url, &Arc::new(trusting), self.first_peer())
                .await
                .ok()
        };
        timeout(self.limit.min(LONGEST_PROBE), handshake)
            .await
            .ok()
            .flatten()?;
        let peer = self.first_peer();
        let error = Error::new(peer.tls_kind(), format!("{peer} {CLEAR_TEXT_TO_TLS}"));
        Some(error.with_hint("write `https` where `http` stands"))
    }

    /// Whether the first stretch is spoken in the clear.
    pub(crate) fn begins_in_the_clear(&self) -> bool {
        match self.proxy {
            Some(proxy) => !proxy.is_https(),
            None => !self.site.is_https(),
        }
    }

    fn first_stretch(&self) -> &Url {
        self.proxy.map_or(self.site.as_url(), Proxy::url)
    }

    fn first_peer(&self) -> Peer {
        self.proxy.map_or(Peer::Site, |_| Peer::Proxy)
    }

    async fn steps(&self, walk: &mut Walk) -> Option<()> {
        let url = self.first_stretch();
        let addresses = walk.step(Stage::Resolve, resolved(url)).await?;
        let stream = walk.step(Stage::Connect, connected(&addresses)).await?;
        let mut stream: Box<dyn Wire> = Box::new(stream);
        if let Some(proxy) = self.proxy {
            if proxy.is_https() {
                let secure = secured(stream, url, self.tls, Peer::Proxy);
                stream = Box::new(walk.step(Stage::ProxyTls, secure).await?);
            }
            if self.site.is_https() {
                let tunnel = self.tunnelled(stream, proxy);
                stream = walk.step(Stage::Tunnel, tunnel).await?;
            }
        }
        if self.site.is_https() {
            walk.peer = Peer::Site;
            let secure = secured(stream, self.site.as_url(), self.tls, Peer::Site);
            walk.step(Stage::SiteTls, secure).await?;
        }
        Some(())
    }

    async fn tunnelled(
        &self,
        mut stream: Box<dyn Wire>,
        proxy: &Proxy,
    ) -> Result<(Box<dyn Wire>, Seen), Error> {
        match tunnel::open(&mut stream, self.site.as_url(), proxy, &self.secrets).await {
            Ok(()) => Ok((stream, Seen::Tunnelled)),
            Err(NoTunnel::Refused(error)) => Err(error),
            Err(NoTunnel::NotHttp(error)) if self.begins_in_the_clear() => {
                Err(self.unexpected_tls().await.unwrap_or(error))
            }
            Err(NoTunnel::NotHttp(error)) => Err(error),
        }
    }
}

/// The steps so far.
struct Walk {
    limit: Duration,
    /// At whose end the present step is.
    peer: Peer,
    steps: Vec<Step>,
}

impl Walk {
    async fn step<T>(
        &mut self,
        stage: Stage,
        work: impl Future<Output = Result<(T, Seen), Error>>,
    ) -> Option<T> {
        let started = Instant::now();
        let outcome = match timeout(self.limit, work).await {
            Ok(Ok((result, seen))) => Ok((result, seen)),
            Ok(Err(error)) => Err(self.attributed(error)),
            Err(_) => Err(self.too_slow(stage)),
        };
        let took = started.elapsed();
        let (result, seen) = match outcome {
            Ok((result, seen)) => (Some(result), Ok(seen)),
            Err(error) => (None, Err(error)),
        };
        self.steps.push(Step { stage, took, seen });
        result
    }

    fn too_slow(&self, stage: Stage) -> Error {
        let (peer, seconds) = (self.peer, self.limit.as_secs_f64());
        let error = Error::new(
            peer.reach_kind(),
            format!("{peer} did not answer within {seconds} s ({stage})"),
        );
        let error = error.with_time_limit(TimeLimit::Connect, self.limit);
        match stage {
            Stage::ProxyTls | Stage::SiteTls => {
                error.with_hint("it may not speak TLS at this port: check scheme and port")
            }
            _ => {
                error.with_hint("check host and port, and that a firewall lets the client through")
            }
        }
    }

    /// `resolve` and `connect` do not know at whose end they are.
    fn attributed(&self, error: Error) -> Error {
        match (error.kind(), self.peer) {
            (ErrorKind::Unreachable, Peer::Proxy) => error.at_proxy(),
            _ => error,
        }
    }
}

async fn resolved(url: &Url) -> Result<(Vec<SocketAddr>, Seen), Error> {
    let addresses = resolve(url).await?;
    let ips = addresses.iter().map(SocketAddr::ip).collect();
    Ok((addresses, Seen::Addresses(ips)))
}

async fn connected(addresses: &[SocketAddr]) -> Result<(TcpStream, Seen), Error> {
    let stream = connect(addresses).await?;
    let address = stream
        .peer_addr()
        .map_err(|error| refused(addresses, &error))?;
    Ok((stream, Seen::Connected(address)))
}

async fn resolve(url: &Url) -> Result<Vec<SocketAddr>, Error> {
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
            format!("cannot resolve the host name `{name}`"),
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

async fn connect(addresses: &[SocketAddr]) -> Result<TcpStream, Error> {
    let stream = TcpStream::connect(addresses).await;
    stream.map_err(|error| refused(addresses, &error))
}

fn refused(addresses: &[SocketAddr], error: &io::Error) -> Error {
    let addresses: Vec<_> = addresses.iter().map(ToString::to_string).collect();
    let addresses = addresses.join("`, `");
    let message = match error.kind() {
        io::ErrorKind::ConnectionRefused => format!("connection refused by `{addresses}`"),
        _ => format!("cannot connect to `{addresses}`"),
    };
    Error::new(ErrorKind::Unreachable, message)
        .with_hint("check host and port, and that a firewall lets the client through")
        .with_trouble(Trouble::NoConnection)
        .with_cause(error.to_string())
}

async fn secured<S: Wire>(
    stream: S,
    url: &Url,
    config: &Arc<ClientConfig>,
    peer: Peer,
) -> Result<(TlsStream<S>, Seen), Error> {
    let stream = secure(stream, url, config, peer).await?;
    let (_, session) = stream.get_ref();
    let certificates = session.peer_certificates().unwrap_or_default().iter();
    let handshake = Handshake {
        protocol: match session.protocol_version() {
            Some(ProtocolVersion::TLSv1_3) => "TLS 1.3",
            _ => "TLS 1.2",
        },
        cipher: session
            .negotiated_cipher_suite()
            .map_or_else(String::new, |suite| format!("{:?}", suite.suite())),
        certificates: certificates
            .filter_map(|shown| Certificate::from_der(shown).ok())
            .collect(),
    };
    Ok((stream, Seen::Secure(handshake)))
}

async fn secure<S: Wire>(
    stream: S,
    url: &Url,
    config: &Arc<ClientConfig>,
    peer: Peer,
) -> Result<TlsStream<S>, Error> {
    let name = match url.host() {
        Some(Host::Ipv4(address)) => ServerName::from(std::net::IpAddr::V4(address)),
        Some(Host::Ipv6(address)) => ServerName::from(std::net::IpAddr::V6(address)),
        Some(Host::Domain(name)) => ServerName::try_from(name.to_owned()).map_err(|error| {
            Error::configuration(format!("`{name}` can be no name of a certificate: {error}"))
        })?,
        None => return Err(Error::configuration("there is no host to connect to")),
    };
    let connector = TlsConnector::from(Arc::clone(config));
    connector.connect(name, stream).await.map_err(|error| {
        match error.get_ref().and_then(|inner| inner.downcast_ref()) {
            Some(error) => explain::failed(error, peer),
            None => Error::new(
                peer.tls_kind(),
                format!("{peer} closed the connection in the TLS handshake"),
            )
            .with_hint("it may not speak TLS at this port: check scheme and port")
            .with_trouble(Trouble::Cut)
            .with_cause(error.to_string()),
        }
    })
}
