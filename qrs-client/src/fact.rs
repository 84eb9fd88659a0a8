//! What was seen when something failed: the one list of facts from which hints are chosen.

use crate::challenge::Challenge;
use crate::site::SiteUrl;

/// What was seen when a read failed; see [`Error::fact`](crate::Error::fact).
///
/// An [`ErrorKind`](crate::ErrorKind) says what a program can do about an error. A fact says what a person can do about
/// it: choose the advice for people by the fact. Where nothing more exact is known than the kind, the fact is
/// [`Unknown`](Self::Unknown).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fact {
    /// Nothing more exact is known.
    Unknown,
    /// A setting cannot work; the message names it.
    InvalidSetting,
    /// The proxy failed, not the site; the message says how.
    ProxyFailed,

    /// The host name has no address.
    HostUnresolved,
    /// The machine refuses connections at this port: nothing listens there.
    ConnectionRefused,
    /// The machine or its network cannot be reached.
    HostUnreachable,
    /// No connection was made, for another reason.
    ConnectionFailed,
    /// No connection was made in time: packets are dropped.
    ConnectionTimedOut,

    /// The certificate was refused, or TLS failed in another way; the message says how.
    TlsFailed,
    /// The port accepts connections and stays silent in the TLS handshake.
    TlsSilent,
    /// The connection was closed in the TLS handshake.
    TlsClosed,
    /// TLS was expected, and the port speaks plain http.
    PlainHttp,
    /// TLS was expected, and the port speaks neither TLS nor http.
    NotTls,
    /// Plain http was expected, and the port speaks TLS.
    TlsExpected,

    /// The port accepts connections, and no answer began in time.
    NoAnswerInTime,
    /// The connection was closed before an answer came.
    ClosedWithoutAnswer,
    /// What came is not HTTP.
    NotHttp,
    /// The answer has more header lines than the client reads.
    HeadersTooLarge,
    /// The connection was closed in the middle of an answer.
    AnswerCut,
    /// The answer took longer than a time limit.
    AnswerTooSlow,
    /// The compressed answer ends too early.
    CompressedAnswerCut,
    /// The answer is labelled as compressed, and cannot be decompressed.
    CompressedAnswerDamaged,
    /// The answer is compressed in a way that the client did not ask for.
    UnknownCoding,
    /// The answer is larger than the client reads.
    AnswerTooLarge,
    /// The answer is not JSON.
    NotJson,
    /// The answer is JSON of another shape.
    UnexpectedJson,
    /// The answer is not one of QRS.
    NotQrs,
    /// A list is not a JSON array, or something else stands within it.
    ListDamaged,

    /// Status 401: what the site asks for. The list is empty if the site does not say it.
    CredentialsRequested(Vec<Challenge>),
    /// The site redirects to its own login page for this way of authentication.
    RedirectToLogin(LoginPage),
    /// The site redirects to the login page of another system, such as an identity provider.
    RedirectToIdentityProvider,
    /// The site has another address, as its redirect says.
    SiteMoved(Box<SiteUrl>),
    /// The site redirects to an address that is neither a login page nor that of a site.
    RedirectElsewhere,
    /// The answer is a web page with a login form.
    LoginForm,
    /// The answer is a web page without a login form.
    WebPage,
    /// The site saw no valid xrfkey.
    XrfkeyMissing,
    /// The account is inactive.
    AccountInactive,
    /// Status 403, for another reason.
    Forbidden,
    /// The account has too many sessions.
    TooManySessions,

    /// No virtual proxy has the prefix of the URL, or the site does not accept the host name of the URL: it answers
    /// both alike.
    PrefixOrHostUnknown,
    /// The site does not accept the host name of the URL.
    HostNameRefused,
    /// Status 404.
    NothingHere,
    /// The site does not understand the request.
    RequestRefused,
    /// The request's headers are longer than the site accepts.
    RequestTooLong,
    /// The site cannot answer yet (status 408 or 425), or asks for fewer requests (status 429).
    Throttled,
    /// The repository failed (status 500 and most above).
    ServerFailed,
    /// A gateway or the site's proxy does not get an answer from the site (status 502 or 504).
    GatewayFailed,
    /// The site's services are not available (status 503).
    ServiceUnavailable,
    /// Another status.
    UnexpectedStatus,
}

/// A login page of Qlik Sense.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LoginPage {
    /// `internal_forms_authentication`
    Forms,
    /// `internal_windows_authentication`
    Windows,
    /// Another of its pages.
    Other,
}
