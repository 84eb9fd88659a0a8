//! How long a process waits for the locks that others have on the database.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use rusqlite::Connection;

/// Interval at which a lock of the database is tried again.
pub(super) const RETRY_INTERVAL: Duration = Duration::from_millis(20);

/// How long to wait for locks of other processes.
#[derive(Clone, Debug)]
pub(super) struct Patience {
    pub(super) limit: Duration,
    /// Set to end all waiting.
    pub(super) stop: Arc<AtomicBool>,
}

impl Patience {
    /// Whether to go on waiting, after waiting since `begun`.
    pub(super) fn goes_on(&self, begun: Instant) -> bool {
        begun.elapsed() < self.limit && !self.stop.load(Ordering::Relaxed)
    }

    /// Makes the connection wait this long from now on.
    pub(super) fn install(&self, db: &mut Connection) -> rusqlite::Result<()> {
        let (patience, mut begun) = (self.clone(), Instant::now());
        db.busy_handler(Some(move |tries| {
            if tries == 0 {
                begun = Instant::now();
            }
            let goes_on = patience.goes_on(begun);
            if goes_on {
                thread::sleep(RETRY_INTERVAL);
            }
            goes_on
        }))
    }
}
