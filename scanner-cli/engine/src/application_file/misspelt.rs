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
    let unknown = unknown.filter(|one| one.near.is_some() || is_own(&one.key));
    unknown.map(found).collect()
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
        let mut blocks = ["secret-manager", "encryption", "http.auth"].iter();
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
