//! Settings that nobody asked for: most often a misspelt name.

use super::{Setting, SettingValue, Settings};
use crate::Place;

/// A setting that no reader asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownSetting {
    /// Its dotted name.
    pub key: String,
    /// Where it stands.
    pub place: Place,
    /// The known setting that its name is nearest to, if one is near.
    pub near: Option<String>,
}

/// Names that differ by so many letters are near: one forgotten, doubled, wrong or exchanged, or two of these.
const NEAR: usize = 2;

impl Settings {
    /// The settings that were not asked for, in the order of the file. Ask when all readers are done.
    #[must_use]
    pub fn unknown(&self) -> Vec<UnknownSetting> {
        let mut unknown = Vec::new();
        self.collect_unknown("", &self.root, &mut unknown);
        unknown
    }

    fn collect_unknown(
        &self,
        prefix: &str,
        block: &[(String, Setting)],
        unknown: &mut Vec<UnknownSetting>,
    ) {
        for (name, setting) in block {
            let key = format!("{prefix}{name}");
            if self.asked.contains(&key) {
                continue;
            }
            match &setting.value {
                SettingValue::Block(inner) => {
                    self.collect_unknown(&format!("{key}."), inner, unknown)
                }
                _ => unknown.push(UnknownSetting {
                    near: self.near(&key),
                    place: setting.place.clone(),
                    key,
                }),
            }
        }
    }

    fn near(&self, key: &str) -> Option<String> {
        let misplaced = (self.asked.iter())
            .find(|asked| is_within(asked, key) || (asked.contains('.') && is_within(key, asked)));
        let cut_short = || {
            let same_block = |asked: &&String| !asked[key.len()..].contains('.');
            let longer = (self.asked.iter()).filter(|asked| asked.starts_with(key));
            longer
                .filter(|asked| asked.len() > key.len())
                .find(same_block)
        };
        let misspelt = || {
            let distances = self
                .asked
                .iter()
                .map(|asked| (strsim::damerau_levenshtein(asked, key), asked));
            let near = distances
                .filter(|(distance, asked)| *distance <= NEAR && *distance * 2 < asked.len());
            near.min_by_key(|(distance, _)| *distance)
                .map(|(_, asked)| asked)
        };
        misplaced.or_else(cut_short).or_else(misspelt).cloned()
    }
}

/// Whether `name` is the end of `path`, as `truststore.path` is of `tls.truststore.path`.
fn is_within(path: &str, name: &str) -> bool {
    path.strip_suffix(name)
        .is_some_and(|block| block.ends_with('.'))
}
