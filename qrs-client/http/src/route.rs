//! The connection to a server, step by step: name resolution, TCP, the proxy and its tunnel, TLS. Requests that failed are
//! explained by it, and a diagnosis reports what is observed at each step.

mod connect;
pub(crate) mod early_data;
mod handshake;
mod identification;
mod plain_http;
mod recorded;
mod tunnel;

pub(crate) use connect::{MAX_PROBES, PROBE_INTERVAL};

use std::sync::Arc;
use std::time::Duration;

use rustls::ClientConfig;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, timeout};
use url::Url;

use crate::diagnosis::{Seen, Stage, Step};
use crate::error::{Error, ErrorKind};
use crate::fact::Fact;
use crate::identity::ClientIdentity;
use crate::peer::Peer;
use crate::proxy::Proxy;
#[cfg(feature = "windows-login")]
use crate::proxy::ProxyUser;
use crate::redactor::Redactor;
use crate::time_limits::TimeLimit;
use crate::tls::{self, Trust, Use, Weaknesses};
use connect::{connect, resolve};
use handshake::{diagnosed_tls, tls};
use identification::identify;
use recorded::{Record, Recorded};
#[cfg(feature = "windows-login")]
use tunnel::open_as_user;
use tunnel::{Tunnel, TunnelError};

/// How the client connects to a server.
pub(crate) struct Route<'a> {
    pub(crate) server: &'a Url,
    pub(crate) server_name: &'static str,
    pub(crate) proxy: Option<&'a Proxy>,
    pub(crate) tls: &'a Arc<ClientConfig>,
    pub(crate) identity: Option<&'a ClientIdentity>,
    /// Maximum time for a whole connection; in a diagnosis, for each step.
    pub(crate) limit: Duration,
    pub(crate) redactor: Redactor,
}

/// A connection of any kind: TCP, TLS, or through a proxy.
pub trait Wire: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Wire for S {}

/// Maximum time of a probe. A TLS server answers at once; others may wait for more input.
const MAX_PROBE_TIME: Duration = Duration::from_secs(1);

