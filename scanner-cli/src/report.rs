//! What a run tells at its end: per connection the outcome and what a person should know.

use std::{path::PathBuf, time::Duration};

use catalog_model::{ConnectionCode, Diagnostic, RepeatedRecord, ScanError};
pub(crate) use catalog_model::{counted, grouped};

use crate::{
    connections::Ready,
    exit::Exit,
    followers::{Delivered, Followed},
    problem::Problem,
    run::Program,
    spool::{Duplicate, Duplicates},
    store::Counts,
    tally::Tally,
};

mod json;
mod text;

pub(crate) use json::write as write_json;
pub(crate) use text::{ShownReports, changes, filter_line, render};

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

/// The report of one connection.
pub(crate) struct ConnectionReport {
    pub(crate) code: ConnectionCode,
    pub(crate) name: String,
    pub(crate) outcome: Outcome,
    pub(crate) tally: Tally,
    pub(crate) elapsed: Duration,
    /// Items read, each key once; none of a failed scan.
    pub(crate) items: u64,
    /// What the store made of them, if there is one.
    pub(crate) stored: Option<Counts>,
    /// What followers wrote of the connection.
    pub(crate) delivered: Vec<Delivered>,
    pub(crate) duplicates: Duplicates,
    /// The file that holds the items, if they went to one.
    pub(crate) output: Option<PathBuf>,
}

/// How a connection's scan ended.
#[derive(Debug)]
pub(crate) enum Outcome {
    Complete,
    /// Something may be hidden, for these reasons.
    Partial(Vec<String>),
    Failed(ScanError),
    /// Another process scans the same connection; this says which.
    Busy(String),
}

impl Outcome {
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::Complete => Exit::Complete,
            Self::Partial(_) => Exit::Partial,
            Self::Failed(_) => Exit::Failed,
            Self::Busy(_) => Exit::Busy,
        }
    }

    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Partial(_) => "partial",
            Self::Failed(_) => "failed",
            Self::Busy(_) => "busy",
        }
    }
}

impl Report {
    /// The report of a run that begins. What is wrong with its files is told at once: a scan may take long.
    pub(crate) fn begun(program: &mut Program, problems: Vec<Problem>) -> Self {
        for problem in &problems {
            program.tell_problem(problem);
        }
        Self {
            started: (program.environment.clock)(),
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
            .map(|report| report.outcome.exit())
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

impl ConnectionReport {
    /// A report of a scan of which nothing is known yet, and nothing bad.
    pub(crate) fn of(ready: &Ready) -> Self {
        Self::new(ready.code.clone(), ready.name.clone())
    }

    /// The same, of a connection with this code and name.
    pub(crate) fn new(code: ConnectionCode, name: String) -> Self {
        Self {
            code,
            name,
            outcome: Outcome::Complete,
            tally: Tally::default(),
            elapsed: Duration::ZERO,
            items: 0,
            stored: None,
            delivered: Vec::new(),
            duplicates: Duplicates::default(),
            output: None,
        }
    }

    /// Decompressed megabytes (10^6 bytes) of lists a second.
    fn megabytes_per_second(&self) -> f64 {
        let seconds = self.elapsed.as_secs_f64();
        if seconds > 0.0 {
            megabytes(self.tally.bytes()) / seconds
        } else {
            0.0
        }
    }

    /// The warnings of the scan, and those that only its lines show.
    pub(crate) fn warnings(&self) -> Vec<Diagnostic> {
        let mut warnings = self.tally.warnings.clone();
        let Duplicates { count, first } = &self.duplicates;
        warnings.extend(self.tally.repeated.iter().map(repeated));
        warnings.extend(first.first().map(|Duplicate { kept, dropped }| {
            let items = counted(*count, "item");
            if kept == dropped {
                Diagnostic::warning(format!("{items} left out because the site sent a record twice, the first time {kept}"), None)
            } else {
                Diagnostic::warning(format!(
                        "{items} left out because another record with the same key counts, the first time {dropped} for {kept}"
                    ), "approved records count before published ones and those before private ones, then the newer; look at \
                         both records on the site, one of them should go"
                            .to_owned())
            }
        }));
        warnings
    }
}

fn repeated(record: &RepeatedRecord) -> Diagnostic {
    let RepeatedRecord { list, id, left_out } = record;
    let one = list.strip_suffix('s').unwrap_or(list);
    Diagnostic::warning(
        format!(
            "{} left out because the site sent a record twice, the first time {id}",
            counted(*left_out, one)
        ),
        None,
    )
}

#[expect(clippy::cast_precision_loss, reason = "shown with one decimal")]
fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}
