//! Sessions that clients share.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use super::windows::{Password, Refused};
use super::{Session, stored};
use crate::credentials::Credentials;
use crate::site::SiteUrl;

/// Lets clients of one site with the same header and value share a session. Clones share the same sessions.
///
/// A site allows a user five sessions at a time, so six clients with a session each would lock the user out.
#[derive(Clone, Default)]
pub struct SessionPool {
    entries: Arc<Mutex<Vec<Entry>>>,
    refused: Refused,
}

/// A session, as long as a client uses it.
struct Entry {
    /// The digest of site, header and value.
    digest: String,
    session: Weak<Session>,
}

impl SessionPool {
    /// The session of a new client. A password that was refused before may be proved once more.
    pub(crate) fn session(&self, site: &SiteUrl, credentials: &Credentials) -> Arc<Session> {
        let digest = stored::digest("", site, credentials);
        self.refused.forget(&digest);
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.retain(|entry| entry.session.strong_count() > 0);
        let known = entries.iter().find(|entry| entry.digest == digest);
        if let Some(session) = known.and_then(|entry| entry.session.upgrade()) {
            return session;
        }
        let password = Password {
            digest: digest.clone(),
            refused: self.refused.clone(),
        };
        let session = Arc::new(Session::new(site.clone(), password));
        entries.push(Entry {
            digest,
            session: Arc::downgrade(&session),
        });
        session
    }
}

/// Without the digests, from which a weak password could be guessed.
impl fmt::Debug for SessionPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionPool").finish_non_exhaustive()
    }
}
