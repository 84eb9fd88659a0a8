//! What a session remembers of logins as a Windows user.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use outbound_http::Challenge;
use tokio::time::Instant;

use super::Session;

/// Whether a login has opened the session. Cookies do not show that: gateways set some as well.
#[derive(Debug, Default)]
pub(super) struct LoginState {
    is_open: bool,
    challenge: Option<WindowsChallenge>,
}

/// Where and how a site asked a Windows user to log in; see [`QrsClient::windows_challenge`](crate::QrsClient::windows_challenge).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
#[cfg_attr(
    not(feature = "windows-login"),
    expect(unreachable_pub, reason = "the feature exports it")
)]
pub struct WindowsChallenge {
    /// The URL of the page, without its query.
    pub url: String,
    /// The scheme that the client answered: NTLM or Negotiate.
    pub scheme: Challenge,
}

/// The passwords that sites have refused, each by the digest of the site and the credentials.
#[derive(Clone, Default)]
pub(super) struct Refused(Arc<Mutex<BTreeSet<String>>>);

/// The password of a session's account, by its digest.
pub(super) struct Password {
    pub(super) digest: String,
    pub(super) refused: Refused,
}

impl LoginState {
    pub(super) fn set_open(&mut self) {
        self.is_open = true;
    }
}

impl Refused {
    pub(super) fn forget(&self, digest: &str) {
        self.digests().remove(digest);
    }

    fn digests(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Session {
    /// Waits while another request opens a session, even if one is open.
    pub(crate) async fn turn_to_log_in(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.turn.lock().await
    }

    /// Whether a login has opened the session. A session that is stored was opened by another run.
    pub(crate) fn is_logged_in(&self) -> bool {
        let mut state = self.state();
        // Drops a session that has lapsed.
        state.is_open(Instant::now());
        state.login.is_open
    }

    pub(crate) fn windows_challenge(&self) -> Option<WindowsChallenge> {
        self.state().login.challenge.clone()
    }

    pub(crate) fn set_windows_challenge(&self, url: &str, scheme: &Challenge) {
        self.state().login.challenge = Some(WindowsChallenge {
            url: url.to_owned(),
            scheme: scheme.clone(),
        });
    }

    pub(crate) fn set_logged_in(&self) {
        self.state().login.set_open();
    }

    /// Whether the site has refused the password, so that it must not be proved again.
    pub(crate) fn is_refused(&self) -> bool {
        let Password { digest, refused } = &self.password;
        refused.digests().contains(digest)
    }

    pub(crate) fn set_refused(&self) {
        let Password { digest, refused } = &self.password;
        refused.digests().insert(digest.clone());
    }
}

/// Without the digest, from which a weak password could be guessed.
impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Password").finish_non_exhaustive()
    }
}
