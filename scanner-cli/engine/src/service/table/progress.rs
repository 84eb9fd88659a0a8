//! What several scanners tell each other about connections, so that one goes on where another one stopped.

use catalog_model::ConnectionCode;
use jiff::Timestamp;

use super::{Table, Timing};
use crate::{
    home::Home,
    store::fleet::{ReportedConnection, ScanProgress},
};

impl Table {
    /// The connections that could be scanned, for the report to other scanners.
    pub fn reported(
        &self,
        home: &Home,
        now: Timestamp,
        is_scanning: impl Fn(&str) -> bool,
    ) -> Vec<ReportedConnection> {
        let entries = self.entries.values();
        let valid = entries.filter_map(|entry| Some((entry, entry.valid.as_ref()?)));
        let reported = valid.map(|(entry, valid)| {
            let is_scanning = is_scanning(&Home::identity(&valid.ready.code));
            ReportedConnection {
                code: valid.ready.code.to_string(),
                file: home.relative(&entry.file),
                digest: entry.fingerprint.0.clone(),
                is_scanning,
                progress: entry.progress(now).filter(|_| !is_scanning),
            }
        });
        reported.collect()
    }

    /// Records that the scan that was started last has ended.
    pub fn ended(&mut self, identity: &str) {
        if let Some(entry) = self.entry_mut(identity) {
            entry.scanned = entry.begun.take().or(entry.scanned.take());
        }
    }

    /// Goes on where another scanner stopped.
    pub fn take_over(&mut self, code: &str, progress: &ScanProgress, timing: Timing<'_>) {
        let Some(identity) = ConnectionCode::new(code)
            .ok()
            .map(|code| Home::identity(&code))
        else {
            return;
        };
        if let Some(entry) = self.entry_mut(&identity) {
            entry.take_over(progress, timing);
        }
    }
}
