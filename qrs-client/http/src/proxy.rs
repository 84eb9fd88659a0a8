//! The HTTP proxy between the client and the server.

#[cfg(feature = "windows-login")]
mod windows;

use std::fmt;
use std::net::Ipv6Addr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use crate::error::Error;
#[cfg(feature = "windows-login")]
use crate::windows_login::WindowsAccount;
#[cfg(feature = "windows-login")]
pub(crate) use windows::ProxyUser;

/// An HTTP proxy that requests go through. Without one, the client connects to the server itself: it ignores the proxies of
/// the environment.
#[derive(Clone)]
pub struct Proxy {
    scheme: ProxyScheme,
    /// Scheme, host and port, nothing else.
    url: Url,
    credentials: Option<(String, SecretString)>,
    #[cfg(feature = "windows-login")]
    user: Option<ProxyUser>,
}

/// The protocol between the client and the proxy. It is independent of the server's protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ProxyScheme {
    /// Not encrypted, which most proxies expect.
    Http,
    /// Over TLS. The proxy's certificate is checked like the server's.
    Https,
}

impl Proxy {
    /// Creates a proxy from its host and port. An IPv6 address is accepted with and without brackets.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`](crate::ErrorKind::Configuration) if the host is not a host name or an IP address.
    pub fn new(scheme: ProxyScheme, host: &str, port: u16) -> Result<Self, Error> {
        let host = host.trim();
        check_is_host(host)?;
        let bracketed = host
            .parse::<Ipv6Addr>()
            .map(|address| format!("[{address}]"));
        let parsed = url::Host::parse(bracketed.as_deref().unwrap_or(host)).map_err(|error| {
            Error::configuration(format!("the proxy's host is not valid: {error}")).with_hint(
                "give only the name or address; the scheme and the port are separate settings",
            )
        })?;
        let url = Url::parse(&format!("{scheme}://{parsed}:{port}"))
            .map_err(|_error| Error::configuration("the proxy's address is not valid"))?;
        Ok(Self {
            scheme,
            url,
            credentials: None,
            #[cfg(feature = "windows-login")]
            user: None,
        })
    }

    /// Sets the user name and the password for Basic authentication at the proxy.
    #[must_use]
    pub fn basic_auth(mut self, user: &str, password: SecretString) -> Self {
        self.credentials = Some((user.to_owned(), password));
        self
    }

    /// Sets the Windows user who logs in at the proxy, with NTLM, alone or within Negotiate. The login belongs to a connection, so
    /// this is possible for servers with `https` only, to which the proxy opens a tunnel. If the proxy refuses the password, it is
    /// not sent again by clients with this proxy or a clone of it: directories lock users after a few wrong passwords.
    #[cfg(feature = "windows-login")]
    #[must_use]
    pub fn windows_auth(mut self, account: WindowsAccount) -> Self {
        self.user = Some(ProxyUser::new(account));
        self
    }

    /// Checks that the user name can be sent. [`ClientBuilder::build`](crate::ClientBuilder::build) checks it as well.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`](crate::ErrorKind::Configuration) if the name contains a colon, which separates the
    /// name from the password in the header.
    pub fn check_user(&self) -> Result<(), Error> {
        match &self.credentials {
            Some((user, _)) if user.contains(':') => Err(Error::configuration(
                "the proxy's user name contains `:`, which Basic authentication does not allow",
            )
            .with_hint(
                "use an account without `:` in its name; the password is a separate setting",
            )),
            _ => Ok(()),
        }
    }

    /// The Windows user who logs in.
    #[cfg(feature = "windows-login")]
    pub(crate) fn user(&self) -> Option<&ProxyUser> {
        self.user.as_ref()
    }

    /// Whether a login is bound to a connection, which reqwest cannot make.
    pub(crate) fn has_user(&self) -> bool {
        #[cfg(feature = "windows-login")]
        return self.user.is_some();
        #[cfg(not(feature = "windows-login"))]
        false
    }

    pub(crate) fn is_https(&self) -> bool {
        self.scheme == ProxyScheme::Https
    }

    pub(crate) fn url(&self) -> &Url {
        &self.url
    }

