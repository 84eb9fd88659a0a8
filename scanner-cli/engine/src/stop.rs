//! Requests to stop a scan. A scan notices the request at its next wait, or at the next record that it reads.

use std::time::Duration;

use catalog_model::SinkError;
use tokio::sync::watch;

/// Stops one scan. All clones stop the same scan.
#[derive(Clone, Debug, Default)]
pub struct Stop(watch::Sender<Option<StopReason>>);

/// Why a scan must stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopReason {
    /// A user or the system asked for it.
    Asked,
    /// The scan took longer than this.
    TimeLimit(Duration),
}

impl Stop {
    /// Asks the scan to stop. Only the first reason is kept.
    pub fn ask(&self, reason: StopReason) {
        self.0.send_if_modified(|known| {
            let first = known.is_none();
            known.get_or_insert(reason);
            first
        });
    }

    /// Why the scan must stop, or `None` if it may go on.
    pub fn reason(&self) -> Option<StopReason> {
        *self.0.borrow()
    }

    /// Waits until the scan must stop.
    pub async fn asked(&self) {
        let mut asked = self.0.subscribe();
        // It fails only if all senders are dropped, and `self` is one.
        let _ = asked.wait_for(Option::is_some).await;
    }
}

/// Asks a scan to stop when its caller no longer waits for it.
pub struct StopOnDrop(pub Stop);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.ask(StopReason::Asked);
    }
}

/// The error that the sink returns once the scan must stop.
pub fn stopped() -> SinkError {
    SinkError {
        message: "the scan was stopped".to_owned(),
        source: None,
    }
}
