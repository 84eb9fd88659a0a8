//! The typed reads. Each records a problem instead of returning it, so that all come to light at once.

use std::ops::RangeInclusive;

use secrecy::SecretString;
use url::Url;

use super::{
    Entries, Located, Node, Object, PlaceKind, SettingFile, SettingProblem, Settings, Value,
    limits::{MAX_BLOCKS, MAX_TEXT_BYTES, MAX_TEXTS},
};
use crate::{Diagnostic, Place};

impl Settings {
    /// The text `key`; blank is the same as not set. As in the Zeenea scanner, numbers and booleans are read as texts.
    /// A text of more than 10,000 bytes is a problem.
    pub fn text(&mut self, key: &str) -> Option<Located<String>> {
        self.text_up_to(key, MAX_TEXT_BYTES)
    }

    /// The text `key` of at most `max_bytes` bytes. A longer text is a problem.
    pub fn text_up_to(&mut self, key: &str, max_bytes: usize) -> Option<Located<String>> {
        let (found, place) = self.scalar(key, "a text", max_bytes)?;
        (!found.trim().is_empty()).then_some(Located {
            value: found,
            place,
        })
    }

    /// The text `key`, which may be blank or empty.
    pub fn text_or_blank(&mut self, key: &str) -> Option<Located<String>> {
        let (value, place) = self.scalar(key, "a text", MAX_TEXT_BYTES)?;
        Some(Located { value, place })
    }

    /// The text `key`, which has to be there.
    pub fn required_text(&mut self, key: &str) -> Option<Located<String>> {
        let found = self.text(key);
        self.require(key, found)
    }

    /// The secret `key`; blank is the same as not set.
    pub fn secret(&mut self, key: &str) -> Option<Located<SecretString>> {
        self.text(key).map(|Located { value, place }| Located {
            value: SecretString::from(value),
            place,
        })
    }

    /// The secret `key`, where an empty one differs from one that is not set.
    pub fn secret_or_empty(&mut self, key: &str) -> Option<Located<SecretString>> {
        let Located { value, place } = self.text_or_blank(key)?;
        Some(Located {
            value: SecretString::from(value),
            place,
        })
    }

    /// The secret `key`, which has to be there.
    pub fn required_secret(&mut self, key: &str) -> Option<Located<SecretString>> {
        let found = self.secret(key);
        self.require(key, found)
    }

    /// The boolean `key`, or `default`. As in the Zeenea scanner, `yes`, `no`, `on` and `off` are accepted.
    pub fn flag(&mut self, key: &str, default: bool) -> bool {
        let Some(Located { value, .. }) = self.text(key) else {
            return default;
        };
        match value.trim() {
            "true" | "yes" | "on" => true,
            "false" | "no" | "off" => false,
            other => {
                let message = format!("`{key}` must be true or false, not `{other}`");
                let (_, name) = self.block_for(key);
                let hint = match other.to_ascii_lowercase().as_str() {
                    meant @ ("true" | "yes" | "on" | "false" | "no" | "off") => {
                        format!("write `{name} = {meant}`")
                    }
                    _ => format!("write `{name} = true` or `{name} = false`"),
                };
                self.refuse(key, message, hint);
                default
            }
        }
    }

    /// The TCP port `key`, 1 to 65535.
    pub fn port(&mut self, key: &str) -> Option<Located<u16>> {
        let Located { value, place } = self.text(key)?;
        match value.trim().parse() {
            Ok(port) if port > 0 => Some(Located { value: port, place }),
            _ => {
                let message =
                    format!("`{key}` must be a port, a number from 1 to 65535, not `{value}`");
                self.refuse(key, message, None);
                None
            }
        }
    }

    /// The whole number `key`, which must be in a range.
    pub fn number_in(&mut self, key: &str, range: RangeInclusive<usize>) -> Option<Located<usize>> {
        let Located { value, place } = self.text(key)?;
        match value.trim().parse() {
            Ok(number) if range.contains(&number) => Some(Located {
                value: number,
                place,
            }),
            _ => {
                let (least, most) = range.into_inner();
                let message =
                    format!("`{key}` must be a number from {least} to {most}, not `{value}`");
                self.refuse(key, message, None);
                None
            }
        }
    }

