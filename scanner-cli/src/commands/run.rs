//! `run`: the long-running scanner.

use std::{io, sync::Arc, time::Duration};

use super::signals::Signals;
use crate::{
    exit::Exit,
    home::{Home, shown},
    input_file::{self, FileKind},
    lock::{Lock, NotLocked},
    problem::Problem,
    run::Program,
    service::{Service, Watcher},
    temporary_file,
};

/// Whoever asks whether a scanner runs has the lock for a moment; so long it is waited for.
const MOMENT: Duration = Duration::from_millis(100);

pub(crate) async fn run(program: &mut Program) -> Exit {
    let begun = begin(program).await;
    let (lock, service) = match begun {
        Ok(begun) => begun,
        Err((problems, exit)) => {
            for problem in &problems {
                program.tell_problem(problem);
            }
            return exit;
        }
    };
    let exit = service.run(Signals::listen_to_all()).await;
    drop(lock);
    exit
}

async fn begin(program: &Program) -> Result<(Lock, Service), (Vec<Problem>, Exit)> {
    let home = &program.home;
    let name = identifier(home).map_err(|problem| (vec![problem], Exit::Configuration))?;
    let lock = lock(program).await?;
    home.remove_leftovers();
    // Where the home cannot be written, files for hooks are elsewhere.
    temporary_file::remove_leftovers(&home.aside());
    let mut watcher = Watcher::new(
        home.clone(),
        program.environment.variables.clone(),
        Arc::clone(&program.connectors),
        program.environment.clock,
    );
    let begun = watcher.begin();
    let application = begun.map_err(|problems| (problems, Exit::Configuration))?;
    let service = Service::new(watcher, application, name, program.log.clone());
    let service = service.map_err(|error| (vec![error.problem()], error.exit()))?;
    Ok((lock, service))
}

async fn lock(program: &Program) -> Result<Lock, (Vec<Problem>, Exit)> {
    let (path, home) = (program.home.lock(), program.home.path(""));
    let mut tries = 0;
    loop {
        match Lock::take(&path, (program.environment.clock)()) {
            Ok(lock) => return Ok(lock),
            Err(NotLocked::Busy(_)) if tries < 3 => {
                tries += 1;
                tokio::time::sleep(MOMENT).await;
            }
            Err(NotLocked::Busy(holder)) => {
                let message = format!(
                    "the home `{}` has a scanner already: {holder}",
                    shown(&home)
                );
                let hint =
                    "stop that one first, or name another home with `--home` or `SCANNER_HOME`"
                        .to_owned();
                return Err((vec![Problem::general(message, hint)], Exit::Busy));
            }
            Err(NotLocked::Unusable(error)) => {
                let message = format!("the lock `{}` cannot be made: {error}", shown(&path));
                let hint = "let the scanner write to the folder `data` of its home".to_owned();
                return Err((vec![Problem::general(message, hint)], Exit::Failed));
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
