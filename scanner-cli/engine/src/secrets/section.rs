//! The provider `file` of the secret manager: one file with sections of secrets. A connection file names its section.

use std::{
    collections::{HashMap, hash_map::Entry},
    path::PathBuf,
};

use catalog_model::{Place, Settings};

use super::{Configures, FoundSecret, SecretError, Secrets, text};
use crate::{
    hocon::{self, Object, Value},
    home::shown,
    restrictions::Codes,
    secret_places::secrets_file,
};

/// The name of the list of codes that may use the secrets in its block.
const CODES: &str = "codes";
/// The name of the secret in a block that also contains its codes.
const VALUE: &str = "value";

/// A section of secrets.
pub(super) struct Section {
    pub(super) file: PathBuf,
    name: String,
    /// The values of the file by their dotted paths.
    values: HashMap<String, (Value, Place)>,
}

impl Secrets<'_> {
    /// Reads the section that this file names.
    pub(super) fn section(&self, provider: &mut Settings) -> Result<Section, SecretError> {
        let file = secrets_file(provider, self.home).ok_or_else(|| {
            let path = shown(&self.home.settings());
            SecretError::new(
                format!("`{path}` does not set where secrets are"),
                "write `secret-manager { key = \"…\", provider = \"file\", configuration { file-path = \"…\" } }` there",
            )
        })?;
        let own = self.own().section.clone();
        let name = own.or_else(|| text(provider, "secret-manager.key"));
        let name = name.ok_or_else(|| {
            let hint = match self.configures {
                Configures::Connection => {
                    "write `secret_manager.key` in this file, or `secret-manager.key` in `conf/application.conf`"
                }
                Configures::Followers => "write `secret-manager.key` in this file",
            };
            SecretError::new("the section of the secret is not set", hint)
        })?;
        Ok(Section {
            values: by_path(&self.root_of(&file)?),
            name,
            file,
        })
    }
}

impl Section {
    /// Returns the secret with this name. The names of secrets and sections may contain dots, quoted or not.
    pub(super) fn secret(&self, name: &str) -> Result<FoundSecret, SecretError> {
        let wanted = format!("{}.{name}", self.name);
        let inner = format!("{wanted}.{VALUE}");
        let is_codes = wanted.rsplit('.').next() == Some(CODES);
        let found = [&wanted, &inner].into_iter().find_map(|path| {
            let (value, place) = self.values.get(path)?;
            Some((path, secret_text(value)?, place))
        });
        let Some((path, text, place)) = found.filter(|_| !is_codes) else {
            let file = shown(&self.file);
            let message = format!(
                "there is no secret `{name}` in the section `{}` of `{file}`",
                self.name
            );
            return Err(SecretError::new(
                message,
                "add it there, or correct the name",
            ));
        };
        Ok(FoundSecret {
            text,
            place: place.to_string(),
            codes: self.codes(path)?,
            section: self.name.clone(),
        })
    }

    /// The lists of codes that may use the secret at `path`: the list in its own block, and the lists in all blocks
    /// around it.
    fn codes(&self, path: &str) -> Result<Vec<Codes>, SecretError> {
        let ends = path.match_indices('.').map(|(dot, _)| dot);
        let mut codes = Vec::new();
        for block in ends.chain([path.len()]).map(|end| &path[..end]) {
            codes.extend(self.codes_of(&format!("{block}.{CODES}"))?);
        }
        codes.extend(self.codes_of(CODES)?);
        if let Some(block) = path.strip_suffix(VALUE) {
            self.check_spelling(block)?;
        }
        Ok(codes)
    }

    fn codes_of(&self, path: &str) -> Result<Option<Codes>, SecretError> {
        let invalid_codes = |place: &Place| {
            SecretError::new(
                format!("the codes at {place} are not a list of codes"),
                "write `codes = [ CODE ]` beside the secrets that only these connections may use",
            )
        };
        if let Some((value, place)) = self.values.get(path) {
            return Codes::from_value(value)
                .map(Some)
                .ok_or_else(|| invalid_codes(place));
        }
        let below = format!("{path}.");
        let inner = self
            .values
            .iter()
            .find(|(known, _)| known.starts_with(&below));
        inner.map_or(Ok(None), |(_, (_, place))| Err(invalid_codes(place)))
    }

    /// Rejects a block in which `codes` is misspelt, because every connection could use its secret.
    fn check_spelling(&self, block: &str) -> Result<(), SecretError> {
        let misspelt = self.values.iter().find(|(path, _)| {
            let name = path.strip_prefix(block).unwrap_or_default();
            let name = name.split('.').next().unwrap_or_default();
            name != CODES && strsim::damerau_levenshtein(name, CODES) <= 2
        });
        misspelt.map_or(Ok(()), |(_, (_, place))| {
            Err(SecretError::new(
                format!("the name at {place}, next to a secret, is unknown"),
                "did you mean `codes`?",
            ))
        })
    }
}

fn secret_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) | Value::Number(text) => Some(text.clone()),
        Value::Bool(truth) => Some(truth.to_string()),
        _ => None,
    }
}

/// The settings of a file by their dotted paths. If two paths are equal, the first one is used.
fn by_path(root: &Object) -> HashMap<String, (Value, Place)> {
    let mut values = HashMap::new();
    for setting in hocon::settings(root) {
        if let Entry::Vacant(vacant) = values.entry(setting.path.join(".")) {
            vacant.insert((setting.node.value.clone(), setting.node.place.clone()));
        }
    }
    values
}
