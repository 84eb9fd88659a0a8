//! Whether a request may see the catalog.

use std::{net::IpAddr, time::Instant};

use axum::http::{HeaderMap, header};
use base64::{Engine, engine::general_purpose::STANDARD};
use ring::{hmac, rand::SystemRandom};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use tracing::warn;

use super::{sessions::Sessions, settings::Auth, throttle::Throttle};

/// The name of the cookie of a session.
pub(super) const COOKIE: &str = "catalog_session";

/// What lasts longer than one request: sessions and failures.
pub(super) struct Logins {
    pub(super) sessions: Sessions,
    throttle: Throttle,
    /// A random key, with which secrets are compared.
    comparison: Option<hmac::Key>,
}

/// The answer to the question who sent a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Login {
    /// Somebody who may see the catalog.
    Accepted,
    /// Somebody with a session of the sign-in page.
    Session,
    /// Somebody without credentials.
    Missing,
    /// Somebody with wrong credentials.
    Wrong,
    /// Somebody who must wait this number of seconds, because too many attempts failed.
    Throttled(u64),
}

impl Logins {
    pub(super) fn new() -> Self {
        let key = hmac::Key::generate(hmac::HMAC_SHA256, &SystemRandom::new());
        Self {
            sessions: Sessions::default(),
            throttle: Throttle::default(),
            comparison: key.ok(),
        }
    }

    /// Checks the credentials of a request from an address.
    pub(super) fn check(&self, auth: &Auth, headers: &HeaderMap, peer: IpAddr) -> Login {
        match auth {
            Auth::Token(token) => self.check_token_or_session(token, headers, peer),
            Auth::Basic { user, password } => {
                let Some(given) = basic(headers) else {
                    return missing_or_wrong(headers);
                };
                let expected = format!("{user}:{}", password.expose_secret());
                self.attempt(&given, &SecretString::from(expected), peer)
            }
            Auth::ProxyHeader { header, trusted } => {
                let is_trusted = trusted.iter().any(|network| network.contains(peer));
                let mut values = headers.get_all(header).iter();
                let user = values
                    .next()
                    .is_some_and(|user| !user.as_bytes().trim_ascii().is_empty());
                match is_trusted && user && values.next().is_none() {
                    true => Login::Accepted,
                    false => Login::Missing,
                }
            }
        }
    }

    fn check_token_or_session(
        &self,
        token: &SecretString,
        headers: &HeaderMap,
        peer: IpAddr,
    ) -> Login {
        let digest = digest(token);
        let is_open = |id: &String| self.sessions.is_open(id, digest, Instant::now());
        if session_ids(headers).iter().any(is_open) {
            return Login::Session;
        }
        match scheme(headers, "bearer") {
            Some(given) => self.attempt(given, token, peer),
            None => missing_or_wrong(headers),
        }
    }

    /// Compares a secret, if the address may try.
    pub(super) fn attempt(&self, given: &str, expected: &SecretString, peer: IpAddr) -> Login {
        let now = Instant::now();
        if let Some(wait) = self.throttle.wait(peer, now) {
            return Login::Throttled(wait.as_secs() + 1);
        }
        if self.are_equal(given, expected) {
            return Login::Accepted;
        }
        let failures = self.throttle.failed(peer, now);
        // Once per power of two, so that an attack does not fill the log.
        if failures.is_power_of_two() {
            warn!(address = %peer, failures, "a login to the catalog failed");
        }
        Login::Wrong
    }

    /// Compares texts in a time that does not depend on them: the digests under a random key are compared.
    fn are_equal(&self, given: &str, expected: &SecretString) -> bool {
        let Some(key) = &self.comparison else {
            return false;
        };
        let tag = hmac::sign(key, expected.expose_secret().as_bytes());
        hmac::verify(key, given.as_bytes(), tag.as_ref()).is_ok()
    }
}

/// The digest of the token, which sessions belong to.
pub(super) fn digest(token: &SecretString) -> [u8; 32] {
    Sha256::digest(token.expose_secret()).into()
}

/// The ids of sessions in the cookies of a request.
pub(super) fn session_ids(headers: &HeaderMap) -> Vec<String> {
    let cookies = headers.get_all(header::COOKIE).iter();
    let cookies = cookies.filter_map(|cookies| cookies.to_str().ok());
    let cookies = cookies.flat_map(|cookies| cookies.split(';'));
    let named = cookies.filter_map(|cookie| cookie.trim().split_once('='));
    let ours = named.filter(|(name, _)| *name == COOKIE);
    ours.map(|(_, id)| id.to_owned()).take(4).collect()
}

