//! The report for people, on standard error.

use catalog_model::{
    ScanError, counted,
    filter::{FilterRule, RuleCount},
    grouped, with_causes,
};

use scan_engine::delivery::{DeliveryRun, refusals};

use crate::{
    exit::Exit,
    home::shown,
    printable::Page,
    problem::Problem,
    run_report::{MAX_NAMED_PEOPLE, Report, megabytes, megabytes_per_second},
    scan_report::{ConnectionReport, Outcome, changes},
    tally::Tally,
};

/// The exit that follows from the outcome of one scan.
fn exit_of(outcome: &Outcome) -> Exit {
    match outcome {
        Outcome::Complete => Exit::Complete,
        Outcome::Partial(_) => Exit::Partial,
        Outcome::Failed(_) => Exit::Failed,
        Outcome::Busy(_) => Exit::Busy,
    }
}

/// The exit of a whole run.
pub(crate) fn exit(report: &Report) -> Exit {
    if report.interrupted {
        return Exit::Interrupted;
    }
    let outcomes = report.connections.iter();
    let mut outcomes: Vec<_> = outcomes.map(|one| exit_of(&one.outcome)).collect();
    if report.problems.iter().any(Problem::is_error) {
        outcomes.push(Exit::Configuration);
    }
    if !report.deliveries.iter().all(DeliveryRun::is_complete) {
        outcomes.push(Exit::Follower);
    }
    Exit::of(&outcomes)
}

/// Which connections a report is about.
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
                writeln!(text, "  try: {hint}");
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
            writeln!(text, "            {hint}");
        }
    }
}

/// Whom nobody can reach.
fn write_unreached(text: &mut Page, tally: &Tally) {
    let unreached = &tally.unreached;
    if unreached.is_empty() {
        return;
    }
    let named = unreached
        .iter()
        .take(MAX_NAMED_PEOPLE)
        .map(|one| format!("`{one}`"));
    let named = named.collect::<Vec<_>>().join(", ");
    let (count, rest) = (
        unreached.len() as u64,
        unreached.len().saturating_sub(MAX_NAMED_PEOPLE),
    );
    let have = if count == 1 { "has" } else { "have" };
    let owners = counted(count, "owner");
    write!(
        text,
        "  contacts  {owners} {have} no e-mail address: {named}"
    );
    if rest > 0 {
        write!(text, " and {} more", grouped(rest as u64));
    }
    writeln!(text);
    writeln!(
        text,
        "            `catalog owners --email without` lists all; `connection.contacts` sets where addresses come from"
    )
}

/// Who is a contact and cannot log in any more.
fn write_departed(text: &mut Page, tally: &Tally) {
    let departed = &tally.departed;
    if departed.is_empty() {
        return;
    }
    let count = departed.len() as u64;
    let are = if count == 1 { "is" } else { "are" };
    let by_status = tally.departed_by_status().into_iter();
    let by_status: Vec<_> = by_status
        .map(|(status, count)| format!("{} {}", grouped(count), status.word()))
        .collect();
    let named = departed
        .keys()
        .take(MAX_NAMED_PEOPLE)
        .map(|one| format!("`{one}`"));
    write!(
        text,
        "  contacts  {} {are} not active ({}): {}",
        counted(count, "owner"),
        by_status.join(", "),
        named.collect::<Vec<_>>().join(", "),
    );
    let rest = departed.len().saturating_sub(MAX_NAMED_PEOPLE);
    if rest > 0 {
        write!(text, " and {} more", grouped(rest as u64));
    }
    writeln!(text);
    writeln!(
        text,
        "            `catalog owners --status inactive,blocked,removed` lists all"
    )
}

/// What became of the items.
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

/// A rule of the filters, and how often it had a say.
pub(crate) fn filter_line(rule: &FilterRule, count: RuleCount) -> String {
    let (matched, excluded) = (grouped(count.matched), grouped(count.left_out));
    format!("  filter    {rule}: {matched} matched, {excluded} excluded")
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
                writeln!(text, "  try: {hint}");
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
