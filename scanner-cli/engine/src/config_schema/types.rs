//! The schemas of single settings.

use catalog_model::settings::{Declaration, SettingKind};
use serde_json::{Value, json};

use super::is_mandatory;

/// The schema of a setting. Several declarations are alternatives.
pub(super) fn schema(alternatives: &[&Declaration]) -> Value {
    match alternatives {
        [one] => of_one(one),
        several => json!({ "anyOf": several.iter().map(|one| of_one(one)).collect::<Vec<_>>() }),
    }
}

fn of_one(declaration: &Declaration) -> Value {
    let mut schema = of_kind(declaration.kind);
    schema["description"] = json!(description(declaration));
    schema
}

/// The meaning, the default and the need as plain text.
fn description(declaration: &Declaration) -> String {
    let mut text = without_links(declaration.about);
    if !text.is_empty() && !text.ends_with(['.', ':', '!']) {
        text.push('.');
    }
    if !declaration.default.is_empty() {
        text.push_str(&format!(
            " Default: {}.",
            without_links(declaration.default)
        ));
    }
    if is_mandatory(declaration.need) {
        text.push_str(" Mandatory.");
    }
    text.trim().to_owned()
}

/// The schema of the values of a kind. As the scanner reads them: numbers and booleans are texts, `null` and blank texts mean
/// not set, and numbers and booleans may be in quotes.
fn of_kind(kind: SettingKind) -> Value {
    let scalar = || json!({ "type": ["string", "number", "boolean", "null"] });
    match kind {
        SettingKind::Text | SettingKind::Secret | SettingKind::Path => scalar(),
        SettingKind::Url => text_like(
            json!({ "type": "null" }),
            r"^\s*([Hh][Tt][Tt][Pp][Ss]?://|$)",
        ),
        SettingKind::Boolean => text_like(
            json!({ "type": ["boolean", "null"] }),
            r"^\s*(true|yes|on|false|no|off)?\s*$",
        ),
        SettingKind::Integer(least, greatest) => json!({ "anyOf": [
            { "type": "integer", "minimum": least, "maximum": greatest },
            { "type": "string", "pattern": r"^\s*(\+?[0-9]+)?\s*$" },
            { "type": "null" },
        ] }),
        SettingKind::Duration => text_like(
            json!({ "type": ["number", "null"] }),
            r"[0-9]|^\s*(none)?\s*$",
        ),
        SettingKind::Choice(words) => json!({ "anyOf": [
            { "enum": words },
            { "type": "string", "pattern": any_case(words) },
            { "type": "null" },
        ] }),
        SettingKind::Texts => json!({ "anyOf": [
            scalar(),
            { "type": "array", "items": { "type": ["string", "number", "boolean"] } },
        ] }),
        SettingKind::Block => json!({ "type": ["object", "null"] }),
        SettingKind::Other(_) => json!({}),
    }
}

/// Values of other types, or a text that matches a pattern.
fn text_like(others: Value, pattern: &str) -> Value {
    json!({ "anyOf": [others, { "type": "string", "pattern": pattern }] })
}

/// A pattern for words in any case, and for a blank text. Regular expressions of JSON Schema cannot ignore the case.
fn any_case(words: &[&str]) -> String {
    let words = words.iter().map(|word| {
        let letters = word
            .chars()
            .map(|letter| match letter.is_ascii_alphabetic() {
                true => format!(
                    "[{}{}]",
                    letter.to_ascii_uppercase(),
                    letter.to_ascii_lowercase()
                ),
                false => letter.to_string(),
            });
        letters.collect::<String>()
    });
    format!(r"^\s*({})?\s*$", words.collect::<Vec<_>>().join("|"))
}

/// Markdown with the texts of links instead of the links.
fn without_links(markdown: &str) -> String {
    let mut text = String::with_capacity(markdown.len());
    let mut rest = markdown;
    while let Some(end) = rest.find("](") {
        let (before, after) = (&rest[..end], &rest[end + 2..]);
        match (before.rfind('['), after.find(')')) {
            (Some(start), Some(length)) => {
                text.push_str(&before[..start]);
                text.push_str(&before[start + 1..]);
                rest = &after[length + 1..];
            }
            _ => {
                text.push_str(&rest[..end + 2]);
                rest = after;
            }
        }
    }
    text.push_str(rest);
    text.replace("**", "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_become_their_texts() {
        for (markdown, text) in [
            ("see [filters](filters.md).", "see filters."),
            ("`[\"a\"]` and [b](c) [d](e#f)", "`[\"a\"]` and b d"),
            ("**bold** ](x", "bold ](x"),
        ] {
            assert_eq!(without_links(markdown), text);
        }
    }

    #[test]
    fn words_match_in_any_case() {
        assert_eq!(any_case(&["a1", "b"]), r"^\s*([Aa]1|[Bb])?\s*$");
    }
}
