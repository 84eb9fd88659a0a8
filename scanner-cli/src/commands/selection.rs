//! Which connections a command is about, and what the scanner's own settings say.

use std::sync::Arc;

use crate::{
    application_file::{Application, ApplicationReading},
    connection_file::Reading,
    connections::{Connections, Selected},
    exit::Exit,
    program::Program,
    restrictions::Restrictions,
};

/// The connections of these codes, or all that are enabled.
///
/// # Errors
/// The exit of a command that has nothing to work on; it was told why.
pub(crate) fn select(program: &mut Program, codes: &[String]) -> Result<Selected, Exit> {
    let restrictions = Arc::new(restrictions(program)?);
    let reading = Reading {
        restrictions: &restrictions,
        home: &program.home,
        variables: &program.environment.variables,
        connectors: &program.connectors,
        now: (program.environment.clock)(),
    };
    program.home.remove_leftovers();
    let connections = match Connections::load(&reading) {
        Ok(connections) => connections,
        Err(problem) => {
            program.report_problem(&problem);
            return Err(Exit::Configuration);
        }
    };
    connections
        .select(codes)
        .map_err(|unknown| program.report_usage(&unknown.to_string()))
}

/// What connection files may use.
///
/// # Errors
/// The exit of a command that cannot know; it was told why.
pub(crate) fn restrictions(program: &mut Program) -> Result<Restrictions, Exit> {
    let read = Restrictions::read(&program.home, &program.environment.variables);
    read.map_err(|problems| {
        for problem in &problems {
            program.report_problem(problem);
        }
        Exit::Configuration
    })
}

/// The scanner's own settings.
///
/// # Errors
/// The exit of a command that cannot go on without them; it was told what is wrong.
pub(crate) fn application(program: &mut Program) -> Result<Application, Exit> {
    let read = Application::read(&ApplicationReading {
        home: &program.home,
        variables: &program.environment.variables,
        now: (program.environment.clock)(),
    });
    match read {
        Ok(application) => {
            for warning in &application.warnings {
                program.report_problem(warning);
            }
            Ok(application)
        }
        Err(problems) => {
            for problem in &problems {
                program.report_problem(problem);
            }
            Err(Exit::Configuration)
        }
    }
}
