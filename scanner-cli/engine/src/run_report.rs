//! The report of a run: the outcome of each connection, with errors and warnings. Also as JSON (`--report FILE`).

use crate::{delivery::DeliveryRun, problem::Problem, scan_report::ConnectionReport};

mod json;

pub use self::json::write as write_json;

/// Maximum number of people that a report names in a list.
pub const MAX_NAMED_PEOPLE: usize = 5;

/// The report of a run.
pub struct Report {
    /// When the run started.
    pub started: jiff::Timestamp,
    /// The scans that were not interrupted.
    pub connections: Vec<ConnectionReport>,
    /// Errors of files that could not be used, and warnings about others. They were printed when the run started.
    pub problems: Vec<Problem>,
    /// The deliveries to followers after the scans.
    pub deliveries: Vec<DeliveryRun>,
    /// Whether the run was interrupted before all scans had ended.
    pub interrupted: bool,
}

impl Report {
    /// The report of a run that starts now.
    pub fn new(started: jiff::Timestamp, problems: Vec<Problem>) -> Self {
        Self {
            started,
            connections: Vec::new(),
            problems,
            deliveries: Vec::new(),
            interrupted: false,
        }
    }

    /// Adds the deliveries to followers.
    pub fn add_deliveries(&mut self, deliveries: Vec<DeliveryRun>) {
        let delivered = deliveries
            .iter()
            .filter_map(|run| run.outcome.as_ref().ok());
        for delivered in delivered.flat_map(|delivery| &delivery.delivered) {
            let mut reports = self.connections.iter_mut();
            if let Some(report) = reports.find(|report| report.code == delivered.connection) {
                report.delivered.push(delivered.clone());
            }
        }
        self.deliveries = deliveries;
    }
}

/// Decompressed megabytes (10^6 bytes) of lists per second.
#[must_use]
pub fn megabytes_per_second(report: &ConnectionReport) -> f64 {
    let seconds = report.elapsed.as_secs_f64();
    if seconds > 0.0 {
        megabytes(report.tally.bytes()) / seconds
    } else {
        0.0
    }
}

/// A number of bytes in megabytes (10^6 bytes).
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "shown with one decimal")]
pub fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}
