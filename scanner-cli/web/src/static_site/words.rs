//! The words of a text, as the script of the files finds them in a query.

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// Maximum number of characters of a word. Longer words are found by their beginning.
const MAX_WORD: usize = 40;

/// The words of a text: in lower case, without accents. Each character of a script without spaces is a word.
pub(super) fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let plain = text.nfkd().filter(|letter| !is_combining_mark(*letter));
    for letter in plain.flat_map(char::to_lowercase) {
        let is_alone = is_ideograph(letter);
        if (is_alone || !letter.is_alphanumeric()) && !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        if is_alone {
            words.push(letter.to_string());
        } else if letter.is_alphanumeric() && word.chars().count() < MAX_WORD {
            word.push(letter);
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

/// Whether a character is of a script that is written without spaces. The script of the files has the same ranges.
fn is_ideograph(letter: char) -> bool {
    matches!(letter, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

/// The name of the part of the index that contains a word: its first two characters.
pub(super) fn shard(word: &str) -> String {
    let codes: Vec<_> = word
        .chars()
        .take(2)
        .map(|letter| format!("{:x}", u32::from(letter)))
        .collect();
    codes.join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_have_no_accents_and_ideographs_are_words() {
        for (text, expected) in [
            ("Café-Umsätze Q3", vec!["cafe", "umsatze", "q3"]),
            ("売上 2024", vec!["売", "上", "2024"]),
            ("<b>ﬁne</b>", vec!["b", "fine", "b"]),
            ("  …", vec![]),
        ] {
            assert_eq!(words(text), expected, "{text}");
        }
        assert_eq!(shard("cafe"), "63-61");
        assert_eq!(shard("売"), "58f2");
    }
}
