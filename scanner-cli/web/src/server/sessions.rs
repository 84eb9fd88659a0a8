//! The sessions of people who signed in with the token. They are kept in memory: a restart ends them.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use ring::rand::{SecureRandom, SystemRandom};
use sha2::{Digest, Sha256};

/// How long a session lasts.
pub(super) const LIFETIME: Duration = Duration::from_secs(12 * 60 * 60);
/// Maximum number of sessions. If there are more, the oldest ends.
const MAX_SESSIONS: usize = 10_000;

/// The open sessions, by the hash of their id, with the credentials that they were opened with.
#[derive(Default)]
pub(super) struct Sessions(Mutex<HashMap<[u8; 32], Session>>);

struct Session {
    opened: Instant,
    /// The digest of the credentials. If the settings change them, the session has ended.
    credentials: [u8; 32],
}

impl Sessions {
    /// Opens a session. Returns its id, or nothing if the system has no random bytes.
    pub(super) fn open(&self, credentials: [u8; 32], now: Instant) -> Option<String> {
        let mut bytes = [0; 32];
        SystemRandom::new().fill(&mut bytes).ok()?;
        let id: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let mut sessions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        sessions.retain(|_, session| session.is_open(now));
        if sessions.len() >= MAX_SESSIONS {
            let oldest = sessions.iter().min_by_key(|(_, session)| session.opened);
            let oldest = oldest.map(|(id, _)| *id);
            oldest.and_then(|oldest| sessions.remove(&oldest));
        }
        let session = Session {
            opened: now,
            credentials,
        };
        sessions.insert(hash(&id), session);
        Some(id)
    }

    /// Whether a session is open. Its id is compared as a hash, so the time that takes reveals nothing.
    pub(super) fn is_open(&self, id: &str, credentials: [u8; 32], now: Instant) -> bool {
        let sessions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let session = sessions.get(&hash(id));
        session.is_some_and(|session| session.is_open(now) && session.credentials == credentials)
    }

    /// Ends a session.
    pub(super) fn close(&self, id: &str) {
        let mut sessions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        sessions.remove(&hash(id));
    }
}

impl Session {
    fn is_open(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.opened) < LIFETIME
    }
}

fn hash(id: &str) -> [u8; 32] {
    Sha256::digest(id).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_ends_by_signing_out_by_time_and_by_another_token() {
        let (sessions, now) = (Sessions::default(), Instant::now());
        let id = sessions.open([1; 32], now).unwrap();
        assert_eq!(id.len(), 64);
        assert!(sessions.is_open(&id, [1; 32], now));
        assert!(!sessions.is_open(&id, [2; 32], now));
        assert!(!sessions.is_open("", [1; 32], now));
        assert!(!sessions.is_open(&id, [1; 32], now + LIFETIME));
        sessions.close(&id);
        assert!(!sessions.is_open(&id, [1; 32], now));
    }
}
