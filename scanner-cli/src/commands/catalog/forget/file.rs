//! The connection files of the home, none of which may have the code of a connection that is forgotten.

use std::{io, sync::Arc};

use catalog_model::{Connection, ConnectionCode};

use crate::{
    commands::selection::restrictions,
    connection_file::{ConnectionFile, Reading},
    connections::{listed, unreadable},
    exit::Exit,
    home::{Home, shown},
    input_file::{self, FileKind},
    problem::Problem,
    program::Program,
    restrictions::Restrictions,
};

/// The files that can be read.
pub(super) struct Files(Vec<ConnectionFile>);

impl Files {
    /// Their connections that are enabled.
    pub(super) fn connections(&self) -> Vec<&dyn Connection> {
        let enabled = self.0.iter().filter_map(|file| file.connection.as_deref());
        enabled.collect()
    }
}

/// The connection files, none of which has the code.
///
/// # Errors
/// If one of them has it, or may have it; a person was told.
pub(super) fn files_with(program: &mut Program, code: &ConnectionCode) -> Result<Files, Exit> {
    let restrictions = Arc::new(restrictions(program)?);
    read(program, code, &restrictions).map_err(|problem| {
        program.report_problem(&problem);
        Exit::Configuration
    })
}

fn read(
    program: &Program,
    code: &ConnectionCode,
    restrictions: &Arc<Restrictions>,
) -> Result<Files, Problem> {
    let reading = Reading {
        restrictions,
        home: &program.home,
        variables: &program.environment.variables,
        connectors: &program.connectors,
        now: (program.environment.clock)(),
    };
    let folder = program.home.connections();
    let paths = match listed(&folder) {
        Ok((paths, _)) => paths,
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(error) => {
            let message = format!("the folder `{}` cannot be read: {error}", shown(&folder));
            let hint = "a file in it may have the code; nothing was changed".to_owned();
            return Err(Problem::general(message, hint));
        }
    };
    let mut files = Vec::new();
    for path in paths {
        let content = input_file::read(&path, FileKind::Settings);
        let read = content.map_err(|error| unreadable(&path, &error));
        let read = read.and_then(|content| reading.read(&path, &content));
        let known = match &read {
            Ok(file) => Some(&file.code),
            Err(invalid) => invalid.code.as_ref(),
        };
        match known {
            Some(known) if Home::identity(known) == Home::identity(code) => {
                let message = format!(
                    "the connection file `{}` has the code `{code}`",
                    shown(&path)
                );
                let hint = "remove the file first, and the service scans the connection no more; nothing was changed";
                return Err(Problem::general(message, hint.to_owned()));
            }
            None => {
                let message = format!(
                    "the connection file `{}` is wrong and may have the code `{code}`",
                    shown(&path)
                );
                let hint = "correct it, or remove it, first (`check` shows what is wrong); nothing was changed";
                return Err(Problem::general(message, hint.to_owned()));
            }
            Some(_) => files.extend(read.ok()),
        }
    }
    Ok(Files(files))
}
