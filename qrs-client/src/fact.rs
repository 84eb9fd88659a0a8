//! What was observed when a read failed.

use outbound_http::{Challenge, Fact as Http};

use crate::site::SiteUrl;

/// What was observed when a read failed; see [`Error::fact`](crate::Error::fact).
///
/// An [`ErrorKind`](crate::ErrorKind) tells a program how to react. A fact tells a person what to do: choose advice for
/// people by the fact. If nothing more precise than the kind is known, the fact is [`Unknown`](Self::Unknown).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fact {
    /// Nothing more precise is known.
    Unknown,
    /// A setting is not valid; the message names it.
    InvalidSetting,
    /// The password of a private key or of a trust store is missing or wrong.
    FilePassword,
    /// The token has ended, so that it was not sent.
    TokenEnded,
    /// The token is not valid yet, so that it was not sent.
    TokenNotYetValid,
    /// The site has ended the session that was given, or it belongs to another virtual proxy.
    SessionEnded,
    /// The site does not accept the ticket: it was used before, is older than a minute, or belongs to another virtual proxy.
    TicketRefused,
    /// The repository does not accept the header `X-Qlik-User`.
    UserHeaderRefused,
    /// The provider of tokens or tickets has none; the source says why.
    NoToken,
    /// The site refuses the password of the Windows user.
    PasswordRefused,
    /// The site shows its login form instead of asking for Windows authentication.
    FormInsteadOfWindows,
    /// The connection was closed in the middle of a login that is bound to it.
    LoginInterrupted,
    /// The proxy failed, not the site; the message says how.
    ProxyFailed,
    /// The proxy asks for Windows authentication, and no Windows user logs in there.
    ProxyNeedsWindows,
    /// The proxy refuses the password of the Windows user.
    ProxyPasswordRefused,

    /// The host name has no address.
    HostUnresolved,
    /// The machine refuses connections at this port: nothing listens there.
    ConnectionRefused,
    /// The machine or its network cannot be reached.
    HostUnreachable,
    /// The connection failed for another reason.
    ConnectionFailed,
    /// The connection was not made in time: packets are dropped.
    ConnectionTimedOut,

    /// The certificate was refused, or TLS failed in another way; the message says how.
    TlsFailed,
    /// The site does not accept the client certificate; the message says why.
    ClientCertificateRefused,
    /// The site requires a client certificate, as the port of the repository does.
    ClientCertificateRequired,
    /// The port accepts connections but does not answer the TLS handshake.
    TlsSilent,
    /// The connection was closed during the TLS handshake.
    TlsClosed,
    /// TLS was expected, but the port speaks plain http.
    PlainHttp,
    /// TLS was expected, but the port speaks neither TLS nor http.
    NotTls,
    /// Plain http was expected, but the port speaks TLS.
    TlsExpected,

    /// The port accepts connections, but no response began in time.
    NoAnswerInTime,
    /// The connection was closed before a response came.
    ClosedWithoutAnswer,
    /// The response is not HTTP.
    NotHttp,
    /// The response has more header lines than the client reads.
    HeadersTooLarge,
    /// The connection was closed in the middle of a response.
    AnswerCut,
    /// The response took longer than a time limit.
    AnswerTooSlow,
    /// The compressed response ends too early.
    CompressedAnswerCut,
    /// The response is labelled as compressed but cannot be decompressed.
    CompressedAnswerDamaged,
    /// The response has a content coding that the client did not ask for.
    UnknownCoding,
    /// The response is larger than the client reads.
    AnswerTooLarge,
    /// The response is not JSON.
    NotJson,
    /// The response is JSON of an unexpected shape.
    UnexpectedJson,
    /// The response is not from QRS.
    NotQrs,
    /// A list is not a JSON array, or there is something else in it.
    ListDamaged,

    /// Status 401, with the authentication schemes that the site asks for, if it names any.
    CredentialsRequested(Vec<Challenge>),
    /// The site redirects to its own login page for this authentication method.
    RedirectToLogin(LoginPage),
    /// The site redirects to the login page of another system, such as an identity provider.
    RedirectToIdentityProvider,
    /// The site redirects to its new address.
    SiteMoved(Box<SiteUrl>),
    /// The site redirects to an address that is neither a login page nor a site.
    RedirectElsewhere,
    /// The response is a web page with a login form.
    LoginForm,
    /// The response is a web page without a login form.
    WebPage,
    /// The site received no valid xrfkey.
    XrfkeyMissing,
    /// The account is inactive.
    AccountInactive,
    /// Status 403, for another reason.
    Forbidden,
    /// The account has too many sessions.
    TooManySessions,

    /// No virtual proxy has the prefix of the URL, or the site does not accept the host name of the URL. The response is the
    /// same in both cases.
    PrefixOrHostUnknown,
    /// The site does not accept the host name of the URL.
    HostNameRefused,
    /// Status 404.
    NothingHere,
    /// Status 409.
    Conflict,
    /// The site does not understand the request.
    RequestRefused,
    /// The request's headers are longer than the site accepts.
    RequestTooLong,
    /// The site is not ready (status 408 or 425) or asks for fewer requests (status 429).
    Throttled,
    /// The repository failed (status 500 and most above).
    ServerFailed,
    /// A gateway or the site's proxy gets no response from the site (status 502 or 504).
    GatewayFailed,
    /// The site's services are not available (status 503).
    ServiceUnavailable,
    /// Another status.
    UnexpectedStatus,
}

