//! How a client authenticates. Each kind of credentials has its own file.

mod certificate;
mod header;
mod jwt;
mod provider;
mod session;
mod ticket;
#[cfg(feature = "windows-login")]
mod windows;

use secrecy::SecretString;

pub use certificate::CertificateCredentials;
pub use header::HeaderCredentials;
pub(crate) use jwt::TokenSource;
pub use jwt::{JwtAlgorithm, JwtCredentials, JwtSigner};
pub use provider::TokenProvider;
pub use session::SessionCredentials;
pub use ticket::TicketCredentials;
#[cfg(feature = "windows-login")]
pub(crate) use windows::USER_AGENT as WINDOWS_USER_AGENT;
#[cfg(feature = "windows-login")]
pub use windows::WindowsCredentials;

use crate::error::Error;
use crate::site::SiteUrl;

/// How a client authenticates; see [`QrsClient::builder`](crate::QrsClient::builder).
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Credentials {
    /// A header that the virtual proxy trusts.
    Header(HeaderCredentials),
    /// A client certificate, straight to the repository.
    Certificate(CertificateCredentials),
    /// A JSON web token that the virtual proxy can verify.
    Jwt(JwtCredentials),
    /// Tickets, each of which opens one session.
    Ticket(TicketCredentials),
    /// An existing session.
    Session(SessionCredentials),
    /// A Windows user with a password.
    #[cfg(feature = "windows-login")]
    Windows(WindowsCredentials),
}

/// The kind of credentials, on which the advice in errors depends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LoginKind {
    Header,
    Certificate,
    Jwt,
    Ticket,
    Session,
    #[cfg(feature = "windows-login")]
    Windows,
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

impl From<CertificateCredentials> for Credentials {
    fn from(credentials: CertificateCredentials) -> Self {
        Self::Certificate(credentials)
    }
}

impl From<TicketCredentials> for Credentials {
    fn from(credentials: TicketCredentials) -> Self {
        Self::Ticket(credentials)
    }
}

impl From<SessionCredentials> for Credentials {
    fn from(credentials: SessionCredentials) -> Self {
        Self::Session(credentials)
    }
}

#[cfg(feature = "windows-login")]
impl From<WindowsCredentials> for Credentials {
    fn from(credentials: WindowsCredentials) -> Self {
        Self::Windows(credentials)
    }
}

impl Credentials {
    pub(crate) fn kind(&self) -> LoginKind {
        match self {
            Self::Header(_) => LoginKind::Header,
            Self::Certificate(_) => LoginKind::Certificate,
            Self::Jwt(_) => LoginKind::Jwt,
            Self::Ticket(_) => LoginKind::Ticket,
            Self::Session(_) => LoginKind::Session,
            #[cfg(feature = "windows-login")]
            Self::Windows(_) => LoginKind::Windows,
        }
    }

    /// What identifies the account, as long as it is the same: a name that is not secret, and a secret. The names of all kinds
    /// but the header contain a space, which no header's name does.
    pub(crate) fn identity(&self) -> (&str, SecretString) {
        match self {
            Self::Header(header) => (header.header(), header.secret().clone()),
            Self::Certificate(certificate) => ("client certificate", certificate.account()),
            Self::Jwt(jwt) => ("JSON web token", jwt.account()),
            Self::Ticket(ticket) => ("tickets of", ticket.account()),
            Self::Session(session) => ("existing session", session.value().clone()),
            #[cfg(feature = "windows-login")]
            Self::Windows(windows) => ("Windows user", windows.secret()),
        }
    }

    /// The secrets that no text may contain, as far as they are known before the first request.
    pub(crate) fn secrets(&self) -> Vec<SecretString> {
        match self {
            Self::Header(header) => vec![header.secret().clone()],
            Self::Session(session) => vec![session.value().clone()],
            Self::Certificate(_) | Self::Jwt(_) | Self::Ticket(_) => Vec::new(),
            #[cfg(feature = "windows-login")]
            Self::Windows(windows) => vec![windows.password().clone()],
        }
    }

    /// Refuses the URL of a site that these credentials are of no use for.
    pub(crate) fn check(&self, site: &SiteUrl) -> Result<(), Error> {
        match self {
            Self::Certificate(_) => CertificateCredentials::check(site),
            _ => Ok(()),
        }
    }
}
