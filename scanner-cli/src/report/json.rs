//! The report as JSON (`--report FILE`): a twin of the report, so that its shape holds when the program changes.

use std::{
    collections::BTreeMap,
    io::{self, Write},
};

use catalog_model::{ScanError, with_causes};
use serde::Serialize;

use super::{ConnectionReport, Outcome, Report};
use crate::home::shown;

#[derive(Serialize)]
struct ReportJson {
    started: String,
    exit_code: u8,
    connections: Vec<ConnectionJson>,
    problems: Vec<ProblemJson>,
}

#[derive(Serialize)]
struct ConnectionJson {
    code: String,
    name: String,
    outcome: &'static str,
    /// Why the scan is partial, failed or busy.
    reasons: Vec<String>,
    hint: Option<String>,
    site_version: Option<String>,
    items: u64,
    output: Option<String>,
    lists: BTreeMap<&'static str, ListJson>,
    skipped: Vec<SkippedJson>,
    /// How many items were left out because an earlier one has their key.
    left_out: u64,
    /// The first of them.
    duplicates: Vec<DuplicateJson>,
    warnings: Vec<WarningJson>,
    restarts: Vec<String>,
    seconds: f64,
    megabytes_per_second: f64,
}

#[derive(Serialize)]
struct ListJson {
    records: u64,
    bytes: u64,
}

#[derive(Serialize)]
struct SkippedJson {
    reason: String,
    count: u64,
    samples: Vec<String>,
}

#[derive(Serialize)]
struct DuplicateJson {
    kept: String,
    left_out: String,
}

#[derive(Serialize)]
struct WarningJson {
    message: String,
    hint: Option<String>,
}

#[derive(Serialize)]
struct ProblemJson {
    severity: &'static str,
    place: Option<String>,
    message: String,
    hint: Option<String>,
}

pub(crate) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let json = ReportJson {
        started: format!("{:.3}", report.started),
        exit_code: report.exit().code(),
        connections: report.connections.iter().map(connection).collect(),
        problems: report
            .problems
            .iter()
            .map(|problem| ProblemJson {
                severity: if problem.is_error() {
                    "error"
                } else {
                    "warning"
                },
                place: problem.place().map(ToString::to_string),
                message: problem.message().to_owned(),
                hint: problem.hint().map(str::to_owned),
            })
            .collect(),
    };
    serde_json::to_writer_pretty(&mut *out, &json)?;
    writeln!(out)
}

fn connection(report: &ConnectionReport) -> ConnectionJson {
    let (reasons, hint) = reasons(&report.outcome);
    ConnectionJson {
        code: report.code.to_string(),
        name: report.name.clone(),
        outcome: report.outcome.word(),
        reasons,
        hint,
        site_version: report.tally.version.clone(),
        items: report.items,
        output: report.output.as_deref().map(shown),
        lists: (report.tally.lists.iter())
            .map(|(list, amount)| {
                let (records, bytes) = (amount.records, amount.bytes);
                (*list, ListJson { records, bytes })
            })
            .collect(),
        skipped: (report.tally.skipped.iter())
            .map(|(reason, skipped)| SkippedJson {
                reason: reason.clone(),
                count: skipped.count,
                samples: skipped.samples.clone(),
            })
            .collect(),
        left_out: report.duplicates.count,
        duplicates: (report.duplicates.first.iter())
            .map(|duplicate| DuplicateJson {
                kept: duplicate.kept.clone(),
                left_out: duplicate.dropped.clone(),
            })
            .collect(),
        warnings: (report.warnings().into_iter())
            .map(|warning| WarningJson {
                message: warning.message,
                hint: warning.hint,
            })
            .collect(),
        restarts: report.tally.restarts.clone(),
        seconds: report.elapsed.as_secs_f64(),
        megabytes_per_second: report.megabytes_per_second(),
    }
}

fn reasons(outcome: &Outcome) -> (Vec<String>, Option<String>) {
    match outcome {
        Outcome::Complete => (Vec::new(), None),
        Outcome::Partial(reasons) => (reasons.clone(), None),
        Outcome::Failed(error) => (vec![with_causes(error)], hint_of(error)),
        Outcome::Busy(holder) => (vec![holder.clone()], None),
    }
}

fn hint_of(error: &ScanError) -> Option<String> {
    match error {
        ScanError::Source { hint, .. } => hint.clone(),
        _ => None,
    }
}
