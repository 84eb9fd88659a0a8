//! The secrets of the scanner's own settings in `conf/application.conf`.

use super::{Secrets, add_secret_settings};
use crate::{
    encryption::Owner,
    hocon::{Object, SourceDiagnostic, Value},
    settings_files::{SCANNER_SECRETS, has_secret},
};

/// A block that may contain secrets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretBlock {
    /// The pages.
    Http,
    /// The store on a server.
    Store,
}

impl SecretBlock {
    /// All blocks.
    pub const ALL: [Self; 2] = [Self::Http, Self::Store];

    fn name(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Store => "store",
        }
    }
}

impl Secrets<'_> {
    /// Resolves and decrypts the secrets of blocks, in which those of the secret manager are stars. Returns the errors.
    pub fn resolve_scanner(
        &self,
        root: &mut Object,
        blocks: &[SecretBlock],
    ) -> Vec<SourceDiagnostic> {
        let blocks = blocks
            .iter()
            .map(|block| self.resolve_block(root, block.name()));
        blocks.flatten().collect()
    }

    fn resolve_block(&self, root: &mut Object, name: &str) -> Vec<SourceDiagnostic> {
        let mut errors = Vec::new();
        if root.get(name).is_some_and(has_secret) {
            match self.read() {
                Ok(document) => {
                    let resolved = document.root.get(name).cloned();
                    let block = root.iter_mut().find(|(other, _)| *other == name);
                    if let (Some((_, block)), Some(resolved)) = (block, resolved) {
                        *block = resolved;
                    }
                }
                Err(missing) => errors.extend(missing),
            }
        }
        let of_block = |setting: &&str| {
            let rest = setting.strip_prefix(name);
            rest.is_some_and(|rest| rest.starts_with('.'))
        };
        for setting in SCANNER_SECRETS.into_iter().filter(|one| of_block(one)) {
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
        if let Some(Value::Object(block)) = root.get(name).map(|node| &node.value) {
            add_secret_settings(&mut self.redactor.borrow_mut(), block);
        }
        errors
    }
}