impl Route<'_> {
    /// Connects to the server, or to the proxy that forwards unencrypted requests.
    pub(crate) async fn open(&self) -> Result<Box<dyn Wire>, Error> {
        self.open_within(self.limit).await
    }

    /// Connects once more after a time limit was exceeded, to find the step that is slow.
    pub(crate) async fn find_slow_step(&self) -> Result<Box<dyn Wire>, Error> {
        self.open_within(self.limit.min(MAX_PROBE_TIME)).await
    }

    async fn open_within(&self, time: Duration) -> Result<Box<dyn Wire>, Error> {
        let mut walk = self.new_walk(Some(Instant::now() + time));
        if let Some(stream) = self.steps(&mut walk).await {
            return Ok(stream);
        }
        let last = walk.steps.pop();
        let Some((stage, error)) = last.and_then(|step| Some((step.stage, step.seen.err()?)))
        else {
            let message = format!("cannot connect to {}", self.server_peer());
            return Err(Error::new(ErrorKind::Unreachable, message));
        };
        Err(self.or_plain_http(stage, &error).await.unwrap_or(error))
    }

    /// The steps up to the one that fails, or all of them.
    pub(crate) async fn diagnose(&self) -> Vec<Step> {
        let mut walk = self.new_walk(None);
        // The last step is the one that failed, if any did.
        if let Some(stream) = self.steps(&mut walk).await {
            self.step_of_identification(&mut walk, stream).await;
        }
        if let Some(Step { stage, seen, .. }) = walk.steps.last_mut()
            && let Err(error) = seen
            && let Some(better) = self.or_plain_http(*stage, error).await
        {
            *error = better;
        }
        let last = walk.steps.pop().map(|mut step| {
            step.seen = step.seen.map_err(|error| self.with_identity(error));
            step
        });
        walk.steps.extend(last);
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

    /// A better error for a failed unencrypted request, if the other end speaks TLS.
    pub(crate) async fn unexpected_tls(&self) -> Option<Error> {
        let trusting = tls::client_config(
            &Trust::AnyCertificate,
            Use::Needed,
            &Weaknesses::default(),
            None,
        )
        .ok()?;
        let handshake = async {
            let (url, peer) = (self.first_url(), self.first_peer());
            let (addresses, _) = resolve(url, peer).await.ok()?;
            let (stream, _) = connect(&addresses, peer).await.ok()?;
            tls(stream, url, &Arc::new(trusting), peer).await.ok()
        };
        timeout(self.limit.min(MAX_PROBE_TIME), handshake)
            .await
            .ok()
            .flatten()?;
        let peer = self.first_peer();
        let message = format!("{peer} expects TLS at this port, but plain http was used");
        let error = Error::new(peer.tls_kind(), message);
        let error = error.with_fact(match peer {
            Peer::Server(_) => Fact::TlsExpected,
            Peer::Proxy => Fact::ProxyFailed,
        });
        Some(error.with_hint("use `https` instead of `http`"))
    }

    /// Whether the connection to the first peer is not encrypted.
    pub(crate) fn begins_unencrypted(&self) -> bool {
        match self.proxy {
            Some(proxy) => !proxy.is_https(),
            None => !self.is_https(),
        }
    }

    pub(crate) fn is_https(&self) -> bool {
        self.server.scheme() == "https"
    }

    pub(crate) fn server_peer(&self) -> Peer {
        Peer::Server(self.server_name)
    }

    /// The URL of the proxy, or of the server if there is no proxy.
    fn first_url(&self) -> &Url {
        self.proxy.map_or(self.server, Proxy::url)
    }

    fn first_peer(&self) -> Peer {
        self.proxy.map_or(self.server_peer(), |_| Peer::Proxy)
    }

    /// Takes the steps up to a connection on which TLS with the server can begin, or up to the one that fails.
    pub(crate) async fn connect_without_tls(&self) -> (Vec<Step>, Option<Box<dyn Wire>>) {
        let mut walk = self.new_walk(None);
        let stream = self.steps_before_tls(&mut walk).await;
        (walk.steps, stream.map(|(stream, _)| stream))
    }

    /// Makes TLS with the server on a connection.
    pub(crate) async fn secure(&self, stream: Box<dyn Wire>) -> (Vec<Step>, Option<Box<dyn Wire>>) {
        let mut walk = self.new_walk(None);
        let stream = self.step_of_tls(&mut walk, stream, None).await;
        (walk.steps, stream)
    }

    async fn steps(&self, walk: &mut Walk) -> Option<Box<dyn Wire>> {
        let (stream, tunnel) = self.steps_before_tls(walk).await?;
        match self.is_https() {
            true => self.step_of_tls(walk, stream, tunnel).await,
            false => Some(stream),
        }
    }

    /// The last step of a diagnosis: whether the server accepts the client's certificate.
    async fn step_of_identification(&self, walk: &mut Walk, stream: Box<dyn Wire>) {
        if let Some(identity) = self.identity.filter(|_| self.is_https()) {
            let identified = identify(stream, self.server, identity, self.server_peer());
            walk.step(Stage::ClientCertificate, identified).await;
        }
    }

    /// Adds the client's certificate to the error of a server that has refused it.
    pub(crate) fn with_identity(&self, error: Error) -> Error {
        match self.identity {
            Some(identity) => identity.explain(error),
            None => error,
        }
    }

    async fn steps_before_tls(&self, walk: &mut Walk) -> Option<(Box<dyn Wire>, Option<Tunnel>)> {
        let (url, peer) = (self.first_url(), self.first_peer());
        let addresses = walk.step(Stage::Resolve, resolve(url, peer)).await?;
        let stream = walk.step(Stage::Connect, connect(&addresses, peer));
        let mut stream: Box<dyn Wire> = Box::new(stream.await?);
        let mut tunnel = None;
        if let Some(proxy) = self.proxy {
            if proxy.is_https() {
                let secure = diagnosed_tls(stream, url, self.tls, Peer::Proxy);
                stream = Box::new(walk.step(Stage::ProxyTls, secure).await?);
            }
            if self.is_https() {
                let opened = walk.step(Stage::Tunnel, self.tunnel(stream, proxy));
                let (beneath, seen) = opened.await?;
                (stream, tunnel) = (beneath, Some(seen));
            }
        }
        Some((stream, tunnel))
    }

    async fn step_of_tls(
        &self,
        walk: &mut Walk,
        stream: Box<dyn Wire>,
        tunnel: Option<Tunnel>,
    ) -> Option<Box<dyn Wire>> {
        walk.peer = self.server_peer();
        let secure = self.server_tls(stream, tunnel);
        walk.step(Stage::ServerTls, secure).await
    }

    async fn tunnel(
        &self,
        mut stream: Box<dyn Wire>,
        proxy: &Proxy,
    ) -> Result<((Box<dyn Wire>, Tunnel), Seen), Error> {
        #[cfg(feature = "windows-login")]
        let opened = match proxy.user() {
            Some(user) => Box::pin(self.tunnel_as_user(&mut stream, proxy, user)).await,
            None => tunnel::open(&mut stream, self.server, proxy, &self.redactor).await,
        };
        #[cfg(not(feature = "windows-login"))]
        let opened = tunnel::open(&mut stream, self.server, proxy, &self.redactor).await;
        match opened {
            Ok(tunnel) => Ok(((stream, tunnel), Seen::Tunnelled)),
            Err(TunnelError::Refused(error)) => Err(error),
            Err(TunnelError::NotHttp(error)) if self.begins_unencrypted() => {
                Err(self.unexpected_tls().await.unwrap_or(error))
            }
            Err(TunnelError::NotHttp(error)) => Err(error),
        }
    }

    /// Opens a tunnel as a Windows user, if necessary with a second connection to the proxy.
    #[cfg(feature = "windows-login")]
    async fn tunnel_as_user(
        &self,
        stream: &mut Box<dyn Wire>,
        proxy: &Proxy,
        user: &ProxyUser,
    ) -> Result<Tunnel, TunnelError> {
        let (server, redactor, login) = (self.server, &self.redactor, (proxy, user));
        if let Some(tunnel) = open_as_user(stream, server, login, redactor).await? {
            return Ok(tunnel);
        }
        let again = self.connect_to_proxy(proxy).await;
        *stream = again.map_err(TunnelError::Refused)?;
        let tunnel = open_as_user(stream, server, login, redactor).await?;
        tunnel.ok_or_else(|| {
            let message = "the proxy offers another kind of authentication with each response";
            TunnelError::Refused(Error::new(ErrorKind::Proxy, message))
        })
    }

    #[cfg(feature = "windows-login")]
    async fn connect_to_proxy(&self, proxy: &Proxy) -> Result<Box<dyn Wire>, Error> {
        let (addresses, _) = resolve(proxy.url(), Peer::Proxy).await?;
        let (stream, _) = connect(&addresses, Peer::Proxy).await?;
        Ok(match proxy.is_https() {
            true => Box::new(tls(stream, proxy.url(), self.tls, Peer::Proxy).await?),
            false => Box::new(stream),
        })
    }

    async fn server_tls(
        &self,
        stream: Box<dyn Wire>,
        tunnel: Option<Tunnel>,
    ) -> Result<(Box<dyn Wire>, Seen), Error> {
        let record = Record::default();
        let stream = Recorded::new(stream, record.clone());
        match diagnosed_tls(stream, self.server, self.tls, self.server_peer()).await {
            Ok((stream, seen)) => Ok((Box::new(stream), seen)),
            Err(error) => {
                let page = tunnel.and_then(|tunnel| tunnel.page(&record.bytes(), &self.redactor));
                Err(page.unwrap_or(error))
            }
        }
    }
}

