//! The cookies of one site. Nothing here touches the network or a clock: the caller passes the time.

use std::time::Duration;

use cookie::Cookie;
use secrecy::{ExposeSecret, SecretString};
use tokio::time::Instant;
use url::Url;

/// Maximum number of cookies in a jar. A Qlik Sense site sets one, and each gateway in front of it a few.
const MAX_COOKIES: usize = 50;

/// Maximum length of all names and values of a jar, in bytes. Sites refuse request heads above 16 KB.
const MAX_BYTES: usize = 8 * 1024;

/// Maximum lifetime of a cookie, in seconds: 400 days (RFC 6265bis, 5.5).
const MAX_AGE: i64 = 400 * 24 * 60 * 60;

/// Cookies in the order in which they were set.
#[derive(Debug, Clone, Default)]
pub(super) struct Jar(Vec<StoredCookie>);

/// A cookie, identified by name, domain and path (RFC 6265, 5.3).
#[derive(Debug, Clone)]
pub(super) struct StoredCookie {
    pub(super) name: String,
    pub(super) value: SecretString,
    pub(super) domain: Domain,
    /// Begins with `/`.
    pub(super) path: String,
    /// Not set if it lasts as long as the session. Changes of the system clock do not affect it.
    pub(super) expires: Option<Instant>,
    /// Whether the response that opened the session set it.
    pub(super) is_first: bool,
}

/// The hosts that a cookie is sent to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Domain {
    /// Only the site's own host.
    Host,
    /// This domain and its subdomains, without a leading dot, in lower case.
    Suffix(String),
}

/// The effect of a `Set-Cookie` header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    None,
    Added,
    /// An existing cookie has another value now.
    Replaced,
    Removed,
}

/// A response that sets cookies.
#[derive(Debug, Clone, Copy)]
pub(super) struct CookieResponse<'a> {
    /// The site's URL, with the virtual proxy's prefix.
    pub(super) site: &'a Url,
    pub(super) at: Instant,
    /// The time of the response in seconds since 1970: from its `Date` header, or from this machine's clock.
    pub(super) time: i64,
    /// Whether the request had no cookie.
    pub(super) is_first: bool,
}

impl Jar {
    /// Keeps the cookie that a `Set-Cookie` header sets, or drops the one that it removes. A cookie for another domain is
    /// ignored.
    pub(super) fn keep(&mut self, header: &str, response: CookieResponse<'_>) -> Change {
        let Some(Received {
            mut cookie,
            is_kept,
        }) = Received::parse(header, response)
        else {
            return Change::None;
        };
        let known = self.0.iter().position(|known| known.is_same(&cookie));
        let before = known.map(|at| self.0.remove(at));
        cookie.is_first |= before.as_ref().is_some_and(|before| before.is_first);
        let differs =
            |before: &StoredCookie| before.value.expose_secret() != cookie.value.expose_secret();
        let change = match &before {
            Some(before) if is_kept && differs(before) => Change::Replaced,
            Some(_) if is_kept => Change::None,
            None if is_kept => Change::Added,
            Some(_) => Change::Removed,
            None => Change::None,
        };
        if is_kept {
            self.0.push(cookie);
            self.shrink();
        }
        change
    }

    /// The cookies to send to `url` at a time, those with longer paths first (RFC 6265, 5.4).
    pub(super) fn line(&self, url: &Url, now: Instant) -> Option<String> {
        let mut cookies: Vec<_> = self.sent_to(url, now).collect();
        cookies.sort_by(|a, b| {
            let longest_first = b.path.len().cmp(&a.path.len());
            longest_first.then_with(|| a.name.cmp(&b.name))
        });
        let pairs = cookies.iter();
        let pairs: Vec<_> = pairs
            .map(|cookie| format!("{}={}", cookie.name, cookie.value.expose_secret()))
            .collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }

    /// The cookies that are sent to `url` at a time.
    pub(super) fn sent_to(&self, url: &Url, now: Instant) -> impl Iterator<Item = &StoredCookie> {
        let cookies = self.0.iter();
        cookies.filter(move |cookie| cookie.is_for(url) && !cookie.has_expired(now))
    }

    /// The cookies of all paths that have not expired.
    pub(super) fn unexpired(&self, now: Instant) -> impl Iterator<Item = &StoredCookie> {
        self.0.iter().filter(move |cookie| !cookie.has_expired(now))
    }

    pub(super) fn cookies(&self) -> &[StoredCookie] {
        &self.0
    }

    /// Creates a jar of stored cookies, within the limits.
    pub(super) fn from_stored(cookies: Vec<StoredCookie>) -> Self {
        let mut jar = Self(cookies);
        jar.shrink();
        jar
    }

    /// Creates a jar with the cookie of a session.
    pub(super) fn from_session(name: &str, value: &SecretString) -> Self {
        Self(vec![StoredCookie {
            name: name.to_owned(),
            value: value.clone(),
            domain: Domain::Host,
            path: "/".to_owned(),
            expires: None,
            is_first: true,
        }])
    }

