//! A session as text that can be stored, valid for one site and one account only.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tokio::time::Instant;

use super::jar::{Domain, Jar, StoredCookie, is_sendable};
use crate::credentials::Credentials;
use crate::site::SiteUrl;

/// The first part of the text. Each format has its own number; text of another format is ignored.
const FORMAT: &str = "qrs-session-2";

/// A moment on both clocks: the one that can be set, and the monotonic one.
#[derive(Clone, Copy)]
pub(super) struct Moment {
    pub(super) time: SystemTime,
    pub(super) at: Instant,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    /// When it was stored, in seconds since 1970.
    stored: u64,
    cookies: Vec<StoredAsText>,
}

#[derive(Serialize, Deserialize)]
struct StoredAsText {
    name: String,
    value: String,
    domain: Option<String>,
    path: String,
    /// Seconds until it expires, at the time when it was stored.
    seconds_left: Option<u64>,
    is_first: bool,
}

/// The cookies of a jar as text; `None` if it is empty.
pub(super) fn to_text(
    jar: &Jar,
    site: &SiteUrl,
    credentials: &Credentials,
    now: Moment,
) -> Option<SecretString> {
    let cookies: Vec<_> = jar
        .unexpired(now.at)
        .map(|cookie| as_text(cookie, now.at))
        .collect();
    if cookies.is_empty() {
        return None;
    }
    let stored = Stored {
        stored: seconds(now.time),
        cookies,
    };
    let json = serde_json::to_string(&stored).ok()?;
    let salt = hex(&std::array::from_fn::<u8, 16, _>(|_| fastrand::u8(..)));
    let digest = digest(&salt, site, credentials);
    Some(SecretString::from(format!(
        "{FORMAT}:{salt}:{digest}:{json}"
    )))
}

/// The cookies of an exported session; `None` if the text is not a session of this site and these credentials.
pub(super) fn from_text(
    text: &SecretString,
    site: &SiteUrl,
    credentials: &Credentials,
    now: Moment,
) -> Option<Jar> {
    let text = text.expose_secret();
    let rest = text.strip_prefix(FORMAT)?.strip_prefix(':')?;
    let (salt, rest) = rest.split_once(':')?;
    let (expected, json) = rest.split_once(':')?;
    if digest(salt, site, credentials) != expected {
        return None;
    }
    let stored: Stored = serde_json::from_str(json).ok()?;
    // If the clock was set back in the meantime, a cookie lasts longer here than on the site, which then renews it.
    let passed = seconds(now.time).saturating_sub(stored.stored);
    let cookies = stored.cookies.into_iter();
    let cookies = cookies.filter_map(|cookie| from_stored(cookie, passed, now.at));
    Some(Jar::from_stored(cookies.collect()))
}

/// A name for an account on a site. Without the salt, it reveals neither.
pub(super) fn digest(salt: &str, site: &SiteUrl, credentials: &Credentials) -> String {
    let site = site.to_string();
    let (name, secret) = credentials.identity();
    let mut digest = Sha256::new();
    // Lengths make the parts unambiguous.
    for part in [salt, &site, name, secret.expose_secret()] {
        digest.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        digest.update(part);
    }
    hex(&digest.finalize())
}

fn as_text(cookie: &StoredCookie, now: Instant) -> StoredAsText {
    StoredAsText {
        name: cookie.name.clone(),
        value: cookie.value.expose_secret().to_owned(),
        domain: match &cookie.domain {
            Domain::Host => None,
            Domain::Suffix(domain) => Some(domain.clone()),
        },
        path: cookie.path.clone(),
        seconds_left: cookie
            .expires
            .map(|expires| expires.saturating_duration_since(now).as_secs_f64().ceil() as u64),
        is_first: cookie.is_first,
    }
}

