//! The cookies that a site hands out, and a session as text that outlives the program.
//!
//! A client that does not send its cookie back opens a session with every call and locks its user
//! out at the sixth (Qlik help, Proxies: five sessions a user).

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use cookie::Cookie;
use hyper::header::HeaderValue;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

use crate::credentials::HeaderCredentials;
use crate::site::SiteUrl;

/// The session of an account on a site: its cookies, and who may open another one.
#[derive(Debug, Default)]
pub(crate) struct Session {
    state: Mutex<State>,
    /// Held by the request that opens a session.
    turn: tokio::sync::Mutex<()>,
}

/// The cookies of one site by name: the name of the session's is free, and a balancer before the
/// site may have one of its own. One of each name, whatever path it was set for, so that an old
/// session is never sent beside a new one.
type Cookies = BTreeMap<String, SecretString>;

#[derive(Debug, Default)]
struct State {
    cookies: Cookies,
    /// How often a cookie changed.
    changes: u64,
    /// How often all cookies were dropped, because the site had ended their session.
    drops: u64,
    /// Whether a request need not wait for another one to open a session.
    is_open: bool,
    was_answered: bool,
}

/// The cookies that a request carries.
#[derive(Debug, Clone)]
pub(crate) struct Carried {
    header: Option<HeaderValue>,
    changes: u64,
    drops: u64,
}

/// The first part of an exported session. Another form gets another number.
const FORM: &str = "qrs-session-1";

/// Shorter cookies are marks rather than secrets, and blackening them would spoil every text.
const SHORTEST_SECRET: usize = 6;

impl Session {
    /// Waits while another request opens a session. While none is open, requests go one by one: a site opens a session
    /// for each request that has no cookie yet, and locks the user out at the sixth.
    pub(crate) async fn turn(&self) -> Option<tokio::sync::MutexGuard<'_, ()>> {
        if self.state().is_open {
            return None;
        }
        let turn = self.turn.lock().await;
        (!self.state().is_open).then_some(turn)
    }

    /// The cookies for the next request.
    pub(crate) fn cookies(&self) -> Carried {
        let state = self.state();
        Carried {
            header: state.header(),
            changes: state.changes,
            drops: state.drops,
        }
    }

    /// Keeps what the `Set-Cookie` headers of an answer set, and drops what they take back. `now` is the site's own
    /// time in seconds since 1970, as far as its answer tells it.
    ///
    /// Returns whether the cookies had changed since the request was sent.
    pub(crate) fn keep<'a>(
        &self,
        carried: &Carried,
        headers: impl Iterator<Item = &'a str>,
        now: Option<i64>,
    ) -> bool {
        let mut state = self.state();
        state.was_answered = true;
        let outdated = state.changes != carried.changes;
        // What an answer within a dropped session sets must not replace the cookies of the new one.
        if state.drops == carried.drops {
            headers.for_each(|header| state.keep(header, now));
        }
        outdated
    }

    /// Whether a cookie has changed since.
    pub(crate) fn has_changed_since(&self, carried: &Carried) -> bool {
        self.state().changes != carried.changes
    }

    /// Drops the cookies that a refused request carried, unless that was done since; the next request opens a new
    /// session, and all others wait for it.
    pub(crate) fn drop_cookies(&self, carried: &Carried) {
        let mut state = self.state();
        if state.drops == carried.drops {
            state.cookies.clear();
            state.changes += 1;
            state.drops += 1;
            state.is_open = false;
        }
    }

    /// Whether the answer to a request without cookies has set some.
    pub(crate) fn was_opened_since(&self, carried: &Carried) -> bool {
        !carried.has_cookies() && !self.state().cookies.is_empty()
    }

    /// Lets all requests go at the same time from now on.
    pub(crate) fn set_open(&self) {
        self.state().is_open = true;
    }

    /// Whether the site has ever answered.
    pub(crate) fn was_answered(&self) -> bool {
        self.state().was_answered
    }

    /// What must not show in any text.
    pub(crate) fn secrets(&self) -> Vec<SecretString> {
        let state = self.state();
        let long = |value: &&SecretString| value.expose_secret().len() >= SHORTEST_SECRET;
        state.cookies.values().filter(long).cloned().collect()
    }

    /// The session as text, tied to the site and to who asks.
    pub(crate) fn export(
        &self,
        site: &SiteUrl,
        credentials: &HeaderCredentials,
    ) -> Option<SecretString> {
        let salt = hex(&std::array::from_fn::<u8, 16, _>(|_| fastrand::u8(..)));
        let digest = digest(&salt, site, credentials);
        let line = self.state().line()?;
        Some(SecretString::from(format!("{FORM}:{salt}:{digest}:{line}")))
    }

    /// Goes on with an exported session, unless it is another site's or was opened with other
    /// credentials. Whether it did.
    pub(crate) fn import(
        &self,
        text: &SecretString,
        site: &SiteUrl,
        credentials: &HeaderCredentials,
    ) -> bool {
        let Some(cookies) = tied_to(text.expose_secret(), site, credentials) else {
            return false;
        };
        let mut state = self.state();
        state.cookies = cookies;
        state.changes += 1;
        true
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn keep(&mut self, header: &str, now: Option<i64>) {
        let Ok(cookie) = Cookie::parse(header) else {
            return;
        };
        let (name, value) = cookie.name_value_trimmed();
        let before = self.cookies.remove(name);
        let kept = is_sendable(name, value) && !is_expired(&cookie, now);
        let differs = |before: &SecretString| !kept || before.expose_secret() != value;
        self.changes += u64::from(before.as_ref().map_or(kept, differs));
        if kept {
            let value = SecretString::from(value);
            self.cookies.insert(name.to_owned(), value);
        }
    }

    fn header(&self) -> Option<HeaderValue> {
        let mut value = HeaderValue::from_str(&self.line()?).ok()?;
        value.set_sensitive(true);
        Some(value)
    }

    fn line(&self) -> Option<String> {
        let pairs: Vec<_> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={}", value.expose_secret()))
            .collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }
}

