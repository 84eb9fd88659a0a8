//! How a client authenticates. Each kind of credentials has its own file.

mod header;
mod jwt;
mod provider;

use secrecy::SecretString;

pub use header::HeaderCredentials;
pub use jwt::JwtCredentials;
pub(crate) use jwt::TokenSource;
pub use provider::TokenProvider;

/// How a client authenticates; see [`QrsClient::builder`](crate::QrsClient::builder).
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Credentials {
    /// A header that the virtual proxy trusts.
    Header(HeaderCredentials),
    /// A JSON web token that the virtual proxy can verify.
    Jwt(JwtCredentials),
}

/// The kind of credentials, on which the advice in errors depends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LoginKind {
    Header,
    Jwt,
}

impl From<HeaderCredentials> for Credentials {
    fn from(credentials: HeaderCredentials) -> Self {
        Self::Header(credentials)
    }
}

impl From<JwtCredentials> for Credentials {
    fn from(credentials: JwtCredentials) -> Self {
        Self::Jwt(credentials)
    }
}

impl Credentials {
    pub(crate) fn kind(&self) -> LoginKind {
        match self {
            Self::Header(_) => LoginKind::Header,
            Self::Jwt(_) => LoginKind::Jwt,
        }
    }

    /// What identifies the account, as long as it is the same: a name that is not secret, and a secret. The names of all kinds
    /// but the header contain a space, which no header's name does.
    pub(crate) fn identity(&self) -> (&str, SecretString) {
        match self {
            Self::Header(header) => (header.header(), header.secret().clone()),
            Self::Jwt(jwt) => ("JSON web token", jwt.account()),
        }
    }

    /// The secrets that no text may contain, as far as they are known before the first request.
    pub(crate) fn secrets(&self) -> Vec<SecretString> {
        match self {
            Self::Header(header) => vec![header.secret().clone()],
            Self::Jwt(_) => Vec::new(),
        }
    }
}
