//! The files and folders of the secret manager, from `conf/application.conf` and the environment.

use std::{collections::BTreeMap, path::PathBuf};

use catalog_model::Settings;

use crate::home::Home;

/// The environment variable in which systemd passes the folder of a service's credentials.
pub const CREDENTIALS: &str = "CREDENTIALS_DIRECTORY";
const FILE: &str = "secret-manager.configuration.file-path";
const FOLDER: &str = "secret-manager.configuration.folder";

/// All files and folders of the secret manager.
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

/// The configured file with sections of secrets.
pub fn secrets_file(provider: &mut Settings, home: &Home) -> Option<PathBuf> {
    let file = provider.text(FILE)?;
    Some(home.path(file.value.trim()))
}

/// The configured folder of secrets.
pub fn configured_folder(provider: &mut Settings, home: &Home) -> Option<PathBuf> {
    let folder = provider.text(FOLDER)?;
    Some(home.path(folder.value.trim()))
}

/// The folder of secrets that the environment sets.
pub fn credentials_folder(variables: &BTreeMap<String, String>) -> Option<PathBuf> {
    let folder = variables.get(CREDENTIALS)?;
    (!folder.is_empty()).then(|| PathBuf::from(folder))
}
