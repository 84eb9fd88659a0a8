//! The report of a run as text.

use std::fmt::Display;

use catalog_model::{
    AccountStatus, Extent, ScanError, counted,
    filter::{FilterRule, RuleCount},
    grouped, with_causes,
};

use crate::delivery::{DeliveryRun, refusals};

use crate::{
    exit::Exit,
    home::shown,
    printable::Page,
    problem::Problem,
    run_report::{MAX_NAMED_PEOPLE, Report, megabytes, megabytes_per_second},
    scan_report::{ConnectionReport, Outcome, changes},
    tally::Tally,
};

/// The exit code for the outcome of one scan.
fn scan_exit(outcome: &Outcome) -> Exit {
    match outcome {
        Outcome::Complete => Exit::Complete,
        Outcome::Partial(_) => Exit::Partial,
        Outcome::Failed(_) => Exit::Failed,
        Outcome::Busy(_) => Exit::Busy,
    }
}

/// The exit code of a run.
pub(crate) fn exit(report: &Report) -> Exit {
    if report.interrupted {
        return Exit::Interrupted;
    }
    let outcomes = report.connections.iter();
    let mut outcomes: Vec<_> = outcomes.map(|one| scan_exit(&one.outcome)).collect();
    if report.problems.iter().any(Problem::is_error) {
        outcomes.push(Exit::Configuration);
    }
    if !report.deliveries.iter().all(DeliveryRun::is_complete) {
        outcomes.push(Exit::Follower);
    }
    Exit::worst_of(&outcomes)
}

/// Which connections a report has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ShownReports {
    All,
    NotComplete,
}

/// The report as text.
pub(crate) fn render(report: &Report, shown: ShownReports) -> String {
    let mut text = Page::default();
    let is_shown = |connection: &&ConnectionReport| {
        shown == ShownReports::All || !matches!(connection.outcome, Outcome::Complete)
    };
    for connection in report.connections.iter().filter(is_shown) {
        write_connection(&mut text, connection);
    }
    for run in &report.deliveries {
        write_delivery(&mut text, run);
    }
    if report.interrupted {
        writeln!(
            text,
            "interrupted: scans that had not ended marked nothing as gone and wrote no file"
        );
    }
    text.into()
}

/// What was not delivered to a follower, and its files that are no longer maintained.
fn write_delivery(text: &mut Page, run: &DeliveryRun) {
    let follower = &run.follower;
    for line in run.unmaintained_files() {
        writeln!(text, "follower {follower}: {line}");
    }
    match &run.outcome {
        Ok(delivery) => {
            for notice in &delivery.notices {
                writeln!(text, "follower {follower}: {notice}");
            }
            let Some(refused) = refusals(delivery) else {
                return;
            };
            writeln!(text, "follower {follower}: partial");
            writeln!(text, "  {refused}");
            writeln!(text, "  everything else was delivered");
        }
        Err(error) => {
            writeln!(text, "follower {follower}: failed");
            writeln!(text, "  {}", with_causes(error));
            if let Some(hint) = error.hint() {
                text.write_advice("  try: ", hint);
            }
            writeln!(
                text,
                "  nothing is lost: the next scan delivers these changes; a running service retries at the time that `catalog \
                 followers` shows as NEXT RETRY"
            );
        }
    }
}

fn write_connection(text: &mut Page, report: &ConnectionReport) {
    let ConnectionReport {
        code, name, tally, ..
    } = report;
    writeln!(text, "{code} ({name}): {}", report.outcome.word());
    match &report.outcome {
        Outcome::Complete => {}
        Outcome::Partial(reasons) => {
            for reason in reasons {
                writeln!(text, "  the result may be incomplete: {reason}");
            }
        }
        Outcome::Failed(error) => write_failure(text, error),
        Outcome::Busy(holder) => writeln!(text, "  {holder}"),
    }
    if let Some(version) = &tally.version {
        writeln!(text, "  site      version {version}");
    }
    if !tally.lists.is_empty() {
        writeln!(text, "  read      {}", amounts(report));
    }
    if let Some(extent) = &tally.extent {
        writeln!(text, "            {}", extent_line(extent));
    }
    if matches!(report.outcome, Outcome::Complete | Outcome::Partial(_)) {
        write_kept(text, report);
        write_unreached(text, tally);
        write_departed(text, tally);
    }
    for cause in &tally.restarts {
        writeln!(text, "  restarted {cause}");
    }
    for (rule, count) in &tally.rules {
        writeln!(text, "{}", filter_line(rule, *count));
    }
    write_skipped(text, tally);
    for warning in report.warnings() {
        writeln!(text, "  warning   {}", warning.message);
        if let Some(hint) = &warning.hint {
            text.write_advice("            ", hint);
        }
    }
}

