//! Reads a settings file to show it, with its secrets masked.

use std::{
    io,
    path::{Path, PathBuf},
};

use crate::{
    application_file::hide_secret_settings,
    connections::connection_files,
    hocon::{self, Document, Files, IncludeError, Object, Value},
    home::shown,
    input_file::{self, FileKind},
    installation::Installation,
    near_code::did_you_mean,
    operation_error::OperationError,
    problem::Problem,
    secrets::MaskedVariables,
    tracked_files::TrackedFiles,
};

impl Installation {
    /// Finds a settings file: the file at this path, or else the file of the connection with this code.
    ///
    /// # Errors
    /// If there is no such file, or the code may be that of an invalid file.
    pub fn find_settings_file(&self, file_or_code: &str) -> Result<PathBuf, OperationError> {
        let path = Path::new(file_or_code);
        if input_file::metadata(path).is_ok_and(|found| !found.is_dir()) {
            return Ok(path.to_path_buf());
        }
        let is_conf = path
            .extension()
            .is_some_and(|extension| extension == "conf");
        if path.components().count() > 1 || is_conf {
            let message = format!("there is no file `{}`", shown(path));
            let problem = Problem::general(message, None);
            return Err(OperationError::configuration(vec![problem]));
        }
        let paths = connection_files(&self.home.connections())
            .map_err(|problem| OperationError::configuration(vec![problem]))?;
        let (mut problems, mut known) = (Vec::new(), Vec::new());
        for path in paths {
            match self.read_masked(&path) {
                Ok(document) => {
                    let code = code(&document.root);
                    if code == Some(file_or_code) {
                        return Ok(path);
                    }
                    known.extend(code.map(str::to_owned));
                }
                Err(found) => problems.extend(found),
            }
        }
        let message = unknown_file(file_or_code, &known);
        if problems.is_empty() {
            return Err(OperationError::unknown_name(message));
        }
        let hint = "it may be the code of an invalid file".to_owned();
        problems.push(Problem::general(message, hint));
        Err(OperationError::configuration(problems))
    }

    /// Reads a settings file without its secrets.
    ///
    /// # Errors
    /// All errors in the file or in `conf/application.conf`.
    pub fn read_masked(&self, path: &Path) -> Result<Document, Vec<Problem>> {
        let content = input_file::read(path, FileKind::Settings).map_err(|error| {
            vec![Problem::general(
                format!("`{}` cannot be read: {error}", shown(path)),
                None,
            )]
        })?;
        let restrictions = self.restrictions().map_err(|error| error.problems)?;
        let variables = MaskedVariables {
            variables: &self.variables,
            restrictions: &restrictions,
        };
        let files = ShownFiles {
            path,
            files: TrackedFiles::with_restrictions(&self.home, restrictions.clone()),
        };
        let mut document = hocon::read(path, &content, &variables, &files)
            .map_err(|found| Vec::from_iter(found.into_iter().map(Problem::InFile)))?;
        hide_secret_settings(&self.followers, &mut document.root);
        Ok(document)
    }
}

fn unknown_file(file_or_code: &str, known: &[String]) -> String {
    let known: Vec<_> = known.iter().map(String::as_str).collect();
    let suggestion = match known[..] {
        [] => String::new(),
        _ => format!(
            "; {}the codes are: {}",
            did_you_mean(file_or_code, &known),
            known.join(", ")
        ),
    };
    format!("`{file_or_code}` is neither a file nor the code of a connection{suggestion}")
}

/// The files that are read to show a settings file. The shown file may be quoted wherever it is, because the user named
/// it. If it is a link, it is not quoted, because a link may lead anywhere.
struct ShownFiles<'a> {
    path: &'a Path,
    files: TrackedFiles,
}

impl Files for ShownFiles<'_> {
    fn content(&self, path: &Path) -> io::Result<Option<Vec<u8>>> {
        self.files.content(path)
    }

    fn may_include(&self, path: &Path) -> Result<(), IncludeError> {
        self.files.may_include(path)
    }

    fn may_quote(&self, path: &Path) -> bool {
        self.files.may_quote(path) || (path == self.path && !input_file::is_link(path))
    }
}

fn code(root: &Object) -> Option<&str> {
    match &root.get("code")?.value {
        Value::String(code) | Value::Number(code) => Some(code),
        _ => None,
    }
}
