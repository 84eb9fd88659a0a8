//! Words of texts and searches, for the full-text index.
//!
//! The tokenizer of SQLite separates words at everything that is not a letter or a digit. Chinese, Japanese and Korean are
//! written without spaces, so each of their characters is indexed as a word, and several of them are searched as a phrase.

use super::BrowseError;

/// Written between two characters of such a script. A control character, so that it never occurs in an indexed text, and
/// can be removed from what is shown.
const SEPARATOR: char = '\u{1f}';
/// Begins a hit in a text that the index returns.
pub(super) const HIT_BEGIN: char = '\u{2}';
/// Ends a hit.
pub(super) const HIT_END: char = '\u{3}';

/// Maximum number of words and phrases of a search.
const MAX_TERMS: usize = 32;
/// Maximum length of the text of a search in bytes.
const MAX_SEARCH_BYTES: usize = 1_000;

/// Appends a text in the form in which it is indexed, up to `max_bytes`.
pub(super) fn append(indexed: &mut String, text: &str, max_bytes: usize) {
    let mut follows = false;
    for char in text.chars() {
        if indexed.len() >= max_bytes {
            return;
        }
        let is_character = is_written_without_spaces(char);
        if is_character && follows {
            indexed.push(SEPARATOR);
        }
        follows = is_character;
        indexed.push(if char.is_control() { ' ' } else { char });
    }
}

/// Removes what [`append`] added.
pub(super) fn restored(indexed: &str) -> String {
    indexed.replace(SEPARATOR, "")
}

/// What a search must find, or what makes the result obvious.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expression {
    /// Everything: the text is empty.
    Everything,
    /// Nothing: the text contains no word.
    Nothing,
    /// What contains all of these.
    Matching(Vec<SearchedWords>),
}

/// One or more words that must follow each other in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchedWords {
    /// The words in the form in which texts are indexed. They are not separated yet.
    pub text: String,
    /// Whether the last word may be the beginning of one.
    pub is_prefix: bool,
}

impl Expression {
    /// The expression in SQLite's language. `None` if no search is needed.
    pub(super) fn to_sqlite(&self) -> Option<String> {
        let Self::Matching(all) = self else {
            return None;
        };
        // Each text is quoted, so that none is a syntax error.
        let terms = all.iter().map(|words| {
            let end = if words.is_prefix { "*" } else { "" };
            format!("\"{}\"{end}", words.text)
        });
        Some(terms.collect::<Vec<_>>().join(" AND "))
    }
}

/// Converts what people typed.
///
/// # Errors
/// If the text is too long.
pub(super) fn expression(text: &str) -> Result<Expression, BrowseError> {
    if text.trim().is_empty() {
        return Ok(Expression::Everything);
    }
    if text.len() > MAX_SEARCH_BYTES {
        let message = format!("the search text must have at most {MAX_SEARCH_BYTES} bytes");
        return Err(BrowseError::InvalidRequest(message));
    }
    let terms: Vec<_> = terms(text).filter_map(|term| term.searched()).collect();
    if terms.len() > MAX_TERMS {
        let message = format!("the search text must have at most {MAX_TERMS} words");
        return Err(BrowseError::InvalidRequest(message));
    }
    Ok(match terms.is_empty() {
        true => Expression::Nothing,
        false => Expression::Matching(terms),
    })
}

/// A word, or a text in quotation marks.
struct Term<'a> {
    text: &'a str,
    is_phrase: bool,
}

fn terms(text: &str) -> impl Iterator<Item = Term<'_>> {
    // The texts at odd positions are in quotation marks. The last one may lack its end.
    text.split(['"', '“', '”', '„'])
        .enumerate()
        .flat_map(|(index, text)| {
            let is_phrase = index % 2 == 1;
            let texts: Box<dyn Iterator<Item = &str>> = match is_phrase {
                true => Box::new(std::iter::once(text)),
                false => {
                    Box::new(text.split(|char: char| char.is_whitespace() || char.is_control()))
                }
            };
            texts.map(move |text| Term {
                text: text.strip_prefix("mailto:").unwrap_or(text),
                is_phrase,
            })
        })
}

impl Term<'_> {
    /// What is searched for it. `None` if it has no word.
    fn searched(&self) -> Option<SearchedWords> {
        if !self.text.contains(char::is_alphanumeric) {
            return None;
        }
        let mut indexed = String::new();
        append(&mut indexed, self.text, usize::MAX);
        Some(SearchedWords {
            text: indexed,
            is_prefix: !self.is_phrase
                && self.text.ends_with(char::is_alphanumeric)
                && !self.text.ends_with(is_written_without_spaces),
        })
    }
}

/// Whether words of the character's script are not separated by spaces, or are compared by character.
fn is_written_without_spaces(char: char) -> bool {
    matches!(
        char,
        '\u{3005}'..='\u{3007}'
            | '\u{3040}'..='\u{30ff}'
            | '\u{31f0}'..='\u{31ff}'
            | '\u{3400}'..='\u{4dbf}'
            | '\u{4e00}'..='\u{9fff}'
            | '\u{ac00}'..='\u{d7af}'
            | '\u{f900}'..='\u{faff}'
            | '\u{ff66}'..='\u{ff9f}'
            | '\u{20000}'..='\u{3ffff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let found = expression(text).unwrap().to_sqlite();
        assert_eq!(found.as_deref(), Some(expected), "{text}");
    }

    #[test]
    fn words_are_prefixes_and_quoted_texts_are_phrases() {
        check("sales east", "\"sales\"* AND \"east\"*");
        check("\"sales east\" x", "\"sales east\" AND \"x\"*");
        check("“sales east” x", "\"sales east\" AND \"x\"*");
        check("a-b*", "\"a-b*\"");
        check(
            "NOT OR AND NEAR(",
            "\"NOT\"* AND \"OR\"* AND \"AND\"* AND \"NEAR(\"",
        );
        check("name:x \"half", "\"name:x\"* AND \"half\"");
    }

    #[test]
    fn characters_without_spaces_are_searched_as_a_phrase() {
        check("売上 x", "\"売\u{1f}上\" AND \"x\"*");
        let mut indexed = String::new();
        append(&mut indexed, "売上2024年 A\u{0}B", 100);
        assert_eq!(indexed, "売\u{1f}上2024年 A B");
        assert_eq!(restored(&indexed), "売上2024年 A B");
    }

    #[test]
    fn a_text_without_words_finds_everything_or_nothing() {
        assert_eq!(expression(" \t").unwrap(), Expression::Everything);
        for text in ["*", "\"\"", "- + ^ ( ) :", "\u{0}", "…"] {
            assert_eq!(expression(text).unwrap(), Expression::Nothing, "{text}");
        }
        assert!(expression(&"a ".repeat(33)).is_err());
        assert!(expression(&"a".repeat(1_001)).is_err());
    }
}
