//! The one error of this crate. It names no library that the client is built on.

mod cause;

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use crate::certificate::Certificate;
use crate::fact::Fact;
use crate::renewal::Doubt;
use crate::retry::{self, Trouble};
use crate::time_limits::TimeLimit;

pub(crate) use cause::Cause;

/// Why a read failed.
///
/// Branch on [`kind`](Self::kind); print the error, its [`hint`](Self::hint) and its
/// [`source`](StdError::source) for people. No text of it holds a secret: neither the credentials,
/// nor a session, nor an xrfkey.
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
    trouble: Trouble,
    time_limit: Option<(TimeLimit, Duration)>,
    /// How many tries failed and how long they took, if there were several.
    tries: Option<(u32, Duration)>,
    doubt: Doubt,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// What kind of thing went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// What the caller gave can't work: a URL, a header, a certificate, a path, a filter.
    Configuration,
    /// No answer came: the host name was not resolved, the port is closed, the connection was cut.
    Unreachable,
    /// No secure connection to the site came about, mostly because its certificate is not trusted.
    Tls,
    /// The proxy, not the site: it is not reached, its scheme is another one, its certificate is
    /// not trusted, it does not take the credentials (status 407), or it does not connect to the
    /// site.
    Proxy,
    /// The site took longer than one of the [`TimeLimits`](crate::TimeLimits).
    Timeout,
    /// The site sent the client to a login page: it does not take the credentials.
    RedirectedToLogin,
    /// The site answered with a web page where JSON was due, most likely a login form.
    LoginPage,
    /// The site saw no valid xrfkey; something on the way may drop the query or the header.
    Xsrf,
    /// The site asks for other credentials (status 401).
    Unauthorized,
    /// The account may not do this, is inactive, or has too many sessions (status 403).
    Forbidden,
    /// The site refuses another session: the account has too many. It says so in the address of a
    /// redirect, or in its page.
    TooManySessions,
    /// There is nothing at this path (status 404).
    NotFound,
    /// The site does not understand the request (status 400 or 414): a filter, or the virtual
    /// proxy's prefix.
    BadRequest,
    /// The request's headers are longer than the site, or a gateway in front of it, accepts (status
    /// 431, or 400 with a text that says so).
    RequestTooLong,
    /// The site can't answer now (status 408, 425, 429, 500 and above).
    ServerError,
    /// A list ended before its end or is no JSON array; the records before were handed out.
    ListBroken,
    /// The answer is larger than the client reads: a single value, one record of a list, or a list whose elements are
    /// mostly not records. Another try would read the same.
    TooLarge,
    /// An answer that is none of the above, such as JSON of another shape.
    UnexpectedAnswer,
}

impl Error {
    /// What kind of thing went wrong.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// What was seen: what people can do about it depends on the fact, not on the [`kind`](Self::kind).
    #[must_use]
    pub fn fact(&self) -> &Fact {
        &self.0.fact
    }

    /// Whether the same request may succeed later without anybody changing a setting, so that a
    /// program that runs for long may repeat it after some minutes.
    ///
    /// True for failures of the moment: no connection, a host name that was not resolved, a reset,
    /// an exceeded time limit, a list that broke off, and the statuses 408, 425, 429, 500, 502 to
    /// 504 and 520 to 524. False for refused credentials or certificates, wrong configuration, all
    /// other statuses, and answers that are not QRS. The client has already retried what is worth
    /// retrying within seconds.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        retry::may_pass(self.0.trouble)
    }

    /// The time limit that was exceeded and its value, if that is what happened: in a list, too.
    /// A request is not retried then, as the same limit would only be exceeded again.
    #[must_use]
    pub fn time_limit(&self) -> Option<(TimeLimit, Duration)> {
        self.0.time_limit
    }

    /// What the reader of the message can do about it, where that is known.
    #[must_use]
    pub fn hint(&self) -> Option<&str> {
        self.0.hint.as_deref()
    }

    /// The certificates that were shown, the site's or the proxy's own first, if it is they that
    /// were refused.
    #[must_use]
    pub fn certificates(&self) -> &[Certificate] {
        &self.0.certificates
    }

    /// The status of the site's answer, or of the proxy's, if there was one.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.0.status
    }

    /// The beginning of what the site said: one line of at most 300 characters, without tags.
    #[must_use]
    pub fn excerpt(&self) -> Option<&str> {
        self.0.excerpt.as_deref()
    }

    /// The URL that was asked for, without the xrfkey.
    #[must_use]
    pub fn url(&self) -> Option<&str> {
        self.0.url.as_deref()
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
            message: message.into(),
            hint: None,
            certificates: Vec::new(),
            status: None,
            excerpt: None,
            url: None,
            trouble: Trouble::Final,
            time_limit: None,
            tries: None,
            doubt: Doubt::None,
            source: None,
        }))
    }

    pub(crate) fn configuration(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Configuration, message)
    }

    pub(crate) fn with_fact(mut self, fact: Fact) -> Self {
        self.0.fact = fact;
        self
    }

    pub(crate) fn with_hint(mut self, hint: impl Into<Cow<'static, str>>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    pub(crate) fn with_certificates(mut self, certificates: Vec<Certificate>) -> Self {
        self.0.certificates = certificates;
        self
    }

    /// The same, but the proxy is to blame.
    pub(crate) fn at_proxy(mut self) -> Self {
        self.0.kind = ErrorKind::Proxy;
        self.0.fact = Fact::ProxyFailed;
        self.0.message.insert_str(0, "the proxy is not reached: ");
        self
    }

    pub(crate) fn with_status(mut self, status: u16) -> Self {
        self.0.status = Some(status);
        self
    }

    pub(crate) fn with_excerpt(mut self, excerpt: Option<String>) -> Self {
        self.0.excerpt = excerpt;
        self
    }

    pub(crate) fn with_url(mut self, url: &str) -> Self {
        self.0.url = Some(url.to_owned());
        self
    }

    pub(crate) fn with_trouble(mut self, trouble: Trouble) -> Self {
        self.0.trouble = trouble;
        self
    }

    pub(crate) fn with_time_limit(mut self, limit: TimeLimit, value: Duration) -> Self {
        self.0.time_limit = Some((limit, value));
        self.with_trouble(Trouble::Limit)
    }

    pub(crate) fn with_tries(mut self, tries: u32, took: Duration) -> Self {
        self.0.tries = Some((tries, took));
        self
    }

    pub(crate) fn with_doubt(mut self, doubt: Doubt) -> Self {
        self.0.doubt = doubt;
        self
    }

    pub(crate) fn with_source(
        mut self,
        source: impl Into<Box<dyn StdError + Send + Sync>>,
    ) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// A single cause, as text.
    pub(crate) fn with_cause(self, text: String) -> Self {
        self.with_source(Cause { text, source: None })
    }

    /// Whether an ended session may be the cause.
    pub(crate) fn doubt(&self) -> Doubt {
        self.0.doubt
    }

    /// What the retry table is asked about.
    pub(crate) fn trouble(&self) -> Trouble {
        self.0.trouble
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)?;
        if let Some(status) = self.0.status {
            write!(f, " (status {status})")?;
        }
        if let Some(url) = &self.0.url {
            write!(f, " at `{url}`")?;
        }
        if let Some((tries, took)) = self.0.tries {
            write!(f, ", tried {tries} times in {}", seconds(took))?;
        }
        if let Some(excerpt) = &self.0.excerpt {
            write!(f, ": {excerpt}")?;
        }
        Ok(())
    }
}

