//! Settings that are missing because their names are misspelt.

use catalog_model::{
    Settings,
    settings::{SettingProblem, Stands, UnknownSetting},
};

/// Lets the problems of missing settings point to the misspelt ones: a missing name and an unknown one are often the same.
pub fn name_misspelt(settings: &Settings, problems: &mut [SettingProblem]) {
    let missing = problems.iter_mut().filter(|one| settings.lacks(&one.key));
    for problem in missing {
        if let Some(meant) = meant_by(settings, &problem.key) {
            point_to(problem, meant);
        }
    }
}

/// Points the problem of a missing setting to the misspelt one. Its value is shown at the top of a file only, where nothing
/// is secret.
fn point_to(problem: &mut SettingProblem, meant: UnknownSetting) {
    let UnknownSetting { key, place, .. } = meant;
    problem.hint = Some(format!(
        "line {} has `{key}`: did you mean `{}`?",
        place.line, problem.key
    ));
    if !key.contains('.') && !problem.key.contains('.') {
        problem.stands = Stands::Itself;
    }
    problem.place = place;
}

/// The unknown setting that may have been meant for a missing one.
fn meant_by(settings: &Settings, missing: &str) -> Option<UnknownSetting> {
    let mut unknown = settings.unknown().into_iter();
    unknown.find(|one| one.near.as_deref() == Some(missing))
}
