//! A text as words and signs, without the markers of comments.

/// A word or a sign.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Token {
    /// In lower case. An empty line is an empty text, which ends all phrases.
    pub(super) text: String,
    /// As written.
    pub(super) written: String,
    /// The line, counted from 1.
    pub(super) line: usize,
}

/// Markers of comments, the longest first.
const MARKERS: [&str; 6] = ["///", "//!", "//", "--", "#", "*"];

/// The words and signs of a text. In Rust, the name of a function counts as its words.
pub(super) fn tokens(text: &str, kind: &str) -> impl Iterator<Item = Token> {
    let is_rust = kind == "rs";
    text.lines().enumerate().flat_map(move |(index, line)| {
        let line_number = index + 1;
        let token = |written: &str| Token {
            text: written.to_lowercase(),
            written: written.to_owned(),
            line: line_number,
        };
        let words = words(without_marker(line));
        if words.is_empty() {
            return vec![token("")];
        }
        let mut tokens = Vec::with_capacity(words.len());
        let mut is_name = false;
        for word in words {
            match is_name && is_rust {
                true => tokens.extend(word.split('_').map(token)),
                false => tokens.push(token(word)),
            }
            is_name = word == "fn";
        }
        tokens
    })
}

/// The line without the marker of a comment, and without the sign that continues a string on the next line.
fn without_marker(line: &str) -> &str {
    let line = line.trim();
    let line = MARKERS
        .iter()
        .find_map(|marker| line.strip_prefix(marker))
        .unwrap_or(line);
    line.strip_suffix('\\').unwrap_or(line).trim()
}

/// The words and signs of a line.
fn words(line: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut rest = line.trim_start();
    while let Some(first) = rest.chars().next() {
        let is_inside = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '\'');
        let end = match first.is_alphanumeric() {
            true => rest.find(|c| !is_inside(c)).unwrap_or(rest.len()),
            false => first.len_utf8(),
        };
        let (word, after) = rest.split_at(end);
        words.push(word);
        rest = after.trim_start();
    }
    words
}
