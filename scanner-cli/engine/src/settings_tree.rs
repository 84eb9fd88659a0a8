//! Problems of settings, located in their files.

use catalog_model::settings::{PlaceKind, SettingProblem};

use crate::hocon::{self, LocatedProblem, ValueVisibility};

/// Converts the problem of a setting. Its value is shown only if it cannot be a secret.
pub fn wrong_setting(problem: SettingProblem) -> LocatedProblem {
    LocatedProblem {
        place: problem.place,
        message: problem.message,
        hint: problem.hint,
        value: match problem.place_kind {
            PlaceKind::Setting if !is_secret_key(&problem.key) => ValueVisibility::Shown,
            _ => ValueVisibility::Hidden,
        },
    }
}

fn is_secret_key(key: &str) -> bool {
    let path: Vec<_> = key.split('.').map(str::to_owned).collect();
    hocon::is_secret(&path)
}
