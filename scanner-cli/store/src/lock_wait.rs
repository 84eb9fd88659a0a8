//! Waiting for locks of other processes on the database.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use rusqlite::Connection;

/// Interval at which a lock of the database is retried.
pub(super) const RETRY_INTERVAL: Duration = Duration::from_millis(20);

/// A limit for waiting for locks of other processes.
#[derive(Clone, Debug)]
pub(super) struct LockWait {
    pub(super) limit: Duration,
    /// Set to end all waiting.
    pub(super) stop: Arc<AtomicBool>,
}

impl LockWait {
    /// Whether to continue to wait, after waiting since `begun`.
    pub(super) fn should_wait(&self, begun: Instant) -> bool {
        begun.elapsed() < self.limit && !self.stop.load(Ordering::Relaxed)
    }

    /// Applies the limit to later operations of the connection.
    pub(super) fn install(&self, db: &mut Connection) -> rusqlite::Result<()> {
        let (lock_wait, mut begun) = (self.clone(), Instant::now());
        db.busy_handler(Some(move |tries| {
            if tries == 0 {
                begun = Instant::now();
            }
            let should_wait = lock_wait.should_wait(begun);
            if should_wait {
                thread::sleep(RETRY_INTERVAL);
            }
            should_wait
        }))
    }
}
