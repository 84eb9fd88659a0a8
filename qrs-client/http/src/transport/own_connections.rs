//! Connections of our own that are kept for the next requests.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::time::Instant;

use super::{MAX_IDLE_TIME, OwnConnection};

/// Maximum number of connections that are kept.
const MAX_CONNECTIONS: usize = 8;

/// The connections of a client. Some of them may still receive a response.
#[derive(Clone, Default)]
pub(super) struct OwnConnections(Arc<Mutex<Vec<(Instant, OwnConnection)>>>);

impl OwnConnections {
    /// A connection that can serve a request now.
    pub(super) fn take(&self) -> Option<OwnConnection> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|(used, connection)| {
            !connection.is_closed() && (used.elapsed() < MAX_IDLE_TIME || !connection.is_idle())
        });
        let place = kept.iter().position(|(_, connection)| connection.is_idle());
        place.map(|place| kept.swap_remove(place).1)
    }

    /// Keeps a connection whose response has begun.
    pub(super) fn keep(&self, connection: OwnConnection) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() < MAX_CONNECTIONS {
            kept.push((Instant::now(), connection));
        }
    }
}
