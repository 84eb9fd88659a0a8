//! Messages of the parser. No message contains a word of a setting's value.

use std::ops::Range;

use super::{Parsed, Parser, SyntaxError, T, may_be_secret};
use crate::{
    diagnostic::{Secrecy, SourceDiagnostic},
    limits::MAX_DIAGNOSTICS,
    parser::MAX_NESTING,
    path::short_path,
    secret::showable,
    syntax_error::{Hint, Rewrite, unquoted},
};

/// A hint for two settings on one line.
pub(super) const NEW_LINE_HINT: &str =
    "begin a new line before the next setting, or put the whole text in double quotes";

/// The names of settings whose values often are a path or an account of Windows with backslashes.
const BACKSLASH_SETTINGS: [&str; 5] = ["path", "user", "file", "value", "filter"];
/// A block in which every value may contain backslashes: patterns of accounts, regular expressions.
const BACKSLASH_BLOCK: &str = "rules";

impl Parser<'_, '_> {
    /// Creates an error at the next token, or returns the lexer's error if there is one.
    pub(super) fn error_here(&mut self, message: impl Into<String>) -> SyntaxError {
        let token = &mut self.tokens[self.at];
        match std::mem::replace(&mut token.kind, T::End) {
            T::Problem(error) => error,
            kind => {
                token.kind = kind;
                SyntaxError::new(token.span.clone(), message)
            }
        }
    }

    pub(super) fn unfilled(&self, key: &Range<usize>) -> SyntaxError {
        let message = format!("`{}` has no value", short_path(showable(&self.full_path())));
        SyntaxError::new(key.clone(), message)
            .hint("fill it in, or remove the line or put a `#` before it")
    }

    pub(super) fn no_value(&mut self) -> SyntaxError {
        match self.kind() {
            T::Equals | T::Colon | T::PlusEquals => {
                let mark = self.text().to_owned();
                self.error_here(format!("a second `{mark}` in place of the value"))
                    .hint(format!("remove it, or put the whole text in double quotes if the `{mark}` belongs to it"))
            }
            T::Comma => self
                .error_here("a `,` in place of a value")
                .hint("remove it, or put a value before it"),
            T::CloseBrace => self
                .error_here("a `}` before the end of the list")
                .hint("close the list with a `]`"),
            T::CloseBracket => self.unmatched("]"),
            _ => self.error_here("a value is missing here"),
        }
    }

    pub(super) fn no_key(&mut self) -> SyntaxError {
        match self.kind() {
            T::Equals | T::Colon | T::PlusEquals => {
                let mark = self.text().to_owned();
                self.error_here(format!("there is no key before this `{mark}`"))
                    .hint(format!("write it as `key {mark} value`"))
            }
            T::CloseBracket => self.unmatched("]"),
            T::Comma => self.error_here("a `,` in place of a key").hint("remove it"),
            T::Substitution { .. } => self
                .error_here("a `${…}` cannot be a key")
                .hint("write the name of the setting"),
            _ => self
                .error_here("a key is missing here")
                .hint("write settings as `key = value`"),
        }
    }

    pub(super) fn no_separator(&mut self, key: &Range<usize>) -> SyntaxError {
        self.astray = true;
        let hint = "write settings as `key = value`, and a text of several lines between `\"\"\"` and `\"\"\"`";
        match self.kind() {
            T::Problem(_) => self.error_here(""),
            _ => SyntaxError::new(key.clone(), "this key is not followed by `=`, `:` or `{`")
                .hint(hint),
        }
    }

    pub(super) fn unmatched(&mut self, mark: &str) -> SyntaxError {
        let opening = if mark == "}" { "{" } else { "[" };
        self.error_here(format!("this `{mark}` has no matching `{opening}`"))
            .hint(format!("remove it, or add the missing `{opening}` above; in a text, `{mark}` needs double quotes"))
    }

    pub(super) fn unexpected_after_root(&mut self) -> SyntaxError {
        match self.kind() {
            T::CloseBrace => self.unmatched("}"),
            _ => self
                .error_here("there is text after the `}` that closes the first `{` of the file")
                .hint("remove the outermost braces: they are not needed"),
        }
    }

    pub(super) fn unexpected_after_value(&mut self) -> SyntaxError {
        match self.kind() {
            T::CloseBrace => self.unmatched("}"),
            T::CloseBracket => self.unmatched("]"),
            T::Equals | T::Colon | T::PlusEquals => self.separator_in_value(),
            _ => self
                .error_here("a line break or a comma is missing here")
                .hint(NEW_LINE_HINT),
        }
    }

