//! Unknown settings of a connection file.

use catalog_model::{
    Settings, counted,
    settings::{UnknownSetting, UnknownSettings},
};

use super::{ConnectionFile, OpenError};
use crate::{
    hocon::{LocatedProblem, ValueVisibility},
    problem::Problem,
};

/// The settings that exclude sheets.
const FILTERS: [&str; 2] = ["filter", "filters"];

/// Whether a connector has read the settings. Otherwise its own settings look unknown.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum SettingsReader {
    Connector,
    None,
}

impl SettingsReader {
    pub(super) fn from_result(opened: &Result<ConnectionFile, OpenError>) -> Self {
        match opened {
            Ok(opened) if opened.connection.is_some() => Self::Connector,
            Ok(_) => Self::None,
            Err(error) => error.read,
        }
    }
}

/// The unknown settings: first those that look like filters, then the others. Misspelt filters are errors, because
/// without them all sheets would be added to the catalog.
///
/// If no connector has read the settings, only settings that look like common settings of connection files are
/// returned.
pub(super) fn unknown_settings(
    settings: &Settings,
    read: SettingsReader,
) -> [std::vec::IntoIter<LocatedProblem>; 2] {
    let is_filter =
        |one: &UnknownSetting| (one.near.as_deref()).is_some_and(|near| FILTERS.contains(&near));
    let UnknownSettings {
        settings,
        more,
        more_place,
    } = settings.find_unknown(&FILTERS);
    if read == SettingsReader::None {
        let near = settings.into_iter().filter(|one| one.near.is_some());
        let near: Vec<_> = near.map(|one| unknown_setting(one, read)).collect();
        return [Vec::new(), near].map(Vec::into_iter);
    }
    let (filters, others): (Vec<_>, Vec<_>) = settings.into_iter().partition(is_filter);
    let [filters, mut others] = [filters, others].map(|all| {
        let found = all.into_iter().map(|one| unknown_setting(one, read));
        found.collect::<Vec<_>>()
    });
    others.extend(more_place.map(|place| LocatedProblem {
        place,
        message: format!(
            "{} unknown to this connector and not listed",
            counted(more as u64, "more setting")
        ),
        hint: None,
        value: ValueVisibility::Hidden,
    }));
    [filters, others].map(Vec::into_iter)
}

/// The warnings about unknown settings, without those at the place of an error.
pub(super) fn without_named(
    unknown: impl Iterator<Item = Problem>,
    errors: &[Problem],
) -> Vec<Problem> {
    let places: Vec<_> = errors.iter().filter_map(Problem::place).collect();
    unknown
        .filter(|one| one.place().is_none_or(|place| !places.contains(&place)))
        .collect()
}

fn unknown_setting(unknown: UnknownSetting, read: SettingsReader) -> LocatedProblem {
    let hint = |near: String| {
        let block = unknown.key.strip_suffix(&near);
        match block.and_then(|block| block.strip_suffix('.')) {
            Some(block) => format!("write `{near}` outside of the block `{block}`"),
            None => format!("did you mean `{near}`?"),
        }
    };
    let key = &unknown.key;
    // Settings at the top level of a file are not secret.
    let is_top = |name: &str| !name.contains('.');
    let value = match unknown.near.as_deref() {
        Some(near) if is_top(near) && is_top(key) => ValueVisibility::Shown,
        _ => ValueVisibility::Hidden,
    };
    LocatedProblem {
        message: match read {
            SettingsReader::Connector => format!("`{key}` is not a setting of this connector"),
            SettingsReader::None => format!("`{key}` is not a known setting"),
        },
        hint: unknown.near.map(hint),
        place: unknown.place,
        value,
    }
}
