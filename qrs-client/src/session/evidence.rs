//! Whether the site keeps the session, as far as its responses show.

use super::jar::{Change, has_session_name};

/// Whether a site keeps the session from one request to the next, as far as its responses show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum SessionState {
    /// There were too few responses to know.
    #[default]
    Unknown,
    /// The site has no session for this client, because each request authenticates itself by a client certificate.
    NotNeeded,
    /// The site accepts the cookie that it set.
    Kept,
    /// The site sets no cookie, so each request opens a session.
    NoCookie,
    /// The site sets a new session cookie with each response, so each request opens a session.
    NewWithEachAnswer,
}

/// What the last responses showed, and how many of them in a row.
#[derive(Debug, Default)]
pub(super) struct Evidence {
    shown: SessionState,
    times: u32,
}

/// The effect of one response on the cookies.
#[derive(Debug, Default)]
pub(super) struct Observed {
    /// Number of cookies of the request.
    pub(super) sent: usize,
    /// Number of them that have another value now or were removed.
    pub(super) lost: usize,
    /// Whether one of them is the session's cookie, judging by its name.
    pub(super) has_lost_session: bool,
    /// Whether a gateway has joined several cookies into one header, so that only the first can be read.
    pub(super) is_joined: bool,
    /// Whether there is no cookie for the next request after the response.
    pub(super) is_bare: bool,
}

/// Minimum number of responses in a row that show the same. A site may renew a session once.
const MIN_TIMES: u32 = 2;

impl Evidence {
    pub(super) fn add(&mut self, observed: &Observed) {
        let shown = observed.shown();
        if shown == SessionState::Unknown {
            return;
        }
        self.times = if shown == self.shown {
            self.times.saturating_add(1)
        } else {
            1
        };
        self.shown = shown;
    }

    pub(super) fn state(&self) -> SessionState {
        match self.shown {
            SessionState::Kept => SessionState::Kept,
            shown if self.times >= MIN_TIMES => shown,
            _ => SessionState::Unknown,
        }
    }
}

impl Observed {
    pub(super) fn add(&mut self, header: &str, change: Change) {
        let name = header.split('=').next().unwrap_or_default();
        match change {
            Change::None => {}
            // The session has a cookie of another name now.
            Change::Added => self.has_lost_session |= self.sent > 0 && has_session_name(name),
            Change::Replaced | Change::Removed => {
                self.lost += 1;
                self.has_lost_session |= has_session_name(name);
            }
        }
    }

    fn shown(&self) -> SessionState {
        if self.is_bare {
            SessionState::NoCookie
        } else if self.sent == 0 {
            SessionState::Unknown
        } else if self.has_lost_session || self.is_joined || self.lost >= self.sent {
            SessionState::NewWithEachAnswer
        } else {
            SessionState::Kept
        }
    }
}

/// Whether a `Set-Cookie` header holds several cookies, which a gateway has joined by commas. The comma in the date of
/// `Expires` is followed by no `NAME=`.
pub(super) fn looks_joined(header: &str) -> bool {
    let mut parts = header.split(',').skip(1);
    parts.any(|part| {
        let name = part.split_once('=').map(|(name, _)| name.trim());
        let is_token =
            |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        name.is_some_and(|name| !name.is_empty() && name.bytes().all(is_token))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joined_cookies_are_distinguished_from_dates() {
        let cases = [
            ("a=1; Path=/", false),
            ("a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Path=/", false),
            ("a=1; Path=/, X-Qlik-Session=2; Path=/", true),
            ("a=1,b=2", true),
            ("a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT, b=2", true),
            ("a=\"1, 2\"; Path=/", false),
        ];
        for (header, expected) in cases {
            assert_eq!(looks_joined(header), expected, "{header}");
        }
    }

    #[test]
    fn one_new_cookie_does_not_show_a_lost_session() {
        let kept = Observed {
            sent: 1,
            ..Observed::default()
        };
        let replaced = Observed {
            sent: 1,
            lost: 1,
            ..Observed::default()
        };
        let mut evidence = Evidence::default();
        let mut after = |observed: &Observed| {
            evidence.add(observed);
            evidence.state()
        };
        assert_eq!(after(&replaced), SessionState::Unknown);
        assert_eq!(after(&kept), SessionState::Kept);
        assert_eq!(after(&replaced), SessionState::Unknown);
        assert_eq!(after(&replaced), SessionState::NewWithEachAnswer);
    }
}
