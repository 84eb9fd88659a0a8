//! `config fmt`: formats settings files.

use std::path::Path;

use crate::{
    exit::Exit, formatted_file::FormatOutcome, home::shown, problem::Problem, program::Program,
};

pub(crate) fn run(program: &mut Program, files_or_codes: &[String], only_checks: bool) -> Exit {
    let mut outcomes = Vec::new();
    for name in files_or_codes {
        let path = match program.installation.find_settings_file(name) {
            Ok(path) => path,
            Err(error) => {
                outcomes.push(program.report_error(&error));
                continue;
            }
        };
        outcomes.push(format(program, &path, only_checks));
    }
    match outcomes.contains(&Exit::Usage) {
        true => Exit::Usage,
        false => Exit::worst_of(&outcomes),
    }
}

fn format(program: &mut Program, path: &Path, only_checks: bool) -> Exit {
    let done = match only_checks {
        true => program.installation.check_format(path),
        false => program.installation.format_file(path),
    };
    let shown = shown(path);
    match done {
        Ok(FormatOutcome::Unchanged) => Exit::Complete,
        Ok(FormatOutcome::Formatted) if only_checks => {
            let message = format!("`{shown}` is not formatted");
            let hint = format!("run `scanner-cli config fmt {shown}`");
            program.report_problem(&Problem::general(message, hint));
            Exit::Configuration
        }
        Ok(FormatOutcome::Formatted) => {
            program.report_note(&format!("formatted `{shown}`\n"));
            Exit::Complete
        }
        Err(error) => program.report_error(&error),
    }
}
