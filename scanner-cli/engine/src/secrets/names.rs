//! The names of a connection. They cannot be secrets, because reports, file names, keys, logs and metrics show them.

use std::borrow::Cow;

use super::Secrets;
use crate::{
    encryption::is_encrypted,
    hocon::{Object, SourceDiagnostic, Value},
};

/// The settings by which people and files name a connection.
const NAMES: [&str; 3] = ["code", "name", "connector_id"];

impl Secrets<'_> {
    /// Returns errors for names that contain a secret. The names are removed, so that nothing shows them.
    pub(super) fn take_secret_names(&self, root: &mut Object) -> Vec<SourceDiagnostic> {
        let mut errors = Vec::new();
        for (name, node) in root.iter_mut().filter(|(name, _)| NAMES.contains(name)) {
            let is_encrypted = matches!(&node.value, Value::String(text) if is_encrypted(text));
            if node.secret || is_encrypted {
                node.value = Value::Null;
                errors.push(self.error_at(
                    &node.place,
                    format!(
                        "`{name}` cannot be a secret: reports, file names, logs and metrics show it"
                    ),
                    format!("write `{name} = \"…\"` without a secret"),
                ));
            }
        }
        errors
    }
}

/// The code in a connection file.
pub(super) fn file_code(root: &Object) -> Option<Cow<'_, str>> {
    match &root.get("code")?.value {
        Value::String(text) | Value::Number(text) => Some(Cow::Borrowed(text)),
        Value::Bool(truth) => Some(Cow::Owned(truth.to_string())),
        Value::Null | Value::List(_) | Value::Object(_) => None,
    }
}
