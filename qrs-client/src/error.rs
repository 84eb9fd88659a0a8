//! The one error type of this crate. It names no library that the client is built on.

mod ended_session;

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use outbound_http::{Certificate, CertificateError, FailureClass};

use crate::fact::Fact;
use crate::time_limits::TimeLimit;
pub(crate) use ended_session::EndedSession;

/// Why a read failed.
///
/// Branch on [`kind`](Self::kind); print the error, its [`hint`](Self::hint) and its
/// [`source`](StdError::source) for people. No text of it contains a secret: neither the credentials,
/// nor a session, nor an xrfkey.
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    fact: Fact,
    ended_session: EndedSession,
    time_limit: Option<(TimeLimit, Duration)>,
    /// Message, hint, URL, status and source.
    report: outbound_http::Error,
}

/// The category of an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// An input of the caller is not valid: a URL, a header, a certificate, a path, a filter.
    Configuration,
    /// There is nothing valid to log in with: a token has ended, a provider has none, a ticket was refused, or the session that
    /// was given has ended.
    Credentials,
    /// No response came: the host name was not resolved, the port is closed, or the connection was lost.
    Unreachable,
    /// The TLS connection to the site failed, usually because its certificate is not trusted.
    Tls,
    /// The proxy failed, not the site: it cannot be reached, its scheme is wrong, its certificate is not trusted, it rejects
    /// the credentials (status 407), or it does not connect to the site.
    Proxy,
    /// The site took longer than one of the [`TimeLimits`](crate::TimeLimits).
    Timeout,
    /// The site redirected the client to a login page: it does not accept the credentials.
    RedirectedToLogin,
    /// The site answered with a web page instead of JSON, most likely a login form.
    LoginPage,
    /// The site received no valid xrfkey; something between client and site may remove the query or the header.
    Xsrf,
    /// The site asks for other credentials (status 401).
    Unauthorized,
    /// The account may not do this, is inactive, or has too many sessions (status 403).
    Forbidden,
    /// The site refuses another session because the account has too many. The site says so in the address of a redirect or
    /// in its page.
    TooManySessions,
    /// There is nothing at this path (status 404).
    NotFound,
    /// The record was changed since it was read, or another one with its name exists (status 409). Read it again.
    Conflict,
    /// The site does not understand the request (status 400 or 414): a filter, or the virtual proxy's prefix.
    BadRequest,
    /// The request's headers are longer than the site, or a gateway in front of it, accepts (status 431, or 400 with a text
    /// that says so).
    RequestTooLong,
    /// The site cannot answer now (statuses 408, 425, 429, 500 and above).
    ServerError,
    /// A list is incomplete or not a JSON array. The records before the error were returned.
    ListBroken,
    /// The response is larger than the client reads: a single value, one record of a list, or a list whose elements are mostly
    /// not records. Another try would end the same way.
    TooLarge,
    /// The response is unexpected in another way, such as JSON of another shape.
    UnexpectedAnswer,
}

impl Error {
    /// The category of the error, for programs to branch on.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// What was observed. Choose advice for people by the fact, not by the [`kind`](Self::kind).
    #[must_use]
    pub fn fact(&self) -> &Fact {
        &self.0.fact
    }

    /// Whether the same request may succeed later without a change of settings, so that a long-running program can repeat it
    /// after some minutes.
    ///
    /// True for temporary failures: no connection, a host name that was not resolved, a reset, an exceeded time limit, an
    /// incomplete list, and the statuses 408, 425, 429, 500, 502 to 504 and 520 to 524. False for refused credentials or
    /// certificates, invalid configuration, all other statuses, and responses that are not from QRS. The client has already
    /// retried what is worth retrying within seconds.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        self.0.report.is_retryable()
    }

    /// The time limit that was exceeded and its value, if that is the cause, also within a list. The request is not retried
    /// then, since it would exceed the same limit again.
    #[must_use]
    pub fn time_limit(&self) -> Option<(TimeLimit, Duration)> {
        self.0.time_limit
    }

    /// What the reader of the message can do, if that is known: one piece of advice per line.
    #[must_use]
    pub fn hint(&self) -> Option<&str> {
        self.0.report.hint()
    }

    /// The certificate chain that the site or the proxy presented, its own certificate first, if the chain was refused.
    #[must_use]
    pub fn certificates(&self) -> &[Certificate] {
        self.0.report.certificates()
    }

    /// The status of the response, from the site or the proxy, if there was one.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.0.report.status()
    }

    /// The beginning of the response's text: one line of at most 300 characters, without tags.
    #[must_use]
    pub fn excerpt(&self) -> Option<&str> {
        self.0.report.excerpt()
    }

    /// The URL of the request, without the xrfkey.
    #[must_use]
    pub fn url(&self) -> Option<&str> {
        self.0.report.url()
    }

    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        let fact = match kind {
            ErrorKind::Configuration => Fact::InvalidSetting,
            ErrorKind::Proxy => Fact::ProxyFailed,
            ErrorKind::Tls => Fact::TlsFailed,
            ErrorKind::TooLarge => Fact::AnswerTooLarge,
            _ => Fact::Unknown,
        };
        Self(Box::new(Inner {
            kind,
            fact,
            ended_session: EndedSession::Excluded,
            time_limit: None,
            report: outbound_http::Error::new(
                outbound_http::ErrorKind::UnexpectedAnswer,
                message.into(),
            ),
        }))
    }

    pub(crate) fn configuration(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Configuration, message)
    }

    pub(crate) fn with_fact(mut self, fact: Fact) -> Self {
        self.0.fact = fact;
        self
    }

    pub(crate) fn with_hint(self, hint: impl Into<Cow<'static, str>>) -> Self {
        self.with(|report| report.with_hint(hint))
    }

    pub(crate) fn with_status(self, status: u16) -> Self {
        self.with(|report| report.with_status(status))
    }

    pub(crate) fn with_excerpt(self, excerpt: Option<String>) -> Self {
        self.with(|report| report.with_excerpt(excerpt))
    }

    pub(crate) fn with_url(self, url: &str) -> Self {
        self.with(|report| report.with_url(url))
    }

    pub(crate) fn with_class(self, class: FailureClass) -> Self {
        self.with(|report| report.with_class(class))
    }

    pub(crate) fn with_time_limit(mut self, limit: TimeLimit, value: Duration) -> Self {
        self.0.time_limit = Some((limit, value));
        self.with_class(FailureClass::TimeLimit)
    }

    pub(crate) fn with_tries(self, tries: u32, total: Duration) -> Self {
        self.with(|report| report.with_tries(tries, total))
    }

    pub(crate) fn with_ended_session(mut self, ended_session: EndedSession) -> Self {
        self.0.ended_session = ended_session;
        self
    }

    pub(crate) fn with_source(self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.with(|report| report.with_source(source))
    }

    /// Whether an ended session may be the cause.
    pub(crate) fn ended_session(&self) -> EndedSession {
        self.0.ended_session
    }

    /// How the retry table treats this failure.
    pub(crate) fn class(&self) -> FailureClass {
        self.0.report.class()
    }

    fn with(mut self, change: impl FnOnce(outbound_http::Error) -> outbound_http::Error) -> Self {
        self.0.report = change(self.0.report);
        self
    }
}

