//! The report as JSON (`--report FILE`). Its types are separate, so that the format stays the same when the program
//! changes.

use std::{
    collections::BTreeMap,
    io::{self, Write},
    sync::Arc,
};

use catalog_model::{
    AccountStatus, Extent, ScanError,
    filter::{FilterRule, RuleCount},
    with_causes,
};
use serde::Serialize;

use super::{ConnectionReport, MAX_NAMED_PEOPLE, Report, megabytes_per_second};
use crate::{
    delivery::refusals, home::shown, json_text::json_page, scan_report::Outcome, store::Counts,
    tally::Tally,
};

#[derive(Serialize)]
struct ReportJson {
    started: String,
    exit_code: u8,
    connections: Vec<ConnectionJson>,
    followers: Vec<FollowerJson>,
    problems: Vec<ProblemJson>,
}

#[derive(Serialize)]
struct ConnectionJson {
    code: String,
    name: String,
    outcome: &'static str,
    /// Why the scan is partial, has failed, or did not run.
    reasons: Vec<String>,
    hint: Option<String>,
    site_version: Option<String>,
    items: u64,
    /// The changes in the store; null without a store.
    stored: Option<StoredJson>,
    output: Option<String>,
    /// What the followers wrote.
    exports: Vec<ExportJson>,
    lists: BTreeMap<&'static str, ListJson>,
    /// Whether only changes were read; null if `connection.incremental` is not set.
    incremental: Option<IncrementalJson>,
    skipped: Vec<SkippedJson>,
    owners_without_email: UnreachedJson,
    owners_not_active: DepartedJson,
    /// How often each rule of the filters applied.
    filters: Vec<FilterJson>,
    /// Number of items that were skipped because another record has the same key.
    left_out: u64,
    /// The first of these items.
    duplicates: Vec<DuplicateJson>,
    warnings: Vec<WarningJson>,
    restarts: Vec<String>,
    seconds: f64,
    megabytes_per_second: f64,
}

#[derive(Serialize)]
struct StoredJson {
    added: i64,
    changed: i64,
    removed: i64,
    returned: i64,
    unreadable: i64,
    excluded: i64,
    /// Items that have not changed on the site and were rewritten because another version of the program had stored
    /// them.
    rewritten: i64,
}

#[derive(Serialize)]
struct ExportJson {
    items: u64,
    to: String,
}

#[derive(Serialize)]
struct FollowerJson {
    follower: String,
    /// Why not everything was delivered; null on success.
    error: Option<String>,
}

#[derive(Serialize)]
struct ListJson {
    records: u64,
    bytes: u64,
}

#[derive(Serialize)]
struct IncrementalJson {
    /// Whether only changes were read.
    used: bool,
    /// Why everything was read.
    reason: Option<String>,
    /// Number of items whose records were read, if only changes were read.
    read: Option<u64>,
}

#[derive(Serialize)]
struct SkippedJson {
    reason: String,
    count: u64,
    samples: Vec<String>,
}

#[derive(Serialize)]
struct UnreachedJson {
    count: usize,
    first: Vec<String>,
}

#[derive(Serialize)]
struct DepartedJson {
    count: usize,
    inactive: u64,
    blocked: u64,
    removed: u64,
    first: Vec<String>,
}

#[derive(Serialize)]
struct FilterJson {
    rule: String,
    place: String,
    matched: u64,
    excluded: u64,
}

