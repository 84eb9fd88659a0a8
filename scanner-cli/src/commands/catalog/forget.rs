//! `catalog forget`: deletes a connection from the store, from followers and from the files of the home.

use std::{
    io::{self, BufRead, BufReader, Read},
    pin::pin,
};

use catalog_model::{ConnectionCode, counted};
use tokio::task::spawn_blocking;

mod show;

use super::super::{selection::application, signals::interrupted};
use crate::{arguments, exit::Exit, forget::Forget, program::Program};

pub(crate) async fn run(program: &mut Program, arguments: &arguments::Forget) -> Exit {
    match forget(program, arguments).await {
        Ok(exit) | Err(exit) => exit,
    }
}

async fn forget(program: &mut Program, arguments: &arguments::Forget) -> Result<Exit, Exit> {
    let code = ConnectionCode::new(&arguments.code).map_err(|error| {
        program.report_usage(&format!("`{}` is not a code: {error}", arguments.code))
    })?;
    program.installation.home.remove_leftovers();
    let followers = application(program)?.followers;
    let found = program.installation.begin_forget(code, followers);
    let found = found.map_err(|error| program.report_error(&error))?;
    program.report(&show::found(&found, arguments.keep_in_catalogs));
    if program.environment.is_interactive && !arguments.yes && !confirmed(program).await? {
        program.report("nothing was changed\n");
        return Err(Exit::Interrupted);
    }
    let followed = match arguments.keep_in_catalogs {
        true => Vec::new(),
        false => deliver_removals(program, &found).await?,
    };
    let forgotten = found
        .remove()
        .map_err(|error| program.report_error(&error))?;
    program.report(&show::forgotten(&found, &followed, forgotten.sessions));
    program.report_problems(&show::problems(&found, &forgotten));
    Ok(match forgotten.failed.is_empty() {
        true => Exit::Complete,
        false => Exit::Failed,
    })
}

/// Asks for confirmation on the terminal.
async fn confirmed(program: &mut Program) -> Result<bool, Exit> {
    program.report("Forget it? This cannot be undone. [y/N] ");
    let input = std::mem::replace(&mut program.environment.input, Box::new(io::empty()));
    let mut interrupted = pin!(interrupted(program));
    let answer = tokio::select! {
        answer = spawn_blocking(move || answer(input)) => answer.unwrap_or_default(),
        () = &mut interrupted => return Err(Exit::Interrupted),
    };
    Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
}

/// Reads the answer: one line.
fn answer(input: Box<dyn Read + Send>) -> String {
    let mut line = String::new();
    // A longer line is not a confirmation.
    let _ = BufReader::new(input.take(100)).read_line(&mut line);
    line
}

/// Delivers the removals to the followers. Returns the names of the followers.
async fn deliver_removals(program: &mut Program, found: &Forget) -> Result<Vec<String>, Exit> {
    let deliverer = program.installation.deliverer();
    let delivered = {
        let mut interrupted = pin!(interrupted(program));
        let mut delivered = pin!(found.deliver_removals(&deliverer));
        tokio::select! {
            delivered = &mut delivered => delivered,
            () = &mut interrupted => {
                deliverer.stop();
                let _ = delivered.await;
                return Err(Exit::Interrupted);
            }
        }
    };
    delivered.map_err(|error| program.report_error(&error))
}

/// `3 changes`. Numbers of the store are never negative.
fn count(number: i64, noun: &str) -> String {
    counted(number.unsigned_abs(), noun)
}
