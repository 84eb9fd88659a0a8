//! `store`: backs up, restores and checks the store.

use std::path::{Path, PathBuf};

use crate::{
    arguments::{ShowFormat, Store as Command},
    exit::Exit,
    home::shown,
    problem::Problem,
    program::Program,
    store::{self, Health, StoreError},
    store_problem::StoreProblem,
    stored::no_store,
};

mod show;

pub(crate) fn run(program: &mut Program, command: &Command) -> Exit {
    let result = match command {
        Command::Backup { file } => back_up(program, file),
        Command::Restore { file } => restore(program, file),
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
    let backup = store::back_up(&program.installation.home.store(), file).map_err(command_error)?;
    program.report_note(&format!(
        "backed up `{}` to `{}` ({})\n",
        shown(&program.installation.home.store()),
        shown(&backup.file),
        show::size(backup.bytes)
    ));
    Ok(Exit::Complete)
}

fn restore(program: &mut Program, file: &Path) -> Result<Exit, StoreCommandError> {
    let path = program.installation.home.store();
    let done = program.installation.restore_store(file);
    let done = match done {
        Ok(done) => done,
        Err(error) => return Ok(program.report_error(&error)),
    };
    let mut text = format!(
        "restored `{}` from `{}`: {}\n",
        shown(&path),
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

fn check(
    program: &mut Program,
    file: Option<&Path>,
    format: ShowFormat,
) -> Result<Exit, StoreCommandError> {
    let store = program.installation.home.store();
    let path = file.map_or_else(|| store.clone(), PathBuf::from);
    let health = match file {
        Some(file) if file != store => store::check_file(file),
        _ => store::check(&path),
    };
    let health = health.map_err(command_error)?;
    let Some(health) = health else {
        let problem = match file {
            Some(_) => Problem::general(format!("there is no file `{}`", shown(&path)), None),
            None => no_store(&path),
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