    /// The value of `Proxy-Authorization`, marked as sensitive. This is the only place where the password is exposed.
    pub(crate) fn authorization(&self) -> Option<HeaderValue> {
        let (user, password) = self.credentials.as_ref()?;
        let pair = STANDARD.encode(format!("{user}:{}", password.expose_secret()));
        let mut value =
            HeaderValue::try_from(format!("Basic {pair}")).expect("base64 is printable US-ASCII");
        value.set_sensitive(true);
        Some(value)
    }

    /// The secrets that no text may contain.
    pub(crate) fn secrets(&self) -> Vec<SecretString> {
        let password = self
            .credentials
            .iter()
            .map(|(_, password)| password.clone())
            .filter(|password| !password.expose_secret().is_empty());
        let sent = self.authorization();
        let sent = sent.as_ref().and_then(|value| value.to_str().ok());
        let pair = sent.and_then(|value| value.strip_prefix("Basic "));
        let secrets = password.chain(pair.map(SecretString::from));
        #[cfg(feature = "windows-login")]
        let secrets = secrets.chain(
            self.user
                .iter()
                .map(|user| user.account().password().clone()),
        );
        secrets.collect()
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

/// Refuses what people write instead of a host: a URL, a host with a port, credentials. Messages do not repeat passwords.
fn check_is_host(host: &str) -> Result<(), Error> {
    let refused =
        |message: String, hint: String| Err(Error::configuration(message).with_hint(hint));
    let (scheme, rest) = host
        .split_once("://")
        .map_or((None, host), |(scheme, rest)| (Some(scheme), rest));
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.contains('@') {
        return refused(
            "the proxy's host contains a user name or password".to_owned(),
            "give only the host; user name and password are separate settings".to_owned(),
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
    let host_only = if has_port.is_some() { name } else { authority };
    if let Some(scheme) = scheme {
        let scheme = if scheme.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            scheme
        } else {
            "…"
        };
        let separate = match has_port {
            Some(port) => {
                format!("the scheme `{scheme}` and the port `{port}` are separate settings")
            }
            None => format!("the scheme `{scheme}` is a separate setting"),
        };
        return refused(
            format!("the proxy's host is a URL: it begins with `{scheme}://`"),
            format!("give only the host, `{host_only}`; {separate}"),
        );
    }
    if let Some(port) = has_port {
        return refused(
            format!("the proxy's host contains the port `{port}`"),
            format!("give only the host, `{name}`; the port is a separate setting"),
        );
    }
    if authority.len() < rest.len() {
        return refused(
            "the proxy's host contains a path".to_owned(),
            format!("give only the host, `{authority}`"),
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
    fn a_host_is_a_name_or_an_address_without_anything_else() {
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
    fn an_error_says_what_to_remove_from_the_host() {
        for (host, message, hint) in [
            (
                "http://proxy.example",
                "begins with `http://`",
                "only the host, `proxy.example`; the scheme `http` is",
            ),
            (
                "HTTPS://proxy.example:3128/",
                "begins with `HTTPS://`",
                "only the host, `proxy.example`; the scheme `HTTPS` and the port `3128` are",
            ),
            (
                "proxy.example:3128",
                "contains the port `3128`",
                "only the host, `proxy.example`; the port",
            ),
            (
                "[::1]:3128",
                "contains the port `3128`",
                "only the host, `[::1]`; the port",
            ),
            (
                "http://[::1]",
                "begins with `http://`",
                "only the host, `[::1]`; the scheme",
            ),
            (
                "http://me:hunter2@proxy.example",
                "user name or password",
                "separate settings",
            ),
            (
                "me:hunter2@x://proxy",
                "begins with `…://`",
                "only the host, `proxy`",
            ),
            (
                "proxy.example/proxy.pac",
                "contains a path",
                "only the host, `proxy.example`",
            ),
            ("a b", "not valid", "give only"),
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
    fn debug_shows_no_password() {
        let proxy = Proxy::new(ProxyScheme::Http, "proxy.example", 3128).unwrap();
        let proxy = proxy.basic_auth("me", SecretString::from("hunter2"));
        assert_eq!(
            format!("{proxy:?}"),
            "Proxy { url: \"http://proxy.example:3128/\", .. }"
        );
    }
}
