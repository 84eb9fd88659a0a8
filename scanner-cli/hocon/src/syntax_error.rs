//! Errors of the lexer and the parser, as byte ranges of the text.

use std::ops::Range;

/// An error found by the lexer or the parser.
#[derive(Debug, PartialEq)]
pub(super) struct SyntaxError {
    /// The byte range of the error.
    pub(super) span: Range<usize>,
    /// What is wrong, without any text of a setting's value.
    pub(super) message: String,
    /// What to do about it.
    pub(super) hint: Option<Hint>,
}

/// What to do about an error.
#[derive(Debug, PartialEq)]
pub(super) enum Hint {
    /// A sentence that does not quote the file.
    Plain(String),
    /// How to write the text of a setting. If the setting may be secret, the second, general sentence is shown instead.
    Quoting(Rewrite, &'static str),
}

/// How to rewrite a text that needs quotes or escapes.
#[derive(Debug, PartialEq)]
pub(super) enum Rewrite {
    /// A quoted string, whose text contains backslashes that are not escapes.
    Escapes(Range<usize>),
    /// An unquoted text that needs quotes.
    Unquoted(Range<usize>),
}

/// Quotes that are easily confused with the double quotes of HOCON: single quotes and those of word processors.
const FOREIGN_QUOTES: [char; 11] = ['\'', '`', '´', '‘', '’', '‚', '“', '”', '„', '«', '»'];

impl SyntaxError {
    pub(super) fn new(span: Range<usize>, message: impl Into<String>) -> Self {
        Self {
            span,
            message: message.into(),
            hint: None,
        }
    }

    /// Adds a hint, unless there is one: the lexer's hint is more precise.
    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = self.hint.or_else(|| Some(Hint::Plain(hint.into())));
        self
    }

    /// Adds a hint that quotes the file, unless there is one.
    pub(super) fn quoting(mut self, rewrite: Rewrite, general: &'static str) -> Self {
        self.hint = self.hint.or(Some(Hint::Quoting(rewrite, general)));
        self
    }
}

impl Rewrite {
    /// Returns a sentence that shows the text as it should be written.
    pub(super) fn sentence(&self, text: &str) -> String {
        match self {
            Self::Escapes(span) => {
                let inner = &text[span.clone()];
                let escaped = format!("\"{}\"", inner.replace('\\', "\\\\"));
                if inner.contains('"') {
                    format!("write `{escaped}`")
                } else {
                    format!("write `{escaped}` or `\"\"\"{inner}\"\"\"`")
                }
            }
            Self::Unquoted(span) => {
                let written = &text[span.clone()];
                let inner = written.trim_matches(FOREIGN_QUOTES);
                if inner.contains(['\\', '"']) {
                    format!("put the text between triple quotes: `\"\"\"{inner}\"\"\"`")
                } else if inner.len() < written.len() {
                    format!("HOCON supports double quotes only: write `\"{inner}\"`")
                } else {
                    format!("put the text in double quotes: `\"{inner}\"`")
                }
            }
        }
    }
}

/// Returns the unquoted text around `from`: between the preceding and the following delimiter on its line.
pub(super) fn unquoted(text: &str, from: usize) -> Range<usize> {
    let before = &text[..from];
    let start = before
        .rfind(['"', '{', '}', '[', ']', ':', '=', ',', '\n'])
        .map_or(0, |at| at + 1);
    let rest = &text[from..];
    let ends = ["\"", ",", "}", "]", "\n", " #", " //", "\t#"]
        .iter()
        .filter_map(|end| rest.find(end));
    let end = from + ends.min().unwrap_or(rest.len());
    let found = &text[start..end];
    let start = start + found.len() - found.trim_start().len();
    start..start + found.trim().len()
}