/// Credentials of a scheme that is not accepted are wrong, without being an attempt.
fn missing_or_wrong(headers: &HeaderMap) -> Login {
    match headers.contains_key(header::AUTHORIZATION) {
        true => Login::Wrong,
        false => Login::Missing,
    }
}

/// `USER:PASSWORD` of a request.
fn basic(headers: &HeaderMap) -> Option<String> {
    let bytes = STANDARD.decode(scheme(headers, "basic")?).ok()?;
    String::from_utf8(bytes).ok()
}

/// What follows the name of a scheme in the header `Authorization`.
fn scheme<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, rest) = value.trim().split_once(' ')?;
    scheme.eq_ignore_ascii_case(name).then(|| rest.trim())
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;
    use crate::server::settings::Network;

    const PEER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 1, 2, 3));

    fn with(name: &'static str, value: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(name, HeaderValue::from_str(value).unwrap());
        headers
    }

    #[test]
    fn a_token_is_a_bearer_or_a_session() {
        let (logins, auth) = (Logins::new(), Auth::Token("s3cret".into()));
        let check = |headers: &HeaderMap| logins.check(&auth, headers, PEER);
        assert_eq!(check(&HeaderMap::new()), Login::Missing);
        assert_eq!(
            check(&with("authorization", "Bearer s3cret")),
            Login::Accepted
        );
        assert_eq!(
            check(&with("authorization", "bearer s3cret")),
            Login::Accepted
        );
        assert_eq!(check(&with("authorization", "Bearer s3cre")), Login::Wrong);
        assert_eq!(check(&with("authorization", "Basic s3cret")), Login::Wrong);
        assert_eq!(
            check(&with("cookie", "catalog_session=s3cret")),
            Login::Missing
        );
        let id = logins
            .sessions
            .open(digest(&"s3cret".into()), Instant::now());
        let cookie = format!("a=b; {COOKIE}={}", id.unwrap());
        assert_eq!(check(&with("cookie", &cookie)), Login::Session);
    }

    #[test]
    fn a_user_and_a_password_are_compared_together() {
        let auth = Auth::Basic {
            user: "ada".to_owned(),
            password: "pa:ss".into(),
        };
        for (given, expected) in [
            ("ada:pa:ss", Login::Accepted),
            ("ada:pa", Login::Wrong),
            ("eve:pa:ss", Login::Wrong),
            ("", Login::Wrong),
        ] {
            let value = format!("Basic {}", STANDARD.encode(given));
            let login = Logins::new().check(&auth, &with("authorization", &value), PEER);
            assert_eq!(login, expected, "{given}");
        }
    }

    #[test]
    fn a_user_in_a_header_counts_only_from_a_trusted_proxy() {
        let auth = |network| Auth::ProxyHeader {
            header: "x-user".parse().unwrap(),
            trusted: vec![Network::parse(network).unwrap()].into(),
        };
        let logins = Logins::new();
        let user = with("x-user", "ada");
        assert_eq!(
            logins.check(&auth("10.0.0.0/8"), &user, PEER),
            Login::Accepted
        );
        assert_eq!(
            logins.check(&auth("10.9.0.0/16"), &user, PEER),
            Login::Missing
        );
        let blank = with("x-user", " ");
        assert_eq!(
            logins.check(&auth("10.0.0.0/8"), &blank, PEER),
            Login::Missing
        );
        let mut two = user.clone();
        two.append("x-user", HeaderValue::from_static("eve"));
        assert_eq!(
            logins.check(&auth("10.0.0.0/8"), &two, PEER),
            Login::Missing
        );
    }

    #[test]
    fn guesses_are_throttled_also_if_one_is_right() {
        let (logins, token) = (Logins::new(), SecretString::from("s3cret"));
        for _ in 0..10 {
            assert_eq!(logins.attempt("guess", &token, PEER), Login::Wrong);
        }
        let throttled = logins.attempt("s3cret", &token, PEER);
        assert!(matches!(throttled, Login::Throttled(1..=61)));
        let other = [10, 1, 2, 4].into();
        assert_eq!(logins.attempt("s3cret", &token, other), Login::Accepted);
    }
}