    /// Drops cookies above the limits: the oldest first, and those of the session last.
    fn shrink(&mut self) {
        while self.0.len() > MAX_COOKIES || self.bytes() > MAX_BYTES {
            let cookies = self.0.iter().enumerate();
            let first_to_go = cookies.min_by_key(|(at, cookie)| (cookie.priority(), *at));
            let first_to_go = first_to_go.map_or(0, |(at, _)| at);
            self.0.remove(first_to_go);
        }
    }

    fn bytes(&self) -> usize {
        self.0.iter().map(StoredCookie::bytes).sum()
    }
}

impl StoredCookie {
    fn is_same(&self, other: &Self) -> bool {
        self.name == other.name && self.domain == other.domain && self.path == other.path
    }

    fn bytes(&self) -> usize {
        self.name.len() + self.value.expose_secret().len() + "=; ".len()
    }

    /// A higher priority means that the session more likely depends on the cookie. Sites can rename the session's cookie.
    fn priority(&self) -> u8 {
        match (has_session_name(&self.name), self.is_first) {
            (true, _) => 2,
            (false, true) => 1,
            (false, false) => 0,
        }
    }

    fn has_expired(&self, now: Instant) -> bool {
        self.expires.is_some_and(|expires| expires <= now)
    }

    /// Domains need no comparison: only cookies of the site's own host are kept.
    fn is_for(&self, url: &Url) -> bool {
        is_path_of(&self.path, url.path())
    }
}

/// A cookie that a response set.
struct Received {
    cookie: StoredCookie,
    /// Whether the response sets it, rather than removes it.
    is_kept: bool,
}

impl Received {
    fn parse(header: &str, response: CookieResponse<'_>) -> Option<Self> {
        let parsed = Cookie::parse(header).ok()?;
        // Quotes are part of the value (RFC 6265, 5.2).
        let (name, value) = parsed.name_value();
        let path = match parsed.path() {
            Some(path) if path.starts_with('/') => path.to_owned(),
            // RFC 6265 uses the folder of the request. All requests go to one site, so that its path is enough.
            _ => response.site.path().to_owned(),
        };
        let seconds_left = seconds_left(&parsed, response.time).map(|left| left.clamp(0, MAX_AGE));
        let cookie = StoredCookie {
            name: name.to_owned(),
            value: SecretString::from(value),
            domain: Domain::parse(parsed.domain(), response.site)?,
            path,
            expires: seconds_left
                .map(|left| response.at + Duration::from_secs(left.unsigned_abs())),
            is_first: response.is_first,
        };
        let is_removed = seconds_left == Some(0) || value.trim_matches('"').is_empty();
        let is_kept = !is_removed && is_sendable(name, value) && cookie.bytes() <= MAX_BYTES;
        (!name.is_empty()).then_some(Self { cookie, is_kept })
    }
}

impl Domain {
    /// `None` for a domain that the site does not belong to.
    fn parse(attribute: Option<&str>, site: &Url) -> Option<Self> {
        let domain = attribute.unwrap_or_default().trim_start_matches('.');
        if domain.is_empty() {
            return Some(Self::Host);
        }
        let domain = domain.to_ascii_lowercase();
        is_domain_of(&domain, site).then_some(Self::Suffix(domain))
    }
}

/// The remaining lifetime of a cookie, in seconds. `Max-Age` has precedence over `Expires` (RFC 6265, 5.3), which is compared
/// with the time of the response on the site's own clock.
fn seconds_left(cookie: &Cookie<'_>, time: i64) -> Option<i64> {
    match cookie.max_age() {
        Some(age) => Some(age.whole_seconds()),
        None => Some(
            cookie
                .expires_datetime()?
                .unix_timestamp()
                .saturating_sub(time),
        ),
    }
}

/// Whether a cookie has the usual name of a session cookie, `X-Qlik-Session`, which most sites extend by the virtual proxy's
/// prefix or by `-HTTP`.
pub(super) fn has_session_name(name: &str) -> bool {
    name.to_ascii_lowercase().contains("qlik-session")
}

/// Whether a cookie can be sent in a `Cookie` header.
pub(super) fn is_sendable(name: &str, value: &str) -> bool {
    let fits = |text: &str| {
        text.bytes()
            .all(|byte| matches!(byte, b' '..=b'~') && byte != b';')
    };
    let named = !name.is_empty() && !name.contains('=');
    named && !value.is_empty() && fits(name) && fits(value)
}

/// Whether the site's host is the domain or below it (RFC 6265, 5.1.3). An address has no domain above it, and no
/// cookie is for a whole top-level domain.
fn is_domain_of(domain: &str, site: &Url) -> bool {
    let host = site.host_str().unwrap_or_default();
    let below = host
        .strip_suffix(domain)
        .is_some_and(|rest| rest.ends_with('.'));
    host == domain || (below && domain.contains('.') && site.domain().is_some())
}

/// Whether a request for `path` gets the cookies of `cookie_path` (RFC 6265, 5.1.4).
fn is_path_of(cookie_path: &str, path: &str) -> bool {
    path.strip_prefix(cookie_path)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/') || cookie_path.ends_with('/'))
}

#[cfg(test)]
mod tests;
