//! `status --healthy`: whether the service is alive, for programs that start it again if it is not.

use crate::{
    exit::Exit,
    home::{Home, shown},
    lock::{closed, is_held},
    program::Program,
    service,
};

pub(super) fn run(program: &mut Program) -> Exit {
    let now = (program.environment.clock)();
    match fault(&program.home, now) {
        None => program.print("healthy\n", Exit::Complete),
        Some(fault) => program.print(&format!("unhealthy: {fault}\n"), Exit::Failed),
    }
}

/// What is wrong with the service. A connection in error is not: another start would not help it.
fn fault(home: &Home, now: jiff::Timestamp) -> Option<String> {
    if let Some(error) = closed(&home.lock()) {
        return Some(format!(
            "`{}` cannot be opened: {error}",
            shown(&home.lock())
        ));
    }
    if !is_held(&home.lock()) {
        return Some(format!(
            "no service is running for the home `{}`",
            shown(&home.path(""))
        ));
    }
    let path = home.status();
    if service::is_silent(&path, now) {
        return Some(format!(
            "the service gave no sign of life for more than 45 seconds (`{}`)",
            shown(&path)
        ));
    }
    service::read_state(&path)?.overdue
}
