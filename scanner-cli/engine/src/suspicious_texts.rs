//! Finds texts in a settings file that HOCON allows but that are probably mistakes: quotes that HOCON does not support,
//! invisible characters, and variables inside quotes.

use std::{borrow::Cow, path::Path};

use crate::hocon::{
    Files, LocatedProblem, Node, Object, Severity, SourceDiagnostic, Value, ValueVisibility,
    char_at, settings,
};

mod invisible;
mod quotes;

/// The settings that contain patterns. Their syntax includes quotes, and they may match any character.
const FILTERS: [&str; 2] = ["filter", "filters"];

/// Maximum number of suspicious texts that are listed.
const MAX_LISTED: usize = 50;

/// The suspicious texts of a file.
pub struct SuspiciousTexts {
    /// Errors: the file is invalid.
    pub errors: Vec<LocatedProblem>,
    /// Warnings: the file can be used.
    pub warnings: Vec<LocatedProblem>,
}

/// The files that the settings were read from.
pub struct Sources<'a> {
    path: &'a Path,
    content: &'a [u8],
    /// Reads the included files.
    files: &'a dyn Files,
}

/// The role of a text in its setting.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Value,
    /// An element of a list.
    Element,
}

/// A suspicious text, and whether the file can still be used.
enum TextProblem {
    Error(LocatedProblem),
    Warning(LocatedProblem),
}

impl SuspiciousTexts {
    /// Finds the suspicious texts of a file.
    pub fn find(root: &Object, sources: &Sources<'_>) -> Self {
        let all = settings(root);
        // Possible errors come first, because the list is limited.
        let (strict, others): (Vec<_>, Vec<_>) =
            (all.iter()).partition(|setting| quotes::is_strict(&setting.path));
        let in_values = strict.into_iter().chain(others);
        let in_values = in_values.flat_map(|setting| {
            let mut found_texts = Vec::new();
            find_in_value(
                &setting.path,
                setting.node,
                (sources, Role::Value),
                &mut found_texts,
            );
            found_texts
        });
        let found_texts = in_values.chain(invisible::in_keys(root, sources));
        let mut suspicious_texts = Self {
            errors: Vec::new(),
            warnings: Vec::new(),
        };
        for (number, found) in found_texts.take(MAX_LISTED + 1).enumerate() {
            match found {
                TextProblem::Error(found) => suspicious_texts.errors.push(found),
                TextProblem::Warning(found) if number < MAX_LISTED => {
                    suspicious_texts.warnings.push(found)
                }
                TextProblem::Warning(found) => suspicious_texts.warnings.push(LocatedProblem {
                    message: "the file has more texts like these; they are not listed".to_owned(),
                    hint: None,
                    ..found
                }),
            }
        }
        suspicious_texts
    }
}

impl SuspiciousTexts {
    /// All of them as warnings, for a file in which quotes are never an error.
    pub fn into_warnings(self) -> Vec<LocatedProblem> {
        self.errors.into_iter().chain(self.warnings).collect()
    }

    /// Whether there is an error in the value of a setting.
    pub fn has_error_at(&self, value: Option<&Node>) -> bool {
        value.is_some_and(|value| self.errors.iter().any(|found| found.place == value.place))
    }
}

impl<'a> Sources<'a> {
    /// The file at `path` with this content, and the files that it includes.
    pub fn new(path: &'a Path, content: &'a [u8], files: &'a dyn Files) -> Self {
        Self {
            path,
            content,
            files,
        }
    }

    /// The content of the file that contains a place.
    pub fn content_at(&self, place: &catalog_model::Place) -> Option<Cow<'_, [u8]>> {
        if *place.file == *self.path.display().to_string() {
            return Some(Cow::Borrowed(self.content));
        }
        let content = self.files.content(Path::new(&*place.file)).ok()??;
        Some(Cow::Owned(content))
    }

    /// Converts a problem for display, with the source line.
    pub fn diagnostic(&self, severity: Severity, found: LocatedProblem) -> SourceDiagnostic {
        SourceDiagnostic::in_file(self.path, self.content, severity, found)
    }

    /// The first character of a value as it is written in the file.
    fn first_character(&self, value: &Node) -> Option<char> {
        char_at(&self.content_at(&value.place)?, &value.place)
    }
}

/// Collects the suspicious texts of a value. Blocks in a list have their own settings.
fn find_in_value(
    path: &[String],
    node: &Node,
    (sources, role): (&Sources<'_>, Role),
    found_texts: &mut Vec<TextProblem>,
) {
    if found_texts.len() > MAX_LISTED {
        return;
    }
    match &node.value {
        Value::String(text) => found_texts.extend(find_in_text(path, node, text, (sources, role))),
        // The rules of filters may contain any character.
        Value::List(_) if is_filter(path) => {}
        Value::List(nodes) => {
            for node in nodes {
                find_in_value(path, node, (sources, Role::Element), found_texts);
            }
        }
        Value::Object(block) => {
            for setting in settings(block) {
                find_in_value(
                    &setting.path,
                    setting.node,
                    (sources, Role::Value),
                    found_texts,
                );
            }
        }
        _ => {}
    }
}

fn is_filter(path: &[String]) -> bool {
    path.iter().any(|name| FILTERS.contains(&&**name))
}

fn find_in_text(
    path: &[String],
    node: &Node,
    text: &str,
    (sources, role): (&Sources<'_>, Role),
) -> Option<TextProblem> {
    let is_filter = is_filter(path);
    let found = match is_filter {
        true => None,
        false => quotes::find(path, node, text, (sources, role))
            .or_else(|| invisible::in_value(path, node, text, sources)),
    };
    found.or_else(|| {
        let (message, hint) = quoted_variable(text).or_else(|| {
            let words = (!is_filter).then_some(text)?;
            misplaced_marker(words)
        })?;
        Some(TextProblem::Warning(LocatedProblem {
            place: node.place.clone(),
            message: message.to_owned(),
            hint: Some(hint.to_owned()),
            value: ValueVisibility::Hidden,
        }))
    })
}

/// Finds `ENC[…]` and `%…%` where they have no special meaning.
fn misplaced_marker(text: &str) -> Option<(&'static str, &'static str)> {
    let text = text.trim();
    if text.find("ENC[").is_some_and(|at| at > 0) {
        return Some((
            "`ENC[…]` is decrypted only where it is the whole value",
            "encrypt the whole value with `scanner-cli encrypt`",
        ));
    }
    let name = text.strip_prefix('%')?.strip_suffix('%')?;
    let is_name = !name.is_empty()
        && name
            .chars()
            .all(|char| char.is_ascii_alphanumeric() || char == '_');
    is_name.then_some((
        "`%…%` is text, not an environment variable",
        "write `${NAME}` without quotes",
    ))
}

fn quoted_variable(text: &str) -> Option<(&'static str, &'static str)> {
    text.contains("${").then_some((
        "inside quotes, `${…}` is text, not a variable",
        "write the variable outside of the quotes: `key = ${NAME}`, or `key = \"before\"${NAME}\"after\"`",
    ))
}

#[cfg(test)]
mod tests;
