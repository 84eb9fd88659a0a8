//! Connections for protocols other than HTTP, which negotiate TLS in their own way.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use rustls::ClientConfig;
use url::Url;

use crate::diagnosis::Step;
use crate::error::Error;
use crate::proxy::Proxy;
use crate::redactor::Redactor;
use crate::route::{Route, Wire};
use crate::time_limits::bounded;
use crate::tls::{self, Trust, Use, Weakness, Weaknesses};

/// Connects to a server that speaks another protocol than HTTP, such as a database, as a [`Client`](crate::Client) does: with
/// the same certificates, proxies and errors.
///
/// Such protocols often negotiate TLS on a connection that begins without it, so these are two calls.
pub struct Connector {
    /// Has the scheme `https`, so that a proxy is asked for a tunnel.
    server: Url,
    server_name: &'static str,
    proxy: Option<Proxy>,
    tls: Arc<ClientConfig>,
    weaknesses: Weaknesses,
    limit: Duration,
}

/// The server of a [`Connector`].
#[derive(Clone, Copy, Debug)]
pub struct Endpoint<'a> {
    /// Its host name or address.
    pub host: &'a str,
    /// Its port.
    pub port: u16,
    /// What messages call it: `the server`.
    pub name: &'static str,
}

impl Connector {
    /// Prepares connections. Each step may take as long as `limit`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`](crate::ErrorKind::Configuration) if the host is not valid, or if the operating system's CA
    /// certificates are to be trusted but the system has no CA certificates.
    pub fn new(
        server: Endpoint<'_>,
        trust: &Trust,
        proxy: Option<Proxy>,
        limit: Duration,
    ) -> Result<Self, Error> {
        let Endpoint { host, port, name } = server;
        let is_bare_ipv6 = host.contains(':') && !host.starts_with('[');
        let url = match is_bare_ipv6 {
            true => format!("https://[{host}]:{port}"),
            false => format!("https://{host}:{port}"),
        };
        let invalid = || Error::configuration(format!("`{host}` is not a valid host name"));
        let url = Url::parse(&url).map_err(|_error| invalid())?;
        if url.path() != "/" || url.query().is_some() || !url.username().is_empty() {
            return Err(invalid());
        }
        let weaknesses = Weaknesses::default();
        let tls = tls::client_config(trust, Use::Needed, &weaknesses, None)?;
        Ok(Self {
            server: url,
            server_name: name,
            proxy,
            tls: Arc::new(tls),
            weaknesses,
            limit: bounded(limit),
        })
    }

    /// Connects without TLS, step by step. If the connection fails, the last step is the one that failed.
    pub async fn connect(&self) -> (Vec<Step>, Option<Box<dyn Wire>>) {
        self.route().connect_without_tls().await
    }

    /// Makes TLS on a connection, and checks the server's certificate. The step has what was presented, or why it failed.
    pub async fn secure(&self, stream: Box<dyn Wire>) -> (Vec<Step>, Option<Box<dyn Wire>>) {
        self.route().secure(stream).await
    }

    /// Weak signatures and keys of certificates and handshakes that were accepted, as [`Trust::Only`] does.
    #[must_use]
    pub fn weaknesses(&self) -> Vec<Weakness> {
        self.weaknesses.all()
    }

    fn route(&self) -> Route<'_> {
        Route {
            server: &self.server,
            server_name: self.server_name,
            proxy: self.proxy.as_ref(),
            tls: &self.tls,
            identity: None,
            limit: self.limit,
            redactor: Redactor::new(self.proxy.iter().flat_map(Proxy::secrets)),
        }
    }
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connector")
            .field("server", &self.server.as_str())
            .finish_non_exhaustive()
    }
}
