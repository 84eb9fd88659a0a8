//! `store`: backs up, restores, copies and checks the store.

use std::{path::Path, time::Instant};

use crate::{
    arguments::{ShowFormat, Store as Command},
    exit::Exit,
    home::shown,
    problem::Problem,
    program::Program,
    store::{self, Health, StoreError},
    store_location::store_file,
    store_problem::StoreProblem,
    stored::no_store,
};

mod copying;
mod show;

pub(crate) fn run(program: &mut Program, command: &Command) -> Exit {
    let result = match command {
        Command::Backup { file } => back_up(program, file),
        Command::Restore { file } => restore(program, file),
        Command::Copy { to } => copy(program, to),
        Command::Check { file, format } => check(program, file.as_deref(), *format),
    };
    result.unwrap_or_else(|(problem, exit)| {
        program.report_problem(&problem);
        exit
    })
}

/// An error with its exit code.
type StoreCommandError = (Problem, Exit);

fn back_up(program: &mut Program, file: &Path) -> Result<Exit, StoreCommandError> {
    let instead = "back up the database with the programs of PostgreSQL, such as `pg_dump`";
    let store = store_file(&program.installation.home.store(), "store backup", instead);
    let store = match store {
        Ok(store) => store,
        Err(error) => return Ok(program.report_error(&error)),
    };
    let backup = store::back_up(&store, file).map_err(command_error)?;
    program.report_note(&format!(
        "backed up `{}` to `{}` ({})\n",
        shown(&store),
        shown(&backup.file),
        show::size(backup.bytes)
    ));
    Ok(Exit::Complete)
}

fn restore(program: &mut Program, file: &Path) -> Result<Exit, StoreCommandError> {
    let store = program.installation.home.store();
    let done = program.installation.restore_store(file);
    let done = match done {
        Ok(done) => done,
        Err(error) => return Ok(program.report_error(&error)),
    };
    let mut text = format!(
        "restored `{}` from `{}`: {}\n",
        store,
        shown(file),
        catalog_model::counted(u64::try_from(done.items).unwrap_or(0), "item")
    );
    if let Some(version) = done.older {
        text.push_str(&format!(
            "  the backup was of version {version} and was brought up to date\n"
        ));
    }
    if let Some(kept) = done.kept {
        text.push_str(&format!(
            "  the former store is kept as `{}`\n",
            shown(&kept)
        ));
    }
    text.push_str(&format!(
        "  the store has the new id {}: followers and hooks receive everything again\n",
        done.store_id
    ));
    program.report_note(&text);
    Ok(Exit::Complete)
}

/// The option of the target.
const TO: &str = "--to";

fn copy(program: &mut Program, to: &str) -> Result<Exit, StoreCommandError> {
    let named = program.installation.named_store(to, TO);
    let (target, warnings) = match named {
        Ok(named) => named,
        Err(error) => return Ok(program.report_error(&error)),
    };
    program.report_problems(&warnings);
    let begun = Instant::now();
    let mut line = copying::CopyLine::new(&program.display);
    let copied = program
        .installation
        .copy_store(&target, &mut |step, table, rows| {
            line.show(step, table, rows)
        });
    line.end();
    let copied = match copied {
        Ok(copied) => copied,
        Err(error) => return Ok(program.report_error(&error)),
    };
    let source = program.installation.home.store();
    program.report_note(&copying::report(
        &source,
        &target,
        &copied.rows,
        begun.elapsed(),
    ));
    if copied.is_behind {
        let message = format!(
            "another program used `{source}` during the copy, which may not have everything"
        );
        let hint = "stop all scanners, remove the copy, and copy again";
        return Err((Problem::general(message, hint.to_owned()), Exit::Busy));
    }
    Ok(Exit::Complete)
}

fn check(
    program: &mut Program,
    file: Option<&Path>,
    format: ShowFormat,
) -> Result<Exit, StoreCommandError> {
    let store = program.installation.home.store();
    let health = match (file, store.file()) {
        (Some(file), own) if Some(file) != own => store::check_file(file),
        (_, Some(own)) => store::check(own),
        (_, None) => {
            let instead = "`check` tests the way to the database; the server checks its own files, for example with `pg_amcheck`";
            let error = store_file(&store, "store check", instead);
            return Ok(error.map_or_else(|error| program.report_error(&error), |_| Exit::Complete));
        }
    };
    let health = health.map_err(command_error)?;
    let Some(health) = health else {
        let problem = match file {
            Some(file) => Problem::general(format!("there is no file `{}`", shown(file)), None),
            None => no_store(&store),
        };
        return Err((problem, Exit::Configuration));
    };
    let exit = exit(&health);
    let text = match format {
        ShowFormat::Text => show::as_text(&health),
        ShowFormat::Json => show::as_json(&health),
    };
    Ok(program.print(&text, exit))
}

fn exit(health: &Health) -> Exit {
    if health.problems.is_empty() {
        Exit::Complete
    } else {
        Exit::Failed
    }
}

fn command_error(error: StoreError) -> StoreCommandError {
    (error.problem(), Exit::from(error.operation_kind()))
}
