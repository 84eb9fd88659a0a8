//! `explain`: what the store has about a subject, and what its site has now.

use std::{io::Write as _, path::Path, pin::pin};

use catalog_model::{Finding, ScanError, counted, with_causes};

use super::{catalog, selection::select, signals::interrupted};
use crate::{
    arguments::Explain,
    connections::Ready,
    destination::{STANDARD_OUTPUT, unless_broken_pipe},
    exit::Exit,
    explanation::{CatalogState, Explanation, Suggestions},
    export_line::label,
    local_time::LocalTime,
    printable::Page,
    problem::Problem,
    program::Program,
    store_problem::StoreProblem,
};

pub(crate) async fn run(program: &mut Program, arguments: Explain) -> Exit {
    match explain(program, &arguments).await {
        Ok(exit) | Err(exit) => exit,
    }
}

async fn explain(program: &mut Program, arguments: &Explain) -> Result<Exit, Exit> {
    let text = arguments.subject.trim();
    let mut stored = Explanation::default();
    // If there is no store, the site can still be read.
    if arguments.offline || program.installation.home.store().exists() {
        let catalog = catalog::open(program)?;
        // Errors in the settings of followers are reported by other commands.
        let application = program.installation.application();
        let followers = application.map(|found| found.followers).unwrap_or_default();
        let found = Explanation::find(&catalog, &followers, text).map_err(|error| {
            program.report_problem(&error.problem());
            Exit::from(error.operation_kind())
        })?;
        let shown = stored_text(&found, text, &program.local_time());
        write(program, &shown)?;
        stored = found;
    }
    if arguments.offline || stored.is_only_streams() {
        return Ok(Exit::Complete);
    }
    let text = stored.app_id.as_deref().unwrap_or(text);
    let mut selected = select(program, &[])?;
    let mut exits = Vec::from_iter(program.report_problems(&selected.take_problems()));
    let is_searched = |ready: &&Ready| {
        stored.connections.is_empty() || stored.connections.contains(ready.code.as_str())
    };
    let searched = selected.ready.iter().filter(is_searched);
    let held: Vec<_> = searched
        .map(|ready| (ready.connection.hold_session(), ready))
        .collect();
    let mut interrupted = pin!(interrupted(program));
    for (hold, ready) in held {
        tokio::select! {
            found = program.installation.find_at_source(ready, text, hold) => exits.push(report(program, ready, found)),
            () = &mut interrupted => return Ok(Exit::Interrupted),
        }
    }
    Ok(Exit::worst_of(&exits))
}

/// What the store has about `subject`.
fn stored_text(found: &Explanation, subject: &str, local: &LocalTime) -> Page {
    let mut text = Page::default();
    if found.count == 0 {
        write_suggestions(&mut text, subject, &found.suggestions);
    }
    for entry in &found.entries {
        writeln!(text, "{}", entry.key);
        let catalogs = grouped(&entry.catalogs);
        let catalogs = catalogs.iter().map(|line| (&"catalog", line));
        let lines = entry.lines.iter().map(|(name, value)| (name, value));
        for (name, value) in lines.chain(catalogs) {
            writeln!(text, "  {name:<11} {}", local.at_start(value));
        }
        let failing = entry.catalogs.iter().filter(|catalog| catalog.is_failing);
        for catalog in failing {
            writeln!(
                text,
                "  {:<11} {}: the last delivery failed, see `catalog followers`",
                "catalog", catalog.follower
            );
        }
        if entry.is_stream {
            writeln!(
                text,
                "  the site is searched only for sheets and apps, not for streams"
            );
        }
    }
    let more = found.count - found.entries.len();
    if more > 0 {
        writeln!(text, "and {more} more");
    }
    text
}

/// One line for each state, with the names of the followers that share it.
fn grouped(catalogs: &[CatalogState]) -> Vec<String> {
    let mut states: Vec<(String, Vec<&str>)> = Vec::new();
    for catalog in catalogs {
        let name = catalog.follower.as_str();
        let state = format!("{}{}", catalog.state, catalog.detail);
        match states.iter_mut().find(|(known, _)| *known == state) {
            Some((_, names)) => names.push(name),
            None => states.push((state, vec![name])),
        }
    }
    let states = states.into_iter();
    states
        .map(|(state, names)| format!("{}: {state}", names.join(", ")))
        .collect()
}

fn write_suggestions(text: &mut Page, subject: &str, suggestions: &Suggestions) {
    let search = "`catalog list --search TEXT` searches labels, keys and descriptions";
    let (first, more) = suggestions.first();
    if first.is_empty() {
        writeln!(text, "no item matches `{subject}`; {search}");
        return;
    }
    writeln!(
        text,
        "no item matches `{subject}`; did you mean one of these?"
    );
    for suggestion in &first {
        writeln!(text, "  {suggestion}");
    }
    if more > 0 {
        writeln!(text, "  and {} more; {search}", counted(more, "item"));
    }
}

/// Prints what the site of a connection has.
fn report(
    program: &mut Program,
    ready: &Ready,
    found: Result<Option<Vec<Finding>>, ScanError>,
) -> Exit {
    let findings = match found {
        Ok(Some(findings)) => findings,
        Ok(None) => return Exit::Complete,
        Err(error) => return report_unreadable(program, ready, &error),
    };
    let mut text = Page::default();
    writeln!(text, "{} ({}) now", ready.code, ready.name);
    let is_not_requested = |finding: &Finding| matches!(finding, Finding::NotRequested { .. });
    if findings.iter().all(is_not_requested) {
        writeln!(
            text,
            "  not visible: it does not exist, or the account may not read it"
        );
    }
    for finding in findings {
        write_finding(&mut text, finding);
    }
    write(program, &text).err().unwrap_or(Exit::Complete)
}

fn write_finding(text: &mut Page, finding: Finding) {
    match finding {
        Finding::Item { key, label: names } => {
            writeln!(text, "  present: {} ({key})", label(&names));
        }
        Finding::Excluded {
            key,
            label: names,
            rule,
            because,
        } => {
            writeln!(text, "  excluded by {rule}: {} ({key})", label(&names));
            write_reasons(text, &because);
        }
        Finding::Undecided {
            key,
            label: names,
            why,
        } => {
            writeln!(text, "  undecided: {} ({key})", label(&names));
            write_reasons(text, &[why]);
        }
        Finding::NotAnItem { what } | Finding::NotRequested { what } => writeln!(text, "  {what}"),
    }
}

fn write_reasons(text: &mut Page, reasons: &[String]) {
    let mut heading = "because: ";
    for reason in reasons {
        writeln!(text, "    {heading:<9}{reason}");
        heading = "";
    }
}

/// Reports that a connection cannot be read.
pub(super) fn report_unreadable(program: &mut Program, ready: &Ready, error: &ScanError) -> Exit {
    let hint = match error {
        ScanError::Source { hint, .. } => hint.clone(),
        _ => None,
    };
    let (code, name) = (&ready.code, &ready.name);
    let message = format!("{code} ({name}) cannot be read: {}", with_causes(error));
    program.report_problem(&Problem::general(message, hint));
    Exit::Failed
}

/// Writes to standard output. A closed pipe is not an error.
fn write(program: &mut Program, text: &Page) -> Result<(), Exit> {
    let output = &mut program.environment.output;
    let written = output.write_all(text.as_str().as_bytes());
    let written = written.and_then(|()| output.flush());
    unless_broken_pipe(written, Path::new(STANDARD_OUTPUT)).map_err(|error| {
        program.report_problem(&Problem::general(with_causes(&error), None));
        Exit::Failed
    })
}
