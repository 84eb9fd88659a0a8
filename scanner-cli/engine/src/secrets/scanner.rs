//! The secrets of the scanner's own settings in `conf/application.conf`.

use super::{Secrets, add_secret_settings};
use crate::{
    encryption::Owner,
    hocon::{Object, SourceDiagnostic, Value},
    settings_files::{SCANNER_SECRETS, has_secret},
};

/// The block that may contain secrets.
const HTTP: &str = "http";

impl Secrets<'_> {
    /// Resolves and decrypts the secrets of the block `http`, in which those of the secret manager are stars. Returns the errors.
    pub fn resolve_scanner(&self, root: &mut Object) -> Vec<SourceDiagnostic> {
        let mut errors = Vec::new();
        if root.get(HTTP).is_some_and(has_secret) {
            match self.read() {
                Ok(document) => {
                    let resolved = document.root.get(HTTP).cloned();
                    let block = root.iter_mut().find(|(name, _)| *name == HTTP);
                    if let (Some((_, block)), Some(resolved)) = (block, resolved) {
                        *block = resolved;
                    }
                }
                Err(missing) => errors.extend(missing),
            }
        }
        for setting in SCANNER_SECRETS {
            let mut path = setting.split('.');
            let first = path.next().unwrap_or_default();
            let mut node = root
                .iter_mut()
                .find(|(name, _)| *name == first)
                .map(|(_, node)| node);
            for part in path {
                node = match node.map(|node| &mut node.value) {
                    Some(Value::Object(block)) => block
                        .iter_mut()
                        .find(|(name, _)| *name == part)
                        .map(|(_, node)| node),
                    _ => None,
                };
            }
            if let Some(node) = node {
                let mut name = setting.to_owned();
                self.decrypt_below(node, Owner::Scanner, &mut name, &mut errors);
            }
        }
        if let Some(Value::Object(block)) = root.get(HTTP).map(|node| &node.value) {
            add_secret_settings(&mut self.redactor.borrow_mut(), block);
        }
        errors
    }
}
