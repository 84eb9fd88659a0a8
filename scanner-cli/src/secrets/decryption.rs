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

/// Maximum number of values that cannot be decrypted and are reported. The file is refused for any.
const MAX_FAULTS: usize = 50;

impl Secrets<'_> {
    /// Decrypts every text of a file that is encrypted; one that cannot be stays as it is, and is told. So is a filter
    /// that is a secret: reports and messages would show pieces of it.
    pub(crate) fn decrypt_all(&self, root: &mut Object) -> Vec<Diagnostic> {
        let mut faults = Vec::new();
        for (name, node) in root.iter_mut() {
            if !FILTERS.contains(&name) {
                self.decrypt_below(node, &mut faults);
            } else if self.is_secret_filter(&node.value) {
                faults.push(self.fault(
                    &node.place,
                    format!("`{name}` cannot be a secret: reports and messages show what it says"),
                    "write it as it is".to_owned(),
                ));
            }
        }
        faults
    }

    fn decrypt_below(&self, node: &mut Node, faults: &mut Vec<Diagnostic>) {
        if faults.len() >= MAX_FAULTS {
            return;
        }
        match &mut node.value {
            Value::List(nodes) => {
                for node in nodes {
                    self.decrypt_below(node, faults);
                }
            }
            Value::Object(object) => {
                for (_, node) in object.iter_mut() {
                    self.decrypt_below(node, faults);
                }
            }
            // A secret that was given out may look like one.
            Value::String(text) if is_encrypted(text) && !self.given.borrow().is(text) => {
                match self.decrypt(text) {
                    Ok(secret) => *text = secret,
                    Err(missing) => {
                        let why = format!("this value cannot be decrypted: {}", missing.message);
                        faults.push(self.fault(&node.place, why, missing.hint));
                    }
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

    fn fault(&self, place: &Place, message: String, hint: String) -> Diagnostic {
        let found = Found {
            place: place.clone(),
            message,
            hint: Some(hint),
            value: Shown::No,
        };
        Diagnostic::in_file(self.path, self.content, Severity::Error, found)
    }

    /// Whether a filter is encrypted, or an expression that the secret manager gave. A pattern of a rule may be the same as
    /// a secret: the scanner's own account, whose sheets nobody wants.
    fn is_secret_filter(&self, value: &Value) -> bool {
        let given = matches!(value, Value::String(text) if self.given.borrow().is(text));
        given || holds_encrypted(value)
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
