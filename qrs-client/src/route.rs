//! The way to a site: name resolution, TCP, the proxy and its tunnel, TLS. Requests take it, and a diagnosis reports what
//! is seen at each step.

mod connect;
mod handshake;
mod plain_http;
mod recorded;
mod tunnel;

use std::sync::Arc;
use std::time::Duration;

use rustls::ClientConfig;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, timeout};
use url::Url;

use crate::diagnosis::{Seen, Stage, Step};
use crate::error::{Error, ErrorKind};
use crate::fact::Fact;
use crate::proxy::Proxy;
use crate::scrub::Secrets;
use crate::site::SiteUrl;
use crate::time_limits::TimeLimit;
use crate::tls::explain::Peer;
use crate::tls::{self, Trust, Use, Weaknesses};
use connect::{connected, resolved};
use handshake::{secure, secured};
use recorded::{Record, Recorded};
use tunnel::{NoTunnel, Tunnel};

/// How the client gets to its site.
pub(crate) struct Route<'a> {
    pub(crate) site: &'a SiteUrl,
    pub(crate) proxy: Option<&'a Proxy>,
    pub(crate) tls: &'a Arc<ClientConfig>,
    /// For a connection as a whole; in a diagnosis, for each step.
    pub(crate) limit: Duration,
    pub(crate) secrets: Secrets,
}

/// A connection, whatever lies beneath it.
pub(crate) trait Wire: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Wire for S {}

/// A server of TLS answers at once, and others may wait for more.
const LONGEST_PROBE: Duration = Duration::from_secs(1);

const CLEAR_TEXT_TO_TLS: &str = "speaks TLS at this port, and was spoken to in the clear";

impl Route<'_> {
    /// Connects to the site, or to the proxy that forwards requests in the clear.
    pub(crate) async fn open(&self) -> Result<Box<dyn Wire>, Error> {
        self.open_within(self.limit).await
    }

    /// Connects once more, after the limit was hit, to find out at which step.
    pub(crate) async fn find_slow_step(&self) -> Result<Box<dyn Wire>, Error> {
        self.open_within(self.limit.min(LONGEST_PROBE)).await
    }

    async fn open_within(&self, time: Duration) -> Result<Box<dyn Wire>, Error> {
        let mut walk = self.new_walk(Some(Instant::now() + time));
        if let Some(stream) = self.steps(&mut walk).await {
            return Ok(stream);
        }
        let last = walk.steps.pop();
        let Some((stage, error)) = last.and_then(|step| Some((step.stage, step.seen.err()?)))
        else {
            return Err(Error::new(
                ErrorKind::Unreachable,
                "no connection to the site",
            ));
        };
        Err(self.or_plain_http(stage, &error).await.unwrap_or(error))
    }

    /// All steps up to the one that fails, if one does.
    pub(crate) async fn walk(&self) -> Vec<Step> {
        let mut walk = self.new_walk(None);
        // Nothing comes of a step that failed; it is the last one.
        drop(self.steps(&mut walk).await);
        if let Some(Step { stage, seen, .. }) = walk.steps.last_mut()
            && let Err(error) = seen
            && let Some(better) = self.or_plain_http(*stage, error).await
        {
            *error = better;
        }
        walk.steps
    }

    fn new_walk(&self, deadline: Option<Instant>) -> Walk {
        Walk {
            limit: self.limit,
            deadline,
            peer: self.first_peer(),
            steps: Vec::new(),
        }
    }

    /// Why what begins in the clear is not understood, if that is because TLS is spoken there.
    pub(crate) async fn unexpected_tls(&self) -> Option<Error> {
        let trusting =
            tls::client_config(&Trust::AnyCertificate, Use::Needed, &Weaknesses::default()).ok()?;
        let handshake = async {
            let url = self.first_stretch();
            let (addresses, _) = resolved(url, self.first_peer()).await.ok()?;
            let (stream, _) = connected(&addresses, self.first_peer()).await.ok()?;
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
        let error = error.with_fact(match peer {
            Peer::Site => Fact::TlsExpected,
            Peer::Proxy => Fact::ProxyFailed,
        });
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

    async fn steps(&self, walk: &mut Walk) -> Option<Box<dyn Wire>> {
        let (url, peer) = (self.first_stretch(), self.first_peer());
        let addresses = walk.step(Stage::Resolve, resolved(url, peer)).await?;
        let stream = walk.step(Stage::Connect, connected(&addresses, peer));
        let mut stream: Box<dyn Wire> = Box::new(stream.await?);
        let mut tunnel = None;
        if let Some(proxy) = self.proxy {
            if proxy.is_https() {
                let secure = secured(stream, url, self.tls, Peer::Proxy);
                stream = Box::new(walk.step(Stage::ProxyTls, secure).await?);
            }
            if self.site.is_https() {
                let opened = walk.step(Stage::Tunnel, self.tunnelled(stream, proxy));
                let (beneath, seen) = opened.await?;
                (stream, tunnel) = (beneath, Some(seen));
            }
        }
        if self.site.is_https() {
            walk.peer = Peer::Site;
            let secure = self.secured_site(stream, tunnel);
            stream = walk.step(Stage::SiteTls, secure).await?;
        }
        Some(stream)
    }

    async fn tunnelled(
        &self,
        mut stream: Box<dyn Wire>,
        proxy: &Proxy,
    ) -> Result<((Box<dyn Wire>, Tunnel), Seen), Error> {
        match tunnel::open(&mut stream, self.site.as_url(), proxy, &self.secrets).await {
            Ok(tunnel) => Ok(((stream, tunnel), Seen::Tunnelled)),
            Err(NoTunnel::Refused(error)) => Err(error),
            Err(NoTunnel::NotHttp(error)) if self.begins_in_the_clear() => {
                Err(self.unexpected_tls().await.unwrap_or(error))
            }
            Err(NoTunnel::NotHttp(error)) => Err(error),
        }
    }

    async fn secured_site(
        &self,
        stream: Box<dyn Wire>,
        tunnel: Option<Tunnel>,
    ) -> Result<(Box<dyn Wire>, Seen), Error> {
        let record = Record::default();
        let stream = Recorded::new(stream, record.clone());
        match secured(stream, self.site.as_url(), self.tls, Peer::Site).await {
            Ok((stream, seen)) => Ok((Box::new(stream), seen)),
            Err(error) => {
                let page = tunnel.and_then(|tunnel| tunnel.page(&record.bytes(), &self.secrets));
                Err(page.unwrap_or(error))
            }
        }
    }
}

/// The steps so far.
struct Walk {
    limit: Duration,
    /// When all steps together must be over; without it, each may take as long as the limit.
    deadline: Option<Instant>,
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
        let left = match self.deadline {
            Some(deadline) => deadline.saturating_duration_since(started),
            None => self.limit,
        };
        let outcome = match timeout(left, work).await {
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
        let is_tls = matches!(stage, Stage::ProxyTls | Stage::SiteTls);
        let although = if is_tls {
            ", although it accepted the connection"
        } else {
            ""
        };
        let message = format!("{peer} did not answer within {seconds} s ({stage}){although}");
        let error = Error::new(peer.timeout_kind(), message);
        let error = error.with_time_limit(TimeLimit::Connect, self.limit);
        let (fact, hint) = if is_tls {
            (
                Fact::TlsSilent,
                "it may not speak TLS at this port: check scheme and port",
            )
        } else {
            (
                Fact::ConnectionTimedOut,
                "check host and port, and that a firewall lets the client through",
            )
        };
        match peer {
            Peer::Site => error.with_fact(fact).with_hint(hint),
            Peer::Proxy => error.with_hint(hint),
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
