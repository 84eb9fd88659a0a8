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

/// From this similarity on (Jaro-Winkler, 0 to 1) a name is near enough to be suggested.
const NEAR: f64 = 0.9;

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
        self.asked
            .iter()
            .map(|asked| (strsim::jaro_winkler(asked, key), asked))
            .filter(|(similarity, _)| *similarity >= NEAR)
            .max_by(|a, b| a.0.total_cmp(&b.0))
            .map(|(_, asked)| asked.clone())
    }
}
