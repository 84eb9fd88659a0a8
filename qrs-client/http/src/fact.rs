//! What was observed when a request failed.

use crate::challenge::Challenge;

/// What was observed when a request failed; see [`Error::fact`](crate::Error::fact).
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
    /// The proxy failed, not the server; the message says how.
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
    /// The server requires a certificate of the client.
    ClientCertificateRequired,
    /// The server does not accept the certificate of the client; the message says why.
    ClientCertificateRefused,
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

    /// The response is a web page.
    WebPage,
    /// The response is not JSON.
    NotJson,
    /// The response is JSON of an unexpected shape.
    UnexpectedJson,

    /// Status 401, with the authentication schemes that the server asks for, if it names any.
    CredentialsRequested(Vec<Challenge>),
    /// Status 403.
    Forbidden,
    /// Status 404.
    NothingHere,
    /// The server redirects to another URL. The client does not follow redirects.
    Redirected,
    /// The server does not accept the request (another status from 400 to 499).
    RequestRefused,
    /// The request's headers are longer than the server accepts (status 431).
    RequestTooLong,
    /// The server is not ready (status 408 or 425) or asks for fewer requests (status 429).
    Throttled,
    /// The server failed (status 500 and most above).
    ServerFailed,
    /// A gateway gets no response from the server (status 502 or 504).
    GatewayFailed,
    /// The service is not available (status 503).
    ServiceUnavailable,
    /// Another status.
    UnexpectedStatus,
}
