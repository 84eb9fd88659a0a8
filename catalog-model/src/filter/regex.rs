//! Regular expressions that must match the whole text, with limits on their running time.

use std::{cell::Cell, fmt};

use fancy_regex::{CompileError, Error, Expr, Regex as Compiled, RegexBuilder, RuntimeError};

use self::{cost::MatchMethod, dialect::Blanks};
use super::{error::TextPosition, rule::PatternLimitError};

mod cost;
mod dialect;

/// A compiled regular expression.
#[derive(Clone, Debug)]
pub(super) struct Regex {
    text: String,
    flags: Flags,
    compiled: Box<Compiled>,
    walk: MatchMethod,
    /// Its position in an expression.
    position: Option<TextPosition>,
}

/// Maximum number of backtracking steps of a pattern with look-around or back references on one text. Each may scan the
/// whole text: with [`MAX_TEXT_BYTES`] bytes all of them took 1 ms with one look-around, 4 ms with five.
const BACKTRACK_LIMIT: usize = 5_000;
/// Maximum size of a text that such patterns search, in bytes. It is enough for 256 characters of any language; names
/// and tags are much shorter. A repeated look-ahead scans the whole text for each character: 1 ms for 1,024 bytes, 20
/// ms for 4,096.
const MAX_TEXT_BYTES: usize = 1_024;
/// Maximum number of instructions of a pattern with look-around or back references.
const PROGRAM_LIMIT: usize = 50_000;
/// Maximum size of a compiled pattern, in bytes. It is enough for words of all languages.
const SIZE_LIMIT: usize = 1 << 20;

/// The flags that may follow the last slash, as in Java: each flag once, in this order.
const FLAGS: &str = "dixmsuU";

/// The flags of a regular expression.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Flags(String);

/// Why a text is not a valid regular expression, and the byte offset of the error.
#[derive(Debug)]
pub(super) struct InvalidRegex {
    pub(super) at: usize,
    pub(super) why: String,
    pub(super) hint: String,
}

/// The hint for most invalid patterns.
const ESCAPE_HINT: &str = "write a `\\` before a special character to match it literally";

/// A pattern that exceeded a limit on a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LimitError<'f> {
    pattern: &'f Regex,
    /// Its predicate: `took too many steps`.
    why: &'static str,
}

impl From<LimitError<'_>> for PatternLimitError {
    fn from(LimitError { pattern, why }: LimitError<'_>) -> Self {
        let position = pattern.position.map(|position| format!(" {position}"));
        Self {
            pattern: format!("`{pattern}`{}", position.unwrap_or_default()),
            why,
        }
    }
}

/// The remaining budget of patterns with look-around or back references for one item. Each text also has its own limit,
/// but an item may have thousands of tags.
pub(super) struct Budget(Cell<usize>);

/// Maximum size of all texts of an item that such patterns search, in bytes; each search counts at least
/// [`MIN_SEARCHED_BYTES`].
const MAX_SEARCHED_BYTES: usize = 64 * 1024;
const MIN_SEARCHED_BYTES: usize = 16;

impl Budget {
    pub(super) fn new() -> Self {
        Self(Cell::new(MAX_SEARCHED_BYTES))
    }

    /// Whether a text of this length may still be searched.
    fn allows(&self, length: usize) -> bool {
        let left = self.0.get().checked_sub(length.max(MIN_SEARCHED_BYTES));
        self.0.set(left.unwrap_or(0));
        left.is_some()
    }
}

impl Flags {
    /// Reads flags, or returns the first character that is not a flag.
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
    /// Compiles a pattern, without blanks around it. Its position in an expression is `position`.
    pub(super) fn new(
        text: &str,
        flags: Flags,
        position: Option<TextPosition>,
    ) -> Result<Self, InvalidRegex> {
        let trimmed = text.trim();
        let indent = text.len() - text.trim_start().len();
        let (compiled, walk) = Self::prepare(trimmed, &flags).map_err(|invalid| InvalidRegex {
            at: indent + invalid.at.min(trimmed.len()),
            ..invalid
        })?;
        Ok(Self {
            text: trimmed.to_owned(),
            flags,
            compiled: Box::new(compiled),
            walk,
            position,
        })
    }

    fn prepare(text: &str, flags: &Flags) -> Result<(Compiled, MatchMethod), InvalidRegex> {
        if text.is_empty() {
            return Err(InvalidRegex {
                at: 0,
                why: "it is empty".to_owned(),
                hint: "write `.*` for any text in one line".to_owned(),
            });
        }
        let blanks = if flags.has('x') {
            Blanks::AreNothing
        } else {
            Blanks::Count
        };
        dialect::check(text, blanks)?;
        // Parsed alone first, so that positions are correct and its parentheses are balanced.
        compile(text, flags).map_err(|error| invalid(&error))?;
        let comments = if flags.has('x') { "(?x)" } else { "" };
        let tree = Expr::parse_tree(&format!("{comments}{text}"));
        let walk = cost::walk(&tree.map_err(|error| invalid(&error))?.expr)?;
        let compiled = compile(&format!(r"\A(?:{text})\z"), flags)
            // A comment at its end, which the flag `x` allows, ends only at a line break.
            .or_else(|_| compile(&format!("\\A(?:{text}\n)\\z"), flags))
            .map_err(|error| InvalidRegex {
                at: 0,
                ..invalid(&error)
            })?;
        Ok((compiled, walk))
    }

    pub(super) fn matches(&self, text: &str, budget: &Budget) -> Result<bool, LimitError<'_>> {
        if self.walk == MatchMethod::Back && text.len() > MAX_TEXT_BYTES {
            return Err(self.limit_error("met a text of more than 1,024 bytes"));
        }
        if self.walk == MatchMethod::Back && !budget.allows(text.len()) {
            return Err(self.limit_error("met more than 64 KiB of text in one item"));
        }
        self.compiled.is_match(text).map_err(|error| {
            self.limit_error(match error {
                Error::RuntimeError(RuntimeError::BacktrackLimitExceeded) => "took too many steps",
                _ => "took too much memory",
            })
        })
    }

    fn limit_error(&self, why: &'static str) -> LimitError<'_> {
        LimitError { pattern: self, why }
    }
}

fn compile(pattern: &str, flags: &Flags) -> fancy_regex::Result<Compiled> {
    RegexBuilder::new(pattern)
        .case_insensitive(flags.has('i'))
        .ignore_whitespace(flags.has('x'))
        .multi_line(flags.has('m'))
        .dot_matches_new_line(flags.has('s'))
        // The two of Java's line breaks that occur in practice.
        .crlf(!flags.has('d'))
        .backtrack_limit(BACKTRACK_LIMIT)
        .delegate_size_limit(SIZE_LIMIT)
        .max_prog_size(PROGRAM_LIMIT)
        .build()
}

const TOO_LARGE: &str = "it is too large";

fn invalid(error: &Error) -> InvalidRegex {
    let (at, why) = match error {
        Error::ParseError(at, error) => (*at, error.to_string()),
        Error::CompileError(error) => match &**error {
            CompileError::InnerError(error) if error.size_limit().is_some() => {
                (0, TOO_LARGE.to_owned())
            }
            CompileError::PatternTooComplex => (0, TOO_LARGE.to_owned()),
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
        at,
        why: first.into_iter().chain(characters).collect(),
        hint: ESCAPE_HINT.to_owned(),
    }
}

/// Returns the last line of a message, whose first lines show the pattern.
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