impl Carried {
    pub(crate) fn has_cookies(&self) -> bool {
        self.header.is_some()
    }

    /// The `Cookie` header.
    pub(crate) fn header(&self) -> Option<&HeaderValue> {
        self.header.as_ref()
    }
}

fn tied_to(text: &str, site: &SiteUrl, credentials: &HeaderCredentials) -> Option<Cookies> {
    let (salt, rest) = text
        .strip_prefix(FORM)?
        .strip_prefix(':')?
        .split_once(':')?;
    let (expected, line) = rest.split_once(':')?;
    if digest(salt, site, credentials) != expected {
        return None;
    }
    line.split("; ")
        .map(|pair| {
            let (name, value) = pair.split_once('=')?;
            let pair = (name.to_owned(), SecretString::from(value));
            is_sendable(name, value).then_some(pair)
        })
        .collect()
}

/// Salted, so that nobody looks a user up in it; with lengths, so that no two triples run together.
fn digest(salt: &str, site: &SiteUrl, credentials: &HeaderCredentials) -> String {
    let site = site.to_string();
    let value = credentials.value().expose_secret();
    let mut digest = Sha256::new();
    for part in [salt, &site, credentials.header(), value] {
        digest.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        digest.update(part);
    }
    hex(&digest.finalize())
}

fn is_sendable(name: &str, value: &str) -> bool {
    let fits = |text: &str| {
        text.bytes()
            .all(|byte| matches!(byte, b'!'..=b'~') && byte != b';')
    };
    !name.is_empty() && !value.is_empty() && fits(name) && fits(value)
}

