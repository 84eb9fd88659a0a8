//! Where the secrets of the secret manager are: its files and folders, as `conf/application.conf` and the environment name
//! them.

use std::{collections::BTreeMap, path::PathBuf};

use catalog_model::Settings;

use crate::home::Home;

/// The environment variable with which systemd names the folder of a service's credentials.
pub const CREDENTIALS: &str = "CREDENTIALS_DIRECTORY";
const FILE: &str = "secret-manager.configuration.file-path";
const FOLDER: &str = "secret-manager.configuration.folder";

/// The files and folders of the secret manager.
pub fn secret_paths(
    provider: &mut Settings,
    home: &Home,
    variables: &BTreeMap<String, String>,
) -> Vec<PathBuf> {
    let file = secrets_file(provider, home);
    let folders = [
        configured_folder(provider, home),
        credentials_folder(variables),
    ];
    file.into_iter()
        .chain(folders.into_iter().flatten())
        .collect()
}

/// The file with sections of secrets that the settings name.
pub fn secrets_file(provider: &mut Settings, home: &Home) -> Option<PathBuf> {
    let file = provider.text(FILE)?;
    Some(home.path(file.value.trim()))
}

/// The folder of secrets that the settings name.
pub fn configured_folder(provider: &mut Settings, home: &Home) -> Option<PathBuf> {
    let folder = provider.text(FOLDER)?;
    Some(home.path(folder.value.trim()))
}

/// The folder of secrets that the environment names.
pub fn credentials_folder(variables: &BTreeMap<String, String>) -> Option<PathBuf> {
    let folder = variables.get(CREDENTIALS)?;
    (!folder.is_empty()).then(|| PathBuf::from(folder))
}
