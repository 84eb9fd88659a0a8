//! Decrypts the values of a connection file, and of the secret manager's, as they are read.

use std::path::PathBuf;

use catalog_model::Place;
use secrecy::ExposeSecret;

use super::{Missing, Secrets};
use crate::{
    encryption::{self, Key, NotDecrypted, is_encrypted},
    hocon::{Diagnostic, Files, Found, Node, Object, Severity, Shown, Value},
    home::shown,
};

/// The key, and the file that it is in.
pub(super) struct KeyInFile {
    pub(super) file: PathBuf,
    key: Key,
}

/// The settings whose words messages and reports quote one by one.
const FILTERS: [&str; 2] = ["filter", "filters"];

impl Secrets<'_> {
    /// Refuses encrypted filters, of which reports and messages would show pieces.
    pub(crate) fn encrypted_filters(&self, root: &Object) -> Vec<Diagnostic> {
        let filters = FILTERS
            .iter()
            .filter_map(|name| Some((name, root.get(name)?)));
        let encrypted = filters.filter(|(_, node)| holds_encrypted(&node.value));
        let found = encrypted.map(|(name, node)| Found {
            place: node.place.clone(),
            message: format!(
                "`{name}` cannot be encrypted: reports and messages show what it says"
            ),
            hint: Some("write it as it is".to_owned()),
            value: Shown::No,
        });
        found
            .map(|found| Diagnostic::in_file(self.path, self.content, Severity::Error, found))
            .collect()
    }

    /// Decrypts every text of `root` that is encrypted; one that cannot be stays as it is, and is told.
    pub(crate) fn decrypt_all(&self, root: &mut Object) -> Vec<Diagnostic> {
        let mut faults = Vec::new();
        for node in root.values_mut() {
            self.decrypt_below(node, &mut faults);
        }
        faults
    }

    fn decrypt_below(&self, node: &mut Node, faults: &mut Vec<Diagnostic>) {
        match &mut node.value {
            Value::List(nodes) => {
                for node in nodes {
                    self.decrypt_below(node, faults);
                }
            }
            Value::Object(object) => faults.extend(self.decrypt_all(object)),
            // A secret that was given out may look like one.
            Value::String(text) if is_encrypted(text) && !self.given.borrow().is(text) => {
                match self.decrypt(text) {
                    Ok(secret) => *text = secret,
                    Err(missing) => faults.push(self.not_decrypted(&node.place, missing)),
                }
            }
            _ => {}
        }
    }

    /// The secret, which from now on no text about the file shows.
    pub(super) fn decrypt(&self, text: &str) -> Result<String, Missing> {
        let key = self.key.get_or_init(|| self.read_key());
        let KeyInFile { file, key } = key.as_ref().map_err(Clone::clone)?;
        let secret = key.decrypt(text).map_err(|why| {
            let file = shown(file);
            let (why, hint) = match why {
                NotDecrypted::Damaged => (
                    "it is cut or altered".to_owned(),
                    "paste the whole line that `scanner-cli encrypt` printed, or encrypt the secret again",
                ),
                NotDecrypted::UnknownForm => (
                    "it is altered, or of a form that this scanner does not know".to_owned(),
                    "encrypt the secret again with `scanner-cli encrypt`",
                ),
                NotDecrypted::OtherKey => (
                    format!("it was encrypted with another key than that of `{file}`"),
                    "put the key file of that time back, or encrypt the secret again with `scanner-cli encrypt`",
                ),
            };
            Missing::new(why, hint)
        })?;
        self.given.borrow_mut().add(secret.expose_secret());
        Ok(secret.expose_secret().to_owned())
    }

    fn not_decrypted(&self, place: &Place, missing: Missing) -> Diagnostic {
        let found = Found {
            place: place.clone(),
            message: format!("this value cannot be decrypted: {}", missing.message),
            hint: Some(missing.hint),
            value: Shown::No,
        };
        Diagnostic::in_file(self.path, self.content, Severity::Error, found)
    }

    fn read_key(&self) -> Result<KeyInFile, Missing> {
        let settings = self.home.settings();
        let there = !matches!(self.files.content(&settings), Ok(None));
        let root = if there {
            self.root_of(&settings)?
        } else {
            Object::default()
        };
        let mut settings = self.settings(&settings, root);
        let file = encryption::key_file(&mut settings, self.home);
        if let Some(wrong) = settings.problems().first() {
            let message = format!("there is a mistake at {}", wrong.place);
            return Err(Missing::new(message, "correct that setting"));
        }
        let shown = shown(&file);
        let content = self.files.content(&file).map_err(|error| {
            Missing::new(
                format!("the key file `{shown}` cannot be read: {error}"),
                "let the user that runs the scanner read it, and nobody else",
            )
        })?;
        let content = content.ok_or_else(|| {
            Missing::new(
                format!("there is no key file `{shown}`"),
                "put the key file there with which it was encrypted, or name it in `conf/application.conf` \
                 (`encryption.key-file`)",
            )
        })?;
        let key = Key::of_file(&content).ok_or_else(|| {
            Missing::new(
                format!("the key file `{shown}` is damaged, or something else"),
                "put a copy of the key file back; without one, remove it, and encrypt all secrets again with \
                 `scanner-cli encrypt`",
            )
        })?;
        Ok(KeyInFile { file, key })
    }
}

fn holds_encrypted(value: &Value) -> bool {
    match value {
        Value::String(text) => is_encrypted(text),
        Value::List(nodes) => nodes.iter().any(|node| holds_encrypted(&node.value)),
        Value::Object(object) => object
            .iter()
            .any(|entry| holds_encrypted(&entry.value.value)),
        _ => false,
    }
}
