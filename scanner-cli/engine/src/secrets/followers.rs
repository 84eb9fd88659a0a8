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

/// The settings of every follower that reports, metrics and logs show, or that decide what its secrets are bound to.
const SHOWN_SETTINGS: [&str; 3] = ["kind", "name", "connections"];

impl<'a> Secrets<'a> {
    /// The secrets of the followers in `conf/application.conf`, which is at `path` and has this content.
    pub fn of_followers(
        path: &'a Path,
        content: &'a [u8],
        home: &'a Home,
        variables: &'a BTreeMap<String, String>,
        files: &'a Arc<TrackedFiles>,
    ) -> Self {
        Self {
            configures: Configures::Followers,
            ..Self::of(path, content, home, variables, files)
        }
    }

    /// Reports the settings of a follower that are secrets although reports show them.
    pub fn check_shown_settings(&self, block: &Object) -> Vec<SourceDiagnostic> {
        let shown = block
            .iter()
            .filter(|entry| SHOWN_SETTINGS.contains(&entry.key.as_str()));
        let secret = shown.filter(|entry| has_secret(&entry.value) || has_encrypted(&entry.value));
        let fault = |entry: &crate::hocon::Entry<_>| {
            let name = &entry.key;
            let node: &crate::hocon::Node = &entry.value;
            let message = format!("`{name}` cannot be a secret: reports, metrics and logs show it");
            self.fault(
                &node.place,
                message,
                format!("write `{name}` without a secret"),
            )
        };
        secret.map(fault).collect()
    }

    /// Decrypts every text of the follower `name` that is encrypted. A text that cannot be decrypted stays as it is, and is
    /// reported. From now on no text shows the secrets of the follower.
    pub fn decrypt_follower(&self, block: &mut Object, name: &str) -> Vec<SourceDiagnostic> {
        let mut faults = Vec::new();
        for (setting, node) in block.iter_mut() {
            let owner = Owner::Follower(name);
            self.decrypt_below(node, owner, &mut setting.to_owned(), &mut faults);
        }
        add_secret_settings(&mut self.redactor.borrow_mut(), block);
        faults
    }

    /// The follower with stars for all secrets in its texts.
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