/// Whether the site takes the cookie back. `Max-Age` goes before `Expires` (RFC 6265, 5.3).
fn is_expired(cookie: &Cookie<'_>, now: Option<i64>) -> bool {
    match cookie.max_age() {
        Some(age) => age.whole_seconds() <= 0,
        None => (cookie.expires_datetime())
            .is_some_and(|expires| expires.unix_timestamp() <= now.unwrap_or(0)),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site(text: &str) -> SiteUrl {
        SiteUrl::parse(text).unwrap()
    }

    fn credentials(name: &str, value: &str) -> HeaderCredentials {
        HeaderCredentials::new(name, SecretString::from(value)).unwrap()
    }

    fn session(line: &str) -> Session {
        let session = Session::default();
        let pairs = line.split("; ").map(|pair| pair.split_once('=').unwrap());
        session.state().cookies = pairs
            .map(|(name, value)| (name.to_owned(), SecretString::from(value)))
            .collect();
        session
    }

    #[test]
    fn a_cookie_is_dropped_when_the_site_takes_it_back() {
        let cases = [
            ("s=2", Some("s=2")),
            (" s = 2 ; Path=/vp/; Secure; HttpOnly", Some("s=2")),
            ("s=2; Max-Age=60", Some("s=2")),
            ("s=2; max-age=0", None),
            (
                "s=2; Max-Age=-1; Expires=Fri, 01 Jan 2100 00:00:00 GMT",
                None,
            ),
            (
                "s=2; Max-Age=9; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
                Some("s=2"),
            ),
            ("s=2; Expires=Thu, 01 Jan 1970 00:00:00 GMT", None),
            ("s=2; expires=Thu, 01-Jan-1970 00:00:00 GMT", None),
            ("s=2; Expires=Mon, 01 Jan 2024 00:00:00 GMT", None),
            ("s=2; Expires=Wed, 01 Jan 2025 00:00:00 GMT", Some("s=2")),
            ("s=2; Expires=some day", Some("s=2")),
            ("s=", None),
            ("s", Some("s=1")),
            ("=2", Some("s=1")),
        ];
        let now = crate::retry::http_date("Mon, 01 Jul 2024 00:00:00 GMT");
        for (header, expected) in cases {
            let session = session("s=1");
            session.keep(&session.cookies(), [header].into_iter(), now);
            assert_eq!(session.state().line().as_deref(), expected, "{header}");
        }
    }

    #[test]
    fn an_exported_session_goes_on_where_it_was_opened() {
        let (site, credentials) = (
            site("https://qlik.example/vp/"),
            credentials("X-User", "me"),
        );
        let exported = session("a=b=c; X-Qlik-Session=12:34")
            .export(&site, &credentials)
            .unwrap();
        let resumed = Session::default();
        assert!(resumed.import(&exported, &site, &credentials));
        assert_eq!(
            resumed.state().line().unwrap(),
            "X-Qlik-Session=12:34; a=b=c"
        );
        assert!(Session::default().export(&site, &credentials).is_none());
    }

    #[test]
    fn a_session_of_another_site_header_or_value_is_left_alone() {
        let (here, me) = (
            site("https://qlik.example/vp/"),
            credentials("X-User", "me"),
        );
        let exported = session("a=b").export(&here, &me).unwrap();
        assert!(!exported.expose_secret().contains("qlik.example"));
        let fresh = Session::default();
        for (other, who) in [
            (site("https://qlik.example/"), me.clone()),
            (site("http://qlik.example/vp"), me.clone()),
            (here.clone(), credentials("X-Users", "me")),
            (here.clone(), credentials("X-User", "Me")),
        ] {
            assert!(!fresh.import(&exported, &other, &who));
        }
        assert!(fresh.state().line().is_none());
    }

    #[test]
    fn text_that_is_no_session_is_left_alone() {
        let (here, me) = (site("https://qlik.example/"), credentials("X-User", "me"));
        let digest = digest("5a17", &here, &me);
        let good = format!("{FORM}:5a17:{digest}:a=b");
        assert!(Session::default().import(&good.clone().into(), &here, &me));
        for text in [
            String::new(),
            good.replace("session-1", "session-2"),
            good.replace("5a17", "5a18"),
            good.replace("a=b", "ab"),
            good.replace("a=b", ""),
            good.replace("a=b", "a=b\r\nX: y"),
            good.replace(":a=b", ""),
        ] {
            assert!(
                !Session::default().import(&text.clone().into(), &here, &me),
                "{text}"
            );
        }
    }
}
