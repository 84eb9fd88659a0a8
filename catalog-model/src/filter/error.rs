//! Errors in an expression, with their positions.

use std::{fmt, ops::Range};

/// Why a text is not a valid expression: what is wrong, where, and what to do.
///
/// `Display` includes the position: ``unexpected `AND` at column 9``.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message} {position}")]
pub struct ExpressionError {
    /// What is wrong. The position follows it.
    message: String,
    /// What to do.
    pub hint: Option<String>,
    /// The invalid byte range of the expression; empty at its end if something is missing.
    pub span: Range<usize>,
    /// The position of its beginning.
    pub position: TextPosition,
}

/// A position in an expression: `at column 9`, or if it has several lines `at line 2, column 9`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TextPosition {
    /// The line of the expression, counted from 1.
    pub line: u32,
    /// The column in characters, counted from 1.
    pub column: u32,
    /// Whether the expression has several lines.
    many: bool,
}

impl ExpressionError {
    pub(super) fn new(
        text: &str,
        span: Range<usize>,
        message: impl Into<String>,
        hint: impl Into<Option<String>>,
    ) -> Self {
        Self {
            message: message.into(),
            hint: hint.into(),
            position: TextPosition::new(text, span.start),
            span,
        }
    }

    /// Returns what is wrong, without the position.
    pub(super) fn bare(&self) -> &str {
        self.message.trim_end_matches(',')
    }
}

impl TextPosition {
    pub(super) fn new(text: &str, offset: usize) -> Self {
        let before = text.get(..offset).unwrap_or(text);
        let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
        let begin = before.rfind('\n').map_or(0, |at| at + 1);
        let column = before[begin..].chars().count() + 1;
        let count = |count| u32::try_from(count).unwrap_or(u32::MAX);
        Self {
            line: count(line),
            column: count(column),
            many: text.trim_end().contains('\n'),
        }
    }
}

impl fmt::Display for TextPosition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.many {
            write!(f, "at line {}, ", self.line)?;
        } else {
            f.write_str("at ")?;
        }
        write!(f, "column {}", self.column)
    }
}

/// Shortens a text of a file for a message.
pub(super) fn excerpt(text: &str) -> String {
    const MAX_EXCERPT_CHARS: usize = 60;
    let line = text.lines().next().unwrap_or_default();
    if line.chars().count() > MAX_EXCERPT_CHARS || line.len() < text.trim_end().len() {
        let short: String = line.chars().take(MAX_EXCERPT_CHARS).collect();
        format!("{short}…")
    } else {
        line.to_owned()
    }
}
