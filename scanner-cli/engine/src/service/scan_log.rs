//! Logs how scans ended, with their warnings.

use std::{
    collections::{BTreeSet, HashMap},
    hash::{BuildHasher, RandomState},
};

use catalog_model::{Diagnostic, counted, printable, with_causes};
use tracing::{info, warn};

use crate::scan_report::{ConnectionReport, Outcome, changes};

/// Logs how scans ended. Remarks that were already logged for the last scan of a connection are not repeated.
#[derive(Default)]
pub(super) struct ScanLog {
    /// Hashes of the logged remarks, by connection.
    logged: HashMap<String, BTreeSet<u64>>,
    hasher: RandomState,
}

/// Maximum number of remarks that are remembered for a connection. It limits the memory if every scan fails with
/// different texts.
const MAX_REMEMBERED: usize = 500;
/// Maximum number of characters of a text from a source in a log line.
const MAX_LINE: usize = 4_000;

impl ScanLog {
    /// Logs how a scan ended, and each of its remarks in a separate line.
    pub(super) fn log_end(&mut self, report: &ConnectionReport) {
        log_outcome(report);
        if matches!(report.outcome, Outcome::Busy(_)) {
            return;
        }
        let code = &report.code;
        let before = self.logged.entry(code.to_string()).or_default();
        let mut now = BTreeSet::new();
        for remark in remarks(report) {
            let hash = self.hasher.hash_one(&remark);
            if now.insert(hash) && !before.contains(&hash) {
                warn!(connection = %code, "{}", one_line(&remark));
            }
        }
        // A failed scan does not have all remarks.
        let failed = matches!(report.outcome, Outcome::Failed(_));
        if !failed || before.len() > MAX_REMEMBERED {
            before.clear();
        }
        before.extend(now.into_iter().take(MAX_REMEMBERED));
    }
}

/// Warnings and skipped records of a scan.
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
        let Diagnostic { message, hint, .. } = warning;
        hint.map_or(message.clone(), |hint| {
            format!("{message}; {}", hint.replace('\n', "; "))
        })
    });
    let departed = (!tally.departed.is_empty()).then(|| {
        let owners = counted(tally.departed.len() as u64, "owner");
        format!(
            "{owners} can no longer log in; `catalog owners --status inactive,blocked,removed` lists all"
        )
    });
    skipped.chain(unreached).chain(departed).chain(warnings)
}

/// Logs how a scan ended, in one line.
fn log_outcome(report: &ConnectionReport) {
    let code = &report.code;
    let stored = report.stored.as_ref().map(changes).unwrap_or_default();
    let seconds = (report.elapsed.as_secs_f64() * 1e3).round() / 1e3;
    let items = report.items;
    match &report.outcome {
        Outcome::Complete => {
            info!(connection = %code, items, seconds, "scan complete: {stored}");
        }
        Outcome::Partial(reasons) => {
            let reasons = one_line(&reasons.join("; "));
            warn!(connection = %code, items, seconds, "scan partial: {stored}; the result may be incomplete: {reasons}");
        }
        Outcome::Failed(error) => {
            let error = one_line(&with_causes(error));
            warn!(connection = %code, seconds, "scan failed: {error}");
        }
        Outcome::Busy(holder) => {
            info!(connection = %code, "scan waiting: {holder}");
        }
    }
}

/// A text from a source as one line, truncated if it is very long.
fn one_line(text: &str) -> String {
    let mut characters = text.chars();
    let mut shown: String = characters.by_ref().take(MAX_LINE).collect();
    if characters.next().is_some() {
        shown.push('…');
    }
    printable(&shown).into_owned()
}

#[cfg(test)]
mod tests {

    use catalog_model::{ConnectionCode, Diagnostic, ScanError};

    use super::*;
    use crate::tally::Tally;

    fn failed(number: usize) -> ConnectionReport {
        let mut tally = Tally::default();
        for remark in 0..20 {
            let message = format!("{number} {remark} {}", "x".repeat(1_000));
            let hint = None;
            tally.warnings.push(Diagnostic::warning(message, hint));
        }
        ConnectionReport {
            tally,
            outcome: Outcome::Failed(ScanError::Source {
                step: "reading".to_owned(),
                message: String::new(),
                hint: None,
                may_pass: true,
            }),
            ..report()
        }
    }

    fn report() -> ConnectionReport {
        ConnectionReport::new(ConnectionCode::new("a").unwrap(), String::new())
    }

    #[test]
    fn remembered_remarks_are_limited() {
        let mut log = ScanLog::default();
        for number in 0..200 {
            log.log_end(&failed(number));
            assert!(log.logged["a"].len() <= MAX_REMEMBERED + 20);
        }
        let last = failed(199).warnings().remove(0).message;
        assert!(log.logged["a"].contains(&log.hasher.hash_one(&last)));
        log.log_end(&report());
        assert!(log.logged["a"].is_empty());
    }

    #[test]
    fn a_long_text_is_cut() {
        assert_eq!(one_line("a\nb"), "a b");
        assert_eq!(
            one_line(&"é".repeat(2 * MAX_LINE)).chars().count(),
            MAX_LINE + 1
        );
    }
}
