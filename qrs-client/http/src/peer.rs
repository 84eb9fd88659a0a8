//! The two ends that a client talks to, and the names that messages have for them.

use std::fmt;

use crate::error::ErrorKind;

/// The other end of a connection or of a part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Peer {
    /// The server, under the name that messages have for it, such as `the server`.
    Server(&'static str),
    Proxy,
}

impl Peer {
    /// The kind of an error in the TLS connection to this end.
    pub(crate) fn tls_kind(self) -> ErrorKind {
        match self {
            Self::Server(_) => ErrorKind::Tls,
            Self::Proxy => ErrorKind::Proxy,
        }
    }

    /// The kind of an error if this end does not answer in time.
    pub(crate) fn timeout_kind(self) -> ErrorKind {
        match self {
            Self::Server(_) => ErrorKind::Timeout,
            Self::Proxy => ErrorKind::Proxy,
        }
    }

    pub(crate) fn is_proxy(self) -> bool {
        self == Self::Proxy
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Server(name) => name,
            Self::Proxy => "the proxy",
        })
    }
}