/// The hint for a site that requires a client certificate, as port 4242 of a Qlik Sense site does.
const CLIENT_CERTIFICATE_HINT: &str = "use the port of the site's proxy, usually 443, or log in with a client certificate: port 4242 of Qlik Sense requires one";

impl From<outbound_http::Error> for Error {
    fn from(error: outbound_http::Error) -> Self {
        use outbound_http::ErrorKind as Http;
        let kind = match error.kind() {
            Http::Configuration => ErrorKind::Configuration,
            Http::Unreachable => ErrorKind::Unreachable,
            Http::Tls => ErrorKind::Tls,
            Http::Proxy => ErrorKind::Proxy,
            Http::Timeout => ErrorKind::Timeout,
            Http::Unauthorized => ErrorKind::Unauthorized,
            Http::Forbidden => ErrorKind::Forbidden,
            Http::NotFound => ErrorKind::NotFound,
            Http::BadRequest => ErrorKind::BadRequest,
            Http::RequestTooLong => ErrorKind::RequestTooLong,
            Http::ServerError => ErrorKind::ServerError,
            Http::TooLarge => ErrorKind::TooLarge,
            Http::WebPage => ErrorKind::LoginPage,
            _ => ErrorKind::UnexpectedAnswer,
        };
        let needs_certificate = *error.fact() == outbound_http::Fact::ClientCertificateRequired;
        let converted = Self(Box::new(Inner {
            kind,
            fact: Fact::from_http(error.fact()),
            ended_session: EndedSession::Excluded,
            time_limit: error
                .time_limit()
                .map(|(limit, value)| (TimeLimit::from_http(limit), value)),
            report: error,
        }));
        match needs_certificate {
            true => converted.with_hint(CLIENT_CERTIFICATE_HINT),
            false => converted,
        }
    }
}

impl From<CertificateError> for Error {
    fn from(error: CertificateError) -> Self {
        outbound_http::Error::from(error).into()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.report.fmt(f)
    }
}

/// The message, its causes and the hint. A `main` that returns the error prints this.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self} ({:?})", self.0.kind)?;
        let mut source = self.source();
        while let Some(cause) = source {
            write!(f, "\n  because {cause}")?;
            source = cause.source();
        }
        match self.hint() {
            Some(hint) => write!(f, "\n  try: {}", hint.replace('\n', "\n       ")),
            None => Ok(()),
        }
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.report.source()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_of_http_keeps_its_message_kind_and_time_limit() {
        let value = Duration::from_secs(60);
        let http = outbound_http::Error::new(outbound_http::ErrorKind::Timeout, "too slow")
            .with_fact(outbound_http::Fact::AnswerTooSlow)
            .with_url("https://qlik.example/qrs/about")
            .with_time_limit(outbound_http::TimeLimit::Total, value);
        let error = Error::from(http);
        assert_eq!(
            error.to_string(),
            "too slow at `https://qlik.example/qrs/about`"
        );
        assert_eq!(
            (error.kind(), error.fact()),
            (ErrorKind::Timeout, &Fact::AnswerTooSlow)
        );
        assert_eq!(error.time_limit(), Some((TimeLimit::List, value)));
        assert!(error.is_retryable());
    }

    #[test]
    fn an_error_names_the_port_of_qlik_sense_that_requires_a_client_certificate() {
        let http = outbound_http::Error::new(outbound_http::ErrorKind::Tls, "no")
            .with_fact(outbound_http::Fact::ClientCertificateRequired);
        let error = Error::from(http);
        assert!(error.hint().unwrap().contains("4242"), "{error:?}");
        assert_eq!(error.fact(), &Fact::ClientCertificateRequired);
    }

    #[test]
    fn debug_shows_kind_causes_and_hint() {
        let error = Error::new(ErrorKind::Forbidden, "no")
            .with_hint("ask")
            .with_source("because");
        assert_eq!(
            format!("{error:?}"),
            "no (Forbidden)\n  because because\n  try: ask"
        );
    }
}
