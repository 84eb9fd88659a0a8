//! The uses of a session, and its end.

use std::sync::Arc;

use super::Session;

/// What happens to a session that is no longer in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SessionEnd {
    /// It stays open for the next client, and ends half an hour after its last request.
    #[default]
    Keep,
    /// It is ended, together with all other sessions of the same user on the virtual proxy.
    Logout,
}

/// A use of a session, until it is dropped. See [`QrsClient::hold_session`](crate::QrsClient::hold_session).
#[derive(Debug)]
#[must_use = "the session is held until this is dropped"]
pub struct SessionHold(Arc<Session>);

/// The uses of a session.
#[derive(Debug, Default)]
pub(super) struct Uses {
    count: usize,
    /// Whether one of the uses asked to end the session.
    ends_with_logout: bool,
}

impl Session {
    pub(crate) fn hold(self: &Arc<Self>, end: SessionEnd) -> SessionHold {
        let uses = &mut self.state().uses;
        uses.count += 1;
        uses.ends_with_logout |= end == SessionEnd::Logout;
        SessionHold(Arc::clone(self))
    }

    /// Whether the session must be ended now. The caller must end it: this returns true only once.
    pub(crate) fn must_end(&self) -> bool {
        let mut state = self.state();
        let has_cookies = !state.jar.cookies().is_empty();
        let uses = &mut state.uses;
        let must_end = uses.count == 0 && uses.ends_with_logout;
        if must_end {
            uses.ends_with_logout = false;
        }
        must_end && has_cookies
    }
}

impl Drop for SessionHold {
    fn drop(&mut self) {
        let uses = &mut self.0.state().uses;
        uses.count = uses.count.saturating_sub(1);
    }
}
