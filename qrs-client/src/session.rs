//! The session of an account on a site: its cookies, and when a request may open another session.
//!
//! A client that does not send its cookie back opens a session with every request, and the site locks its user out at the
//! sixth (Qlik help, Proxies: five sessions per user).

mod evidence;
mod hold;
mod jar;
mod pool;
mod stored;
#[cfg_attr(
    not(feature = "windows-login"),
    expect(dead_code, reason = "only logins as a Windows user need it")
)]
mod windows;

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use outbound_http::HeaderValue;
use secrecy::{ExposeSecret, SecretString};
use tokio::time::Instant;
use url::Url;

pub use self::evidence::SessionState;
use self::evidence::{Evidence, Observed, looks_joined};
use self::hold::Uses;
pub use self::hold::{SessionEnd, SessionHold};
use self::jar::{Change, CookieResponse, Jar};
pub use self::pool::SessionPool;
use self::stored::Moment;
#[cfg(feature = "windows-login")]
pub use self::windows::WindowsChallenge;
use self::windows::{LoginState, Password};
use crate::credentials::Credentials;
use crate::site::SiteUrl;

/// The session of an account on a site. Connections of the same account may share one.
#[derive(Debug)]
pub(crate) struct Session {
    site: SiteUrl,
    password: Password,
    state: Mutex<State>,
    /// Held by the request that opens a session.
    turn: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct State {
    jar: Jar,
    /// Number of changes of cookies.
    changes: u64,
    /// Number of times that all cookies were dropped because the site had ended their session.
    drops: u64,
    /// Whether requests may be sent at the same time: a session is open.
    is_open: bool,
    login: LoginState,
    was_answered: bool,
    /// The site's own time at its last response that had one, in seconds since 1970.
    site_time: Option<i64>,
    evidence: Evidence,
    uses: Uses,
}

/// The cookies of a request.
#[derive(Debug, Clone)]
pub(crate) struct SentCookies {
    header: Option<HeaderValue>,
    changes: u64,
    drops: u64,
    /// Whether requests could be sent at the same time when the cookies were read.
    was_open: bool,
    /// Whether the request also carried a token that a provider could replace.
    has_renewable_token: bool,
}

/// The headers of a response that concern cookies.
pub(crate) struct Headers<'a> {
    /// The `Set-Cookie` headers.
    pub(crate) cookies: Vec<&'a str>,
    /// The site's own time in seconds since 1970, if the response has a `Date`.
    pub(crate) date: Option<i64>,
    /// Whether the request succeeded.
    pub(crate) is_accepted: bool,
}

/// Minimum length of a cookie's value that is redacted, in bytes. Shorter ones are flags rather than secrets, and redacting
/// them would make every text unreadable.
const MIN_SECRET_BYTES: usize = 6;

impl Session {
    fn new(site: SiteUrl, password: Password) -> Self {
        Self {
            site,
            password,
            state: Mutex::default(),
            turn: tokio::sync::Mutex::default(),
        }
    }

    /// Uses the cookie of an existing session, unless there are cookies already.
    pub(crate) fn set_cookie(&self, name: &str, value: &SecretString) {
        let mut state = self.state();
        if state.changes == 0 {
            state.jar = Jar::from_session(name, value);
            state.changes += 1;
        }
    }

