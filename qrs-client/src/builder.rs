//! How a client comes about.

use std::sync::Arc;
use std::time::Duration;

use crate::client::QrsClient;
use crate::credentials::HeaderCredentials;
use crate::error::Error;
use crate::http::Http;
use crate::proxy::Proxy;
use crate::retry::RetryPolicy;
use crate::session::{SessionEnd, SessionPool};
use crate::site::SiteUrl;
use crate::time_limits::{FOREVER, TimeLimits};
use crate::tls::{self, Trust, Use, Weaknesses};
use crate::transport::Transport;

/// Makes a [`QrsClient`]; see [`QrsClient::builder`].
#[derive(Debug, Clone)]
#[must_use]
pub struct QrsClientBuilder {
    site: SiteUrl,
    credentials: HeaderCredentials,
    limits: TimeLimits,
    retry: RetryPolicy,
    proxy: Option<Proxy>,
    trust: Trust,
    sessions: SessionPool,
    session_end: SessionEnd,
}

impl QrsClientBuilder {
    pub(crate) fn new(site: SiteUrl, credentials: HeaderCredentials) -> Self {
        Self {
            site,
            credentials,
            limits: TimeLimits::default(),
            retry: RetryPolicy::default(),
            proxy: None,
            trust: Trust::System,
            sessions: SessionPool::default(),
            session_end: SessionEnd::default(),
        }
    }

    /// Sets the time limits.
    pub fn time_limits(mut self, limits: TimeLimits) -> Self {
        self.limits = limits.bounded();
        self
    }

    /// Sets how many times a request is sent at most, however quickly it fails: 12 times; 0 counts
    /// as 1.
    pub fn tries(mut self, tries: u32) -> Self {
        self.retry.max_tries = tries;
        self
    }

    /// Sets for how long a request is retried after its first failure: 10 s. What is retried is
    /// what may pass by itself ([`Error::is_retryable`]), except exceeded time limits; zero turns
    /// retries off. A `Retry-After` of up to a minute is obeyed even where it leads beyond this
    /// time.
    pub fn retry_for(mut self, time: Duration) -> Self {
        self.retry.window = time.min(FOREVER);
        self
    }

    /// Sets the delay before the second try, 250 ms, which doubles with each further one up to the
    /// longest, 2.5 s. Jitter adds up to as much again.
    pub fn backoff(mut self, shortest: Duration, longest: Duration) -> Self {
        self.retry.shortest_delay = shortest.min(FOREVER);
        self.retry.longest_delay = longest.min(FOREVER);
        self
    }

    /// Sends requests through an HTTP proxy. The environment's proxies are never taken.
    pub fn proxy(mut self, proxy: Proxy) -> Self {
        self.proxy = Some(proxy);
        self
    }

    /// Sets which certificates are trusted: those that the operating system trusts.
    pub fn trust(mut self, trust: Trust) -> Self {
        self.trust = trust;
        self
    }

    /// Shares the session with other clients of the same site, header and value that were built with
    /// this pool. By default a client has a session of its own.
    pub fn sessions(mut self, pool: &SessionPool) -> Self {
        self.sessions = pool.clone();
        self
    }

    /// Sets what becomes of the session when nobody uses it any more: it stays open. See
    /// [`QrsClient::end_session`].
    pub fn session_end(mut self, end: SessionEnd) -> Self {
        self.session_end = end;
        self
    }

    /// Makes the client. Nothing is asked yet.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`](crate::ErrorKind::Configuration) if a certificate to trust
    /// can't be read, or the site needs the system's and there are none.
    pub fn build(self) -> Result<QrsClient, Error> {
        let over_tls = self.site.is_https() || self.proxy.as_ref().is_some_and(Proxy::is_https);
        let over_tls = if over_tls { Use::Needed } else { Use::Unneeded };
        let weaknesses = Weaknesses::default();
        let tls = tls::client_config(&self.trust, over_tls, &weaknesses)?;
        let http = Http::new(tls.clone(), self.proxy.as_ref(), self.limits.connect)?;
        Ok(QrsClient(Arc::new(Transport {
            http,
            retry: self.retry,
            proxy: self.proxy,
            tls: Arc::new(tls),
            weaknesses,
            session: self.sessions.session(&self.site, &self.credentials),
            session_end: self.session_end,
            site: self.site,
            credentials: self.credentials,
            limits: self.limits,
        })))
    }
}
