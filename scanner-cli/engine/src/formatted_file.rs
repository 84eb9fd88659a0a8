//! Formats settings files.

use std::{io::Write, path::Path};

use crate::{
    file_rights,
    hocon::{self, FormatError},
    home::shown,
    input_file::{self, FileKind},
    installation::Installation,
    operation_error::{OperationError, OperationErrorKind},
    problem::Problem,
    temporary_file::{self, Purpose},
};

/// Whether formatting changes a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FormatOutcome {
    /// It was formatted before.
    Unchanged,
    /// It was not.
    Formatted,
}

impl Installation {
    /// Whether formatting would change the file.
    ///
    /// # Errors
    /// If it is not valid or cannot be read.
    pub fn check_format(&self, path: &Path) -> Result<FormatOutcome, OperationError> {
        Ok(formatted(path)?.map_or(FormatOutcome::Unchanged, |_| FormatOutcome::Formatted))
    }

    /// Formats the file. A file that is formatted already is not written.
    ///
    /// # Errors
    /// If it is not valid, or cannot be read or written.
    pub fn format_file(&self, path: &Path) -> Result<FormatOutcome, OperationError> {
        let Some(text) = formatted(path)? else {
            return Ok(FormatOutcome::Unchanged);
        };
        let written = input_file::canonical(path).and_then(|file| {
            let folder = file.parent().unwrap_or(Path::new("."));
            let mut temporary = temporary_file::create(folder, Purpose::Settings)?;
            temporary.write_all(text.as_bytes())?;
            temporary.as_file().sync_all()?;
            file_rights::replace(temporary, &file, None)
        });
        match written {
            Ok(()) => Ok(FormatOutcome::Formatted),
            Err(error) => {
                let message = format!("`{}` cannot be written: {error}", shown(path));
                Err(failed(message))
            }
        }
    }
}

/// The formatted content of a file; `None` if it is the same.
fn formatted(path: &Path) -> Result<Option<String>, OperationError> {
    let content = input_file::read(path, FileKind::Settings).map_err(|error| {
        let message = format!("`{}` cannot be read: {error}", shown(path));
        OperationError::configuration(vec![Problem::general(message, None)])
    })?;
    match hocon::format(path, &content) {
        Ok(text) => Ok((text.as_bytes() != content).then_some(text)),
        Err(FormatError::Invalid(errors)) => {
            let errors = errors.into_iter().map(Problem::InFile);
            Err(OperationError::configuration(errors.collect()))
        }
        Err(FormatError::OtherMeaning) => {
            let message = format!(
                "`{}` was not formatted, because the result would not mean the same; please report this",
                shown(path)
            );
            Err(failed(message))
        }
    }
}

fn failed(message: String) -> OperationError {
    OperationError::new(OperationErrorKind::Failed, Problem::general(message, None))
}
