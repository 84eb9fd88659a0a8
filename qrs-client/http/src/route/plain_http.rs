//! Tries plain http after TLS failed: some servers answer a TLS handshake with http, others close the connection or wait.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use super::connect::{connect, resolve};
use super::handshake::tls;
use super::{MAX_PROBE_TIME, Route, Wire, tunnel};
use crate::diagnosis::Stage;
use crate::error::Error;
use crate::fact::Fact;
use crate::peer::Peer;

/// A request without credentials.
const REQUEST: &[u8] = b"GET / HTTP/1.0\r\nConnection: close\r\n\r\n";

impl Route<'_> {
    /// A better error for failed TLS with the server, if it speaks plain http.
    pub(crate) async fn instead_of_tls(&self, error: &Error) -> Option<Error> {
        self.or_plain_http(Stage::ServerTls, error).await
    }

    /// A better error for a failed TLS step, if the other end speaks plain http.
    pub(super) async fn or_plain_http(&self, stage: Stage, error: &Error) -> Option<Error> {
        let peer = match stage {
            Stage::ProxyTls => Peer::Proxy,
            Stage::ServerTls => self.server_peer(),
            _ => return None,
        };
        let no_tls = [Fact::TlsSilent, Fact::TlsClosed, Fact::NotTls];
        if !peer.is_proxy() && !no_tls.contains(error.fact()) {
            return None;
        }
        // A peer whose certificate was refused speaks TLS.
        if !error.certificates().is_empty() {
            return None;
        }
        let probe = timeout(self.limit.min(MAX_PROBE_TIME), self.speaks_http(peer));
        if !probe.await.unwrap_or(false) {
            return None;
        }
        let message = format!("{peer} speaks plain http at this port, not TLS");
        let error = Error::new(peer.tls_kind(), message);
        let error = error.with_hint("use `http` instead of `https`, or the port that speaks TLS");
        Some(match peer {
            Peer::Server(_) => error.with_fact(Fact::PlainHttp),
            Peer::Proxy => error,
        })
    }

    /// Whether the other end answers plain http.
    async fn speaks_http(&self, peer: Peer) -> bool {
        let Some(mut stream) = self.stream_to(peer).await else {
            return false;
        };
        let mut answer = [0; 5];
        stream.write_all(REQUEST).await.is_ok()
            && stream.flush().await.is_ok()
            && stream.read_exact(&mut answer).await.is_ok()
            && answer == *b"HTTP/"
    }

    /// A new connection to the proxy or the server.
    async fn stream_to(&self, peer: Peer) -> Option<Box<dyn Wire>> {
        let (url, first) = (self.first_url(), self.first_peer());
        let (addresses, _) = resolve(url, first).await.ok()?;
        let (stream, _) = connect(&addresses, first).await.ok()?;
        let mut stream: Box<dyn Wire> = Box::new(stream);
        let Some(proxy) = self.proxy.filter(|_| !peer.is_proxy()) else {
            return Some(stream);
        };
        if proxy.is_https() {
            stream = Box::new(tls(stream, url, self.tls, Peer::Proxy).await.ok()?);
        }
        let opened = tunnel::open(&mut stream, self.server, proxy, &self.redactor).await;
        opened.ok().map(|_| stream)
    }
}