    /// The absolute http or https URL `key`.
    pub fn url(&mut self, key: &str) -> Option<Located<Url>> {
        let Located { value, place } = self.text(key)?;
        match Url::parse(value.trim()) {
            Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => {
                Some(Located { value: url, place })
            }
            // The text is not repeated: it may hold a password.
            _ => {
                let message =
                    format!("`{key}` is not an address that begins with `https://` or `http://`");
                self.refuse(
                    key,
                    message,
                    format!("write it like `{key} = \"https://host.example.com\"`"),
                );
                None
            }
        }
    }

    /// One of the words `choices` for `key`, whatever its case.
    pub fn choice<T: Clone>(&mut self, key: &str, choices: &[(&str, T)]) -> Option<Located<T>> {
        let Located { value, place } = self.text(key)?;
        let chosen = choices
            .iter()
            .find(|(word, _)| word.eq_ignore_ascii_case(value.trim()))
            .map(|(_, chosen)| Located {
                value: chosen.clone(),
                place,
            });
        if chosen.is_none() {
            let words: Vec<_> = choices.iter().map(|(word, _)| *word).collect();
            let message = format!("`{key}` must be {}, not `{value}`", alternatives(&words));
            self.refuse(key, message, None);
        }
        chosen
    }

    /// The file that `key` names, read whole.
    pub fn file_of(&mut self, key: &str) -> Option<SettingFile> {
        let path = self.text(key)?;
        self.file_at(key, path)
    }

    /// The file at a path that a reader took out of the setting `key`.
    pub fn file_at(&mut self, key: &str, path: Located<String>) -> Option<SettingFile> {
        let Located { value: path, place } = path;
        match self.files.read(&path) {
            Ok(bytes) => Some(SettingFile { path, bytes, place }),
            Err(error) => {
                let message = format!("the file `{path}` of `{key}` cannot be read: {error}");
                let hint = "a relative path starts at the scanner's home folder".to_owned();
                self.refuse(key, message, hint);
                None
            }
        }
    }

    /// The list of blocks `key`, each with its place; empty if it is not set. The caller checks the settings in each
    /// block.
    pub fn blocks(&mut self, key: &str) -> Vec<Located<Object>> {
        self.know(key);
        let Some(Node { value, place, .. }) = self.find(key).cloned() else {
            return Vec::new();
        };
        let mut blocks = Vec::new();
        let mut wrong = None;
        match value {
            Value::Null => {}
            Value::List(elements) if elements.len() > MAX_BLOCKS => {
                self.too_many(key, "blocks", MAX_BLOCKS);
            }
            Value::List(elements) => {
                for (index, Node { value, place, .. }) in elements.into_iter().enumerate() {
                    match value {
                        Value::Object(value) => blocks.push(Located { value, place }),
                        other => {
                            let which = format!("element {} of `{key}`", index + 1);
                            wrong = wrong.or(Some((which, "a block `{ … }`", other, place)));
                        }
                    }
                }
            }
            other => wrong = Some((format!("`{key}`"), "a list of blocks", other, place)),
        }
        if let Some((which, due, found, place)) = wrong {
            self.record(SettingProblem {
                key: key.to_owned(),
                place,
                message: format!("{which} must be {due}, not {}", found.describe()),
                hint: Some(format!("write `{key} = [ {{ … }} ]`")),
                place_kind: PlaceKind::Setting,
                within: None,
            });
        }
        blocks
    }

    /// The entries of the file that `key` names, with the path as it is written: see
    /// [`FileSource::entries`](super::FileSource::entries).
    pub fn entries_of(
        &mut self,
        key: &str,
        columns: &[&str],
    ) -> Option<(Located<String>, Entries)> {
        let path = self.text(key)?;
        match self.files.entries(path.value.trim(), columns) {
            Ok(entries) => Some((path, entries)),
            Err(Diagnostic {
                place,
                message,
                hint,
                ..
            }) => {
                self.record(SettingProblem {
                    key: key.to_owned(),
                    place_kind: PlaceKind::Setting,
                    message: format!("`{key}`: {message}"),
                    place: place.unwrap_or(path.place),
                    hint,
                    within: None,
                });
                None
            }
        }
    }

