//! How a client authenticates. Each kind of credentials has its own file.

mod header;

use outbound_http::Request;
use secrecy::SecretString;

pub use header::HeaderCredentials;

/// How a client authenticates; see [`QrsClient::builder`](crate::QrsClient::builder).
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Credentials {
    /// A header that the virtual proxy trusts.
    Header(HeaderCredentials),
}

impl From<HeaderCredentials> for Credentials {
    fn from(credentials: HeaderCredentials) -> Self {
        Self::Header(credentials)
    }
}

impl Credentials {
    /// Adds the credentials to a request.
    pub(crate) fn add_to(&self, request: Request) -> Request {
        match self {
            Self::Header(header) => request.with_header(header.name().clone(), header.value()),
        }
    }

    /// The name of the credentials, which is not secret, and their secret. Both identify the account.
    pub(crate) fn identity(&self) -> (&str, &SecretString) {
        match self {
            Self::Header(header) => (header.header(), header.secret()),
        }
    }
}
