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
        is_host_alone(host)?;
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

    /// Checks that the user name can be sent. [`QrsClientBuilder::build`](crate::QrsClientBuilder::build) checks it, too.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`](crate::ErrorKind::Configuration) if the name has a colon: in what is sent, a colon
    /// ends the name and begins the password.
    pub fn check_user(&self) -> Result<(), Error> {
        match &self.credentials {
            Some((user, _)) if user.contains(':') => Err(Error::configuration(
                "the proxy's user name contains `:`, which Basic authentication cannot send",
            )
            .with_hint(
                "use an account without `:` in its name; the password has a setting of its own",
            )),
            _ => Ok(()),
        }
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
            .map(|(_, password)| password.clone())
            .filter(|password| !password.expose_secret().is_empty());
        let sent = self.authorization();
        let sent = sent.as_ref().and_then(|value| value.to_str().ok());
        let pair = sent.and_then(|value| value.strip_prefix("Basic "));
        password.chain(pair.map(SecretString::from)).collect()
    }

    pub(crate) fn to_reqwest(&self) -> Result<reqwest::Proxy, Error> {
        self.check_user()?;
        let proxy = reqwest::Proxy::all(self.url.clone())
            .map_err(|_error| Error::configuration("the proxy's address is not valid"))?;
        Ok(match self.authorization() {
            Some(value) => proxy.custom_http_auth(value),
            None => proxy,
        })
    }
}

/// Refuses what people write in place of a host: a URL, a host with a port, credentials. Passwords are not repeated.
fn is_host_alone(host: &str) -> Result<(), Error> {
    let refused =
        |message: String, hint: String| Err(Error::configuration(message).with_hint(hint));
    let (scheme, rest) = host
        .split_once("://")
        .map_or((None, host), |(scheme, rest)| (Some(scheme), rest));
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.contains('@') {
        return refused(
            "the proxy's host holds a user name or password".to_owned(),
            "give the host alone; user name and password are given separately".to_owned(),
        );
    }
    let (name, port) = match authority.rsplit_once(':') {
        Some((name, port))
            if !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()) =>
        {
            (name, Some(port))
        }
        _ => (authority, None),
    };
    // The colons of an IPv6 address are not that of a port.
    let has_port = port.filter(|_| !name.contains(':') || name.ends_with(']'));
    let host_alone = if has_port.is_some() { name } else { authority };
    if let Some(scheme) = scheme {
        let scheme = if scheme.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            scheme
        } else {
            "…"
        };
        let separate = match has_port {
            Some(port) => {
                format!("the scheme `{scheme}` and the port `{port}` are given separately")
            }
            None => format!("the scheme `{scheme}` is given separately"),
        };
        return refused(
            format!("the proxy's host is a URL: it begins with `{scheme}://`"),
            format!("give the host alone, `{host_alone}`; {separate}"),
        );
    }
    if let Some(port) = has_port {
        return refused(
            format!("the proxy's host holds the port `{port}`"),
            format!("give the host alone, `{name}`; the port is given separately"),
        );
    }
    if authority.len() < rest.len() {
        return refused(
            "the proxy's host holds a path".to_owned(),
            format!("give the host alone, `{authority}`"),
        );
    }
    Ok(())
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
    fn what_is_wrong_with_a_host_is_named() {
        for (host, message, hint) in [
            (
                "http://proxy.example",
                "begins with `http://`",
                "alone, `proxy.example`; the scheme `http` is",
            ),
            (
                "HTTPS://proxy.example:3128/",
                "begins with `HTTPS://`",
                "alone, `proxy.example`; the scheme `HTTPS` and the port `3128` are",
            ),
            (
                "proxy.example:3128",
                "holds the port `3128`",
                "alone, `proxy.example`; the port",
            ),
            (
                "[::1]:3128",
                "holds the port `3128`",
                "alone, `[::1]`; the port",
            ),
            (
                "http://[::1]",
                "begins with `http://`",
                "alone, `[::1]`; the scheme",
            ),
            (
                "http://me:hunter2@proxy.example",
                "user name or password",
                "separately",
            ),
            (
                "me:hunter2@x://proxy",
                "begins with `…://`",
                "alone, `proxy`",
            ),
            (
                "proxy.example/proxy.pac",
                "holds a path",
                "alone, `proxy.example`",
            ),
            ("a b", "not valid", "alone"),
        ] {
            let error = Proxy::new(ProxyScheme::Http, host, 3128).unwrap_err();
            assert!(error.to_string().contains(message), "{error}");
            assert!(error.hint().unwrap().contains(hint), "{error:?}");
            assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
        }
    }

    #[test]
    fn an_empty_password_is_sent_and_a_colon_in_the_name_is_refused() {
        let proxy = Proxy::new(ProxyScheme::Http, "proxy.example", 3128).unwrap();
        let empty = proxy.clone().basic_auth("user", SecretString::from(""));
        let sent = empty.authorization().unwrap();
        assert_eq!(
            sent.to_str().unwrap(),
            format!("Basic {}", STANDARD.encode("user:"))
        );
        assert!(empty.to_reqwest().is_ok());
        let colon = proxy.basic_auth("ACME:user", SecretString::from("hunter2"));
        let error = colon.to_reqwest().unwrap_err().to_string();
        assert!(error.contains("contains `:`"), "{error}");
        assert!(!error.contains("hunter2"), "{error}");
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
