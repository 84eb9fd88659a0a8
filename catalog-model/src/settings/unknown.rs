//! Settings that no reader knows, most often misspelt names.

use super::{Object, Settings, Value, limits::MAX_UNKNOWN};
use crate::{Place, nearest};

/// A setting that no reader knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownSetting {
    /// Its dotted name.
    pub key: String,
    /// Where it is.
    pub place: Place,
    /// The known setting that its name is nearest to, if one is near.
    pub near: Option<String>,
}

/// The settings that no reader knows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UnknownSettings {
    /// The first of them, in the order of the file, and of the others those that may be meant for one of the names that
    /// [`Settings::find_unknown`] was given.
    pub settings: Vec<UnknownSetting>,
    /// How many others there are.
    pub more: usize,
    /// Where the first of these is.
    pub more_place: Option<Place>,
}

impl Settings {
    /// The settings that were not asked for, in the order of the file: of very many, the first. Ask when all readers
    /// are done.
    #[must_use]
    pub fn unknown(&self) -> Vec<UnknownSetting> {
        self.find_unknown(&[]).settings
    }

    /// The settings that were not asked for, and how many more there are. To find out what a misspelt name may mean
    /// takes long, so that of very many only the first are compared with all known names, and the others with `vital`.
    #[must_use]
    pub fn find_unknown(&self, vital: &[&str]) -> UnknownSettings {
        let mut all = Vec::new();
        self.collect_unknown("", &self.root, &mut all);
        let known: Vec<_> = self.known_keys.iter().map(String::as_str).collect();
        let vital: Vec<_> = (known.iter().copied())
            .filter(|name| vital.contains(name))
            .collect();
        let mut unknown = UnknownSettings::default();
        for (index, (key, place)) in all.into_iter().enumerate() {
            let is_first = index < MAX_UNKNOWN;
            let near = self.near(&key, if is_first { &known } else { &vital });
            if is_first || (near.is_some() && unknown.settings.len() < 2 * MAX_UNKNOWN) {
                let place = place.clone();
                unknown.settings.push(UnknownSetting { key, place, near });
            } else {
                unknown.more += 1;
                unknown.more_place.get_or_insert_with(|| place.clone());
            }
        }
        unknown
    }

    fn collect_unknown<'a>(
        &self,
        prefix: &str,
        block: &'a Object,
        unknown: &mut Vec<(String, &'a Place)>,
    ) {
        for (name, setting) in block.all_settings() {
            let key = format!("{prefix}{name}");
            if self.known_keys.contains(&key) {
                continue;
            }
            match &setting.value {
                Value::Object(inner) => {
                    self.collect_unknown(&format!("{key}."), inner, unknown);
                }
                _ => unknown.push((key, &setting.place)),
            }
        }
    }

    /// The one of the known names that is nearest to `key`, if one is near.
    fn near(&self, key: &str, known: &[&str]) -> Option<String> {
        // `secret_manger.enabled` has a misspelt block. It is not the setting `enabled` in a wrong place.
        if let Some(known) = misspelled_part(key, known) {
            return Some(known.to_owned());
        }
        // A short name is what was meant only if it is not there: `connection.filter`, not `proxy.name`.
        let is_there = |known_key: &str| self.root.setting(known_key).is_some();
        let misplaced = (known.iter()).find(|known_key| {
            is_within(known_key, key) || (is_within(key, known_key) && !is_there(known_key))
        });
        let cut_short = || {
            let same_block = |known_key: &&&str| !known_key[key.len()..].contains('.');
            let longer = known.iter().filter(|known_key| known_key.starts_with(key));
            longer
                .filter(|known_key| known_key.len() > key.len())
                .find(same_block)
        };
        if let Some(known) = misplaced.or_else(cut_short) {
            return Some((*known).to_owned());
        }
        let blocks = known.iter().flat_map(|name| blocks(name));
        let all = known.iter().copied().chain(blocks);
        let near = nearest(key, all).or_else(|| near_in_each_name(key, known));
        near.map(str::to_owned)
    }
}

/// The known setting whose names are each equal or near to those of `key`: `followers` for `folowers.a.kind`.
fn near_in_each_name<'a>(key: &str, known: &[&'a str]) -> Option<&'a str> {
    let mut candidates: Vec<_> = known
        .iter()
        .filter(|known_key| length(known_key) <= length(key) && all_parts_are_near(known_key, key))
        .collect();
    candidates.sort_by_key(|known_key| length(key) - length(known_key));
    candidates.first().map(|known_key| **known_key)
}

/// The known setting in a block that has as many names as `key`, each equal or near to that of `key`:
/// `secret_manager.enabled` for `secret_manger.enabled`.
fn misspelled_part<'a>(key: &str, known: &[&'a str]) -> Option<&'a str> {
    let mut same_length = known
        .iter()
        .filter(|known_key| length(known_key) == length(key));
    let found = same_length.find(|known_key| all_parts_are_near(known_key, key));
    found.filter(|_| length(key) > 1).copied()
}

/// Whether each name of `key` is equal or near to the one of `known_key` in the same position.
fn all_parts_are_near(known_key: &str, key: &str) -> bool {
    let mut pairs = known_key.split('.').zip(key.split('.'));
    pairs.all(|(known_key, name)| name == known_key || nearest(name, [known_key]).is_some())
}

/// Number of names in a dotted key.
fn length(key: &str) -> usize {
    key.split('.').count()
}

/// The blocks around a setting: `tls` and `tls.truststore` of `tls.truststore.path`.
fn blocks(name: &str) -> impl Iterator<Item = &str> {
    name.match_indices('.').map(|(dot, _)| &name[..dot])
}

/// Whether `name` is the end of `path`, as `truststore.path` is of `tls.truststore.path`.
fn is_within(path: &str, name: &str) -> bool {
    path.strip_suffix(name)
        .is_some_and(|block| block.ends_with('.'))
}