    /// `:` or `=` after an unquoted text, as in a URL.
    fn separator_in_value(&mut self) -> SyntaxError {
        let mark = self.text().to_owned();
        let is_glued = self.at > 0 && self.tokens[self.at - 1].kind == T::Unquoted;
        let error = self.error_here(format!("`{mark}` is not allowed in a text without quotes"));
        if !is_glued {
            return error.hint(NEW_LINE_HINT);
        }
        let span = unquoted(&self.source.text, self.value_start);
        error.quoting(
            Rewrite::Unquoted(span),
            "put the whole text in double quotes",
        )
    }

    /// Increases the nesting depth by `levels`.
    pub(super) fn deeper(&mut self, levels: usize) -> Parsed<()> {
        self.depth += levels;
        if self.depth <= MAX_NESTING {
            return Ok(());
        }
        Err(self
            .error_here(format!(
                "blocks and lists are nested more than {MAX_NESTING} deep here"
            ))
            .into())
    }

    /// Refuses syntax that needs the path of a setting. Settings in a list have no path.
    pub(super) fn in_no_list(&mut self) -> Parsed<()> {
        if self.lists == 0 {
            return Ok(());
        }
        Err(self
            .error_here("`+=` is not allowed inside a list")
            .hint("write the whole list after a `=`")
            .into())
    }

    /// Warns if the next string has escapes that were probably meant as backslashes.
    pub(super) fn warn_of_controls(&mut self, text: &str) {
        let raw = self.text();
        if raw.starts_with("\"\"\"")
            || !text.contains(char::is_control)
            || !may_have_backslashes(&self.path)
        {
            return;
        }
        let Some((at, what)) = control_escape(raw) else {
            return;
        };
        let span = self.span();
        let error = SyntaxError::new(
            span.start + at..span.start + at + 2,
            format!(
                "`{}` in quotes is a {what}, not a backslash and a letter",
                &raw[at..at + 2]
            ),
        )
        .quoting(
            Rewrite::Escapes(span.start + 1..span.end - 1),
            "if you mean a backslash, write `\\\\`, or put the text between `\"\"\"` and `\"\"\"`",
        );
        self.warn(error);
    }

    pub(super) fn warn(&mut self, error: SyntaxError) {
        if self.reader.warnings.len() > MAX_DIAGNOSTICS {
            return;
        }
        let warning = self.diagnostic(error);
        self.reader.warning(|| warning);
    }

    pub(super) fn report(&mut self, error: SyntaxError) {
        if self.reader.errors.len() > MAX_DIAGNOSTICS {
            return;
        }
        let error = self.diagnostic(error);
        self.reader.error(|| error);
    }

    /// Reports the error that ends the reading of the file.
    pub(super) fn report_last(&mut self, error: SyntaxError) {
        let error = self.diagnostic(error);
        self.reader.errors.push(error);
    }

    /// Creates a diagnostic from an error, after hiding everything on its line that may be secret.
    fn diagnostic(&mut self, error: SyntaxError) -> SourceDiagnostic {
        let line = self.source.line_around(error.span.start);
        let is_secret = self.secret_since.is_some() || may_be_secret(&self.full_path());
        let secrets = &self.source.secrets;
        let comes_next = |secret: &Range<usize>| secret.end <= error.span.start;
        let doubtful = match self.key_start {
            _ if is_secret => Some(self.secret_since.unwrap_or(error.span.start)),
            // This may be part of a secret that lacks its quotes.
            _ if self.astray && secrets.last().is_none_or(comes_next) => Some(line.start),
            // This may be the malformed key of a secret, or such a key may follow.
            Some(key) => self.after_separator(key.max(line.start)..line.end),
            None if matches!(error.hint, Some(Hint::Quoting(..))) => None,
            None => self.after_separator(error.span.start..line.end),
        };
        self.source
            .secrets
            .extend(doubtful.map(|start| start..line.end));
        let secrecy = match self.key_start {
            None if !is_secret => Secrecy::Open,
            _ => Secrecy::Secret,
        };
        SourceDiagnostic::at(&self.source, error, secrecy)
    }

    fn after_separator(&self, span: Range<usize>) -> Option<usize> {
        let found = self.source.text.get(span.clone())?.find(['=', ':'])?;
        Some(span.start + found + 1)
    }
}

/// Finds the first escape of a quoted string that is a control character, and returns the name of that character.
fn may_have_backslashes(path: &[String]) -> bool {
    let name = path.last().map(|name| name.to_lowercase());
    let name = name.unwrap_or_default();
    BACKSLASH_SETTINGS.iter().any(|word| name.contains(word))
        || path.iter().any(|name| name == BACKSLASH_BLOCK)
}

fn control_escape(raw: &str) -> Option<(usize, &'static str)> {
    let mut rest = raw.char_indices();
    while let Some((at, c)) = rest.next() {
        if c != '\\' {
            continue;
        }
        let what = match rest.next()?.1 {
            't' => "tab",
            'n' => "line break",
            'r' => "carriage return",
            'b' => "backspace",
            'f' => "form feed",
            _ => continue,
        };
        return Some((at, what));
    }
    None
}
