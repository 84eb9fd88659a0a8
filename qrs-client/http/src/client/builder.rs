//! Builds a client.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use http::HeaderMap;
use secrecy::SecretString;
use url::Url;

use super::{Client, Inner};
use crate::error::Error;
use crate::identity::ClientIdentity;
use crate::proxy::Proxy;
use crate::redactor::Redactor;
use crate::request::{header_name, header_value, secret_header_value, secrets_of_header};
use crate::retry::RetryPolicy;
use crate::time_limits::TimeLimits;
use crate::tls::{self, Trust, Use, Weaknesses};
use crate::transport::Transport;

/// The header `User-Agent`, unless the builder is given another one.
const USER_AGENT: &str = concat!("outbound-http/", env!("CARGO_PKG_VERSION"));

/// Builds a [`Client`]; see [`Client::builder`].
#[derive(Debug, Clone)]
#[must_use]
pub struct ClientBuilder {
    base: Url,
    server_name: &'static str,
    user_agent: String,
    limits: TimeLimits,
    retry: RetryPolicy,
    proxy: Option<Proxy>,
    trust: Trust,
    identity: Option<ClientIdentity>,
    /// The name and value of each.
    headers: Vec<(String, HeaderText)>,
    /// More secrets that no text may contain.
    secrets: Vec<SecretString>,
}

/// The value of a header that every request has.
#[derive(Debug, Clone)]
enum HeaderText {
    Plain(String),
    Secret(SecretString),
}

impl ClientBuilder {
    pub(super) fn new(base: Url) -> Self {
        Self {
            base,
            server_name: "the server",
            user_agent: USER_AGENT.to_owned(),
            limits: TimeLimits::default(),
            retry: RetryPolicy::default(),
            proxy: None,
            trust: Trust::System,
            identity: None,
            headers: Vec::new(),
            secrets: Vec::new(),
        }
    }

    /// Sets what messages call the server: `the server` by default.
    pub fn server_name(mut self, name: &'static str) -> Self {
        self.server_name = name;
        self
    }

    /// Sets the header `User-Agent`.
    pub fn user_agent(mut self, user_agent: impl Into<String>) -> Self {
        self.user_agent = user_agent.into();
        self
    }

    /// Sets the time limits.
    pub fn time_limits(mut self, limits: TimeLimits) -> Self {
        self.limits = limits.bounded();
        self
    }

    /// Sets how failed requests are retried.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = policy;
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

    /// Sets the certificate and the key by which the client identifies itself, to servers that ask for it.
    pub fn identity(mut self, identity: ClientIdentity) -> Self {
        self.identity = Some(identity);
        self
    }

    /// Adds a header to every request.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        let value = HeaderText::Plain(value.to_owned());
        self.headers.push((name.to_owned(), value));
        self
    }

    /// Adds a header to every request whose value is a secret, such as `Authorization`. No text of an error contains it.
    pub fn secret_header(mut self, name: &str, value: SecretString) -> Self {
        self.headers
            .push((name.to_owned(), HeaderText::Secret(value)));
        self
    }

    /// Redacts a secret in all texts, also if it is not a header's value.
    pub fn redact(mut self, secret: SecretString) -> Self {
        self.secrets.push(secret);
        self
    }

    /// Builds the client. No request is sent yet.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`](crate::ErrorKind::Configuration) if the URL is not one of http or https or contains
    /// credentials, a header or the proxy is not valid, or the operating system's CA certificates are needed and there are
    /// none.
    pub fn build(self) -> Result<Client, Error> {
        let (base, origin) = checked(self.base)?;
        let is_through_user = self.proxy.as_ref().is_some_and(Proxy::has_user);
        if is_through_user && base.scheme() != "https" {
            return Err(Error::configuration(
                "a proxy at which a Windows user logs in can only be used for a server with `https`",
            )
            .with_hint("use a URL with `https`, or a proxy without Windows authentication"));
        }
        let is_https = base.scheme() == "https" || self.proxy.as_ref().is_some_and(Proxy::is_https);
        let tls_use = if is_https { Use::Needed } else { Use::Unneeded };
        let weaknesses = Weaknesses::default();
        let identity = self.identity.as_ref().map(ClientIdentity::resolver);
        let tls = tls::client_config(&self.trust, tls_use, &weaknesses, identity)?;
        let connect = self.limits.connect;
        let user_agent = header_value("User-Agent", &self.user_agent)?;
        let transport = Transport::new(tls.clone(), self.proxy.as_ref(), connect, &user_agent)?;
        let (headers, secrets) = headers(&self.headers)?;
        let secrets = secrets.into_iter().chain(self.secrets);
        let secrets = secrets.chain(self.proxy.iter().flat_map(Proxy::secrets));
        Ok(Client(Arc::new(Inner {
            transport,
            base,
            origin,
            server_name: self.server_name,
            redactor: Redactor::new(secrets),
            proxy: self.proxy,
            tls: Arc::new(tls),
            identity: self.identity,
            weaknesses,
            limits: self.limits,
            retry: self.retry,
            headers,
            has_answered: AtomicBool::new(false),
        })))
    }
}

/// The URL with a path that ends in `/`, and the URL of the server alone.
fn checked(mut base: Url) -> Result<(Url, Url), Error> {
    if !matches!(base.scheme(), "http" | "https") || base.host().is_none() {
        return Err(Error::configuration(
            "the server's URL must begin with `https://` or `http://`",
        ));
    }
    if !base.username().is_empty() || base.password().is_some() {
        return Err(
            Error::configuration("the server's URL contains a user name or password")
                .with_hint("remove the part before the `@`"),
        );
    }
    base.set_query(None);
    base.set_fragment(None);
    if !base.path().ends_with('/') {
        base.set_path(&(base.path().to_owned() + "/"));
    }
    let mut origin = base.clone();
    origin.set_path("/");
    Ok((base, origin))
}

/// The headers of every request, and the secrets in them.
fn headers(texts: &[(String, HeaderText)]) -> Result<(HeaderMap, Vec<SecretString>), Error> {
    let (mut headers, mut secrets) = (HeaderMap::new(), Vec::new());
    for (name, text) in texts {
        let value = match text {
            HeaderText::Plain(value) => header_value(name, value)?,
            HeaderText::Secret(value) => {
                secrets.extend(secrets_of_header(value));
                secret_header_value(name, value)?
            }
        };
        headers.insert(header_name(name)?, value);
    }
    Ok((headers, secrets))
}
