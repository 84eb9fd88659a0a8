//! Builds a client.

mod headers;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use headers::ExtraHeader;
use outbound_http::{Client, Proxy, RetryPolicy, Trust};
use secrecy::SecretString;

use super::QrsClient;
use crate::clock::Clock;
use crate::credentials::Credentials;
#[cfg(feature = "windows-login")]
use crate::credentials::WINDOWS_USER_AGENT;
use crate::error::Error;
use crate::limiter::{Limiter, RequestLimits};
use crate::login::Login;
use crate::session::{SessionEnd, SessionPool};
use crate::site::SiteUrl;
use crate::time_limits::{TimeLimits, Wanted};
use crate::transport::Transport;

/// The header `User-Agent`.
const USER_AGENT: &str = concat!("qrs-client/", env!("CARGO_PKG_VERSION"));

/// Builds a [`QrsClient`]; see [`QrsClient::builder`].
#[derive(Debug, Clone)]
#[must_use]
pub struct QrsClientBuilder {
    site: SiteUrl,
    credentials: Credentials,
    limits: TimeLimits,
    retry: RetryPolicy,
    proxy: Option<Proxy>,
    trust: Trust,
    sessions: SessionPool,
    session_end: SessionEnd,
    clock: Clock,
    user_agent: Option<String>,
    headers: Vec<ExtraHeader>,
    request_limits: RequestLimits,
}

impl QrsClientBuilder {
    pub(super) fn new(site: SiteUrl, credentials: Credentials) -> Self {
        Self {
            site,
            credentials,
            limits: TimeLimits::default(),
            retry: RetryPolicy::default(),
            proxy: None,
            trust: Trust::System,
            sessions: SessionPool::default(),
            session_end: SessionEnd::default(),
            clock: Clock::default(),
            user_agent: None,
            headers: Vec::new(),
            request_limits: RequestLimits::default(),
        }
    }

    /// Sets the time limits.
    pub fn time_limits(mut self, limits: TimeLimits) -> Self {
        self.limits = limits;
        self
    }

    /// Sets the maximum number of times that a request is sent: 12; 0 counts as 1.
    pub fn tries(mut self, tries: u32) -> Self {
        self.retry = self.retry.with_max_tries(tries);
        self
    }

    /// Sets for how long a request is retried after its first failure: 10 s. Temporary failures are retried
    /// ([`Error::is_retryable`]), except exceeded time limits; zero turns retries off. A `Retry-After` of up to a minute is
    /// obeyed even if it ends after this time.
    pub fn retry_for(mut self, time: Duration) -> Self {
        self.retry = self.retry.with_window(time);
        self
    }

    /// Sets the delay before the second try, 250 ms, which doubles with each further try up to the longest, 2.5 s. Jitter adds
    /// up to as much again.
    pub fn backoff(mut self, shortest: Duration, longest: Duration) -> Self {
        self.retry = self.retry.with_delays(shortest, longest);
        self
    }

    /// Sends requests through an HTTP proxy. The environment's proxies are ignored.
    pub fn proxy(mut self, proxy: Proxy) -> Self {
        self.proxy = Some(proxy);
        self
    }

    /// Sets which certificates are trusted: by default the operating system's CA certificates.
    pub fn trust(mut self, trust: Trust) -> Self {
        self.trust = trust;
        self
    }

    /// Shares the session with other clients of the same site, header and value that were built with this pool. By default, a
    /// client has its own session.
    pub fn sessions(mut self, pool: &SessionPool) -> Self {
        self.sessions = pool.clone();
        self
    }

    /// Sets whether the session is ended when it is no longer in use: by default it stays open. See
    /// [`QrsClient::end_session`].
    pub fn session_end(mut self, end: SessionEnd) -> Self {
        self.session_end = end;
        self
    }

    /// Sets the clock that says whether a token has ended: by default the operating system's.
    pub fn clock(mut self, now: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        self.clock = Clock::new(now);
        self
    }

    /// Sets the header `User-Agent`: `qrs-client/` and the version by default, and with it `Windows`
    /// for a login as a Windows user. A virtual proxy with Windows authentication
    /// decides by it between a login form and Windows.
    pub fn user_agent(mut self, user_agent: impl Into<String>) -> Self {
        self.user_agent = Some(user_agent.into());
        self
    }

    /// Adds a header to every request, for example for a gateway in front of the site.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers
            .push(ExtraHeader::Plain(name.into(), value.into()));
        self
    }

    /// Adds a header to every request whose value is a secret: no text of an error contains it.
    pub fn secret_header(mut self, name: impl Into<String>, value: SecretString) -> Self {
        self.headers.push(ExtraHeader::Secret(name.into(), value));
        self
    }

    /// Sets how many requests there may be at once: any number by default; 0 counts as 1. A list counts until it has been read
    /// or dropped: a request that is made while lists are open may have to wait for them, until its time limit ends.
    ///
    /// With this limit, a site that is overloaded gets fewer requests at once: half as many after a status 429 or 503, and after
    /// a response that begins later than after 5 s and than three times the shortest time of the same request. After ten
    /// responses in a row without such a sign, one more is allowed, up to the limit. A list that waits for its caller does not
    /// count then. `Retry-After` is obeyed by each request for itself.
    pub fn max_requests_at_once(mut self, requests: usize) -> Self {
        self.request_limits.at_once = Some(requests);
        self
    }

    /// Sets how many requests may begin in a second: any number by default; 0 counts as 1. Tries count as requests.
    pub fn max_requests_per_second(mut self, requests: u32) -> Self {
        self.request_limits.per_second = Some(requests);
        self
    }

    /// Builds the client. No request is sent yet.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`](crate::ErrorKind::Configuration) if the proxy is not valid, if the operating system's CA
    /// certificates are needed and there are none, if a header is not valid or one that the client sets itself, or if a client certificate is to be used at a URL with a virtual proxy
    /// or without TLS.
    pub fn build(self) -> Result<QrsClient, Error> {
        self.credentials.check(&self.site)?;
        headers::check(&self.headers, &self.credentials)?;
        let user_agent = self.user_agent.clone();
        let user_agent = user_agent.unwrap_or_else(|| user_agent_of(&self.credentials).to_owned());
        let mut http = Client::builder(self.site.as_url().clone())
            .server_name("the site")
            .user_agent(user_agent)
            .time_limits(self.limits.of_request(Wanted::Value))
            .retry(self.retry)
            .trust(self.trust);
        for secret in self.credentials.secrets() {
            http = http.redact(secret);
        }
        if let Credentials::Certificate(certificate) = &self.credentials {
            http = http.identity(certificate.identity().clone());
        }
        for header in self.headers {
            http = header.add_to(http);
        }
        if let Some(proxy) = self.proxy {
            http = http.proxy(proxy);
        }
        let http = http.build()?;
        let session = self.sessions.session(&self.site, &self.credentials);
        if let Credentials::Session(existing) = &self.credentials {
            session.set_cookie(existing.cookie_name(), existing.value());
        }
        Ok(QrsClient(Arc::new(Transport {
            http,
            session,
            session_end: self.session_end,
            site: self.site,
            login: Login::new(self.credentials, self.clock),
            limits: self.limits,
            limiter: Limiter::new(self.request_limits),
        })))
    }
}

/// The header `User-Agent` for this kind of credentials.
fn user_agent_of(credentials: &Credentials) -> &'static str {
    match credentials {
        #[cfg(feature = "windows-login")]
        Credentials::Windows(_) => WINDOWS_USER_AGENT,
        _ => USER_AGENT,
    }
}
