//! Tries plain http where TLS failed: some servers answer a TLS handshake with http, others close the connection or wait.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use super::connect::{connected, resolved};
use super::handshake::secured;
use super::{LONGEST_PROBE, Route, Wire, tunnel};
use crate::diagnosis::Stage;
use crate::error::Error;
use crate::fact::Fact;
use crate::tls::explain::Peer;

/// A request without anything of the account.
const REQUEST: &[u8] = b"GET / HTTP/1.0\r\nConnection: close\r\n\r\n";

impl Route<'_> {
    /// A better error for TLS with the site that failed, if plain http is spoken there.
    pub(crate) async fn instead_of_tls(&self, error: &Error) -> Option<Error> {
        self.or_plain_http(Stage::SiteTls, error).await
    }

    /// A better error for a failed step, if it is one of TLS and plain http is spoken there.
    pub(super) async fn or_plain_http(&self, stage: Stage, error: &Error) -> Option<Error> {
        let peer = match stage {
            Stage::ProxyTls => Peer::Proxy,
            Stage::SiteTls => Peer::Site,
            _ => return None,
        };
        let no_tls = [Fact::TlsSilent, Fact::TlsClosed, Fact::NotTls];
        if peer == Peer::Site && !no_tls.contains(error.fact()) {
            return None;
        }
        // Errors of a refused certificate come from a peer that speaks TLS.
        if !error.certificates().is_empty() {
            return None;
        }
        let probe = timeout(self.limit.min(LONGEST_PROBE), self.speaks_http(peer));
        if !probe.await.unwrap_or(false) {
            return None;
        }
        let message = format!("{peer} does not speak TLS at this port, but plain http");
        let error = Error::new(peer.tls_kind(), message);
        let error = error.with_hint("write `http` where `https` stands, or name the port of TLS");
        Some(match peer {
            Peer::Site => error.with_fact(Fact::PlainHttp),
            Peer::Proxy => error,
        })
    }

    /// Whether what listens there answers plain http.
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

    /// A connection to the proxy or the site on which nothing was said yet.
    async fn stream_to(&self, peer: Peer) -> Option<Box<dyn Wire>> {
        let (url, first) = (self.first_stretch(), self.first_peer());
        let (addresses, _) = resolved(url, first).await.ok()?;
        let (stream, _) = connected(&addresses, first).await.ok()?;
        let mut stream: Box<dyn Wire> = Box::new(stream);
        let Some(proxy) = self.proxy.filter(|_| peer == Peer::Site) else {
            return Some(stream);
        };
        if proxy.is_https() {
            let (secure, _) = secured(stream, url, self.tls, Peer::Proxy).await.ok()?;
            stream = Box::new(secure);
        }
        let opened = tunnel::open(&mut stream, self.site.as_url(), proxy, &self.secrets).await;
        opened.ok().map(|_| stream)
    }
}