/// The steps that were taken so far.
struct Walk {
    limit: Duration,
    /// The time at which all steps together must be done. If it is not set, the limit applies to each step.
    deadline: Option<Instant>,
    /// The other end of the current step.
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
        let is_tls = matches!(stage, Stage::ProxyTls | Stage::ServerTls);
        let although = if is_tls {
            ", although it accepted the connection"
        } else {
            ""
        };
        let stage = match stage {
            Stage::ServerTls => format!("TLS with {peer}"),
            stage => stage.to_string(),
        };
        let message = format!("{peer} did not answer within {seconds} s ({stage}){although}");
        let error = Error::new(peer.timeout_kind(), message);
        let error = error.with_time_limit(TimeLimit::Connect, self.limit);
        let (fact, hint) = if is_tls {
            (
                Fact::TlsSilent,
                "check the scheme and the port: the port may not speak TLS",
            )
        } else {
            (
                Fact::ConnectionTimedOut,
                "check the host, the port, and that no firewall blocks the connection",
            )
        };
        match peer {
            Peer::Server(_) => error.with_fact(fact).with_hint(hint),
            Peer::Proxy => error.with_hint(hint),
        }
    }

    /// Attributes an error to the proxy. `resolve` and `connect` report all errors as the server's.
    fn attributed(&self, error: Error) -> Error {
        match (error.kind(), self.peer) {
            (ErrorKind::Unreachable, Peer::Proxy) => error.at_proxy(),
            _ => error,
        }
    }
}
