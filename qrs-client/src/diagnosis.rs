//! The way to a site, walked by hand and step by step: for whoever looks for what is wrong with
//! it. The HTTP library only tells that a proxy did not lead on.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use crate::certificate::Certificate;
use crate::error::Error;

/// A step on the way to a site, and what was seen there; see
/// [`QrsClient::diagnose`](crate::QrsClient::diagnose).
#[derive(Debug)]
#[non_exhaustive]
pub struct Step {
    /// Which step it is.
    pub stage: Stage,
    /// How long it took.
    pub took: Duration,
    /// What was seen, or why it went no further.
    pub seen: Result<Seen, Error>,
}

/// The steps on the way to a site, in their order. Where there is a proxy, the first two concern
/// it in place of the site.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Stage {
    /// The name of the site, or of the proxy, is resolved.
    Resolve,
    /// A TCP connection is made.
    Connect,
    /// TLS with the proxy, where its scheme is https.
    ProxyTls,
    /// The proxy connects to the site (`CONNECT`), where the site is spoken to over TLS.
    Tunnel,
    /// TLS with the site.
    SiteTls,
}

/// What was seen at a step.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Seen {
    /// The addresses of the name.
    Addresses(Vec<IpAddr>),
    /// The address that took the connection.
    Connected(SocketAddr),
    /// The proxy has connected to the site.
    Tunnelled,
    /// A secure connection.
    Secure(Handshake),
}

/// What a TLS handshake came to.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Handshake {
    /// The version of the protocol: `TLS 1.3`.
    pub protocol: &'static str,
    /// The cipher suite by its IANA name: `TLS13_AES_256_GCM_SHA384`.
    pub cipher: String,
    /// The certificates that were shown, the site's or the proxy's own first.
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
            Self::Tunnelled => f.write_str("the proxy has connected to the site"),
            Self::Secure(handshake) => {
                write!(f, "{}, {}", handshake.protocol, handshake.cipher)?;
                let mut certificates = handshake.certificates.iter();
                certificates.try_for_each(|shown| write!(f, "; {shown}"))
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
            Self::Tunnel => "way through the proxy",
            Self::SiteTls => "TLS with the site",
        })
    }
}
