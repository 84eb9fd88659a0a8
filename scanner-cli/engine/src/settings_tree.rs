//! What is wrong with a setting, as a finding in its file.

use catalog_model::settings::{SettingProblem, Stands};

use crate::hocon::{self, LocatedProblem, Shown};

/// What is wrong with a setting, and whether its value may be seen.
pub fn wrong_setting(problem: SettingProblem) -> LocatedProblem {
    LocatedProblem {
        place: problem.place,
        message: problem.message,
        hint: problem.hint,
        value: match problem.stands {
            Stands::Itself if !is_secret_key(&problem.key) => Shown::Yes,
            _ => Shown::No,
        },
    }
}

fn is_secret_key(key: &str) -> bool {
    let path: Vec<_> = key.split('.').map(str::to_owned).collect();
    hocon::is_secret(&path)
}