    /// The list of texts `key`, or its one text; blank ones are ignored. An empty list counts as set and is
    /// empty.
    pub fn texts(&mut self, key: &str) -> Option<Located<Vec<String>>> {
        let Some(Node { value, place, .. }) = self.find(key).cloned() else {
            self.know(key);
            return None;
        };
        let Value::List(elements) = value else {
            let (text, place) = self.scalar(key, "a list of texts", MAX_TEXT_BYTES)?;
            let value = vec![text.trim().to_owned()];
            return (!text.trim().is_empty()).then_some(Located { value, place });
        };
        self.know(key);
        if elements.len() > MAX_TEXTS {
            self.too_many(key, "texts", MAX_TEXTS);
            return None;
        }
        let none = elements.is_empty();
        let mut texts = Vec::new();
        for (index, Node { value, place, .. }) in elements.into_iter().enumerate() {
            match value.as_text() {
                Some(text) => texts.push(text.trim().to_owned()),
                None => self.record(SettingProblem {
                    key: key.to_owned(),
                    place,
                    message: format!(
                        "element {} of `{key}` must be a text, not {}",
                        index + 1,
                        value.describe()
                    ),
                    hint: None,
                    place_kind: PlaceKind::Setting,
                    within: None,
                }),
            }
        }
        texts.retain(|text| !text.is_empty());
        (none || !texts.is_empty()).then_some(Located {
            value: texts,
            place,
        })
    }

    /// The block `key` of texts and lists of texts under names that are free to choose; empty if it is not set. Elements that are
    /// not texts are problems.
    pub fn texts_in(&mut self, key: &str) -> Vec<(String, Vec<String>)> {
        self.know(key);
        let Some(Node { value, .. }) = self.find(key).cloned() else {
            return Vec::new();
        };
        let Value::Object(block) = value else {
            let message = format!("`{key}` must be a block, not {}", value.describe());
            self.refuse(key, message, None);
            return Vec::new();
        };
        let names: Vec<_> = block.iter().map(|entry| entry.key.clone()).collect();
        let texts = names.into_iter().filter_map(|name| {
            let texts = self.texts(&format!("{key}.{name}"))?;
            Some((name, texts.value))
        });
        texts.collect()
    }

    /// Notes that `key` is a known setting, without reading it.
    pub fn know(&mut self, key: &str) {
        self.check_declared(key);
        self.known_keys.push(key.to_owned());
    }

    fn too_many(&mut self, key: &str, what: &str, max: usize) {
        let message = format!("`{key}` has more than {max} {what}");
        self.refuse(key, message, "shorten the list".to_owned());
    }

    fn scalar(&mut self, key: &str, expected: &str, max_bytes: usize) -> Option<(String, Place)> {
        self.know(key);
        let setting = self.find(key)?;
        let text = match (&setting.value, setting.value.as_text()) {
            (Value::Null, _) => return None,
            (_, Some(text)) if text.len() > max_bytes => {
                let message = format!(
                    "`{key}` is too long: {} bytes, more than {max_bytes}",
                    text.len()
                );
                self.refuse(key, message, "shorten it".to_owned());
                return None;
            }
            (_, Some(text)) => text.into_owned(),
            (..) => {
                let message = format!(
                    "`{key}` must be {expected}, not {}",
                    setting.value.describe()
                );
                self.refuse(key, message, None);
                return None;
            }
        };
        Some((text, setting.place.clone()))
    }

    fn require<T>(&mut self, key: &str, found: Option<T>) -> Option<T> {
        if found.is_none() {
            let set = self.find(key).is_some();
            let message = format!(
                "`{key}` is mandatory and {}",
                if set { "empty" } else { "missing" }
            );
            let (block, name) = self.block_for(key);
            let hint = match block {
                _ if set => format!("fill it in: `{name} = \"…\"`"),
                Some(block) => format!("add `{name} = \"…\"` to the block `{block}`"),
                None => format!("add `{name} = \"…\"`"),
            };
            self.refuse(key, message, hint);
        }
        found
    }
}

/// The words as people list them: `` `a`, `b` or `c` ``.
pub(super) fn alternatives(words: &[&str]) -> String {
    let words: Vec<_> = words.iter().map(|word| format!("`{word}`")).collect();
    match words.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, first)) => format!("{} or {last}", first.join(", ")),
        None => String::new(),
    }
}
