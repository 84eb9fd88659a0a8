//! Sessions that clients share.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use super::{Session, stored};
use crate::credentials::Credentials;
use crate::site::SiteUrl;

/// Lets clients of one site with the same header and value share a session. Clones share the same sessions.
///
/// A site allows a user five sessions at a time, so six clients with a session each would lock the user out.
#[derive(Debug, Clone, Default)]
pub struct SessionPool(Arc<Mutex<Vec<Entry>>>);

/// A session, as long as a client uses it.
#[derive(Debug)]
struct Entry {
    /// The digest of site, header and value.
    digest: String,
    session: Weak<Session>,
}

impl SessionPool {
    pub(crate) fn session(&self, site: &SiteUrl, credentials: &Credentials) -> Arc<Session> {
        let digest = stored::digest("", site, credentials);
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        entries.retain(|entry| entry.session.strong_count() > 0);
        let known = entries.iter().find(|entry| entry.digest == digest);
        if let Some(session) = known.and_then(|entry| entry.session.upgrade()) {
            return session;
        }
        let session = Arc::new(Session::new(site.clone()));
        entries.push(Entry {
            digest,
            session: Arc::downgrade(&session),
        });
        session
    }
}
