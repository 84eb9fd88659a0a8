//! The lines of the log that tell how scans ended, and what else there is to say of them.

use std::collections::{BTreeSet, HashMap};

use catalog_model::{Warning, with_causes};
use tracing::{info, warn};

use crate::report::{ConnectionReport, Outcome, changes, counted, plain};

/// Tells how scans ended; what the last scan of a connection told already is not told again.
#[derive(Default)]
pub(super) struct ScanLog {
    told: HashMap<String, BTreeSet<String>>,
}

impl ScanLog {
    /// Tells how a scan ended, and what is odd about it, a line each.
    pub(super) fn tell_end(&mut self, report: &ConnectionReport) {
        tell_outcome(report);
        if matches!(report.outcome, Outcome::Busy(_)) {
            return;
        }
        let code = &report.code;
        let remarks: BTreeSet<_> = remarks(report).map(|text| one_line(&text)).collect();
        let before = self.told.entry(code.to_string()).or_default();
        for remark in remarks.difference(before) {
            warn!(connection = %code, "{remark}");
        }
        // A scan that failed has not seen all that there is to remark.
        if !matches!(report.outcome, Outcome::Failed(_)) {
            before.clear();
        }
        before.extend(remarks);
    }
}

/// What a person should look at, although the scan came to an end.
fn remarks(report: &ConnectionReport) -> impl Iterator<Item = String> {
    let tally = &report.tally;
    let skipped = tally.skipped.iter().map(|(reason, skipped)| {
        let records = counted(skipped.count, "record");
        format!("{records} could not be read: {reason}")
    });
    let unreached = (!tally.unreached.is_empty()).then(|| {
        let owners = counted(tally.unreached.len() as u64, "owner");
        format!("{owners} without an e-mail address; `catalog owners --email without` lists all")
    });
    let warnings = report.warnings().into_iter().map(|warning| {
        let Warning { message, hint } = warning;
        hint.map_or(message.clone(), |hint| format!("{message}; {hint}"))
    });
    skipped.chain(unreached).chain(warnings)
}

/// Tells how a scan ended, in one line.
fn tell_outcome(report: &ConnectionReport) {
    let code = &report.code;
    let stored = report.stored.as_ref().map(changes).unwrap_or_default();
    let seconds = (report.elapsed.as_secs_f64() * 1e3).round() / 1e3;
    let items = report.items;
    match &report.outcome {
        Outcome::Complete => {
            info!(connection = %code, items, seconds, "the scan is complete: {stored}");
        }
        Outcome::Partial(reasons) => {
            let reasons = one_line(&reasons.join("; "));
            warn!(connection = %code, items, seconds, "the scan is partial: {stored}; something may be hidden: {reasons}");
        }
        Outcome::Failed(error) => {
            let error = one_line(&with_causes(error));
            warn!(connection = %code, seconds, "the scan failed: {error}");
        }
        Outcome::Busy(holder) => {
            info!(connection = %code, "the scan waits: {holder}");
        }
    }
}

fn one_line(text: &str) -> String {
    plain(text).replace('\n', " ")
}
