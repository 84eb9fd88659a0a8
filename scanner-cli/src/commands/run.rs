//! `run`: the long-running scanner.

use std::{collections::BTreeMap, io, sync::Arc, time::Duration};

use catalog_model::ConnectorRegistry;

use super::signals::Signals;
use crate::{
    clock::Clock,
    exit::Exit,
    home::{Home, shown, shown_absolute},
    input_file::{self, FileKind},
    lock::{Lock, NotLocked},
    problem::Problem,
    program::Program,
    service::{LostLines, Request, Service, ServiceEnd, Watcher},
    store_problem::StoreProblem,
    temporary_file,
};

/// Whoever asks whether a scanner runs has the lock for a moment; so long it is waited for.
const MOMENT: Duration = Duration::from_millis(100);

pub(crate) async fn run(program: &mut Program) -> Exit {
    let mut signals = Signals::listen_to_all(program);
    let start = Start {
        home: program.home.clone(),
        variables: program.environment.variables.clone(),
        connectors: Arc::clone(&program.connectors),
        clock: program.environment.clock,
        lost_lines: program.log.lost_lines(),
    };
    // Locks, files and the store may make it wait for a disk that does not answer.
    let begun = tokio::task::spawn_blocking(move || start.begin());
    let begun = tokio::select! {
        begun = begun => begun,
        () = stop(&mut signals) => return Exit::Complete,
    };
    match begun {
        Ok(Ok((lock, service))) => {
            let end = service.run(signals.into_requests()).await;
            drop(lock);
            match end {
                ServiceEnd::Stopped => Exit::Complete,
                ServiceEnd::Crashed => Exit::Failed,
            }
        }
        Ok(Err((problems, exit))) => {
            for problem in &problems {
                program.report_problem(problem);
            }
            exit
        }
        // It panicked, and said so.
        Err(_) => Exit::Failed,
    }
}

async fn stop(signals: &mut Signals) {
    while signals.next().await != Request::Stop {}
}

/// What the service starts with.
struct Start {
    home: Home,
    variables: BTreeMap<String, String>,
    connectors: Arc<ConnectorRegistry>,
    clock: Clock,
    lost_lines: LostLines,
}

impl Start {
    fn begin(self) -> Result<(Lock, Service), (Vec<Problem>, Exit)> {
        let name =
            identifier(&self.home).map_err(|problem| (vec![problem], Exit::Configuration))?;
        let lock = self.lock()?;
        self.home.remove_leftovers();
        // Where the home cannot be written, files for hooks are elsewhere.
        temporary_file::remove_leftovers(&self.home.aside());
        let mut watcher = Watcher::new(self.home, self.variables, self.connectors, self.clock);
        let begun = watcher.begin();
        let application = begun.map_err(|problems| (problems, Exit::Configuration))?;
        let service = Service::new(watcher, application, name, self.lost_lines);
        let service =
            service.map_err(|error| (vec![error.problem()], Exit::from(error.operation_kind())))?;
        Ok((lock, service))
    }

    fn lock(&self) -> Result<Lock, (Vec<Problem>, Exit)> {
        let (path, home) = (self.home.lock(), self.home.path(""));
        let mut tries = 0;
        loop {
            match Lock::take(&path, (self.clock)()) {
                Ok(lock) => return Ok(lock),
                Err(NotLocked::Busy(_)) if tries < 3 => {
                    tries += 1;
                    std::thread::sleep(MOMENT);
                }
                Err(NotLocked::Busy(holder)) => {
                    let message = format!(
                        "the home `{}` has a scanner already: {holder}",
                        shown_absolute(&home)
                    );
                    let hint =
                        "stop that one first, or name another home with `--home` or `SCANNER_HOME`"
                            .to_owned();
                    return Err((vec![Problem::general(message, hint)], Exit::Busy));
                }
                Err(NotLocked::Unusable(error)) => {
                    let message = format!(
                        "the lock `{}` cannot be created: {error}",
                        shown_absolute(&path)
                    );
                    let hint = "let the scanner's account write to the folder `data` of its home"
                        .to_owned();
                    return Err((vec![Problem::general(message, hint)], Exit::Failed));
                }
            }
        }
    }
}

/// The scanner's name, if the home gives it one.
///
/// # Errors
/// When it is no name, or cannot be read.
pub(crate) fn identifier(home: &Home) -> Result<Option<String>, Problem> {
    let path = home.path("agent-identifier");
    let text = match input_file::read_text(&path, FileKind::Small) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => {
            let message = format!("`{}` cannot be read: {error}", shown(&path));
            return Err(Problem::general(message, None));
        }
    };
    let name = text.trim();
    let fits = |char: char| char.is_ascii_alphanumeric() || matches!(char, '_' | '-');
    if name.is_empty() || !name.chars().all(fits) {
        let message = format!("`{}` does not hold a scanner's name", shown(&path));
        let hint = "write one line of letters, digits, `_` and `-`".to_owned();
        return Err(Problem::general(message, hint));
    }
    Ok(Some(name.to_owned()))
}
