//! Suggestions for words of other languages and for misspelt words.

use crate::nearest;

/// All words of the language.
pub(super) const KEYWORDS: [&str; 16] = [
    "and", "or", "not", "in", "is", "null", "starts", "ends", "with", "contains", "matches", "any",
    "all", "match", "always", "never",
];

/// Words for operators, and the operators that they mean.
const OPERATORS: [(&str, &str); 26] = [
    ("in", "in"),
    ("is", "is null"),
    ("isnull", "is null"),
    ("not", "not in"),
    ("notin", "not in"),
    ("starts", "starts with"),
    ("startswith", "starts with"),
    ("starts_with", "starts with"),
    ("beginswith", "starts with"),
    ("begins", "starts with"),
    ("ends", "ends with"),
    ("endswith", "ends with"),
    ("ends_with", "ends with"),
    ("contain", "contains"),
    ("contains", "contains"),
    ("includes", "contains"),
    ("has", "contains"),
    ("matches", "matches"),
    ("match", "matches"),
    ("like", "~"),
    ("eq", "="),
    ("equals", "="),
    ("ne", "!="),
    ("neq", "!="),
    ("equal", "="),
    ("differs", "!="),
];

/// Returns the keyword that `word` is in different case, if it is one.
pub(super) fn keyword_of(word: &str) -> Option<&'static str> {
    (KEYWORDS.into_iter()).find(|known| known.eq_ignore_ascii_case(word))
}

/// Returns the operator that `word` means in other languages, or of which it is a misspelling.
pub(super) fn operator_of(word: &str) -> Option<&'static str> {
    let written = |word: &str| OPERATORS.iter().find(|(known, _)| *known == word);
    written(&word.to_lowercase())
        .or_else(|| written(nearest(word, OPERATORS.iter().map(|(known, _)| *known))?))
        .map(|(_, meant)| *meant)
}

/// Returns `and` or `or`, if `word` is a misspelling of it or its name in another language.
pub(super) fn joint_of(word: &str) -> Option<&'static str> {
    match word.to_lowercase().as_str() {
        "and" | "und" | "adn" | "nad" | "amd" | "&" => Some("and"),
        "or" | "oder" | "ro" | "|" => Some("or"),
        _ => None,
    }
}
