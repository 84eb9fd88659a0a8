//! Sessions of the proxy: a cookie each, and few of them for one user.

use std::collections::BTreeMap;

/// What the site answers to a request with the cookie of a session that has ended, or that never was.
///
/// Qlik's help says that it redirects to the authentication module. Sites with gateways in front were seen to do each
/// of the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndedSession {
    /// 302 to the login page.
    RedirectToLogin,
    /// 302 to the login page of another system.
    RedirectElsewhere,
    /// 401 with a challenge.
    Unauthorized,
    /// 403 `Forbidden`.
    Forbidden,
    /// 400 with a line of text.
    BadRequest,
    /// 200 with a login form in HTML.
    LoginPage,
    /// The header authenticates again: the right answer, with the cookie of a new session.
    AuthenticateAgain,
}

impl EndedSession {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::RedirectToLogin,
        Self::RedirectElsewhere,
        Self::Unauthorized,
        Self::Forbidden,
        Self::BadRequest,
        Self::LoginPage,
        Self::AuthenticateAgain,
    ];
}

/// How many sessions of a user may be open at a time (Qlik help, Session management).
const MOST_PARALLEL: usize = 5;

/// The sessions that are open, and how many there ever were.
#[derive(Debug, Default)]
pub(super) struct Sessions {
    /// The user by the cookie's value.
    open: BTreeMap<String, String>,
    opened: usize,
}

impl Sessions {
    /// The user whose session this cookie belongs to.
    pub(super) fn user(&self, cookie: &str) -> Option<&str> {
        self.open.get(cookie).map(String::as_str)
    }

    /// Opens a session and gives its cookie's value, unless the user has too many.
    pub(super) fn open(&mut self, user: &str) -> Option<String> {
        let parallel = self.open.values().filter(|open| *open == user).count();
        if parallel >= MOST_PARALLEL {
            return None;
        }
        let cookie = guid();
        self.open.insert(cookie.clone(), user.to_owned());
        self.opened += 1;
        Some(cookie)
    }

    pub(super) fn opened(&self) -> usize {
        self.opened
    }

    pub(super) fn end_all(&mut self) {
        self.open.clear();
    }

    pub(super) fn end_all_of(&mut self, user: &str) {
        self.open.retain(|_, open| open != user);
    }
}

/// A GUID that nobody can foresee from the one before.
pub(super) fn guid() -> String {
    let bits = fastrand::u128(..);
    format!(
        "{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}",
        bits as u32,
        (bits >> 32) as u16,
        (bits >> 48) as u16 & 0xfff,
        (bits >> 64) as u16 & 0xfff,
        (bits >> 80) as u64 & 0xffff_ffff_ffff,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sixth_parallel_session_of_a_user_is_refused() {
        let mut sessions = Sessions::default();
        for _ in 0..MOST_PARALLEL {
            assert!(sessions.open("ada").is_some());
        }
        assert_eq!(sessions.open("ada"), None);
        assert!(sessions.open("ben").is_some());
        sessions.end_all_of("ada");
        assert!(sessions.open("ada").is_some());
        assert_eq!(sessions.opened(), MOST_PARALLEL + 2);
    }
}
