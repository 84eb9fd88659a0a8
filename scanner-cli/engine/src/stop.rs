//! The request that a scan ends, which reaches it at its next wait, or with the next record that it reads.

use std::time::Duration;

use catalog_model::SinkError;
use tokio::sync::watch;

/// Asks one scan to end; all clones are of the same scan.
#[derive(Clone, Debug, Default)]
pub struct Stop(watch::Sender<Option<StopReason>>);

/// Why a scan has to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopReason {
    /// A person or the system asked for it.
    Asked,
    /// It took longer than this.
    TimeLimit(Duration),
}

impl Stop {
    /// Asks the scan to end; the first reason counts.
    pub fn ask(&self, reason: StopReason) {
        self.0.send_if_modified(|known| {
            let first = known.is_none();
            known.get_or_insert(reason);
            first
        });
    }

    /// Why the scan has to end, if it has.
    pub fn reason(&self) -> Option<StopReason> {
        *self.0.borrow()
    }

    /// Returns once the scan has to end.
    pub async fn asked(&self) {
        let mut asked = self.0.subscribe();
        // It fails when nobody can ask any more, and `self` could.
        let _ = asked.wait_for(Option::is_some).await;
    }
}

/// Asks a scan to end when nobody waits for it any more.
pub struct StopOnDrop(pub Stop);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.ask(StopReason::Asked);
    }
}

/// What the sink of a scan says that has to end.
pub fn stopped() -> SinkError {
    SinkError {
        message: "the scan was stopped".to_owned(),
        source: None,
    }
}
