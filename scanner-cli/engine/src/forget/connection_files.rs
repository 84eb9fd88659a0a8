//! The connection files of the home. None of them may have the code of the connection to forget.

use std::io;

use catalog_model::{Connection, ConnectionCode};

use crate::{
    connection_file::ConnectionFile,
    connections::{listed, unreadable},
    home::{Home, shown},
    input_file::{self, FileKind},
    installation::Installation,
    operation_error::OperationError,
    problem::Problem,
};

/// The files that are valid.
pub(super) struct ConnectionFiles(Vec<ConnectionFile>);

impl ConnectionFiles {
    /// Reads all connection files.
    ///
    /// # Errors
    /// If a file has the code or may have it.
    pub(super) fn without(
        code: &ConnectionCode,
        installation: &Installation,
    ) -> Result<Self, OperationError> {
        let restrictions = installation.restrictions()?;
        let reading = installation.reading(&restrictions);
        let folder = installation.home.connections();
        let paths = match listed(&folder) {
            Ok((paths, _)) => paths,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => {
                let message = format!("the folder `{}` cannot be read: {error}", shown(&folder));
                return Err(refused(
                    message,
                    "a file in it may have the code; nothing was changed",
                ));
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
                    let hint = "remove the file first, so that the service stops scanning the connection; nothing was changed";
                    return Err(refused(message, hint));
                }
                None => {
                    let message = format!(
                        "the connection file `{}` is invalid and may have the code `{code}`",
                        shown(&path)
                    );
                    let hint = "correct or remove it first (`check` shows the errors); nothing was changed";
                    return Err(refused(message, hint));
                }
                Some(_) => files.extend(read.ok()),
            }
        }
        Ok(Self(files))
    }

    /// The enabled connections.
    pub(super) fn connections(&self) -> Vec<&dyn Connection> {
        let enabled = self.0.iter().filter_map(|file| file.connection.as_deref());
        enabled.collect()
    }
}

fn refused(message: String, hint: &str) -> OperationError {
    OperationError::configuration(vec![Problem::general(message, hint.to_owned())])
}