    /// Waits while another request opens a session. Until a session is open, requests are sent one by one: a site opens a
    /// session for each request without a cookie, and locks the user out at the sixth.
    pub(crate) async fn turn(&self) -> Option<tokio::sync::MutexGuard<'_, ()>> {
        if self.state().is_open(Instant::now()) {
            return None;
        }
        let turn = self.turn.lock().await;
        (!self.state().is_open(Instant::now())).then_some(turn)
    }

    /// The cookies for a request to `url`.
    pub(crate) fn cookies(&self, url: &Url) -> SentCookies {
        let state = self.state();
        let line = state.jar.line(url, Instant::now());
        let header = line.and_then(|line| HeaderValue::from_str(&line).ok());
        SentCookies {
            header: header.map(|mut value| {
                value.set_sensitive(true);
                value
            }),
            changes: state.changes,
            drops: state.drops,
            was_open: state.is_open,
            has_renewable_token: false,
        }
    }

    /// Keeps the cookies that the `Set-Cookie` headers of a response set, and drops those that they remove.
    ///
    /// Returns whether the cookies had changed since the request was sent.
    pub(crate) fn keep(&self, sent: &SentCookies, headers: &Headers<'_>) -> bool {
        let mut state = self.state();
        state.was_answered = true;
        state.site_time = headers.date.or(state.site_time);
        let outdated = state.changes != sent.changes;
        // A response within a dropped session must not replace the cookies of the new one. But a site may authenticate such a
        // request again, so that its cookie is that of a new session.
        let is_new = headers.opens_session() && state.jar.cookies().is_empty();
        if state.drops == sent.drops || is_new {
            state.keep(&self.site, sent, headers);
        }
        outdated
    }

    /// The site's own time at its last response that had one, in seconds since 1970.
    pub(crate) fn site_time(&self) -> Option<i64> {
        self.state().site_time
    }

    /// Whether a cookie has changed since.
    pub(crate) fn has_changed_since(&self, sent: &SentCookies) -> bool {
        self.state().changes != sent.changes
    }

    /// Drops the cookies of a refused request, unless they were dropped since; the next request opens a new session, and all
    /// others wait for it.
    pub(crate) fn drop_cookies(&self, sent: &SentCookies) {
        let mut state = self.state();
        if state.drops == sent.drops {
            state.drop_cookies();
        }
    }

    /// Whether the response to a request without cookies has set some.
    pub(crate) fn was_opened_since(&self, sent: &SentCookies) -> bool {
        let state = self.state();
        !sent.has_cookies() && state.has_cookie_for(&self.site, Instant::now())
    }

    /// Whether the site has set a cookie, or has answered several requests such as this one without one. Before, another
    /// request might open another session.
    pub(crate) fn is_settled(&self, sent: &SentCookies) -> bool {
        let state = self.state();
        let has_cookie = state.has_cookie_for(&self.site, Instant::now());
        let has_none = state.evidence.state() == SessionState::NoCookie;
        has_cookie || (has_none && state.drops == sent.drops)
    }

    /// Allows requests to be sent at the same time from now on.
    pub(crate) fn set_open(&self) {
        self.state().is_open = true;
    }

    /// Number of times that the cookies were dropped because the site had ended their session.
    pub(crate) fn renewals(&self) -> u64 {
        self.state().drops
    }

    /// Whether the site keeps the session, as far as its responses show.
    pub(crate) fn observed(&self) -> SessionState {
        self.state().evidence.state()
    }

    /// The secrets that no text may contain.
    pub(crate) fn secrets(&self) -> Vec<SecretString> {
        let state = self.state();
        let values = state.jar.cookies().iter().map(|cookie| &cookie.value);
        let long = |value: &&SecretString| value.expose_secret().len() >= MIN_SECRET_BYTES;
        values.filter(long).cloned().collect()
    }

    /// A name for the account on the site. Without the salt, it reveals neither.
    pub(crate) fn key(&self, credentials: &Credentials, salt: &str) -> String {
        stored::digest(salt, &self.site, credentials)
    }

    /// The session as text, valid for this site and these credentials only.
    pub(crate) fn export(&self, credentials: &Credentials) -> Option<SecretString> {
        stored::to_text(&self.state().jar, &self.site, credentials, now())
    }

    /// Continues an exported session and returns true. Returns false if the text belongs to another site or other
    /// credentials, or if a request was already sent.
    pub(crate) fn import(&self, text: &SecretString, credentials: &Credentials) -> bool {
        let Some(jar) = stored::from_text(text, &self.site, credentials, now()) else {
            return false;
        };
        let mut state = self.state();
        let is_unused = state.changes == 0 && !state.was_answered;
        if is_unused {
            state.jar = jar;
            state.changes += 1;
            state.login.set_open();
        }
        is_unused
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Whether requests may be sent at the same time. A session whose last cookie has expired must be opened again.
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
        self.login = LoginState::default();
    }

    /// Whether a request to QRS would have a cookie.
    fn has_cookie_for(&self, site: &SiteUrl, now: Instant) -> bool {
        let mut url = site.as_url().clone();
        url.set_path(&(url.path().to_owned() + "qrs/about"));
        self.jar.sent_to(&url, now).next().is_some()
    }

    fn keep(&mut self, site: &SiteUrl, sent: &SentCookies, headers: &Headers<'_>) {
        let Moment { time, at } = now();
        let response = CookieResponse {
            site: site.as_url(),
            at,
            time: headers.date.unwrap_or_else(|| unix_seconds(time)),
            is_first: !sent.has_cookies(),
        };
        let mut observed = Observed {
            sent: sent.count(),
            is_joined: headers.cookies.iter().any(|header| looks_joined(header)),
            ..Observed::default()
        };
        for header in &headers.cookies {
            let change = self.jar.keep(header, response);
            self.changes += u64::from(change != Change::None);
            observed.add(header, change);
        }
        observed.is_bare = !self.has_cookie_for(site, at);
        if headers.is_accepted {
            self.evidence.add(&observed);
        }
    }
}

impl Headers<'_> {
    /// Whether the response has the cookie of a session, as far as its name shows, and the request succeeded.
    fn opens_session(&self) -> bool {
        let name = |header: &str| header.split('=').next().is_some_and(jar::has_session_name);
        self.is_accepted && self.cookies.iter().any(|header| name(header))
    }
}

impl SentCookies {
    pub(crate) fn has_cookies(&self) -> bool {
        self.header.is_some()
    }

    /// Whether requests could be sent at the same time when the cookies were read.
    pub(crate) fn was_open(&self) -> bool {
        self.was_open
    }

    /// Marks a request that also carried a token that a provider could replace.
    pub(crate) fn with_renewable_token(mut self) -> Self {
        self.has_renewable_token = true;
        self
    }

    /// Whether the request continued something that the site may have ended: a session, or the use of a token.
    pub(crate) fn is_renewable(&self) -> bool {
        self.has_cookies() || self.has_renewable_token
    }

    /// The `Cookie` header.
    pub(crate) fn header(&self) -> Option<&HeaderValue> {
        self.header.as_ref()
    }

    /// Number of sessions that the site had ended before.
    pub(crate) fn drops(&self) -> u64 {
        self.drops
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
        reason = "only measures how long a stored cookie was unused; a wrong clock costs one renewal at most"
    )]
    let time = SystemTime::now();
    let at = Instant::now();
    Moment { time, at }
}

fn unix_seconds(time: SystemTime) -> i64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}