#[derive(Serialize)]
struct DuplicateJson {
    /// The name of the list, if its records are not items.
    #[serde(skip_serializing_if = "Option::is_none")]
    list: Option<&'static str>,
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

/// Writes the report of a run with this exit code.
///
/// # Errors
/// If it cannot be written.
pub fn write(report: &Report, exit_code: u8, out: &mut dyn Write) -> io::Result<()> {
    let json = ReportJson {
        started: format!("{:.3}", report.started),
        exit_code,
        connections: report.connections.iter().map(connection).collect(),
        followers: (report.deliveries.iter())
            .map(|run| FollowerJson {
                follower: run.follower.to_string(),
                error: match &run.outcome {
                    Ok(delivery) => refusals(delivery),
                    Err(error) => Some(with_causes(error)),
                },
            })
            .collect(),
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
    out.write_all(json_page(&json).as_bytes())
}

fn filter((rule, count): &(Arc<FilterRule>, RuleCount)) -> FilterJson {
    FilterJson {
        rule: rule.name.clone(),
        place: rule.place.to_string(),
        matched: count.matched,
        excluded: count.left_out,
    }
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
        stored: report.stored.map(stored),
        output: report.output.as_deref().map(shown),
        exports: (report.delivered.iter())
            .map(|delivered| ExportJson {
                items: delivered.items,
                to: delivered.target.clone(),
            })
            .collect(),
        lists: (report.tally.lists.iter())
            .map(|(list, amount)| {
                let (records, bytes) = (amount.records, amount.bytes);
                (*list, ListJson { records, bytes })
            })
            .collect(),
        incremental: report.tally.extent.as_ref().map(incremental),
        skipped: (report.tally.skipped.iter())
            .map(|(reason, skipped)| SkippedJson {
                reason: reason.clone(),
                count: skipped.count,
                samples: skipped.samples.clone(),
            })
            .collect(),
        owners_without_email: UnreachedJson {
            count: report.tally.unreached.len(),
            first: (report
                .tally
                .unreached
                .iter()
                .take(MAX_NAMED_PEOPLE)
                .cloned())
            .collect(),
        },
        owners_not_active: departed(&report.tally),
        filters: report.tally.rules.iter().map(filter).collect(),
        left_out: report.duplicates.count,
        duplicates: duplicates(report),
        warnings: (report.warnings().into_iter())
            .map(|warning| WarningJson {
                message: warning.message,
                hint: warning.hint,
            })
            .collect(),
        restarts: report.tally.restarts.clone(),
        seconds: report.elapsed.as_secs_f64(),
        megabytes_per_second: megabytes_per_second(report),
    }
}

fn incremental(extent: &Extent) -> IncrementalJson {
    let (used, reason, read) = match extent {
        Extent::Changes { read, .. } => (true, None, Some(*read)),
        Extent::Everything(why) => (false, Some(why.clone()), None),
        _ => (false, None, None),
    };
    IncrementalJson { used, reason, read }
}

fn departed(tally: &Tally) -> DepartedJson {
    let counts = tally.departed_by_status();
    let of = |wanted| {
        let mut counts = counts.iter().filter(|(status, _)| *status == wanted);
        counts.next().map_or(0, |(_, count)| *count)
    };
    DepartedJson {
        count: tally.departed.len(),
        inactive: of(AccountStatus::Inactive),
        blocked: of(AccountStatus::Blocked),
        removed: of(AccountStatus::Removed),
        first: tally
            .departed
            .keys()
            .take(MAX_NAMED_PEOPLE)
            .cloned()
            .collect(),
    }
}

fn duplicates(report: &ConnectionReport) -> Vec<DuplicateJson> {
    let items = (report.duplicates.first.iter()).map(|duplicate| DuplicateJson {
        list: None,
        kept: duplicate.kept.clone(),
        left_out: duplicate.dropped.clone(),
    });
    let others = report.tally.repeated.iter().map(|record| DuplicateJson {
        list: Some(record.list),
        kept: record.id.to_string(),
        left_out: record.id.to_string(),
    });
    items.chain(others).collect()
}

fn stored(counts: Counts) -> StoredJson {
    StoredJson {
        added: counts.added,
        changed: counts.changed,
        removed: counts.removed,
        returned: counts.returned,
        unreadable: counts.unreadable,
        excluded: counts.excluded,
        rewritten: counts.rewritten,
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