/// How much was read: `12 of 300,000 items, in which something may have changed since the last scan`.
fn extent_line(extent: &Extent) -> String {
    match extent {
        Extent::Changes { read, total } => format!(
            "incrementally: the records of {} of {}; the others have not changed",
            grouped(*read),
            counted(*total, "item")
        ),
        Extent::Everything(why) => format!("everything: {why}"),
        _ => "everything".to_owned(),
    }
}

/// Writes the owners without an e-mail address.
fn write_unreached(text: &mut Page, tally: &Tally) {
    let count = tally.unreached.len();
    if count == 0 {
        return;
    }
    let have = if count == 1 { "has" } else { "have" };
    writeln!(
        text,
        "  contacts  {} {have} no e-mail address: {}",
        counted(count as u64, "owner"),
        first_people(tally.unreached.iter(), count)
    );
    writeln!(
        text,
        "            `catalog owners --email without` lists all; `connection.contacts` sets where addresses come from"
    );
}

/// Writes the owners who can no longer log in.
fn write_departed(text: &mut Page, tally: &Tally) {
    let count = tally.departed.len();
    if count == 0 {
        return;
    }
    let by_status: Vec<_> = tally.departed_by_status().into_iter().collect();
    let reasons: Vec<_> = by_status
        .iter()
        .map(|(status, number)| match by_status.len() {
            1 => reason(*status).to_owned(),
            _ => format!("{} {}", grouped(*number), reason(*status)),
        })
        .collect();
    writeln!(
        text,
        "  contacts  {} can no longer log in ({}): {}",
        counted(count as u64, "owner"),
        reasons.join(", "),
        first_people(tally.departed.keys(), count)
    );
    writeln!(
        text,
        "            `catalog owners --status inactive,blocked,removed` lists all"
    );
}

/// Why an account cannot log in.
fn reason(status: AccountStatus) -> &'static str {
    match status {
        AccountStatus::Removed => "removed from the user directory",
        status => status.word(),
    }
}

/// The first names of these people, and how many more there are.
fn first_people(people: impl Iterator<Item = impl Display>, count: usize) -> String {
    let first = people
        .take(MAX_NAMED_PEOPLE)
        .map(|one| format!("`{one}`"))
        .collect::<Vec<_>>()
        .join(", ");
    match count.saturating_sub(MAX_NAMED_PEOPLE) {
        0 => first,
        more => format!("{first} and {} more", grouped(more as u64)),
    }
}

/// Writes where the items were stored and written.
fn write_kept(text: &mut Page, report: &ConnectionReport) {
    let items = counted(report.items, "item");
    if let Some(stored) = &report.stored {
        writeln!(text, "  stored    {items}: {}", changes(stored));
    }
    match &report.output {
        Some(path) => writeln!(text, "  wrote     {items} to {}", shown(path)),
        None if report.stored.is_none() => {
            writeln!(text, "  items     {}", grouped(report.items));
        }
        None => {}
    }
    for delivered in &report.delivered {
        let items = counted(delivered.items, "item");
        writeln!(text, "  wrote     {items} to {}", delivered.target);
    }
}

/// A line about a filter rule: how many items it matched and excluded.
pub(crate) fn filter_line(rule: &FilterRule, count: RuleCount) -> String {
    let (matched, excluded) = (grouped(count.matched), grouped(count.left_out));
    let FilterRule { name, place, .. } = rule;
    format!("  filter    `{name}` ({place}): {matched} matched, {excluded} excluded")
}

fn write_failure(text: &mut Page, error: &ScanError) {
    match error {
        ScanError::Source {
            step,
            message,
            hint,
            ..
        } => {
            writeln!(text, "  while {step}: {message}");
            if let Some(hint) = hint {
                text.write_advice("  try: ", hint);
            }
        }
        error => writeln!(text, "  {}", with_causes(error)),
    }
}

fn write_skipped(text: &mut Page, tally: &Tally) {
    for (reason, skipped) in &tally.skipped {
        let records = counted(skipped.count, "record");
        writeln!(
            text,
            "  skipped   {records} that could not be read: {reason}"
        );
        for sample in &skipped.samples {
            writeln!(text, "            {sample}");
        }
    }
}

/// `3,318 sheets, 12 apps in 1.2 s (5.1 MB, 4.2 MB/s)`.
fn amounts(report: &ConnectionReport) -> String {
    let lists: Vec<_> = report
        .tally
        .lists
        .iter()
        .map(|(list, amount)| counted(amount.records, list.strip_suffix('s').unwrap_or(list)))
        .collect();
    format!(
        "{} in {:.2} s ({:.1} MB, {:.1} MB/s)",
        lists.join(", "),
        report.elapsed.as_secs_f64(),
        megabytes(report.tally.bytes()),
        megabytes_per_second(report)
    )
}