/// A duration in seconds: `0.2 s` or `10 s`.
fn seconds(time: Duration) -> String {
    let tenths = (time.as_secs_f64() * 10.0).round() / 10.0;
    if tenths < 10.0 {
        format!("{tenths} s")
    } else {
        format!("{} s", tenths.round())
    }
}

/// The message, its causes and the hint: this is what a `main` that returns the error shows.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self} ({:?})", self.0.kind)?;
        let mut source = self.source();
        while let Some(cause) = source {
            write!(f, "\n  because {cause}")?;
            source = cause.source();
        }
        match &self.0.hint {
            Some(hint) => write!(f, "\n  try: {hint}"),
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
mod tests {
    use super::*;

    #[test]
    fn a_message_names_status_url_and_what_the_site_said_once() {
        let error = Error::new(ErrorKind::Forbidden, "the site refuses this")
            .with_status(403)
            .with_url("https://qlik.example/qrs/about")
            .with_excerpt(Some("Your account is inactive.".to_owned()));
        assert_eq!(
            error.to_string(),
            "the site refuses this (status 403) at `https://qlik.example/qrs/about`: \
             Your account is inactive."
        );
    }

    #[test]
    fn an_error_is_final_unless_its_trouble_may_pass() {
        let kinds = [
            ErrorKind::Configuration,
            ErrorKind::Tls,
            ErrorKind::Unauthorized,
            ErrorKind::RedirectedToLogin,
            ErrorKind::LoginPage,
        ];
        for kind in kinds {
            assert!(!Error::new(kind, "no").is_retryable(), "{kind:?}");
        }
        let cases = [
            (Trouble::Status(503, None), true),
            (Trouble::Status(403, None), false),
            (Trouble::Unresolved, true),
            (Trouble::NoConnection, true),
            (Trouble::Cut, true),
            (Trouble::Limit, true),
            (Trouble::Damaged, true),
        ];
        for (trouble, expected) in cases {
            let error = Error::new(ErrorKind::Proxy, "no").with_trouble(trouble);
            assert_eq!(error.is_retryable(), expected, "{trouble:?}");
        }
    }

    #[test]
    fn a_message_says_how_often_was_tried() {
        let error = |took| {
            Error::new(ErrorKind::ServerError, "the site is not available")
                .with_status(503)
                .with_url("https://qlik.example/qrs/about")
                .with_tries(5, Duration::from_millis(took))
        };
        assert_eq!(
            error(10_020).to_string(),
            "the site is not available (status 503) at `https://qlik.example/qrs/about`, \
             tried 5 times in 10 s"
        );
        assert!(error(240).to_string().ends_with("in 0.2 s"));
        assert!(error(1_000).to_string().ends_with("in 1 s"));
    }

    #[test]
    fn display_leaves_the_source_to_its_reader() {
        let cause = Cause::chain(["outer".to_owned(), "inner".to_owned()].into_iter()).unwrap();
        let error = Error::new(ErrorKind::Unreachable, "no answer").with_source(cause);
        assert_eq!(error.to_string(), "no answer");
        let outer = error.source().unwrap();
        assert_eq!(outer.to_string(), "outer");
        assert_eq!(outer.source().unwrap().to_string(), "inner");
    }
}
