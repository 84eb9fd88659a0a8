//! Settings of a connection file that nobody knows.

use catalog_model::{
    Settings, counted,
    settings::{Unknown, UnknownSetting},
};

use crate::hocon::{Found, Shown};

/// The settings that keep sheets out of the catalog.
const FILTERS: [&str; 2] = ["filter", "filters"];

/// The settings that nobody knows: first those that were meant as filters, without which everything would get into the
/// catalog, then the others.
pub(super) fn unknown_settings(settings: &Settings) -> [std::vec::IntoIter<Found>; 2] {
    let is_filter =
        |one: &UnknownSetting| (one.near.as_deref()).is_some_and(|near| FILTERS.contains(&near));
    let Unknown {
        settings,
        more,
        more_place,
    } = settings.find_unknown(&FILTERS);
    let (filters, others): (Vec<_>, Vec<_>) = settings.into_iter().partition(is_filter);
    let [filters, mut others] =
        [filters, others].map(|all| all.into_iter().map(unknown_setting).collect::<Vec<_>>());
    others.extend(more_place.map(|place| Found {
        place,
        message: format!(
            "{} unknown to this connector, and not listed",
            counted(more as u64, "more setting")
        ),
        hint: None,
        value: Shown::No,
    }));
    [filters, others].map(Vec::into_iter)
}

fn unknown_setting(unknown: UnknownSetting) -> Found {
    let hint = |near: String| {
        let block = unknown.key.strip_suffix(&near);
        match block.and_then(|block| block.strip_suffix('.')) {
            Some(block) => format!("write `{near}` outside of the block `{block}`"),
            None => format!("did you mean `{near}`?"),
        }
    };
    Found {
        message: format!("`{}` is no setting that this connector knows", unknown.key),
        hint: unknown.near.map(hint),
        place: unknown.place,
        value: Shown::No,
    }
}
