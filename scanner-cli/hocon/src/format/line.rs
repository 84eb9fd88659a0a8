//! One line of a file, from its first token to its line break. A token with several lines is in the line where it begins.

use super::is_space;
use crate::lexer::{Token, TokenKind as T};

/// The tokens of a line without the space around them, and its comment.
pub(super) struct Line<'a> {
    text: &'a str,
    tokens: &'a [Token],
    /// The comment with its sign; empty if there is none.
    comment: &'a str,
    /// The number of columns between the last token and the comment.
    before_comment: usize,
}

impl<'a> Line<'a> {
    /// The line with these tokens, the last of which may be the line break or the end of the file.
    pub(super) fn new(text: &'a str, tokens: &'a [Token]) -> Self {
        let is_end = |token: &Token| matches!(token.kind, T::Newline | T::End);
        let (inner, end) = match tokens.split_last() {
            Some((last, rest)) if is_end(last) => (rest, last.span.start),
            _ => (tokens, tokens.last().map_or(0, |last| last.span.end)),
        };
        let start = inner.iter().take_while(|token| is_space(token)).count();
        let spaces = inner.iter().rev().take_while(|token| is_space(token));
        let stop = inner.len() - spaces.count().min(inner.len() - start);
        // Comments produce no tokens: they are between the last token and the line break.
        let comment = inner.last().map_or_else(
            || {
                tokens
                    .first()
                    .map_or("", |first| comment_before(text, first.span.start))
            },
            |last| &text[last.span.end..end],
        );
        let space = &inner[stop..];
        let before_comment = space
            .iter()
            .map(|token| width(&text[token.span.clone()]))
            .sum();
        Self {
            text,
            tokens: &inner[start..stop],
            comment: comment.trim_end(),
            before_comment,
        }
    }

    /// Whether the line has nothing but space.
    pub(super) fn is_blank(&self) -> bool {
        self.tokens.is_empty() && self.comment.is_empty()
    }

    /// The tokens.
    pub(super) fn tokens(&self) -> &'a [Token] {
        self.tokens
    }

    /// The number of brackets that the line closes before it does anything else.
    pub(super) fn leading_closers(&self) -> usize {
        let tokens = self.tokens.iter().filter(|token| !is_space(token));
        tokens.take_while(|token| is_closer(&token.kind)).count()
    }

    /// Writes the line without its indentation and line break.
    pub(super) fn write(&self, output: &mut String) {
        let mut before: Option<&Token> = None;
        let mut space = None;
        for token in self.tokens {
            if is_space(token) {
                space = Some(&self.text[token.span.clone()]);
                continue;
            }
            if let Some(before) = before {
                output.push_str(between(&before.kind, space.take(), &token.kind));
            }
            output.push_str(&self.text[token.span.clone()]);
            before = Some(token);
        }
        if self.comment.is_empty() {
            return;
        }
        if before.is_some() {
            output.push_str(&" ".repeat(self.before_comment.max(1)));
        }
        output.push_str(self.comment);
    }
}

/// The space between two tokens: that of the file, unless it has no meaning there.
fn between<'a>(before: &T, space: Option<&'a str>, after: &T) -> &'a str {
    match (before, after) {
        (T::OpenBrace, T::CloseBrace) | (T::OpenBracket, T::CloseBracket) => "",
        (T::OpenBrace, _) | (_, T::CloseBrace) => " ",
        (T::OpenBracket, _) | (_, T::CloseBracket) => space.map_or("", |_| " "),
        (_, T::Comma) => "",
        (T::Comma, _) => " ",
        (_, T::Colon) => "",
        (_, after) if after.is_separator() => " ",
        (before, _) if before.is_separator() => " ",
        (before, T::OpenBrace) if before.is_key_part() => " ",
        _ => space.unwrap_or(""),
    }
}

fn is_closer(kind: &T) -> bool {
    matches!(kind, T::CloseBrace | T::CloseBracket)
}

/// The number of columns that a tab or a space takes.
fn width(space: &str) -> usize {
    let columns = space.chars().map(|char| match char {
        '\t' => 2,
        '\r' => 0,
        _ => 1,
    });
    columns.sum()
}

/// The comment that ends at this place, in a line without tokens.
fn comment_before(text: &str, end: usize) -> &str {
    let line = text[..end].rfind('\n').map_or(0, |at| at + 1);
    text[line..end].trim_start_matches(|char: char| char.is_whitespace() || char == '\u{feff}')
}
