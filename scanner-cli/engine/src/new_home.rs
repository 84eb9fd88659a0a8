//! Creates the folders and the settings files of a home. Nothing that exists is changed.

use std::{
    io::{self, Write},
    path::{Path, PathBuf},
};

use secrecy::SecretString;

use crate::{
    encrypt_request::{SecretInputError, read_secret},
    file_rights::{create_folder, new_file},
    home::shown,
    input_file::{self, FileKind},
    installation::Installation,
    operation_error::{OperationError, OperationErrorKind},
    problem::Problem,
};

impl Installation {
    /// Creates the home and its folders for settings, if they do not exist.
    ///
    /// # Errors
    /// If one of them cannot be created.
    pub fn create_home(&self) -> Result<(), OperationError> {
        let home = &self.home;
        let settings = home.settings();
        let folders = [
            Some(home.connections()),
            settings.parent().map(Path::to_path_buf),
        ];
        for folder in folders.into_iter().flatten() {
            create_folder(&folder).map_err(|error| {
                let message = format!("cannot create the folder `{}`: {error}", shown(&folder));
                let hint = "choose another home with `--home`, or create it as an administrator and give it to the scanner's account";
                OperationError::new(
                    OperationErrorKind::Failed,
                    Problem::general(message, hint.to_owned()),
                )
            })?;
        }
        Ok(())
    }

    /// The path of a new connection file.
    #[must_use]
    pub fn connection_file(&self, code: &str) -> PathBuf {
        let name = format!("{}.conf", file_access::path_text::file_name(code));
        self.home.connections().join(name)
    }

    /// Whether a settings file exists and has this text.
    #[must_use]
    pub fn has_settings_file(&self, path: &Path, text: &str) -> bool {
        let content = input_file::read(path, FileKind::Settings);
        content.is_ok_and(|content| content == text.as_bytes())
    }

    /// Why a file that a setting shall name cannot be read. `None` if it can.
    #[must_use]
    pub fn unreadable(&self, path: &Path) -> Option<io::Error> {
        input_file::read(path, FileKind::TrustStore).err()
    }

    /// Reads a secret from a file.
    ///
    /// # Errors
    /// If it cannot be read, or is not a secret.
    pub fn read_secret_file(&self, path: &Path) -> Result<SecretString, OperationError> {
        let read = input_file::open(path)
            .map_err(SecretInputError::Unreadable)
            .and_then(|mut file| read_secret(&mut file));
        read.map_err(|error| {
            let shown = shown(path);
            let (kind, message) = match error {
                SecretInputError::Invalid(error) => (
                    OperationErrorKind::Configuration,
                    format!("`{shown}`: {error}"),
                ),
                SecretInputError::Unreadable(error) => (
                    OperationErrorKind::Failed,
                    format!("`{shown}` cannot be read: {error}"),
                ),
            };
            OperationError::new(kind, Problem::general(message, None))
        })
    }

    /// Writes a settings file, which must not exist.
    ///
    /// # Errors
    /// If it exists, or cannot be written.
    pub fn create_settings_file(&self, path: &Path, text: &str) -> Result<(), OperationError> {
        let written = new_file().open(path).and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            file.sync_all()
        });
        written.map_err(|error| {
            let (kind, message) = match error.kind() {
                io::ErrorKind::AlreadyExists => (
                    OperationErrorKind::Configuration,
                    format!("`{}` exists already and is not replaced", shown(path)),
                ),
                _ => (
                    OperationErrorKind::Failed,
                    format!("`{}` cannot be written: {error}", shown(path)),
                ),
            };
            OperationError::new(kind, Problem::general(message, None))
        })
    }
}