fn from_stored(cookie: StoredAsText, passed: u64, now: Instant) -> Option<StoredCookie> {
    let expires = match cookie.seconds_left {
        None => None,
        Some(left) => Some(now.checked_add(Duration::from_secs(left.checked_sub(passed)?))?),
    };
    is_sendable(&cookie.name, &cookie.value).then(|| StoredCookie {
        name: cookie.name,
        value: SecretString::from(cookie.value),
        domain: cookie.domain.map_or(Domain::Host, Domain::Suffix),
        path: cookie.path,
        expires,
        is_first: cookie.is_first,
    })
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs()
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

#[cfg(test)]
mod tests {
    use url::Url;

    use super::super::jar::CookieResponse;
    use super::*;
    use crate::credentials::HeaderCredentials;

    fn site(text: &str) -> SiteUrl {
        SiteUrl::parse(text).unwrap()
    }

    fn credentials(name: &str, value: &str) -> Credentials {
        let header = HeaderCredentials::new(name, SecretString::from(value));
        header.unwrap().into()
    }

    fn now() -> Moment {
        Moment {
            time: UNIX_EPOCH + Duration::from_secs(1_700_000_000),
            at: Instant::now(),
        }
    }

    fn jar(site: &Url, now: Moment, headers: &[&str]) -> Jar {
        let mut jar = Jar::default();
        let (at, time, is_first) = (now.at, 1_700_000_000, true);
        for header in headers {
            let response = CookieResponse {
                site,
                at,
                time,
                is_first,
            };
            jar.keep(header, response);
        }
        jar
    }

    fn me() -> Credentials {
        credentials("X-User", "me")
    }

    #[test]
    fn a_stored_session_continues_on_its_site() {
        let (here, now) = (site("https://qlik.example/vp/"), now());
        let url = here.as_url();
        let headers = [
            "a=b=c; Path=/",
            "X-Qlik-Session=12:34; Path=/vp",
            "x=1; Path=/hub",
        ];
        let text = to_text(&jar(url, now, &headers), &here, &me(), now).unwrap();
        let jar = from_text(&text, &here, &me(), now).unwrap();
        assert_eq!(
            jar.line(url, now.at).unwrap(),
            "X-Qlik-Session=12:34; a=b=c"
        );
        assert_eq!(jar.cookies().len(), 3);
        assert!(to_text(&Jar::default(), &here, &me(), now).is_none());
    }

    #[test]
    fn a_stored_cookie_expires_on_time() {
        let (here, now) = (site("https://qlik.example/"), now());
        let url = here.as_url();
        let jar = jar(url, now, &["a=1; Max-Age=60", "b=1; Max-Age=600", "c=1"]);
        let text = to_text(&jar, &here, &me(), now).unwrap();
        let minute = Duration::from_secs(60);
        let cases = [
            // The clock runs, is set forward, and is set back.
            (now.time, "a=1; b=1; c=1"),
            (now.time + minute / 2, "a=1; b=1; c=1"),
            (now.time + 2 * minute, "b=1; c=1"),
            (now.time + 1_000_000 * minute, "c=1"),
            (now.time - 1_000_000 * minute, "a=1; b=1; c=1"),
            (UNIX_EPOCH - minute, "a=1; b=1; c=1"),
        ];
        for (time, expected) in cases {
            let jar = from_text(&text, &here, &me(), Moment { time, ..now }).unwrap();
            assert_eq!(jar.line(url, now.at).unwrap(), expected);
            // In all cases, no cookie lasts longer than the site said.
            let end = jar.line(url, now.at + 10 * minute).unwrap();
            assert_eq!(end, "c=1");
        }
        let later = Moment {
            at: now.at + 2 * minute,
            ..now
        };
        assert!(
            !to_text(&jar, &here, &me(), later)
                .unwrap()
                .expose_secret()
                .contains("\"a\"")
        );
    }

    #[test]
    fn a_session_of_another_site_header_or_value_is_ignored() {
        let (here, now) = (site("https://qlik.example/vp/"), now());
        let jar = jar(here.as_url(), now, &["a=b"]);
        let text = to_text(&jar, &here, &me(), now).unwrap();
        assert!(!text.expose_secret().contains("qlik.example"));
        for (other, account) in [
            (site("https://qlik.example/"), me()),
            (site("http://qlik.example/vp"), me()),
            (here.clone(), credentials("X-Users", "me")),
            (here.clone(), credentials("X-User", "Me")),
        ] {
            assert!(from_text(&text, &other, &account, now).is_none());
        }
    }

    #[test]
    fn text_that_is_not_a_session_is_ignored() {
        let (here, now) = (site("https://qlik.example/"), now());
        let jar = jar(here.as_url(), now, &["a=b"]);
        let good = to_text(&jar, &here, &me(), now).unwrap();
        let good = good.expose_secret();
        let read = |text: String| from_text(&SecretString::from(text), &here, &me(), now);
        for text in [
            String::new(),
            good.replace("session-2", "session-1"),
            good.replacen(':', ":0", 1),
            good.replace("cookies", "cookie"),
            good[..good.len() / 2].to_owned(),
            good.to_owned() + "}",
            good.replace('{', "["),
        ] {
            assert!(read(text.clone()).is_none(), "{text}");
        }
        let unsendable = read(good.replace("\"b\"", "\"b\\r\\nX: y\"")).unwrap();
        assert!(unsendable.cookies().is_empty());
    }
}
