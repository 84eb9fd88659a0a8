//! The one error type of this crate. It names no library that the client is built on.

mod cause;

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use crate::certificate::{Certificate, CertificateError};
use crate::fact::Fact;
use crate::retry::{self, FailureClass};
use crate::time_limits::TimeLimit;

pub(crate) use cause::Cause;

/// Why a request failed.
///
/// Branch on [`kind`](Self::kind); print the error, its [`hint`](Self::hint) and its
/// [`source`](StdError::source) for people. No text of it contains a secret that the client was given.
pub struct Error(Box<Inner>);

#[derive(Debug)]
struct Inner {
    kind: ErrorKind,
    fact: Fact,
    message: String,
    hint: Option<Cow<'static, str>>,
    certificates: Vec<Certificate>,
    status: Option<u16>,
    excerpt: Option<String>,
    url: Option<String>,
    class: FailureClass,
    time_limit: Option<(TimeLimit, Duration)>,
    /// Number of failed tries and their total time, if there were several.
    tries: Option<(u32, Duration)>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// The category of an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// An input of the caller is not valid: a URL, a header, a certificate, a body.
    Configuration,
    /// No response came: the host name was not resolved, the port is closed, or the connection was lost.
    Unreachable,
    /// The TLS connection to the server failed, usually because its certificate is not trusted.
    Tls,
    /// The proxy failed, not the server: it cannot be reached, its scheme is wrong, its certificate is not trusted, it
    /// rejects the credentials (status 407), or it does not connect to the server.
    Proxy,
    /// The server took longer than one of the [`TimeLimits`](crate::TimeLimits).
    Timeout,
    /// The server asks for other credentials (status 401).
    Unauthorized,
    /// The account may not do this (status 403).
    Forbidden,
    /// There is nothing at this path (status 404).
    NotFound,
    /// The server does not accept the request (other statuses from 400 to 499).
    BadRequest,
    /// The request's headers are longer than the server accepts (status 431).
    RequestTooLong,
    /// The server cannot answer now (statuses 408, 425, 429, 500 and above).
    ServerError,
    /// The response is larger than the client reads. Another try would end the same way.
    TooLarge,
    /// The response is a web page although data was expected.
    WebPage,
    /// The response is unexpected in another way, such as a redirect or JSON of another shape.
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

