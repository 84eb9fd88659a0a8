//! Names in `conf/application.conf` that are most likely misspelt. Settings of other programs in it are left alone.

use catalog_model::{Settings, nearest, settings::UnknownSetting};

use crate::hocon::{LocatedProblem, Shown};

/// Settings that are read elsewhere: by the followers, the restrictions and the secret manager.
const READ_ELSEWHERE: [&str; 7] = [
    "config.restrict",
    "config.variables",
    "followers",
    "secret-manager.key",
    "secret-manager.provider",
    "secret-manager.configuration.file-path",
    "secret-manager.configuration.folder",
];

/// Blocks that only this scanner has: each of their settings is known, or misspelt.
const OWN_BLOCKS: [&str; 3] = ["http.", "store.", "encryption."];

/// The schedule of all connections, and the names under which people look for it.
const SCHEDULE: &str = "automation.synchronize";
const OTHER_NAMES: [&str; 3] = ["automation.schedule", "automation.cron", "schedule"];

/// The settings that nobody knows and that are near to a known one, or stand in a block of this scanner.
pub(super) fn misspelt(settings: &mut Settings) -> Vec<LocatedProblem> {
    for name in READ_ELSEWHERE {
        settings.know(name);
    }
    let is_own = |key: &str| OWN_BLOCKS.iter().any(|block| key.starts_with(block));
    let unknown = settings.unknown().into_iter().map(with_other_names);
    let unknown = unknown.filter(|one| one.near.is_some() || is_own(&one.key));
    unknown.map(found).collect()
}

/// The same, with the schedule as the near setting if its name is another name of it.
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
    // Only the settings of the secret manager and of encryption can be near to a secret.
    let is_secret =
        |near: &String| near.starts_with("secret-manager") || near.starts_with("encryption");
    let value = match &near {
        Some(near) if !is_secret(near) => Shown::Yes,
        _ => Shown::No,
    };
    LocatedProblem {
        message: format!("`{key}` is not a setting of the scanner and has no effect"),
        hint: near.map(|near| format!("did you mean `{near}`?")),
        place,
        value,
    }
}
