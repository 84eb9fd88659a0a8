//! Which connections a command is about, and what the scanner's own settings say.

use crate::{application_file::Application, connections::Selected, exit::Exit, program::Program};

/// The connections of these codes, or all that are enabled.
///
/// # Errors
/// The exit of a command that has nothing to work on. The reason was reported.
pub(crate) fn select(program: &mut Program, codes: &[String]) -> Result<Selected, Exit> {
    let selected = program.installation.select(codes);
    selected.map_err(|error| program.report_error(&error))
}

/// The scanner's own settings.
///
/// # Errors
/// The exit of a command that cannot go on without them. The reason was reported.
pub(crate) fn application(program: &mut Program) -> Result<Application, Exit> {
    let read = program.installation.application();
    let application = read.map_err(|error| program.report_error(&error))?;
    program.report_problems(&application.warnings);
    Ok(application)
}
