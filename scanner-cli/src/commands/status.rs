//! `status`: the state of the service, of the connections and of the followers.

mod text;

use crate::{
    arguments::{ShowFormat, Status as Arguments},
    connections::connection_files,
    exit::Exit,
    problem::Problem,
    program::Program,
    status_record::StatusRecord,
};

pub(crate) fn run(program: &mut Program, arguments: &Arguments) -> Exit {
    if arguments.healthy {
        return match program.installation.health_error() {
            None => program.print("healthy\n", Exit::Complete),
            Some(fault) => program.print(&format!("unhealthy: {fault}\n"), Exit::Failed),
        };
    }
    let status = program.installation.status();
    let record = StatusRecord::new(&status, env!("CARGO_PKG_VERSION"));
    let text = match arguments.format {
        ShowFormat::Text => text::text(&record, &program.local_time()),
        ShowFormat::Json => record.to_json(),
    };
    warn_without_connections(program);
    for problem in &status.problems {
        program.report_problem(problem);
    }
    let exit = match status.problems.is_empty() {
        true => Exit::Complete,
        false => Exit::Configuration,
    };
    program.print(&text, exit)
}

/// Warns if the home has no connection file: it may be the wrong folder.
fn warn_without_connections(program: &mut Program) {
    if let Err(problem) = connection_files(&program.installation.home.connections()) {
        let hint = problem.hint().map(str::to_owned);
        program.report_problem(&Problem::warning(problem.message(), hint));
    }
}
