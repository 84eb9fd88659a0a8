//! Sessions of the proxy. Each has a cookie, and the number for each user is limited.

use std::collections::BTreeMap;

/// The response to a request with the cookie of an ended or unknown session.
///
/// According to Qlik's help, it redirects to the authentication module. All other responses were seen on sites behind
/// gateways.
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
    /// The header authenticates again: the right response, with the cookie of a new session.
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

/// Maximum number of open sessions of a user (Qlik help, Session management).
const MOST_PARALLEL: usize = 5;

/// The open sessions, and the number of sessions opened so far.
#[derive(Debug, Default)]
pub(super) struct Sessions {
    /// Cookie values with their users.
    open: BTreeMap<String, String>,
    opened: usize,
}

impl Sessions {
    /// The user whose session this cookie belongs to.
    pub(super) fn user(&self, cookie: &str) -> Option<&str> {
        self.open.get(cookie).map(String::as_str)
    }

    /// Opens a session and returns its cookie's value, unless the user has too many.
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

/// An unpredictable GUID.
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
