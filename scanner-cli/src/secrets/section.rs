//! The section of the secret manager's file that a connection file takes its secrets from.

use std::{
    collections::{HashMap, hash_map::Entry},
    path::PathBuf,
};

use catalog_model::{Place, Settings};

use super::{Missing, PROVIDER, Secrets, masked::Masked};
use crate::{
    hocon::{self, Object, Value},
    home::shown,
};

/// The secrets that a connection may have.
pub(super) struct Section {
    pub(super) file: PathBuf,
    name: String,
    /// The values of the file by their dotted paths.
    values: HashMap<String, (Value, Place)>,
}

impl Secrets<'_> {
    /// Looks where the secrets of this file are.
    pub(super) fn open(&self) -> Result<Section, Missing> {
        // What else is wrong with the file, is told of the file.
        let own = hocon::read(
            self.path,
            self.content,
            &Masked(self.variables),
            self.files.as_ref(),
        );
        let mut own = self.settings(self.path, own.map(|own| own.root).unwrap_or_default());
        if !own.flag("secret_manager.enabled", false) {
            return Err(Missing::new(
                "this file takes no secrets from the secret manager",
                "write `secret_manager { enabled = true, key = \"…\" }` to let it, or take an environment variable",
            ));
        }
        let path = self.home.settings();
        let mut provider = self.settings(&path, self.root_of(&path)?);
        let file = self.file(&mut provider)?;
        let name = text(&mut own, "secret_manager.key")
            .or_else(|| text(&mut provider, "secret-manager.key"));
        let name = name.ok_or_else(|| {
            Missing::new(
                "nothing says of which section the secret is",
                "write `secret_manager.key` in this file, or `secret-manager.key` in `conf/application.conf`",
            )
        })?;
        Ok(Section {
            values: by_path(&self.root_of(&file)?),
            name,
            file,
        })
    }

    /// The file that the provider's settings name.
    fn file(&self, provider: &mut Settings) -> Result<PathBuf, Missing> {
        let path = shown(&self.home.settings());
        let kind = text(provider, "secret-manager.provider");
        let file = text(provider, "secret-manager.configuration.file-path");
        match (kind.as_deref().map(str::trim), file) {
            (Some("file"), Some(file)) => Ok(self.home.path(file.trim())),
            (Some("file") | None, None) => Err(Missing::new(
                format!("`{path}` does not say where secrets are"),
                "write `secret-manager { key = \"…\", provider = \"file\", configuration { file-path = \"…\" } }` there",
            )),
            (kind, _) => Err(Missing::new(
                format!(
                    "`{PROVIDER}.provider` of `{path}` is `{}`, which is not known here",
                    kind.unwrap_or_default()
                ),
                "this scanner has the provider `file`",
            )),
        }
    }
}

impl Section {
    /// The secret of this name and where it stands. Dots may be in its name, or in that of its section, quoted or not.
    pub(super) fn secret(&self, name: &str) -> Result<(String, &Place), Missing> {
        let wanted = format!("{}.{name}", self.name);
        match self
            .values
            .get(&wanted)
            .map(|(value, place)| (value, place))
        {
            Some((Value::String(text) | Value::Number(text), place)) => Ok((text.clone(), place)),
            Some((Value::Bool(truth), place)) => Ok((truth.to_string(), place)),
            _ => {
                let file = shown(&self.file);
                let message = format!(
                    "there is no secret `{name}` in the section `{}` of `{file}`",
                    self.name
                );
                Err(Missing::new(message, "write it there, or correct the name"))
            }
        }
    }
}

/// The settings of a file by their dotted paths; of two that read the same, the first.
fn by_path(root: &Object) -> HashMap<String, (Value, Place)> {
    let mut values = HashMap::new();
    for setting in hocon::settings(root) {
        if let Entry::Vacant(vacant) = values.entry(setting.path.join(".")) {
            vacant.insert((setting.node.value.clone(), setting.node.place.clone()));
        }
    }
    values
}

fn text(settings: &mut Settings, key: &str) -> Option<String> {
    settings.text(key).map(|text| text.value)
}
