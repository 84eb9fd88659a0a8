//! Settings that are missing because their names are misspelt.

use catalog_model::{
    Settings,
    settings::{PlaceKind, SettingProblem, UnknownSetting},
};

/// Adds the misspelt names to the problems of missing settings: a missing setting is often present under a misspelt
/// name.
pub fn name_misspelt(settings: &Settings, problems: &mut [SettingProblem]) {
    let missing = problems.iter_mut().filter(|one| settings.lacks(&one.key));
    for problem in missing {
        if let Some(misspelt) = misspelt_name_of(settings, &problem.key) {
            point_to(problem, misspelt);
        }
    }
}

/// Moves the problem of a missing setting to the place of the misspelt name. The value there is shown only at the top
/// level of a file, where no setting is secret.
fn point_to(problem: &mut SettingProblem, misspelt: UnknownSetting) {
    let UnknownSetting { key, place, .. } = misspelt;
    problem.hint = Some(format!(
        "line {} has `{key}`: did you mean `{}`?",
        place.line, problem.key
    ));
    if !key.contains('.') && !problem.key.contains('.') {
        problem.place_kind = PlaceKind::Setting;
    }
    problem.place = place;
}

/// The unknown setting that may be the missing one, misspelt.
fn misspelt_name_of(settings: &Settings, missing: &str) -> Option<UnknownSetting> {
    let mut unknown = settings.unknown().into_iter();
    unknown.find(|one| one.near.as_deref() == Some(missing))
}
