//! `check`: each stage on the way to a site, and where it ends.

use std::{pin::pin, time::Duration};

use catalog_model::{SessionHold, Stage, Verdict};

use super::{selection::select, signals::interrupted};
use crate::{
    arguments::{Check, ShowFormat},
    connection_file::{FaultyStage, InvalidFile},
    connections::Ready,
    exit::Exit,
    home::shown,
    hooks,
    kept_session::KeptSession,
    problem::Problem,
    program::Program,
};

mod offline;
mod show;

/// The first stage of every check: scanner-cli's own.
const CONNECTION_FILE: &str = "connection file";
/// The stage of a trust store that keeps a connection from being made at all; its connector has the same.
const TRUST_STORE: &str = "trust store";

/// A connection, and what was seen of it stage by stage.
struct Checked {
    code: Option<String>,
    name: Option<String>,
    file: String,
    stages: Vec<Stage>,
}

pub(crate) async fn run(program: &mut Program, arguments: Check) -> Exit {
    if arguments.offline {
        return offline::run(program, &arguments);
    }
    let selected = match select(program, &arguments.codes) {
        Ok(selected) => selected,
        Err(exit) => return exit,
    };
    let told = program.report_problems(&selected.problems);
    let mut outcomes = Vec::from_iter(told);
    let hooks = hooks::files(&program.home, &program.environment.variables);
    let hooks: Vec<_> = hooks.into_iter().flat_map(|file| file.problems).collect();
    outcomes.extend(program.report_problems(&hooks));
    let mut checked = Vec::new();
    for file in selected.invalid {
        outcomes.push(Exit::Configuration);
        checked.push(of_invalid(program, file));
    }
    let mut interrupted = pin!(interrupted(program));
    let ready = selected.ready.into_iter();
    let held: Vec<_> = ready
        .map(|ready| (ready.connection.hold_session(), ready))
        .collect();
    for (hold, ready) in held {
        tokio::select! {
            done = of_ready(program, &ready, hold) => checked.push(done),
            () = &mut interrupted => return Exit::Interrupted,
        }
    }
    if checked.iter().any(Checked::fails_at_the_site) {
        outcomes.push(Exit::Failed);
    }
    let text = match arguments.format {
        ShowFormat::Text => show::as_text(&checked),
        ShowFormat::Json => show::as_json(&checked, &[]),
    };
    program.print(&text, Exit::of(&outcomes))
}

impl Checked {
    /// Whether a stage failed that comes after the files.
    fn fails_at_the_site(&self) -> bool {
        let files = [CONNECTION_FILE, TRUST_STORE];
        let mut stages = self
            .stages
            .iter()
            .filter(|stage| !files.contains(&stage.name));
        stages.any(|stage| stage.verdict == Verdict::Failed)
    }
}

/// Checks a connection with the session that its scans have, and keeps that for the next command.
async fn of_ready(program: &Program, ready: &Ready, hold: SessionHold) -> Checked {
    let connection = ready.connection.as_ref();
    let session = KeptSession::resume(connection, &program.home, &ready.code);
    let file = shown(&ready.path);
    let mut stages = vec![Stage::ok(CONNECTION_FILE, file.clone(), Duration::ZERO)];
    stages.extend(connection.check().await);
    for warning in session.end(hold).await {
        stages[0].seen = format!("{}; {}", stages[0].seen, warning.message);
        stages[0].verdict = Verdict::Warning;
        stages[0].hint = warning.hint;
    }
    Checked {
        code: Some(ready.code.to_string()),
        name: Some(ready.name.clone()),
        file,
        stages,
    }
}

/// What is known of a file that cannot be used: it goes no further than the file or its trust store.
fn of_invalid(program: &Program, file: InvalidFile) -> Checked {
    let path = shown(&file.path);
    let mut errors = file.problems.iter().filter(|problem| problem.is_error());
    let first = errors.next();
    let message = |problem: &Problem| match problem.place() {
        Some(place) => format!("{place}: {}", problem.message()),
        None => problem.message().to_owned(),
    };
    let seen = first.map(message).unwrap_or_default();
    let seen = match errors.count() {
        0 => seen,
        more => format!("{seen} (and {more} more: `scan` shows them)"),
    };
    let hint = first.and_then(Problem::hint).map(str::to_owned);
    let failed = |name| Stage::ok(name, seen, Duration::ZERO).but(Verdict::Failed, hint);
    let mut stages = match file.fault {
        FaultyStage::File => vec![failed(CONNECTION_FILE)],
        FaultyStage::TrustStore => vec![
            Stage::ok(CONNECTION_FILE, path.clone(), Duration::ZERO),
            failed(TRUST_STORE),
        ],
    };
    let reached: Vec<_> = stages.iter().map(|stage| stage.name).collect();
    let known = program.connectors.stages();
    let rest = known.filter(|name| !reached.contains(name));
    stages.extend(rest.map(Stage::not_reached));
    Checked {
        code: file.code.map(|code| code.to_string()),
        name: None,
        file: path,
        stages,
    }
}
