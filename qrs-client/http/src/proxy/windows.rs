//! A Windows user at a proxy, and what the proxy has shown of its logins.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::{Mutex, MutexGuard};

use crate::challenge::Challenge;
use crate::windows_login::WindowsAccount;

/// A Windows user who logs in at a proxy. Clones share what is known of the proxy.
#[derive(Clone)]
pub(crate) struct ProxyUser {
    account: WindowsAccount,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    /// Held during a login: several at once could prove a wrong password several times.
    turn: Mutex<()>,
    is_refused: AtomicBool,
    /// Whether the proxy offers Negotiate, but not NTLM.
    is_negotiate: AtomicBool,
}

impl ProxyUser {
    pub(super) fn new(account: WindowsAccount) -> Self {
        Self {
            account,
            state: Arc::default(),
        }
    }

    pub(crate) fn account(&self) -> &WindowsAccount {
        &self.account
    }

    /// `DOMAIN\user`, or the principal name alone.
    pub(crate) fn name(&self) -> String {
        match self.account.domain() {
            "" => self.account.user().to_owned(),
            domain => format!(r"{domain}\{}", self.account.user()),
        }
    }

    /// Waits while another connection logs in.
    pub(crate) async fn turn(&self) -> MutexGuard<'_, ()> {
        self.state.turn.lock().await
    }

    /// Whether the proxy has refused the password.
    pub(crate) fn is_refused(&self) -> bool {
        self.state.is_refused.load(Ordering::Relaxed)
    }

    pub(crate) fn set_refused(&self) {
        self.state.is_refused.store(true, Ordering::Relaxed);
    }

    /// The scheme of the next login: NTLM, unless the proxy has offered Negotiate alone.
    pub(crate) fn scheme(&self) -> Challenge {
        match self.state.is_negotiate.load(Ordering::Relaxed) {
            true => Challenge::Negotiate,
            false => Challenge::Ntlm,
        }
    }

    /// Remembers the schemes that the proxy offers. Returns whether the next login uses another one than this login.
    pub(crate) fn learn(&self, used: &Challenge, offered: &[Challenge]) -> bool {
        let is_negotiate =
            offered.contains(&Challenge::Negotiate) && !offered.contains(&Challenge::Ntlm);
        let is_offered = is_negotiate || offered.contains(&Challenge::Ntlm);
        self.state
            .is_negotiate
            .store(is_negotiate, Ordering::Relaxed);
        is_offered && self.scheme() != *used
    }
}
