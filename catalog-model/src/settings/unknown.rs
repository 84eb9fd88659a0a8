//! Settings that nobody asked for: most often a misspelt name.

use super::{Setting, SettingValue, Settings};
use crate::{Place, nearest};

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
        // A short name is what was meant only if it is not there: `connection.filter`, not `proxy.name`.
        let is_there = |asked: &str| self.root.iter().any(|(name, _)| name == asked);
        let misplaced = (self.asked.iter())
            .find(|asked| is_within(asked, key) || (is_within(key, asked) && !is_there(asked)));
        let cut_short = || {
            let same_block = |asked: &&String| !asked[key.len()..].contains('.');
            let longer = (self.asked.iter()).filter(|asked| asked.starts_with(key));
            longer
                .filter(|asked| asked.len() > key.len())
                .find(same_block)
        };
        if let Some(known) = misplaced.or_else(cut_short) {
            return Some(known.clone());
        }
        nearest(key, self.asked.iter().map(String::as_str)).map(str::to_owned)
    }
}

/// Whether `name` is the end of `path`, as `truststore.path` is of `tls.truststore.path`.
fn is_within(path: &str, name: &str) -> bool {
    path.strip_suffix(name)
        .is_some_and(|block| block.ends_with('.'))
}