impl Fact {
    /// The fact that corresponds to one of HTTP.
    pub(crate) fn from_http(fact: &Http) -> Self {
        match fact {
            Http::InvalidSetting => Self::InvalidSetting,
            Http::FilePassword => Self::FilePassword,
            Http::ProxyFailed => Self::ProxyFailed,
            Http::ProxyNeedsWindows => Self::ProxyNeedsWindows,
            Http::ProxyPasswordRefused => Self::ProxyPasswordRefused,
            Http::HostUnresolved => Self::HostUnresolved,
            Http::ConnectionRefused => Self::ConnectionRefused,
            Http::HostUnreachable => Self::HostUnreachable,
            Http::ConnectionFailed => Self::ConnectionFailed,
            Http::ConnectionTimedOut => Self::ConnectionTimedOut,
            Http::ClientCertificateRefused => Self::ClientCertificateRefused,
            Http::TlsSilent => Self::TlsSilent,
            Http::TlsClosed => Self::TlsClosed,
            Http::PlainHttp => Self::PlainHttp,
            Http::NotTls => Self::NotTls,
            Http::TlsExpected => Self::TlsExpected,
            Http::NoAnswerInTime => Self::NoAnswerInTime,
            Http::ClosedWithoutAnswer => Self::ClosedWithoutAnswer,
            Http::NotHttp => Self::NotHttp,
            Http::HeadersTooLarge => Self::HeadersTooLarge,
            Http::AnswerCut => Self::AnswerCut,
            Http::AnswerTooSlow => Self::AnswerTooSlow,
            Http::CompressedAnswerCut => Self::CompressedAnswerCut,
            Http::CompressedAnswerDamaged => Self::CompressedAnswerDamaged,
            Http::UnknownCoding => Self::UnknownCoding,
            Http::AnswerTooLarge => Self::AnswerTooLarge,
            Http::WebPage => Self::WebPage,
            Http::NotJson => Self::NotJson,
            Http::UnexpectedJson => Self::UnexpectedJson,
            Http::Forbidden => Self::Forbidden,
            Http::NothingHere => Self::NothingHere,
            Http::RequestRefused => Self::RequestRefused,
            Http::RequestTooLong => Self::RequestTooLong,
            Http::Throttled => Self::Throttled,
            Http::ServerFailed => Self::ServerFailed,
            Http::GatewayFailed => Self::GatewayFailed,
            Http::ServiceUnavailable => Self::ServiceUnavailable,
            Http::UnexpectedStatus => Self::UnexpectedStatus,
            Http::ClientCertificateRequired => Self::ClientCertificateRequired,
            Http::TlsFailed => Self::TlsFailed,
            Http::Redirected => Self::RedirectElsewhere,
            Http::CredentialsRequested(challenges) => {
                Self::CredentialsRequested(challenges.clone())
            }
            _ => Self::Unknown,
        }
    }
}

/// A login page of Qlik Sense.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LoginPage {
    /// `internal_forms_authentication`
    Forms,
    /// `internal_windows_authentication`
    Windows,
    /// Another login page.
    Other,
}
