//! The provider `files` of the secret manager: a folder in which each file is one secret, as provided to services by
//! systemd, Docker and Kubernetes.

use std::{
    collections::BTreeMap,
    io,
    path::{Component, Path, PathBuf},
};

use catalog_model::{
    Settings,
    encoding::{self, NotText},
};

use super::{FoundSecret, SecretError, Secrets};
use crate::{
    hocon::{self, Object, Value},
    home::shown,
    restrictions::Codes,
    secret_places::{CREDENTIALS, configured_folder, credentials_folder},
    tracked_files::TrackedFiles,
};

/// A folder of secrets.
pub(super) struct Folder {
    path: PathBuf,
    /// The codes that may use a secret, for secrets that are limited to some connections.
    codes: BTreeMap<String, Option<Codes>>,
}

impl Secrets<'_> {
    /// The folder in the settings of the provider.
    pub(super) fn folder(
        &self,
        root: &Object,
        provider: &mut Settings,
    ) -> Result<Folder, SecretError> {
        let path =
            configured_folder(provider, self.home).or_else(|| credentials_folder(self.variables));
        let path = path.ok_or_else(|| {
            let file = shown(&self.home.settings());
            SecretError::new(
                format!("`{file}` does not name the folder of secrets, and `{CREDENTIALS}` is not set"),
                "write `secret-manager { provider = \"files\", configuration { folder = \"/run/secrets\" } }` there",
            )
        })?;
        let codes = block(root, &["secret-manager", "configuration", "codes"]);
        let codes = codes.map(hocon::settings).unwrap_or_default();
        let codes = codes.into_iter().map(|setting| {
            let codes = Codes::from_value(&setting.node.value);
            (setting.path.join("."), codes)
        });
        Ok(Folder {
            path,
            codes: codes.collect(),
        })
    }
}

impl Folder {
    /// Reads the secret in the file with this name. One line break at the end is not part of the secret.
    pub(super) fn secret(
        &self,
        name: &str,
        files: &TrackedFiles,
    ) -> Result<FoundSecret, SecretError> {
        if !is_file_name(name) {
            return Err(SecretError::new(
                format!("`{name}` is not the name of a file of secrets"),
                "write the name of a file in the folder of secrets",
            ));
        }
        let path = self.path.join(name);
        let file = shown(&path);
        let codes = match self.codes.get(name) {
            None => Codes::ALL,
            Some(Some(codes)) => codes.clone(),
            Some(None) => {
                return Err(SecretError::new(
                    format!(
                        "`secret-manager.configuration.codes` does not list codes for `{name}`"
                    ),
                    "write `codes { NAME = [ CODE ] }`",
                ));
            }
        };
        let bytes = files
            .read_secret(&path)
            .map_err(|error| match error.kind() {
                io::ErrorKind::NotFound => SecretError::new(
                    format!("there is no secret `{name}`: there is no file `{file}`"),
                    "add it there, or correct the name",
                ),
                _ => SecretError::new(
                    format!("the secret `{file}` cannot be read: {error}"),
                    "give the scanner's account read access, and no other account",
                ),
            })?;
        let text = encoding::text(&bytes).map_err(|not_text| {
            let (what, hint) = match not_text {
                NotText::NotUtf8(_) => ("is not UTF-8 text".to_owned(), "save it as UTF-8"),
                other => other.explain(),
            };
            SecretError::new(format!("the secret `{file}` {what}"), hint)
        })?;
        let text = encoding::without_line_break(text);
        if text.is_empty() {
            return Err(SecretError::new(
                format!("the secret `{file}` is empty"),
                "write the secret into the file",
            ));
        }
        Ok(FoundSecret {
            text: text.to_owned(),
            place: format!("`{file}`"),
            codes: vec![codes],
            section: String::new(),
        })
    }
}

/// Whether a name is that of a file in the folder itself, on every system.
fn is_file_name(name: &str) -> bool {
    let mut parts = Path::new(name).components();
    let is_one = matches!(parts.next(), Some(Component::Normal(_))) && parts.next().is_none();
    is_one && !name.starts_with('.') && !name.contains(['/', '\\', ':', '\0'])
}

fn block<'a>(root: &'a Object, path: &[&str]) -> Option<&'a Object> {
    path.iter()
        .try_fold(root, |block, name| match &block.get(name)?.value {
            Value::Object(inner) => Some(inner),
            _ => None,
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_a_path_is_rejected() {
        for name in ["account", "qlik.account-1", "a b", "Größe"] {
            assert!(is_file_name(name), "{name}");
        }
        for name in [
            "",
            ".",
            "..",
            "..data",
            "../x",
            "a/b",
            "/etc/passwd",
            "a\\b",
            "C:x",
            "a/",
            "x/../y",
        ] {
            assert!(!is_file_name(name), "{name}");
        }
    }
}
