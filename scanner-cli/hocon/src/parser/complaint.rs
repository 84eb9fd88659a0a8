//! Messages of the parser. No message contains a word of a setting's value.

use std::ops::Range;

use super::{Parsed, Parser, SyntaxError, T, is_secret};
use crate::{
    diagnostic::{Secrecy, SourceDiagnostic},
    limits::MAX_DIAGNOSTICS,
    parser::DEPTH_LIMIT,
    path::short_path,
    secret::showable,
    syntax_error::{Hint, Rewrite, unquoted},
};

/// What to do where two settings may have run together.
pub(super) const NEW_LINE: &str =
    "begin a new line before the next setting, or put the whole text in double quotes";

/// The names that often hold a path or an account of Windows, with backslashes in them.
const BACKSLASHED: [&str; 5] = ["path", "user", "file", "value", "filter"];
/// A block in which each setting may: patterns of accounts, regular expressions.
const PATTERNS: &str = "rules";

impl Parser<'_, '_> {
    /// A fault at the next token, or the lexer's own fault if it has one.
    pub(super) fn fault(&mut self, message: impl Into<String>) -> SyntaxError {
        let token = &mut self.tokens[self.at];
        match std::mem::replace(&mut token.kind, T::End) {
            T::Problem(fault) => fault,
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
                self.fault(format!("a second `{mark}` where the value should be"))
                    .hint(format!("remove it, or put the whole text in double quotes if the `{mark}` belongs to it"))
            }
            T::Comma => self
                .fault("a `,` where a value should be")
                .hint("remove it, or put a value before it"),
            T::CloseBrace => self
                .fault("a `}` where the list should be closed")
                .hint("close the list with a `]`"),
            T::CloseBracket => self.closes_nothing("]"),
            _ => self.fault("a value should be here"),
        }
    }

    pub(super) fn no_key(&mut self) -> SyntaxError {
        match self.kind() {
            T::Equals | T::Colon | T::PlusEquals => {
                let mark = self.text().to_owned();
                self.fault(format!("there is no key before this `{mark}`"))
                    .hint(format!("write it as `key {mark} value`"))
            }
            T::CloseBracket => self.closes_nothing("]"),
            T::Comma => self.fault("a `,` where a key should be").hint("remove it"),
            T::Substitution { .. } => self
                .fault("a `${…}` cannot be a key")
                .hint("write the name of the setting"),
            _ => self
                .fault("a key should be here")
                .hint("write settings as `key = value`"),
        }
    }

    pub(super) fn no_separator(&mut self, key: &Range<usize>) -> SyntaxError {
        self.astray = true;
        let hint = "write settings as `key = value`, and a text of several lines between `\"\"\"` and `\"\"\"`";
        match self.kind() {
            T::Problem(_) => self.fault(""),
            _ => SyntaxError::new(key.clone(), "this key is not followed by `=`, `:` or `{`")
                .hint(hint),
        }
    }

    pub(super) fn closes_nothing(&mut self, mark: &str) -> SyntaxError {
        self.fault(format!("this `{mark}` closes nothing"))
            .hint(format!("remove it, or put its opening counterpart where it is missing above; in a text, `{mark}` needs double quotes"))
    }

    pub(super) fn unexpected_after_root(&mut self) -> SyntaxError {
        match self.kind() {
            T::CloseBrace => self.closes_nothing("}"),
            _ => self
                .fault("the file goes on after the `}` that closes its first `{`")
                .hint("remove the outermost braces: a file needs none"),
        }
    }

    pub(super) fn unexpected_after_value(&mut self) -> SyntaxError {
        match self.kind() {
            T::CloseBrace => self.closes_nothing("}"),
            T::CloseBracket => self.closes_nothing("]"),
            T::Equals | T::Colon | T::PlusEquals => self.separator_in_value(),
            _ => self
                .fault("a line break or a comma is missing here")
                .hint(NEW_LINE),
        }
    }

    /// `:` or `=` after an unquoted text, as in a URL.
    fn separator_in_value(&mut self) -> SyntaxError {
        let mark = self.text().to_owned();
        let is_glued = self.at > 0 && self.tokens[self.at - 1].kind == T::Unquoted;
        let fault = self.fault(format!("`{mark}` is not allowed in a text without quotes"));
        if !is_glued {
            return fault.hint(NEW_LINE);
        }
        let span = unquoted(&self.source.text, self.value_start);
        fault.quoting(
            Rewrite::Unquoted(span),
            "put the whole text in double quotes",
        )
    }

    /// Counts `levels` of nesting more.
    pub(super) fn deeper(&mut self, levels: usize) -> Parsed<()> {
        self.depth += levels;
        if self.depth <= DEPTH_LIMIT {
            return Ok(());
        }
        Err(self
            .fault(format!(
                "blocks and lists are nested more than {DEPTH_LIMIT} deep here"
            ))
            .into())
    }

    /// Refuses what refers to the path of a setting, which no setting in a list has.
    pub(super) fn in_no_list(&mut self) -> Parsed<()> {
        if self.lists == 0 {
            return Ok(());
        }
        Err(self
            .fault("`+=` is not allowed inside a list")
            .hint("write the whole list after a `=`")
            .into())
    }

    /// Warns if the string that comes next has escapes that were probably meant as backslashes.
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
        let fault = SyntaxError::new(
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
        self.warn(fault);
    }

    pub(super) fn warn(&mut self, fault: SyntaxError) {
        if self.reader.warnings.len() > MAX_DIAGNOSTICS {
            return;
        }
        let warning = self.diagnostic(fault);
        self.reader.warning(|| warning);
    }

    pub(super) fn report(&mut self, fault: SyntaxError) {
        if self.reader.errors.len() > MAX_DIAGNOSTICS {
            return;
        }
        let error = self.diagnostic(fault);
        self.reader.error(|| error);
    }

    /// Reports what ends the reading of the file.
    pub(super) fn report_last(&mut self, fault: SyntaxError) {
        let error = self.diagnostic(fault);
        self.reader.errors.push(error);
    }

    /// Makes a diagnostic of a fault, once all is hidden that may be secret on its line.
    fn diagnostic(&mut self, fault: SyntaxError) -> SourceDiagnostic {
        let line = self.source.line_around(fault.span.start);
        let is_secret = self.secret_since.is_some() || is_secret(&self.full_path());
        let secrets = &self.source.secrets;
        let comes_next = |secret: &Range<usize>| secret.end <= fault.span.start;
        let doubtful = match self.key_start {
            _ if is_secret => Some(self.secret_since.unwrap_or(fault.span.start)),
            // This may be a part of the secret that is missing its quotes.
            _ if self.astray && secrets.last().is_none_or(comes_next) => Some(line.start),
            // This may be the broken key of a secret, or such a key may follow.
            Some(key) => self.after_separator(key.max(line.start)..line.end),
            None if matches!(fault.hint, Some(Hint::Quoting(..))) => None,
            None => self.after_separator(fault.span.start..line.end),
        };
        self.source
            .secrets
            .extend(doubtful.map(|start| start..line.end));
        let secrecy = match self.key_start {
            None if !is_secret => Secrecy::Open,
            _ => Secrecy::Secret,
        };
        SourceDiagnostic::at(&self.source, fault, secrecy)
    }

    fn after_separator(&self, span: Range<usize>) -> Option<usize> {
        let found = self.source.text.get(span.clone())?.find(['=', ':'])?;
        Some(span.start + found + 1)
    }
}

/// The first escape of a quoted string that means a control character, and the name of that character.
fn may_have_backslashes(path: &[String]) -> bool {
    let name = path.last().map(|name| name.to_lowercase());
    let name = name.unwrap_or_default();
    BACKSLASHED.iter().any(|word| name.contains(word)) || path.iter().any(|name| name == PATTERNS)
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
