//! The session of an account on a site: its cookies, and who may open another one.
//!
//! A client that does not send its cookie back opens a session with every request and locks its user
//! out at the sixth (Qlik help, Proxies: five sessions a user).

mod evidence;
mod hold;
mod jar;
mod pool;
mod stored;

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use reqwest::header::HeaderValue;
use secrecy::{ExposeSecret, SecretString};
use tokio::time::Instant;
use url::Url;

pub use self::evidence::SessionState;
use self::evidence::{Evidence, Observed, looks_joined};
use self::hold::Uses;
pub use self::hold::{SessionEnd, SessionHold};
use self::jar::{Answered, Change, Jar};
pub use self::pool::SessionPool;
use self::stored::Moment;
use crate::credentials::HeaderCredentials;
use crate::site::SiteUrl;

/// The session of an account on a site. Connections of the same account may share one.
#[derive(Debug)]
pub(crate) struct Session {
    site: SiteUrl,
    state: Mutex<State>,
    /// Held by the request that opens a session.
    turn: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct State {
    jar: Jar,
    /// How often a cookie changed.
    changes: u64,
    /// How often all cookies were dropped, because the site had ended their session.
    drops: u64,
    /// Whether a request need not wait for another one to open a session.
    is_open: bool,
    was_answered: bool,
    evidence: Evidence,
    uses: Uses,
}

/// The cookies that a request carries.
#[derive(Debug, Clone)]
pub(crate) struct Carried {
    header: Option<HeaderValue>,
    changes: u64,
    drops: u64,
}

/// What an answer says about cookies.
pub(crate) struct Headers<'a> {
    /// The `Set-Cookie` headers.
    pub(crate) cookies: Vec<&'a str>,
    /// The site's own time in seconds since 1970, if the answer has a `Date`.
    pub(crate) date: Option<i64>,
    /// Whether the site answered with what was requested.
    pub(crate) is_accepted: bool,
}

/// Shorter cookies are marks rather than secrets, and redacting them would spoil every text.
const SHORTEST_SECRET: usize = 6;

impl Session {
    pub(crate) fn new(site: SiteUrl) -> Self {
        Self {
            site,
            state: Mutex::default(),
            turn: tokio::sync::Mutex::default(),
        }
    }

