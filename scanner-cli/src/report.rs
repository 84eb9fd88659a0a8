//! What a run tells at its end: per connection the outcome and what a person should know.

use crate::{
    exit::Exit,
    followers::Followed,
    problem::Problem,
    scan_report::{ConnectionReport, Outcome},
};

mod json;
mod text;

pub(crate) use json::write as write_json;
pub(crate) use text::{ShownReports, filter_line, render};

/// The report of a run.
pub(crate) struct Report {
    pub(crate) started: jiff::Timestamp,
    pub(crate) connections: Vec<ConnectionReport>,
    /// Files that could not be used, and warnings about files that could. They were told when the run began.
    pub(crate) problems: Vec<Problem>,
    /// The followers' turns after the scans.
    pub(crate) followed: Vec<Followed>,
    /// Whether somebody ended the run before its scans had ended.
    pub(crate) interrupted: bool,
}

/// The exit that follows from the outcome of one scan.
fn exit_of(outcome: &Outcome) -> Exit {
    match outcome {
        Outcome::Complete => Exit::Complete,
        Outcome::Partial(_) => Exit::Partial,
        Outcome::Failed(_) => Exit::Failed,
        Outcome::Busy(_) => Exit::Busy,
    }
}

impl Report {
    /// The report of a run that begins now.
    pub(crate) fn begun(started: jiff::Timestamp, problems: Vec<Problem>) -> Self {
        Self {
            started,
            connections: Vec::new(),
            problems,
            followed: Vec::new(),
            interrupted: false,
        }
    }

    /// Takes what the followers say of their turns.
    pub(crate) fn follow(&mut self, followed: Vec<Followed>) {
        for delivered in followed
            .iter()
            .flat_map(|followed| followed.outcome.iter().flatten())
        {
            let mut reports = self.connections.iter_mut();
            if let Some(report) =
                reports.find(|report| report.code.as_str() == delivered.connection)
            {
                report.delivered.push(delivered.clone());
            }
        }
        self.followed = followed;
    }

    /// The exit of the whole run.
    pub(crate) fn exit(&self) -> Exit {
        if self.interrupted {
            return Exit::Interrupted;
        }
        let mut outcomes: Vec<_> = self
            .connections
            .iter()
            .map(|report| exit_of(&report.outcome))
            .collect();
        if self.problems.iter().any(Problem::is_error) {
            outcomes.push(Exit::Configuration);
        }
        if self
            .followed
            .iter()
            .any(|followed| followed.outcome.is_err())
        {
            outcomes.push(Exit::Follower);
        }
        Exit::of(&outcomes)
    }
}

/// Decompressed megabytes (10^6 bytes) of lists a second.
fn megabytes_per_second(report: &ConnectionReport) -> f64 {
    let seconds = report.elapsed.as_secs_f64();
    if seconds > 0.0 {
        megabytes(report.tally.bytes()) / seconds
    } else {
        0.0
    }
}

#[expect(clippy::cast_precision_loss, reason = "shown with one decimal")]
fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}
