//! Words of texts and searches, as PostgreSQL stores them. The tokenizer is that of SQLite's index, so that a search finds the
//! same in both.

use std::{collections::BTreeMap, fmt::Write};

use catalog_store::{
    StoreError,
    backend::{Expression, Tokenizer},
};

/// The highest position of a word that PostgreSQL stores.
const MAX_POSITION: usize = 16_383;
/// Maximum number of positions of a word. PostgreSQL stores up to 255.
const MAX_POSITIONS: usize = 255;
/// Maximum length of a word in bytes. PostgreSQL stores up to 2,046; a longer word is cut, and a search has no such words.
const MAX_WORD_BYTES: usize = 2_000;

/// The words of some texts as a `tsvector`. Words that follow each other in different texts are no phrase.
pub(super) fn vector<'a>(texts: impl IntoIterator<Item = &'a [String]>) -> String {
    let mut words: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    let mut position = 0;
    for text in texts {
        for word in text {
            position += 1;
            let positions = words.entry(cut(word)).or_default();
            if positions.len() < MAX_POSITIONS && position <= MAX_POSITION {
                positions.push(position);
            }
        }
        position += 1;
    }
    let mut vector = String::new();
    for (word, positions) in words {
        quote(&mut vector, word);
        for (number, position) in positions.iter().enumerate() {
            let before = if number == 0 { ':' } else { ',' };
            // Writing to a text cannot fail.
            let _ = write!(vector, "{before}{position}");
        }
        vector.push(' ');
    }
    vector
}

/// A search as a `tsquery`. `None` if it finds nothing.
pub(crate) fn query(words: &Expression) -> Result<Option<String>, StoreError> {
    let Expression::Matching(terms) = words else {
        return Ok(None);
    };
    let texts: Vec<&str> = terms.iter().map(|term| term.text.as_str()).collect();
    let split = Tokenizer::new()?.words(&texts)?;
    let mut query = String::new();
    for (term, words) in terms.iter().zip(split) {
        let Some((last, before)) = words.split_last() else {
            return Ok(None);
        };
        if !query.is_empty() {
            query.push_str(" & ");
        }
        query.push('(');
        for word in before {
            quote(&mut query, cut(word));
            query.push_str(" <-> ");
        }
        quote(&mut query, cut(last));
        query.push_str(if term.is_prefix { ":*)" } else { ")" });
    }
    Ok(Some(query))
}

fn cut(word: &str) -> &str {
    &word[..word.floor_char_boundary(MAX_WORD_BYTES)]
}

fn quote(text: &mut String, word: &str) {
    text.push('\'');
    for char in word.chars() {
        if matches!(char, '\'' | '\\') {
            text.push(char);
        }
        text.push(char);
    }
    text.push('\'');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(texts: &[&str]) -> Vec<Vec<String>> {
        Tokenizer::new().unwrap().words(texts).unwrap()
    }

    #[test]
    fn words_have_their_positions_with_a_gap_between_texts() {
        let texts = words(&["b a b", "", "a"]);
        let vector = vector(texts.iter().map(Vec::as_slice));
        assert_eq!(vector, "'a':2,6 'b':1,3 ");
    }

    #[test]
    fn many_and_long_words_are_within_the_limits_of_the_server() {
        let many = words(&[&"a ".repeat(20_000), &"é".repeat(3_000)]);
        let vector = vector(many.iter().map(Vec::as_slice));
        assert_eq!(vector.matches(',').count(), MAX_POSITIONS - 1);
        assert!(vector.len() < 5_000, "{}", vector.len());
    }
}
