//! The settings of a connection file that decide which secrets it can use.

use std::borrow::Cow;

use super::{Configures, MaskedVariables, SecretError, Secrets, names::file_code, text};
use crate::hocon::{self, Object, SourceDiagnostic};

/// These settings, read without resolving any secret.
#[derive(Default)]
pub(super) struct OwnSettings {
    /// Whether the file uses the secret manager.
    pub(super) is_enabled: bool,
    /// The section of the secret manager.
    pub(super) section: Option<String>,
    /// The code of the connection.
    code: Option<String>,
}

impl Secrets<'_> {
    pub(super) fn own(&self) -> &OwnSettings {
        self.own.get_or_init(|| {
            if self.configures == Configures::Followers {
                // `secret-manager.key` in the same file names their section.
                return OwnSettings {
                    is_enabled: true,
                    ..OwnSettings::default()
                };
            }
            let masked = MaskedVariables {
                variables: self.variables,
                restrictions: self.files.restrictions(),
            };
            // Other errors in the file are reported when it is read.
            let own = hocon::read(self.path, self.content, &masked, self.files.as_ref());
            let root = own.map(|own| own.root).unwrap_or_default();
            let code = file_code(&root).map(Cow::into_owned);
            let mut own = self.settings(self.path, root);
            OwnSettings {
                is_enabled: own.flag("secret_manager.enabled", false),
                section: text(&mut own, "secret_manager.key"),
                code,
            }
        })
    }

    /// The code of the connection, which decides which secrets it may use.
    pub(super) fn code(&self) -> Option<&str> {
        self.has_asked_for_code.set(true);
        self.own().code.as_deref()
    }

    /// Rejects a file whose code changes when its secrets are resolved, because it would have used the secrets of
    /// another connection.
    pub(super) fn check_code(&self, root: &Object) -> Option<SourceDiagnostic> {
        if !self.has_asked_for_code.get()
            || self.own().code.as_deref() == file_code(root).as_deref()
        {
            return None;
        }
        let place = match root.get("code") {
            Some(code) => code.place.clone(),
            None => catalog_model::Place::new(self.path.display().to_string(), 1, 1),
        };
        let SecretError { message, hint } = SecretError::new(
            "`code` depends on secrets or variables, which depend on it",
            "write the code itself",
        );
        Some(self.error_at(&place, message, hint))
    }
}
