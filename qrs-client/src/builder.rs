//! How a client comes about.

use std::sync::Arc;
use std::time::Duration;

use backon::ExponentialBuilder;
use reqwest::redirect::Policy;
use rustls::ClientConfig;

use crate::client::QrsClient;
use crate::credentials::HeaderCredentials;
use crate::error::Error;
use crate::proxy::Proxy;
use crate::session::Session;
use crate::site::SiteUrl;
use crate::tls::{self, Trust, Use};
use crate::transport::{First, Transport};

/// How long the client waits for what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeLimits {
    /// Until the connection stands, TLS included: 10 s.
    pub connect: Duration,
    /// Until the head of the answer is there, connecting included: 120 s. A cold site takes more
    /// than 20 s for its first session.
    pub first_byte: Duration,
    /// Between two pieces of an answer: 60 s.
    pub silence: Duration,
    /// For a whole answer, tries that failed included: 60 min.
    pub list: Duration,
}

impl Default for TimeLimits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            first_byte: Duration::from_secs(120),
            silence: Duration::from_secs(60),
            list: Duration::from_secs(60 * 60),
        }
    }
}

/// Longer times can't be added to the clock: `Duration::MAX` means no limit, not a panic.
const FOREVER: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// Makes a [`QrsClient`]; see [`QrsClient::builder`].
#[derive(Debug, Clone)]
#[must_use]
pub struct QrsClientBuilder {
    site: SiteUrl,
    credentials: HeaderCredentials,
    limits: TimeLimits,
    tries: u32,
    shortest_delay: Duration,
    longest_delay: Duration,
    proxy: Option<Proxy>,
    trust: Trust,
}

impl QrsClientBuilder {
    pub(crate) fn new(site: SiteUrl, credentials: HeaderCredentials) -> Self {
        Self {
            site,
            credentials,
            limits: TimeLimits::default(),
            tries: 3,
            shortest_delay: Duration::from_millis(500),
            longest_delay: Duration::from_secs(10),
            proxy: None,
            trust: Trust::System,
        }
    }

    /// Sets the time limits.
    pub fn time_limits(mut self, limits: TimeLimits) -> Self {
        self.limits = TimeLimits {
            connect: limits.connect.min(FOREVER),
            first_byte: limits.first_byte.min(FOREVER),
            silence: limits.silence.min(FOREVER),
            list: limits.list.min(FOREVER),
        };
        self
    }

    /// Sets how often the site is asked at most for one answer: 3 times; 0 counts as 1.
    pub fn tries(mut self, tries: u32) -> Self {
        self.tries = tries;
        self
    }

    /// Sets the delay before the second try, 500 ms, which doubles with each further one up to the
    /// longest, 10 s. Chance adds up to as much again. A site's `Retry-After` goes before, up to a
    /// minute.
    pub fn backoff(mut self, shortest: Duration, longest: Duration) -> Self {
        self.shortest_delay = shortest.min(FOREVER);
        self.longest_delay = longest.min(FOREVER);
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

    /// Makes the client. Nothing is asked yet.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`](crate::ErrorKind::Configuration) if a certificate to trust
    /// can't be read, or the site needs the system's and there are none.
    pub fn build(self) -> Result<QrsClient, Error> {
        let over_tls = self.site.is_https() || self.proxy.as_ref().is_some_and(Proxy::is_https);
        let over_tls = if over_tls { Use::Needed } else { Use::Unneeded };
        let tls = tls::client_config(&self.trust, over_tls)?;
        let http = self.http_client(tls.clone())?;
        Ok(QrsClient(Arc::new(Transport {
            http,
            backoff: self.delays(),
            proxy: self.proxy,
            tls: Arc::new(tls),
            site: self.site,
            credentials: self.credentials,
            session: Session::default(),
            limits: self.limits,
            first: First::default(),
        })))
    }

    fn http_client(&self, tls: ClientConfig) -> Result<reqwest::Client, Error> {
        // `no_proxy` also clears proxies that were set before it.
        let mut builder = reqwest::Client::builder()
            .no_proxy()
            .tls_backend_preconfigured(tls)
            .redirect(Policy::none())
            .referer(false)
            .gzip(true)
            .connect_timeout(self.limits.connect)
            .user_agent(concat!("qrs-client/", env!("CARGO_PKG_VERSION")));
        if let Some(proxy) = &self.proxy {
            builder = builder.proxy(proxy.to_reqwest()?);
        }
        builder
            .build()
            .map_err(|_error| Error::configuration("the HTTP client can't be set up"))
    }

    fn delays(&self) -> ExponentialBuilder {
        let retries = usize::try_from(self.tries.saturating_sub(1)).unwrap_or(usize::MAX);
        ExponentialBuilder::default()
            .with_min_delay(self.shortest_delay)
            .with_max_delay(self.longest_delay)
            .with_max_times(retries)
            .with_jitter()
    }
}
