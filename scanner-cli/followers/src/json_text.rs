//! JSON whose unprintable characters are escaped, so that they reach no terminal, log or file.

mod compact;

use std::{borrow::Cow, fmt::Write, io};

use catalog_model::is_unprintable;
use serde::Serialize;

use compact::Compact;

/// Formats a value as JSON with several lines, for standard output or a file.
pub fn json_page(value: &impl Serialize) -> String {
    let text = serde_json::to_string_pretty(value).unwrap_or_default();
    format!("{}\n", escape_json(&text))
}

/// Appends a value as JSON on one line, without a line break.
///
/// # Errors
/// If it cannot be written as JSON.
pub fn write_json(line: &mut Vec<u8>, value: &impl Serialize) -> io::Result<()> {
    value.serialize(Compact(line)).map_err(io::Error::from)
}

/// Escapes the unprintable characters of a JSON text. They can only be in its strings. Line breaks between its elements
/// are kept.
pub fn escape_json(json: &str) -> Cow<'_, str> {
    let is_escaped = |char: char| char >= '\u{7f}' && is_unprintable(char);
    if !json.contains(is_escaped) {
        return Cow::Borrowed(json);
    }
    let mut escaped = String::with_capacity(json.len() + 64);
    for char in json.chars() {
        if is_escaped(char) {
            escape_into(&mut escaped, char);
        } else {
            escaped.push(char);
        }
    }
    Cow::Owned(escaped)
}

/// A value as compact JSON of ASCII characters only: others are escaped.
pub fn ascii_json(value: &impl Serialize) -> String {
    let json = serde_json::to_string(value).unwrap_or_default();
    let mut ascii = String::with_capacity(json.len());
    for char in json.chars() {
        match char.is_ascii() && char != '\u{7f}' {
            true => ascii.push(char),
            false => escape_into(&mut ascii, char),
        }
    }
    ascii
}

fn escape_into(escaped: &mut String, char: char) {
    for unit in char.encode_utf16(&mut [0; 2]) {
        // Writing to a `String` cannot fail.
        let _ = write!(escaped, "\\u{unit:04x}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ascii_json_has_the_same_value_and_no_other_characters() {
        let value = serde_json::json!({ "Süd": "日📈\n\u{7f}\u{2028}\"" });
        let json = ascii_json(&value);
        assert_eq!(json, r#"{"S\u00fcd":"\u65e5\ud83d\udcc8\n\u007f\u2028\""}"#);
        assert_eq!(
            serde_json::from_str::<serde_json::Value>(&json).unwrap(),
            value
        );
    }

    const HOSTILE: &str = "a\nb\u{1b}[2J\u{9b}1m\u{202e}\u{200b}";

    #[test]
    fn escaped_json_has_the_same_values_and_no_control_characters() {
        let value = serde_json::json!({ "a": format!("{HOSTILE}\u{7f}\u{e0041}é") });
        let mut line = Vec::new();
        write_json(&mut line, &value).unwrap();
        let line = String::from_utf8(line).unwrap();
        for text in [&line, json_page(&value).trim_end()] {
            assert_eq!(
                serde_json::from_str::<serde_json::Value>(text).unwrap(),
                value
            );
            assert!(!text.replace('\n', "").contains(is_unprintable), "{text:?}");
            assert!(text.contains('é'));
        }
    }
}
