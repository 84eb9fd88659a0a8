//! The scans of the service: starts them, and handles their ends.

use std::{sync::Arc, time::Instant};

use catalog_model::Visualization;
use jiff::SignedDuration;
use tracing::{info, warn};

use super::{Service, Timing, reasons, table::Retry};
use crate::{
    fuse::Removals,
    progress::NoProgress,
    scan_report::{ConnectionReport, Outcome},
    scanning::{Context, Job, ScanEnd, ScanExtent, scan_in_thread},
    stop::Stop,
    store_problem::StoreProblem,
};

/// Interval at which a scan is retried while another process is scanning the connection.
const BUSY_RETRY_INTERVAL: SignedDuration = SignedDuration::from_secs(60);

impl Service {
    pub(super) fn begin_scan(&mut self, identity: String) {
        let now = (self.clock)();
        let timing = Timing {
            now,
            automation: &self.automation,
        };
        let Some(ready) = self.table.start(&identity, timing) else {
            return;
        };
        info!(connection = %ready.code, "scan started");
        let (home, clock) = (self.home.clone(), self.clock);
        let (store, limits) = (self.store.clone(), self.limits.clone());
        let open = move || {
            let store = store.open(limits)?;
            Ok(Context {
                home,
                clock,
                display: Arc::new(NoProgress),
                store: Some(store),
                removals: Removals::Limited,
                extent: ScanExtent::Changes,
            })
        };
        let stop = Stop::default();
        self.running.insert(identity.clone(), stop.clone());
        self.scans.spawn(async move {
            let job = Job::to_store(ready);
            (
                identity,
                scan_in_thread::<Visualization>(job, open, stop).await,
            )
        });
    }

    pub(super) fn scan_ended(&mut self, ended: Result<(String, ScanEnd), tokio::task::JoinError>) {
        // A scan panics only in its own thread. The task that waits for it never fails.
        let Ok((identity, ended)) = ended else {
            return;
        };
        self.running.remove(&identity);
        self.group.wake();
        let counted = match ended {
            ScanEnd::Scanned(scanned) => self.scanned(&identity, &scanned.report),
            ScanEnd::Interrupted => {
                info!(connection = %identity, "the scan was stopped");
                Some((identity, "interrupted"))
            }
            ScanEnd::NoStore(error) => {
                warn!(connection = %identity, "not scanned: {}", reasons(&[error.problem()]));
                self.table
                    .scan_by(&identity, (self.clock)() + BUSY_RETRY_INTERVAL);
                None
            }
        };
        if let Some((code, outcome)) = counted {
            self.counts.scans.add(&code, outcome);
        }
        self.deliveries.wake(Instant::now());
        self.listener.scan_ended();
    }

    /// Handles the end of a scan. Returns what to count.
    fn scanned(
        &mut self,
        identity: &str,
        report: &ConnectionReport,
    ) -> Option<(String, &'static str)> {
        self.scan_log.log_end(report);
        if matches!(report.outcome, Outcome::Busy(_)) {
            self.table
                .scan_by(identity, (self.clock)() + BUSY_RETRY_INTERVAL);
            return None;
        }
        self.table.ended(identity);
        match &report.outcome {
            Outcome::Failed(error) if error.may_pass() => self.retry_later(identity, report),
            _ => self.table.forget_failures(identity),
        }
        if let Some(ready) = self.table.ready(identity) {
            self.hook_runner.after_scan(ready);
        }
        Some((report.code.to_string(), report.outcome.word()))
    }

    fn retry_later(&mut self, identity: &str, report: &ConnectionReport) {
        let timing = Timing {
            now: (self.clock)(),
            automation: &self.automation,
        };
        if let Some(Retry { number, of, delay }) = self.table.retry_later(identity, timing) {
            info!(connection = %report.code, "retrying the scan in {delay:#} (retry {number} of {of})");
        }
    }
}
