//! The HTTP proxy between the client and the site, if there is one.

use std::fmt;
use std::net::Ipv6Addr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::HeaderValue;
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use crate::error::Error;

/// An HTTP proxy that requests go through. Without one, the client connects to the site itself: it
/// takes no proxy from the environment.
#[derive(Clone)]
pub struct Proxy {
    scheme: ProxyScheme,
    /// Scheme, host and port, nothing else.
    url: Url,
    credentials: Option<(String, SecretString)>,
}

/// How the client speaks to the proxy; it has nothing to do with how the site is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ProxyScheme {
    /// In the clear, as most proxies want it.
    Http,
    /// Over TLS; the proxy's certificate is checked as the site's is.
    Https,
}

impl Proxy {
    /// Takes a proxy by its host and port. An IPv6 address may stand bare or in brackets.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`](crate::ErrorKind::Configuration) if the host is no name or
    /// address.
    pub fn new(scheme: ProxyScheme, host: &str, port: u16) -> Result<Self, Error> {
        let host = host.trim();
        let bracketed = host
            .parse::<Ipv6Addr>()
            .map(|address| format!("[{address}]"));
        let parsed = url::Host::parse(bracketed.as_deref().unwrap_or(host)).map_err(|error| {
            Error::configuration(format!("the proxy's host is not valid: {error}"))
                .with_hint("give the name or address alone; scheme and port stand apart")
        })?;
        let url = Url::parse(&format!("{scheme}://{parsed}:{port}"))
            .map_err(|_error| Error::configuration("the proxy's address is not valid"))?;
        let credentials = None;
        Ok(Self {
            scheme,
            url,
            credentials,
        })
    }

    /// Authenticates at the proxy with a name and a password (`Basic`).
    #[must_use]
    pub fn basic_auth(mut self, user: &str, password: SecretString) -> Self {
        self.credentials = Some((user.to_owned(), password));
        self
    }

    pub(crate) fn is_https(&self) -> bool {
        self.scheme == ProxyScheme::Https
    }

    pub(crate) fn url(&self) -> &Url {
        &self.url
    }

    /// The value of `Proxy-Authorization`, marked as sensitive: the one place where the password
    /// is exposed.
    pub(crate) fn authorization(&self) -> Option<HeaderValue> {
        let (user, password) = self.credentials.as_ref()?;
        let pair = STANDARD.encode(format!("{user}:{}", password.expose_secret()));
        let mut value =
            HeaderValue::try_from(format!("Basic {pair}")).expect("base64 is printable US-ASCII");
        value.set_sensitive(true);
        Some(value)
    }

    /// What must not show in any text.
    pub(crate) fn secrets(&self) -> Vec<SecretString> {
        let password = self
            .credentials
            .iter()
            .map(|(_, password)| password.clone());
        let sent = self.authorization();
        let sent = sent.as_ref().and_then(|value| value.to_str().ok());
        let pair = sent.and_then(|value| value.strip_prefix("Basic "));
        password.chain(pair.map(SecretString::from)).collect()
    }

    pub(crate) fn to_reqwest(&self) -> Result<reqwest::Proxy, Error> {
        let proxy = reqwest::Proxy::all(self.url.clone())
            .map_err(|_error| Error::configuration("the proxy's address is not valid"))?;
        Ok(match self.authorization() {
            Some(value) => proxy.custom_http_auth(value),
            None => proxy,
        })
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proxy")
            .field("url", &self.url.as_str())
            .finish_non_exhaustive()
    }
}

impl fmt::Display for ProxyScheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Http => "http",
            Self::Https => "https",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_a_name_or_an_address_alone() {
        for host in ["proxy.example", "10.0.0.1", "[::1]", "::1", "fe80::1"] {
            assert!(Proxy::new(ProxyScheme::Https, host, 3128).is_ok(), "{host}");
        }
        for host in [
            "",
            "http://proxy.example",
            "proxy.example:3128",
            "me:hunter2@proxy",
            "a b",
        ] {
            let error = Proxy::new(ProxyScheme::Http, host, 3128).unwrap_err();
            assert!(!error.to_string().contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn debug_holds_no_password() {
        let proxy = Proxy::new(ProxyScheme::Http, "proxy.example", 3128).unwrap();
        let proxy = proxy.basic_auth("me", SecretString::from("hunter2"));
        assert_eq!(
            format!("{proxy:?}"),
            "Proxy { url: \"http://proxy.example:3128/\", .. }"
        );
    }
}
