//! Finds settings in `conf/application.conf` that are probably misspelt. Settings of other programs are ignored.

use catalog_model::{Settings, nearest, settings::UnknownSetting};

use crate::hocon::{LocatedProblem, ValueVisibility};

/// Blocks that only this scanner uses: an unknown setting in them is an error.
const OWN_BLOCKS: [&str; 3] = ["http.", "store.", "encryption."];

/// The schedule of all connections, and other names that users may try for it.
const SCHEDULE: &str = "automation.synchronize";
const OTHER_NAMES: [&str; 3] = ["automation.schedule", "automation.cron", "schedule"];

/// The unknown settings that are similar to a known setting, or in a block of this scanner.
pub(super) fn misspelt(settings: &mut Settings) -> Vec<LocatedProblem> {
    // Other modules read some of them: for followers, restrictions and the secret manager.
    settings.know_declared();
    let is_own = |key: &str| OWN_BLOCKS.iter().any(|block| key.starts_with(block));
    let unknown = settings.unknown().into_iter().map(with_other_names);
    let unknown = unknown.filter(|one| {
        is_own(&one.key)
            || one
                .near
                .as_deref()
                .is_some_and(|near| may_be_meant(&one.key, near))
    });
    unknown.map(found).collect()
}

/// Whether the setting `near` may be what is meant. The Zeenea scanner has settings such as `proxy.hostname`, which are not
/// those of the store.
fn may_be_meant(key: &str, near: &str) -> bool {
    let first = key.split('.').next().unwrap_or_default();
    !near.starts_with("store.") || first == "store" || nearest(first, ["store"]).is_some()
}

/// Suggests the schedule setting for its other names.
fn with_other_names(unknown: UnknownSetting) -> UnknownSetting {
    match nearest(&unknown.key, OTHER_NAMES) {
        Some(_) => UnknownSetting {
            near: Some(SCHEDULE.to_owned()),
            ..unknown
        },
        None => unknown,
    }
}

fn found(UnknownSetting { key, place, near }: UnknownSetting) -> LocatedProblem {
    // Only settings that look like these can contain a secret.
    let is_secret = |near: &String| {
        let mut blocks = [
            "secret-manager",
            "encryption",
            "http.auth",
            "store.p",
            "store.tls",
            "store.url",
        ]
        .iter();
        blocks.any(|block| near.starts_with(block))
    };
    let value = match &near {
        Some(near) if !is_secret(near) => ValueVisibility::Shown,
        _ => ValueVisibility::Hidden,
    };
    LocatedProblem {
        message: format!("`{key}` is not a setting of the scanner and has no effect"),
        hint: near.map(|near| format!("did you mean `{near}`?")),
        place,
        value,
    }
}