    /// Waits while another request opens a session. While none is open, requests go one by one: a site opens a session
    /// for each request that has no cookie yet, and locks the user out at the sixth.
    pub(crate) async fn turn(&self) -> Option<tokio::sync::MutexGuard<'_, ()>> {
        if self.state().is_open(Instant::now()) {
            return None;
        }
        let turn = self.turn.lock().await;
        (!self.state().is_open(Instant::now())).then_some(turn)
    }

    /// The cookies for a request to `url`.
    pub(crate) fn cookies(&self, url: &Url) -> Carried {
        let state = self.state();
        let line = state.jar.line(url, Instant::now());
        let header = line.and_then(|line| HeaderValue::from_str(&line).ok());
        Carried {
            header: header.map(|mut value| {
                value.set_sensitive(true);
                value
            }),
            changes: state.changes,
            drops: state.drops,
        }
    }

    /// Keeps what the `Set-Cookie` headers of an answer set, and drops what they take back.
    ///
    /// Returns whether the cookies had changed since the request was sent.
    pub(crate) fn keep(&self, carried: &Carried, headers: &Headers<'_>) -> bool {
        let mut state = self.state();
        state.was_answered = true;
        let outdated = state.changes != carried.changes;
        // What an answer within a dropped session sets must not replace the cookies of the new one.
        if state.drops == carried.drops {
            state.keep(&self.site, carried, headers);
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
            state.drop_cookies();
        }
    }

    /// Whether the answer to a request without cookies has set some.
    pub(crate) fn was_opened_since(&self, carried: &Carried) -> bool {
        let state = self.state();
        !carried.has_cookies() && state.has_cookie_for(&self.site, Instant::now())
    }

    /// Lets all requests go at the same time from now on.
    pub(crate) fn set_open(&self) {
        self.state().is_open = true;
    }

    /// Whether the site has ever answered.
    pub(crate) fn was_answered(&self) -> bool {
        self.state().was_answered
    }

    /// How often the cookies were dropped because the site had ended their session.
    pub(crate) fn renewals(&self) -> u64 {
        self.state().drops
    }

    /// Whether the site keeps the session, as far as its answers show.
    pub(crate) fn observed(&self) -> SessionState {
        self.state().evidence.state()
    }

    /// What must not show in any text.
    pub(crate) fn secrets(&self) -> Vec<SecretString> {
        let state = self.state();
        let values = state.jar.cookies().iter().map(|cookie| &cookie.value);
        let long = |value: &&SecretString| value.expose_secret().len() >= SHORTEST_SECRET;
        values.filter(long).cloned().collect()
    }

    /// What stands for the account on the site, without a hint at either for whoever does not know the salt.
    pub(crate) fn key(&self, credentials: &HeaderCredentials, salt: &str) -> String {
        stored::digest(salt, &self.site, credentials)
    }

    /// The session as text, tied to the site and to who asks.
    pub(crate) fn export(&self, credentials: &HeaderCredentials) -> Option<SecretString> {
        stored::to_text(&self.state().jar, &self.site, credentials, now())
    }

    /// Continues an exported session and returns true. Returns false if the text belongs to another site or other
    /// credentials, or if a request was already sent.
    pub(crate) fn import(&self, text: &SecretString, credentials: &HeaderCredentials) -> bool {
        let Some(jar) = stored::from_text(text, &self.site, credentials, now()) else {
            return false;
        };
        let mut state = self.state();
        let is_unused = state.changes == 0 && !state.was_answered;
        if is_unused {
            state.jar = jar;
            state.changes += 1;
        }
        is_unused
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Whether requests may go at the same time. A session whose last cookie has expired is to be opened again.
    fn is_open(&mut self, now: Instant) -> bool {
        let has_lapsed = !self.jar.cookies().is_empty() && self.jar.unexpired(now).next().is_none();
        if has_lapsed {
            self.drop_cookies();
        }
        self.is_open
    }

    fn drop_cookies(&mut self) {
        self.jar = Jar::default();
        self.changes += 1;
        self.drops += 1;
        self.is_open = false;
    }

    /// Whether a request to QRS carries a cookie.
    fn has_cookie_for(&self, site: &SiteUrl, now: Instant) -> bool {
        let mut url = site.as_url().clone();
        url.set_path(&(url.path().to_owned() + "qrs/about"));
        self.jar.sent_to(&url, now).next().is_some()
    }

    fn keep(&mut self, site: &SiteUrl, carried: &Carried, headers: &Headers<'_>) {
        let Moment { time, at } = now();
        let answered = Answered {
            site: site.as_url(),
            at,
            time: headers.date.unwrap_or_else(|| unix_seconds(time)),
            is_first: !carried.has_cookies(),
        };
        let mut observed = Observed {
            carried: carried.count(),
            is_joined: headers.cookies.iter().any(|header| looks_joined(header)),
            ..Observed::default()
        };
        for header in &headers.cookies {
            let change = self.jar.keep(header, answered);
            self.changes += u64::from(change != Change::None);
            observed.add(header, change);
        }
        observed.is_bare = !self.has_cookie_for(site, at);
        if headers.is_accepted {
            self.evidence.add(&observed);
        }
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

    /// The number of cookies.
    fn count(&self) -> usize {
        let header = self.header.as_ref().map(HeaderValue::as_bytes);
        header.map_or(0, |line| line.split(|byte| *byte == b';').count())
    }
}

fn now() -> Moment {
    #[expect(
        clippy::disallowed_methods,
        reason = "only tells for how long a stored cookie was unused; a wrong clock costs a renewal at most"
    )]
    let time = SystemTime::now();
    let at = Instant::now();
    Moment { time, at }
}

fn unix_seconds(time: SystemTime) -> i64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}
