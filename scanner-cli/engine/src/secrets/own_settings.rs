//! What a connection file says of itself that decides which secrets it gets.

use std::borrow::Cow;

use super::{Configures, MaskedVariables, SecretError, Secrets, names::file_code, text};
use crate::hocon::{self, Object, SourceDiagnostic};

/// What a connection file says of itself, read without any secret.
#[derive(Default)]
pub(super) struct OwnSettings {
    /// Whether it takes secrets from the secret manager.
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
            // What else is wrong with the file is reported when it is read.
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

    /// The code of the connection, which decides what it may use.
    pub(super) fn code(&self) -> Option<&str> {
        self.has_asked_for_code.set(true);
        self.own().code.as_deref()
    }

    /// Refuses a file whose code is another once its secrets are in their places: it got those of the other.
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
        Some(self.fault(&place, message, hint))
    }
}
