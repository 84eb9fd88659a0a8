//! The steps of a connection to a site, as [`QrsClient::diagnose`](crate::QrsClient::diagnose) reports them.

use std::fmt;
use std::time::Duration;

pub use outbound_http::{Handshake, Seen};

use crate::error::Error;

/// A step of a connection and its result; see [`QrsClient::diagnose`](crate::QrsClient::diagnose).
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

/// The steps of a connection, in their order. With a proxy, the first two steps concern the proxy instead of the site.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Stage {
    /// Resolving the host name of the site or of the proxy.
    Resolve,
    /// Making a TCP connection.
    Connect,
    /// TLS with the proxy, if its scheme is https.
    ProxyTls,
    /// The proxy's connection to the site (`CONNECT`), if the site's scheme is https.
    Tunnel,
    /// TLS with the site.
    SiteTls,
    /// Whether the site accepts the client certificate, if there is one. A request without a meaning is sent for it.
    ClientCertificate,
}

impl Step {
    /// The first step of a connection that cannot be attempted.
    pub(crate) fn not_taken(error: Error) -> Self {
        Self {
            stage: Stage::Resolve,
            took: Duration::ZERO,
            seen: Err(error),
        }
    }
}

impl From<outbound_http::Step> for Step {
    fn from(step: outbound_http::Step) -> Self {
        Self {
            stage: match step.stage {
                outbound_http::Stage::Resolve => Stage::Resolve,
                outbound_http::Stage::Connect => Stage::Connect,
                outbound_http::Stage::ProxyTls => Stage::ProxyTls,
                outbound_http::Stage::Tunnel => Stage::Tunnel,
                outbound_http::Stage::ClientCertificate => Stage::ClientCertificate,
                _ => Stage::SiteTls,
            },
            took: step.took,
            seen: step.seen.map_err(Error::from),
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
            Self::SiteTls => "TLS with the site",
            Self::ClientCertificate => "client certificate",
        })
    }
}
