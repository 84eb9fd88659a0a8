//! `status`: how the scanner and its connections are, whether it runs or not.

mod followers;
mod schedule;
mod show;

use self::{
    followers::ShownFollower,
    schedule::ShownSchedule,
    show::{HookState, Hooks, Scanner, Shown},
};
use crate::{
    arguments::{ShowFormat, Status as Arguments},
    connections::connection_files,
    exit::Exit,
    problem::Problem,
    program::Program,
    schedule::Preview,
    service_state::FileStatus,
    status::{ConnectionStatus, Status},
};

pub(crate) fn run(program: &mut Program, arguments: &Arguments) -> Exit {
    if arguments.healthy {
        return match program.installation.health_fault() {
            None => program.print("healthy\n", Exit::Complete),
            Some(fault) => program.print(&format!("unhealthy: {fault}\n"), Exit::Failed),
        };
    }
    let status = program.installation.status();
    let text = text(&status, arguments.format);
    print(program, &text, &status.problems)
}

fn text(status: &Status, format: ShowFormat) -> String {
    let service = status.service.as_ref();
    let preview = status.schedule.as_ref();
    let scanner = Scanner {
        name: status.name.clone(),
        version: service.map_or(env!("CARGO_PKG_VERSION"), |service| &service.version),
        running: status.is_running,
        pid: service.map(|service| service.pid),
        started: service.map(|service| service.started.as_str()),
        error: status.error.clone(),
        time_zone: status.zone.iana_name(),
        schedule: preview.map(ShownSchedule::new).unwrap_or_default(),
    };
    let shown: Vec<_> = status
        .connections
        .iter()
        .map(|connection| {
            let schedule = connection_schedule(connection, preview);
            let scan = connection.last_scan.as_ref();
            let shown = Shown::of(connection.state.clone(), scan, schedule, status.now);
            shown.read_by(connection.holder.clone())
        })
        .collect();
    let hooks = Hooks {
        runs: &status.hook_runs,
        files: &status
            .hook_files
            .iter()
            .map(HookState::of)
            .collect::<Vec<_>>(),
    };
    let followers: Vec<_> = status.followers.iter().map(ShownFollower::of).collect();
    let shown = (&shown[..], &followers[..]);
    match format {
        ShowFormat::Text => show::as_text(&scanner, shown, &hooks),
        ShowFormat::Json => show::as_json(&scanner, shown, &hooks),
    }
}

/// Warns if the home has no connection file: it may be the wrong folder.
fn warn_without_connections(program: &mut Program) {
    if let Err(problem) = connection_files(&program.installation.home.connections()) {
        let hint = problem.hint().map(str::to_owned);
        program.report_problem(&Problem::warning(problem.message(), hint));
    }
}

/// The schedule of a connection: its own, else that of the scanner if it is scanned at all.
fn connection_schedule(connection: &ConnectionStatus, scanner: Option<&Preview>) -> ShownSchedule {
    let state = &connection.state;
    let is_scanned = state.state == FileStatus::Valid || state.next_scan.is_some();
    match (&connection.schedule, scanner.filter(|_| is_scanned)) {
        (Some(own), _) => ShownSchedule::new(own),
        (None, Some(scanner)) => ShownSchedule::new(scanner).without_lines(),
        (None, None) => ShownSchedule::default(),
    }
}

fn print(program: &mut Program, text: &str, problems: &[Problem]) -> Exit {
    warn_without_connections(program);
    for problem in problems {
        program.report_problem(problem);
    }
    let exit = if problems.is_empty() {
        Exit::Complete
    } else {
        Exit::Configuration
    };
    program.print(text, exit)
}
