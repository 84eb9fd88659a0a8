//! Formats a file: indentation, spaces around separators and braces, blank lines. Comments, order, quotes and everything
//! else stay as they are.
//!
//! Only space between tokens changes, and never the space inside a text without quotes. The result is read again, and must
//! have the same meaning.

use std::{io, path::Path};

use catalog_model::encoding::without_bom;

use super::{
    diagnostic::SourceDiagnostic,
    lexer::{Token, TokenKind, tokens},
    limits::MAX_TOKENS,
    read::read,
    reader::Files,
    resolve::Variables,
    show::{Masking, to_json},
};

mod line;

use self::line::Line;

/// Why a file was not formatted.
#[derive(Debug)]
pub enum FormatError {
    /// The file is not valid.
    Invalid(Vec<SourceDiagnostic>),
    /// The result would not mean the same: a fault of this crate.
    OtherMeaning,
}

/// Formats the content of the file at `path`, whose name is only used in messages. Included files are not read.
///
/// # Errors
/// If the content is not valid.
pub fn format(path: &Path, content: &[u8]) -> Result<String, FormatError> {
    let before = meaning(path, content).map_err(FormatError::Invalid)?;
    // It is UTF-8, or it would not be valid.
    let formatted = formatted(&String::from_utf8_lossy(without_bom(content)));
    match meaning(path, formatted.as_bytes()) {
        Ok(after) if after == before => Ok(formatted),
        _ => Err(FormatError::OtherMeaning),
    }
}

fn formatted(text: &str) -> String {
    let all = tokens(text, MAX_TOKENS);
    let mut lines = Lines::default();
    for tokens in all.split_inclusive(|token| token.kind == TokenKind::Newline) {
        lines.add(&Line::new(text, tokens));
    }
    lines.text
}

/// The lines so far, and the brackets that are open at their end.
#[derive(Default)]
struct Lines {
    text: String,
    /// The indentation of the line that opened each bracket, in steps.
    open: Vec<usize>,
    /// Whether a blank line follows, if anything does.
    has_gap: bool,
}

/// One step of indentation.
const STEP: &str = "  ";

impl Lines {
    fn add(&mut self, line: &Line<'_>) {
        if line.is_blank() {
            self.has_gap = !self.text.is_empty();
            return;
        }
        let closed_first = line.leading_closers().min(self.open.len());
        let indent = match closed_first {
            0 => self.open.last().map_or(0, |opener| opener + 1),
            count => self.open[self.open.len() - count],
        };
        if std::mem::take(&mut self.has_gap) && closed_first == 0 {
            self.text.push('\n');
        }
        self.text.push_str(&STEP.repeat(indent));
        line.write(&mut self.text);
        self.text.push('\n');
        for token in line.tokens() {
            match token.kind {
                TokenKind::OpenBrace | TokenKind::OpenBracket => self.open.push(indent),
                TokenKind::CloseBrace | TokenKind::CloseBracket => drop(self.open.pop()),
                _ => {}
            }
        }
    }
}

/// The settings without their places. Every variable has its name as its value.
fn meaning(path: &Path, content: &[u8]) -> Result<serde_json::Value, Vec<SourceDiagnostic>> {
    let document = read(path, content, &NamesAsValues, &EmptyFiles)?;
    Ok(to_json(&document.root, Masking::Reveal))
}

struct NamesAsValues;

impl Variables for NamesAsValues {
    fn text(&self, path: &[String]) -> Option<String> {
        Some(path.join("."))
    }
}

struct EmptyFiles;

impl Files for EmptyFiles {
    fn content(&self, _: &Path) -> io::Result<Option<Vec<u8>>> {
        Ok(Some(Vec::new()))
    }
}

/// Whether a token is white space within a line.
fn is_space(token: &Token) -> bool {
    token.kind == TokenKind::Space
}