    /// Whether the same request may succeed later without a change of settings, so that a long-running program can repeat
    /// it after some minutes.
    ///
    /// True for temporary failures: no connection, a host name that was not resolved, a reset, an exceeded time limit, and
    /// the statuses 408, 425, 429, 500, 502 to 504 and 520 to 524. False for refused credentials or certificates, invalid
    /// configuration, and all other statuses. The client has already retried what is worth retrying within seconds.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        retry::may_pass(self.0.class)
    }

    /// How this failure is treated by the retry table.
    #[must_use]
    pub fn class(&self) -> FailureClass {
        self.0.class
    }

    /// The time limit that was exceeded and its value, if the error is a timeout. The request is not retried then, since it
    /// would exceed the same limit again.
    #[must_use]
    pub fn time_limit(&self) -> Option<(TimeLimit, Duration)> {
        self.0.time_limit
    }

    /// What the reader of the message can do, if that is known: one piece of advice per line.
    #[must_use]
    pub fn hint(&self) -> Option<&str> {
        self.0.hint.as_deref()
    }

    /// The certificate chain that the server or the proxy presented, its own certificate first, if the chain was refused.
    #[must_use]
    pub fn certificates(&self) -> &[Certificate] {
        &self.0.certificates
    }

    /// The status of the response, from the server or the proxy, if there was one.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.0.status
    }

    /// The beginning of the response's text: one line of at most 300 characters, without tags.
    #[must_use]
    pub fn excerpt(&self) -> Option<&str> {
        self.0.excerpt.as_deref()
    }

    /// The URL of the request, without secrets.
    #[must_use]
    pub fn url(&self) -> Option<&str> {
        self.0.url.as_deref()
    }

    /// Creates an error, for clients that are built on this one. The [fact](Self::fact) follows from the kind.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
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
            message: message.into(),
            hint: None,
            certificates: Vec::new(),
            status: None,
            excerpt: None,
            url: None,
            class: FailureClass::Permanent,
            time_limit: None,
            tries: None,
            source: None,
        }))
    }

    /// Creates an error about an input of the caller.
    pub fn configuration(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Configuration, message)
    }

    /// Sets what was observed.
    #[must_use]
    pub fn with_fact(mut self, fact: Fact) -> Self {
        self.0.fact = fact;
        self
    }

    /// Sets what the reader of the message can do: one piece of advice per line.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<Cow<'static, str>>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    /// Sets the status of the response.
    #[must_use]
    pub fn with_status(mut self, status: u16) -> Self {
        self.0.status = Some(status);
        self
    }

    /// Sets the beginning of the response's text. It must not contain secrets; see
    /// [`Redactor::excerpt`](crate::Redactor::excerpt).
    #[must_use]
    pub fn with_excerpt(mut self, excerpt: Option<String>) -> Self {
        self.0.excerpt = excerpt;
        self
    }

    /// Sets the URL of the request. It must not contain secrets.
    #[must_use]
    pub fn with_url(mut self, url: &str) -> Self {
        self.0.url = Some(url.to_owned());
        self
    }

    /// Sets how the retry table treats this failure.
    #[must_use]
    pub fn with_class(mut self, class: FailureClass) -> Self {
        self.0.class = class;
        self
    }

    /// Sets the time limit that was exceeded.
    #[must_use]
    pub fn with_time_limit(mut self, limit: TimeLimit, value: Duration) -> Self {
        self.0.time_limit = Some((limit, value));
        self.with_class(FailureClass::TimeLimit)
    }

    /// Sets the number of failed tries and their total time.
    #[must_use]
    pub fn with_tries(mut self, tries: u32, total: Duration) -> Self {
        self.0.tries = Some((tries, total));
        self
    }

    /// Sets the cause. Its text must not contain secrets.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// Sets a single cause, as text.
    pub(crate) fn with_cause(self, text: String) -> Self {
        self.with_source(Cause { text, source: None })
    }

    pub(crate) fn with_certificates(mut self, certificates: Vec<Certificate>) -> Self {
        self.0.certificates = certificates;
        self
    }

    /// The same error, attributed to the proxy.
    pub(crate) fn at_proxy(mut self) -> Self {
        self.0.kind = ErrorKind::Proxy;
        self.0.fact = Fact::ProxyFailed;
        self.0.message.insert_str(0, "cannot reach the proxy: ");
        self
    }
}

impl From<CertificateError> for Error {
    fn from(error: CertificateError) -> Self {
        Self::configuration(error.to_string())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)?;
        if let Some(status) = self.0.status {
            write!(f, " (status {status})")?;
        }
        if let Some(url) = &self.0.url {
            // "redirects to X at Y" would read as if X were at Y.
            let at = match self.0.status {
                Some(300..=399) => "in response to",
                _ => "at",
            };
            write!(f, " {at} `{url}`")?;
        }
        if let Some((tries, took)) = self.0.tries {
            write!(f, ", tried {tries} times")?;
            if took >= Duration::from_secs(1) {
                write!(f, " in {}", seconds(took))?;
            }
        }
        if let Some(excerpt) = &self.0.excerpt {
            write!(f, "; response text: `{excerpt}`")?;
        }
        Ok(())
    }
}

/// A duration in seconds: `1.2 s` or `10 s`.
fn seconds(time: Duration) -> String {
    let tenths = (time.as_secs_f64() * 10.0).round() / 10.0;
    if tenths < 10.0 {
        format!("{tenths} s")
    } else {
        format!("{} s", tenths.round())
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
        match &self.0.hint {
            Some(hint) => write!(f, "\n  try: {}", hint.replace('\n', "\n       ")),
            None => Ok(()),
        }
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0
            .source
            .as_deref()
            .map(|source| source as &(dyn StdError + 'static))
    }
}

#[cfg(test)]
mod tests;
