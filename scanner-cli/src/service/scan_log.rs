//! The line of the log that tells how a scan ended.

use catalog_model::with_causes;
use tracing::{info, warn};

use crate::report::{ConnectionReport, Outcome, changes, plain};

/// Tells how a scan ended, in one line.
pub(crate) fn tell_end(report: &ConnectionReport) {
    let code = &report.code;
    let stored = report.stored.as_ref().map(changes).unwrap_or_default();
    let seconds = report.elapsed.as_secs_f64();
    let items = report.items;
    match &report.outcome {
        Outcome::Complete => {
            info!(connection = %code, items, seconds, "the scan is complete: {stored}");
        }
        Outcome::Partial(reasons) => {
            let reasons = plain(&reasons.join("; ")).replace('\n', " ");
            warn!(connection = %code, items, seconds, "the scan is partial: {stored}; something may be hidden: {reasons}");
        }
        Outcome::Failed(error) => {
            let error = plain(&with_causes(error)).replace('\n', " ");
            warn!(connection = %code, seconds, "the scan failed: {error}");
        }
        Outcome::Busy(holder) => {
            info!(connection = %code, "the scan waits: {holder}");
        }
    }
}
