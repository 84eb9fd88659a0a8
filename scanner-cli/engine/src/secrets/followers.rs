//! The secrets of followers, whose settings are in `conf/application.conf`.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use catalog_model::follower::ConfiguredFollower;

use super::{
    Configures, Secrets, add_secret_settings, decryption::has_encrypted,
    redacted_follower::RedactedFollower,
};
use crate::{
    encryption::Owner,
    hocon::{Object, SourceDiagnostic},
    home::Home,
    settings_files::has_secret,
    tracked_files::TrackedFiles,
};

/// Settings of followers that reports, metrics and logs show, or that decide what the secrets of the follower are bound
/// to.
const SHOWN_SETTINGS: [&str; 3] = ["kind", "name", "connections"];

impl<'a> Secrets<'a> {
    /// The secrets of the followers in `conf/application.conf` at `path` with this content.
    pub fn new_for_followers(
        path: &'a Path,
        content: &'a [u8],
        home: &'a Home,
        variables: &'a BTreeMap<String, String>,
        files: &'a Arc<TrackedFiles>,
    ) -> Self {
        Self {
            configures: Configures::Followers,
            ..Self::new(path, content, home, variables, files)
        }
    }

    /// Returns errors for settings of a follower that are secret although reports show them.
    pub fn check_shown_settings(&self, block: &Object) -> Vec<SourceDiagnostic> {
        let shown = block
            .iter()
            .filter(|entry| SHOWN_SETTINGS.contains(&entry.key.as_str()));
        let secret = shown.filter(|entry| has_secret(&entry.value) || has_encrypted(&entry.value));
        let error = |entry: &crate::hocon::Entry<_>| {
            let name = &entry.key;
            let node: &crate::hocon::Node = &entry.value;
            let message = format!("`{name}` cannot be a secret: reports, metrics and logs show it");
            self.error_at(
                &node.place,
                message,
                format!("write `{name}` without a secret"),
            )
        };
        secret.map(error).collect()
    }

    /// Decrypts all encrypted texts of the follower `name`. Returns errors for texts that cannot be decrypted. From now
    /// on, the secrets of the follower are redacted.
    pub fn decrypt_follower(&self, block: &mut Object, name: &str) -> Vec<SourceDiagnostic> {
        let mut errors = Vec::new();
        for (setting, node) in block.iter_mut() {
            let owner = Owner::Follower(name);
            self.decrypt_below(node, owner, &mut setting.to_owned(), &mut errors);
        }
        add_secret_settings(&mut self.redactor.borrow_mut(), block);
        errors
    }

    /// The error if the followers have more secrets together than can be redacted.
    pub fn excess_of_followers(&self) -> Option<SourceDiagnostic> {
        self.excess(&self.redactor.borrow())
    }

    /// Wraps a follower so that all secrets are redacted in its texts.
    pub fn redact_follower(&self, configured: ConfiguredFollower) -> ConfiguredFollower {
        let redactor = self.redactor.borrow();
        if redactor.is_empty() {
            return configured;
        }
        ConfiguredFollower {
            follower: Box::new(RedactedFollower {
                follower: configured.follower,
                redactor: redactor.clone(),
            }),
            ..configured
        }
    }
}
