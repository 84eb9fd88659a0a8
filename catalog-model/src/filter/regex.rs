//! Regular expressions that the whole of a text has to match, with a limit so that none runs for ever.

use std::fmt;

use fancy_regex::{CompileError, Error, Regex as Compiled, RegexBuilder, RuntimeError};

use super::error::Position;

/// A regular expression, made ready.
#[derive(Clone, Debug)]
pub(super) struct Regex {
    text: String,
    flags: Flags,
    compiled: Box<Compiled>,
    position: Position,
}

/// So many steps back does a pattern with look-around or back references take on one text: some milliseconds.
const BACKTRACK_LIMIT: usize = 100_000;
/// So many bytes of a compiled pattern are enough for words of all languages.
const SIZE_LIMIT: usize = 1 << 20;

/// What may follow the last slash, as in Java: each flag once, in this order.
const FLAGS: &str = "dixmsuU";

/// The flags of a regular expression.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Flags(String);

/// Why a text is no regular expression, and from which byte of it on.
#[derive(Debug)]
pub(super) struct InvalidRegex {
    pub(super) at: usize,
    pub(super) why: String,
}

/// A pattern that took too many steps.
#[derive(Clone, Debug)]
pub(super) struct GaveUp {
    pub(super) pattern: String,
    pub(super) position: Position,
    pub(super) why: &'static str,
}

impl Flags {
    /// Reads flags; else tells the first that is none.
    pub(super) fn read(written: &str) -> Result<Self, (usize, char)> {
        if let Some(unknown) = written
            .char_indices()
            .find(|(_, flag)| !FLAGS.contains(*flag))
        {
            return Err(unknown);
        }
        Ok(Self(
            FLAGS
                .chars()
                .filter(|flag| written.contains(*flag))
                .collect(),
        ))
    }

    fn has(&self, flag: char) -> bool {
        self.0.contains(flag)
    }
}

impl Regex {
    /// Makes a pattern ready, blanks around it taken off. It stands at `position`.
    pub(super) fn new(text: &str, flags: Flags, position: Position) -> Result<Self, InvalidRegex> {
        let trimmed = text.trim();
        let indent = text.len() - text.trim_start().len();
        // By itself first: so places are right, and its parentheses are in order.
        compile(trimmed, &flags).map_err(|error| invalid(&error, trimmed.len(), indent))?;
        let compiled = compile(&format!(r"\A(?:{trimmed})\z"), &flags)
            // A comment at its end, which the flag `x` allows, ends at a line break only.
            .or_else(|_| compile(&format!("\\A(?:{trimmed}\n)\\z"), &flags))
            .map_err(|error| InvalidRegex {
                at: indent,
                ..invalid(&error, trimmed.len(), indent)
            })?;
        Ok(Self {
            text: trimmed.to_owned(),
            flags,
            compiled: Box::new(compiled),
            position,
        })
    }

    pub(super) fn matches(&self, text: &str) -> Result<bool, GaveUp> {
        self.compiled.is_match(text).map_err(|error| GaveUp {
            pattern: self.to_string(),
            position: self.position,
            why: match error {
                Error::RuntimeError(RuntimeError::BacktrackLimitExceeded) => "too many steps",
                _ => "too much memory",
            },
        })
    }
}

fn compile(pattern: &str, flags: &Flags) -> fancy_regex::Result<Compiled> {
    RegexBuilder::new(pattern)
        .case_insensitive(flags.has('i'))
        .ignore_whitespace(flags.has('x'))
        .multi_line(flags.has('m'))
        .dot_matches_new_line(flags.has('s'))
        // Of Java's line breaks the two that occur.
        .crlf(!flags.has('d'))
        .backtrack_limit(BACKTRACK_LIMIT)
        .delegate_size_limit(SIZE_LIMIT)
        .build()
}

fn invalid(error: &Error, length: usize, indent: usize) -> InvalidRegex {
    let (at, why) = match error {
        Error::ParseError(at, error) => (*at, error.to_string()),
        Error::CompileError(error) => match &**error {
            CompileError::InnerError(error) if error.size_limit().is_some() => {
                (0, "it is too large".to_owned())
            }
            CompileError::InnerError(error) => {
                let syntax = error
                    .syntax_error()
                    .map(|error| last_line(&error.to_string()));
                (0, syntax.unwrap_or_else(|| error.to_string()))
            }
            other => (0, other.to_string()),
        },
        other => (0, other.to_string()),
    };
    let mut characters = why.chars();
    let first = characters.next().map(|first| first.to_ascii_lowercase());
    InvalidRegex {
        at: indent + at.min(length),
        why: first.into_iter().chain(characters).collect(),
    }
}

/// The sentence of a message of several lines, which show the pattern first.
fn last_line(message: &str) -> String {
    let line = message.lines().last().unwrap_or_default();
    line.trim_start_matches("error: ").to_owned()
}

impl PartialEq for Regex {
    fn eq(&self, other: &Self) -> bool {
        (&self.text, &self.flags) == (&other.text, &other.flags)
    }
}

impl Eq for Regex {}

impl fmt::Display for Regex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "/{}/{}", self.text, self.flags.0)
    }
}
