//! The connections of a command, and the scanner's own settings.

use crate::{application_file::Application, connections::Selected, exit::Exit, program::Program};

/// The connections with these codes, or all enabled connections.
///
/// # Errors
/// If there are none. The error was reported; the exit code is returned.
pub(crate) fn select(program: &mut Program, codes: &[String]) -> Result<Selected, Exit> {
    let selected = program.installation.select(codes);
    selected.map_err(|error| program.report_error(&error))
}

/// The scanner's own settings.
///
/// # Errors
/// If they are not valid. The error was reported; the exit code is returned.
pub(crate) fn application(program: &mut Program) -> Result<Application, Exit> {
    let read = program.installation.application();
    let application = read.map_err(|error| program.report_error(&error))?;
    program.report_problems(&application.warnings);
    Ok(application)
}
