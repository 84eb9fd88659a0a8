//! Invisible characters: their detection and names, and printing texts without them.

use std::{borrow::Cow, fmt};

/// An invisible character, for messages: `U+200B (zero width space)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvisibleCharacter(char);

/// Whether a terminal shows nothing for the character, or obeys it: control characters (C0 and C1), line and paragraph
/// separators, bidirectional controls, characters without width, and fillers.
///
/// Variation selectors and combining characters are not among them: names need them.
#[must_use]
pub fn is_unprintable(char: char) -> bool {
    match char {
        ' '..='~' => false,
        '\0'..='\u{9f}'
        | '\u{ad}'
        | '\u{34f}'
        | '\u{61c}'
        | '\u{115f}'..='\u{1160}'
        | '\u{17b4}'..='\u{17b5}'
        | '\u{180e}'
        | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{3164}'
        | '\u{feff}'
        | '\u{ffa0}'
        | '\u{fff0}'..='\u{fffb}'
        | '\u{13430}'..='\u{1343f}'
        | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e00ff}'
        | '\u{e01f0}'..='\u{e0fff}' => true,
        _ => false,
    }
}

/// Returns the replacement for an unprintable character: a space if it separates words, otherwise U+FFFD.
#[must_use]
pub fn replacement(unprintable: char) -> char {
    match unprintable {
        '\t'..='\r' | '\u{85}' | '\u{2028}' | '\u{2029}' => ' ',
        _ => char::REPLACEMENT_CHARACTER,
    }
}

/// Formats a text of a site or a file for a message: on one line, without unprintable characters.
///
/// ```
/// assert_eq!(catalog_model::printable("Sales\n\u{1b}[31mred"), "Sales \u{fffd}[31mred");
/// ```
#[must_use]
pub fn printable(text: &str) -> Cow<'_, str> {
    if text.contains(is_unprintable) {
        let shown = |char| match is_unprintable(char) {
            true => replacement(char),
            false => char,
        };
        Cow::Owned(text.chars().map(shown).collect())
    } else {
        Cow::Borrowed(text)
    }
}

/// Replaces the unprintable characters of a line of a file, except tabs. All characters keep their columns.
#[must_use]
pub fn printable_line(line: &str) -> Cow<'_, str> {
    let is_replaced = |char: char| char != '\t' && is_unprintable(char);
    if !line.contains(is_replaced) {
        return Cow::Borrowed(line);
    }
    let shown = |char| match is_replaced(char) {
        true => replacement(char),
        false => char,
    };
    Cow::Owned(line.chars().map(shown).collect())
}

impl InvisibleCharacter {
    /// Returns the character if it is invisible: an unprintable character, or a space that looks like the usual one.
    /// The wide space of Japanese texts is visible.
    #[must_use]
    pub fn new(char: char) -> Option<Self> {
        let is_other_space = !matches!(char, ' ' | '\u{3000}') && char.is_whitespace();
        (is_unprintable(char) || is_other_space).then_some(Self(char))
    }

    /// Finds the first invisible character in a text, with its offset in bytes.
    #[must_use]
    pub fn find(text: &str) -> Option<(usize, Self)> {
        let mut characters = text.char_indices();
        characters.find_map(|(offset, char)| Some((offset, Self::new(char)?)))
    }

    fn name(self) -> &'static str {
        match self.0 {
            '\t' => "tab",
            '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}' => "line break",
            '\u{1b}' => "escape",
            '\0'..='\u{9f}' => "control character",
            '\u{a0}' => "no-break space",
            '\u{ad}' => "soft hyphen",
            '\u{200b}' => "zero width space",
            '\u{200c}' => "zero width non-joiner",
            '\u{200d}' => "zero width joiner",
            '\u{202f}' => "narrow no-break space",
            '\u{61c}' | '\u{200e}'..='\u{200f}' | '\u{202a}'..='\u{202e}' => {
                "bidirectional control"
            }
            '\u{2066}'..='\u{2069}' => "bidirectional control",
            '\u{2060}' => "word joiner",
            '\u{feff}' => "byte order mark",
            _ if self.0.is_whitespace() => "space",
            _ => "invisible character",
        }
    }
}

impl fmt::Display for InvisibleCharacter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "U+{:04X} ({})", u32::from(self.0), self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_that_control_a_terminal_are_not_printed() {
        for char in ('\0'..='\u{1f}').chain('\u{7f}'..='\u{9f}') {
            assert!(is_unprintable(char), "{char:?}");
        }
        for char in "\u{200b}\u{200e}\u{202e}\u{2066}\u{2028}\u{feff}\u{e0041}\u{ad}".chars() {
            assert!(is_unprintable(char), "{char:?}");
        }
    }

    #[test]
    fn names_in_all_languages_are_unchanged() {
        for text in [
            "Продажи ∕ Sales 📈",
            "e\u{301}",
            "\u{2764}\u{fe0f}",
            "日本　語",
            "葛\u{e0100}",
            "שלום",
            "10\u{a0}%",
        ] {
            assert_eq!(printable(text), text);
        }
    }

    #[test]
    fn a_printable_text_is_on_one_line_and_keeps_its_length() {
        assert_eq!(
            printable("a\r\nb\tc\u{9b}1m\u{202e}"),
            "a  b c\u{fffd}1m\u{fffd}"
        );
    }

    #[test]
    fn invisible_characters_are_found_and_named() {
        for (text, expected) in [
            ("ab\u{200b}", Some((2, "U+200B (zero width space)"))),
            ("\u{feff}a", Some((0, "U+FEFF (byte order mark)"))),
            ("é\u{a0}b", Some((2, "U+00A0 (no-break space)"))),
            ("a\u{2003}b", Some((1, "U+2003 (space)"))),
            ("a\tb", Some((1, "U+0009 (tab)"))),
            ("a b　c", None),
        ] {
            let found = InvisibleCharacter::find(text).map(|(at, char)| (at, char.to_string()));
            let found = found.as_ref().map(|(at, char)| (*at, char.as_str()));
            assert_eq!(found, expected, "{text:?}");
        }
    }
}
