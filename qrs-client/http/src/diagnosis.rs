//! The steps of a connection to a server, as a diagnosis reports them. HTTP libraries only report that a connection failed.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use crate::certificate::Certificate;
use crate::error::Error;

/// A step of a connection and its result; see [`Client::diagnose`](crate::Client::diagnose).
#[derive(Debug)]
#[non_exhaustive]
pub struct Step {
    /// The step.
    pub stage: Stage,
    /// The time that it took.
    pub took: Duration,
    /// What was observed, or why the step failed.
    pub seen: Result<Seen, Error>,
}

/// The steps of a connection, in their order. With a proxy, the first two steps concern the proxy instead of the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Stage {
    /// Resolving the host name of the server or of the proxy.
    Resolve,
    /// Making a TCP connection.
    Connect,
    /// TLS with the proxy, if its scheme is https.
    ProxyTls,
    /// The proxy's connection to the server (`CONNECT`), if the server's scheme is https.
    Tunnel,
    /// TLS with the server.
    ServerTls,
    /// Whether the server accepts the certificate of the client, if it has one. A request without a meaning is sent for it.
    ClientCertificate,
}

/// What was observed at a step.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Seen {
    /// The addresses of the host name.
    Addresses(Vec<IpAddr>),
    /// The address that accepted the connection.
    Connected(SocketAddr),
    /// The proxy has connected to the server.
    Tunnelled,
    /// A TLS connection.
    Secure(Handshake),
    /// The server accepts the client.
    Identified {
        /// The certificate of the client.
        certificate: Certificate,
        /// Whether the server has asked for a certificate. Otherwise it does not know the client.
        is_requested: bool,
    },
}

/// The result of a TLS handshake.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Handshake {
    /// The version of the protocol: `TLS 1.3`.
    pub protocol: &'static str,
    /// The cipher suite by its IANA name: `TLS13_AES_256_GCM_SHA384`.
    pub cipher: String,
    /// The certificate chain that was presented, the certificate of the server or the proxy first.
    pub certificates: Vec<Certificate>,
}

/// One line.
impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Addresses(addresses) => {
                let addresses: Vec<_> = addresses.iter().map(ToString::to_string).collect();
                f.write_str(&addresses.join(", "))
            }
            Self::Connected(address) => write!(f, "{address}"),
            Self::Tunnelled => f.write_str("connected through the proxy"),
            Self::Identified {
                is_requested: false,
                ..
            } => f.write_str("the server did not ask for a client certificate"),
            Self::Identified { certificate, .. } => write!(f, "the server accepts {certificate}"),
            Self::Secure(handshake) => {
                write!(f, "{}, {}", handshake.protocol, handshake.cipher)?;
                let mut certificates = handshake.certificates.iter();
                certificates.try_for_each(|certificate| write!(f, "; {certificate}"))
            }
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Resolve => "name resolution",
            Self::Connect => "TCP connection",
            Self::ProxyTls => "TLS with the proxy",
            Self::Tunnel => "connection through the proxy",
            Self::ServerTls => "TLS with the server",
            Self::ClientCertificate => "client certificate",
        })
    }
}
