//! Decrypts the values of connection files, of followers and of the secret manager.

use std::{borrow::Cow, path::PathBuf};

use catalog_model::{Place, encoding};
use secrecy::{ExposeSecret, SecretString};

use super::{SecretError, Secrets, names::file_code, provider::encrypt_again};
use crate::{
    encryption::{self, Binding, DecryptionError, Key, Owner, is_encrypted},
    hocon::{
        Files, LocatedProblem, Node, Object, Severity, SourceDiagnostic, Value, ValueVisibility,
    },
    home::shown,
    problem::Problem,
};

/// The key and its file.
pub(super) struct KeyInFile {
    pub(super) file: PathBuf,
    key: Key,
}

/// The settings that messages and reports quote in parts.
const FILTERS: [&str; 2] = ["filter", "filters"];

/// Maximum number of errors about encrypted values. A single one makes the file invalid.
const MAX_ERRORS: usize = 50;

impl Secrets<'_> {
    /// Decrypts all encrypted texts of a file. Returns errors for texts that cannot be decrypted, and for names and
    /// filters that are secret, because reports and messages would show them.
    pub fn decrypt_all(&self, root: &mut Object) -> Vec<SourceDiagnostic> {
        let mut errors = self.take_secret_names(root);
        if errors.is_empty() {
            errors.extend(self.check_code(root));
        }
        let code = file_code(root).map(Cow::into_owned).unwrap_or_default();
        let owner = Owner::Connection(&code);
        for (name, node) in root.iter_mut() {
            if !FILTERS.contains(&name) {
                let mut setting = name.to_owned();
                self.decrypt_below(node, owner, &mut setting, &mut errors);
            } else if self.is_secret_filter(node) {
                errors.push(self.error_at(
                    &node.place,
                    format!("`{name}` cannot be a secret: reports and messages show its value"),
                    "write it as it is".to_owned(),
                ));
            }
        }
        errors
    }

    /// Decrypts the texts in the value of a setting with this name.
    pub(super) fn decrypt_below(
        &self,
        node: &mut Node,
        owner: Owner<'_>,
        setting: &mut String,
        errors: &mut Vec<SourceDiagnostic>,
    ) {
        if errors.len() >= MAX_ERRORS {
            return;
        }
        match &mut node.value {
            Value::List(nodes) => {
                for node in nodes {
                    self.decrypt_below(node, owner, setting, errors);
                }
            }
            Value::Object(object) => {
                let length = setting.len();
                for (name, node) in object.iter_mut() {
                    setting.push('.');
                    setting.push_str(name);
                    self.decrypt_below(node, owner, setting, errors);
                    setting.truncate(length);
                }
            }
            // A secret of the secret manager may itself look like an encrypted value.
            Value::String(text) if is_encrypted(text) && !self.redactor.borrow().is(text) => {
                match self.decrypt_at(&node.place, text, Binding { owner, setting }) {
                    Ok(secret) => {
                        *text = secret;
                        node.secret = true;
                    }
                    Err(error) => errors.push(error),
                }
            }
            _ => {}
        }
    }

    /// Decrypts the value of a setting of the file.
    fn decrypt_at(
        &self,
        place: &Place,
        text: &str,
        binding: Binding<'_>,
    ) -> Result<String, SourceDiagnostic> {
        let decrypted = self.decryption_key().and_then(|key| {
            let decrypted = key.decrypt(text, binding);
            decrypted.map_err(|why| self.not_decrypted(why, binding))
        });
        let decrypted = decrypted.map_err(|missing| {
            let why = format!("this value cannot be decrypted: {}", missing.message);
            self.error_at(place, why, missing.hint)
        })?;
        if !decrypted.is_bound {
            let (hint, owner) = (encrypt_again(binding), binding.owner);
            let owner = match owner {
                Owner::Connection(_) => "a connection",
                Owner::Follower(_) => "a follower",
                Owner::Scanner => "the scanner",
            };
            let message = format!("this encrypted value is not bound to {owner} and a setting");
            if self.files.restrictions().is_restricted() {
                let message = format!("{message}, which `config.restrict` requires");
                return Err(self.error_at(place, message, hint));
            }
            let message =
                format!("{message}: anyone who reads it can use it in any connection file");
            let unbound = self.error_at(place, message, hint);
            self.warn(Problem::InFile(SourceDiagnostic {
                severity: Severity::Warning,
                ..unbound
            }));
        }
        Ok(self.give(&decrypted.secret))
    }

    /// Returns the secret as text, and redacts it from now on.
    pub(super) fn give(&self, secret: &SecretString) -> String {
        self.redactor.borrow_mut().add(secret.expose_secret());
        secret.expose_secret().to_owned()
    }

    /// The key for encrypted values.
    pub(super) fn decryption_key(&self) -> Result<&Key, SecretError> {
        let key = self.key.get_or_init(|| self.read_key());
        key.as_ref().map(|found| &found.key).map_err(Clone::clone)
    }

    /// The error for a value that cannot be decrypted for this binding.
    pub(super) fn not_decrypted(&self, why: DecryptionError, binding: Binding<'_>) -> SecretError {
        let Binding { owner, setting } = binding;
        let key = self.key.get().and_then(|key| key.as_ref().ok());
        let file = key.map(|key| shown(&key.file)).unwrap_or_default();
        match why {
            DecryptionError::Damaged => SecretError::new(
                "it is truncated or was changed",
                "paste the whole line that `scanner-cli encrypt` printed, or encrypt the secret again",
            ),
            DecryptionError::UnknownForm => SecretError::new(
                "it was changed, or has a format that this version does not know",
                "encrypt the secret again with `scanner-cli encrypt`",
            ),
            DecryptionError::OtherKey => SecretError::new(
                format!("it was encrypted with a key other than the one in `{file}`"),
                "restore that key file, or encrypt the secret again with `scanner-cli encrypt`",
            ),
            DecryptionError::OtherOwner => match owner {
                Owner::Connection("") => SecretError::new(
                    "it is bound to a connection, and this file has no `code`",
                    "write the code of the connection",
                ),
                Owner::Connection(code) => SecretError {
                    message: format!("it was encrypted for a connection other than `{code}`"),
                    hint: encrypt_again(binding),
                },
                Owner::Follower(name) => SecretError {
                    message: format!(
                        "it was encrypted for a connection, or for a follower other than `{name}`"
                    ),
                    hint: encrypt_again(binding),
                },
                Owner::Scanner => SecretError {
                    message: "it was encrypted for a connection or a follower".to_owned(),
                    hint: encrypt_again(binding),
                },
            },
            DecryptionError::OtherSetting => SecretError {
                message: format!("it was encrypted for a setting other than `{setting}`"),
                hint: encrypt_again(binding),
            },
        }
    }

    pub(super) fn error_at(
        &self,
        place: &Place,
        message: String,
        hint: String,
    ) -> SourceDiagnostic {
        let found = LocatedProblem {
            place: place.clone(),
            message,
            hint: Some(hint),
            value: ValueVisibility::Hidden,
        };
        SourceDiagnostic::in_file(self.path, self.content, Severity::Error, found)
    }

    /// Whether a filter is encrypted, or is an expression from the secret manager. A pattern in a rule may be equal to
    /// a secret, such as the scanner's own account.
    fn is_secret_filter(&self, filter: &Node) -> bool {
        let is_secret =
            matches!(&filter.value, Value::String(text) if self.redactor.borrow().is(text));
        is_secret || has_encrypted(filter)
    }

    fn read_key(&self) -> Result<KeyInFile, SecretError> {
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
            let message = format!("there is a syntax error at {}", wrong.place);
            return Err(SecretError::new(message, "correct that setting"));
        }
        let shown = shown(&file);
        let content = self.files.content(&file).map_err(|error| {
            SecretError::new(
                format!("the key file `{shown}` cannot be read: {error}"),
                "give the scanner's account read access, and no other account",
            )
        })?;
        let content = content.ok_or_else(|| {
            SecretError::new(
                format!("there is no key file `{shown}`"),
                "restore the key file that it was encrypted with, name its path in `conf/application.conf` (`encryption.key-file`), or encrypt the secret again with `scanner-cli encrypt`",
            )
        })?;
        if let Err(not_text) = encoding::check_nul(&content) {
            let (what, hint) = not_text.explain();
            let message = format!("the key file `{shown}` {what}");
            return Err(SecretError::new(message, hint));
        }
        let key = Key::from_file_content(&content).ok_or_else(|| {
            SecretError::new(
                format!("the key file `{shown}` is damaged, or is not a key file"),
                "restore a copy of the key file; without a copy, remove the file and encrypt all secrets again with `scanner-cli encrypt`",
            )
        })?;
        Ok(KeyInFile { file, key })
    }
}

/// Whether a value, or a value in it, is encrypted.
pub(super) fn has_encrypted(node: &Node) -> bool {
    match &node.value {
        Value::String(text) => is_encrypted(text),
        Value::List(nodes) => nodes.iter().any(has_encrypted),
        Value::Object(block) => block.iter().any(|entry| has_encrypted(&entry.value)),
        _ => false,
    }
}
