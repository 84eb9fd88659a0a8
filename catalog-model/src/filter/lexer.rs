//! Splits an expression into words, texts, regular expressions and symbols.

use std::{borrow::Cow, ops::Range};

use super::error::{ExpressionError, excerpt};

/// A token of an expression and its position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token<'t> {
    pub(super) kind: Kind<'t>,
    pub(super) span: Range<usize>,
}

/// The kind of a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind<'t> {
    /// A keyword, or the name of a criterion without its quotes.
    Word(Cow<'t, str>),
    /// The text between quotes, with escapes.
    Text(&'t str),
    /// The text between slashes, and the flags after them.
    Regex { text: &'t str, flags: &'t str },
    /// A symbol of [`SYMBOLS`].
    Symbol(&'static str),
    /// The end of the expression.
    End,
}

/// Symbols of other languages, and what to write instead. Longest first.
const FOREIGN_SYMBOLS: [(&str, &str); 18] = [
    ("===", "="),
    ("!==", "!="),
    ("==", "="),
    ("=~", "~"),
    ("!~", "not … ~"),
    ("<>", "!="),
    ("&&&", "&&"),
    ("=>", ""),
    (">=", ""),
    ("<=", ""),
    ("&", "&&"),
    ("|", "||"),
    (">", ""),
    ("<", ""),
    ("‘", "'"),
    ("’", "'"),
    ("“", "'"),
    ("”", "'"),
];

/// The symbols of the language. Longest first.
const SYMBOLS: [&str; 9] = ["!=", "&&", "||", "=", "~", "!", "(", ")", ","];

/// Reads the tokens of an expression, one after the other.
#[derive(Clone, Debug)]
pub(super) struct Lexer<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Lexer<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { text, at: 0 }
    }

    /// Reads the next token. At the end, this is always `End`.
    pub(super) fn next(&mut self) -> Result<Token<'t>, ExpressionError> {
        self.skip_blanks();
        let start = self.at;
        let kind = match self.rest().chars().next() {
            None => Kind::End,
            Some('\'') => Kind::Text(self.quoted('\'', "a text")?),
            Some('/') => self.regex()?,
            Some(first) if is_word(first) => self.word()?,
            Some(first) => self.sign(first)?,
        };
        let span = start..self.at;
        Ok(Token { kind, span })
    }

    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn skip_blanks(&mut self) {
        loop {
            let rest = self.rest().trim_start();
            self.at = self.text.len() - rest.len();
            if !rest.starts_with('#') {
                return;
            }
            self.at += rest.find('\n').unwrap_or(rest.len());
        }
    }

    /// Reads the text between two `quote` characters. A `\` escapes them.
    fn quoted(&mut self, quote: char, what: &str) -> Result<&'t str, ExpressionError> {
        let inner = &self.rest()[quote.len_utf8()..];
        let mut escaped = false;
        for (at, character) in inner.char_indices() {
            match character {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                _ if character == quote => {
                    self.at += at + 2 * quote.len_utf8();
                    return Ok(&inner[..at]);
                }
                _ => {}
            }
        }
        let hint = format!("end it with `{quote}`; within it, write `\\{quote}` for `{quote}`");
        let span = self.at..self.at + quote.len_utf8();
        Err(self.error(span, format!("{what} is not closed; it starts"), hint))
    }

    fn regex(&mut self) -> Result<Kind<'t>, ExpressionError> {
        let start = self.at;
        let text = self.quoted('/', "a regular expression")?;
        if text.trim().is_empty() {
            let hint = "a comment begins with `#`; nothing but an empty text is `= ''`";
            return Err(self.error(
                start..self.at,
                "an empty regular expression",
                hint.to_owned(),
            ));
        }
        let flags = self.take_word();
        Ok(Kind::Regex { text, flags })
    }

    fn take_word(&mut self) -> &'t str {
        let rest = self.rest();
        let end = rest.find(|next| !is_word(next)).unwrap_or(rest.len());
        self.at += end;
        &rest[..end]
    }

    fn word(&mut self) -> Result<Kind<'t>, ExpressionError> {
        let mut word = Cow::Borrowed(self.take_word());
        while let Some(after) = self.rest().strip_prefix('.') {
            let dot = self.at;
            self.at += 1;
            let segment = if after.starts_with('\'') {
                let inside = self.at + 1;
                let raw = self.quoted('\'', "a name")?;
                unescape(raw).map_err(|at| self.bad_escape(inside + at))?
            } else {
                Cow::Borrowed(self.take_word())
            };
            if segment.is_empty() {
                let word = excerpt(&word);
                let message = format!("a name is missing after `{word}.`");
                let hint = format!("write `{word}.Region`, or `{word}.'Cost center'`");
                return Err(self.error(dot..self.at, message, hint));
            }
            let word = word.to_mut();
            word.push('.');
            word.push_str(&segment);
        }
        Ok(Kind::Word(word))
    }

    fn sign(&mut self, first: char) -> Result<Kind<'t>, ExpressionError> {
        let rest = self.rest();
        let sign = SYMBOLS.into_iter().find(|sign| rest.starts_with(sign));
        let mut foreign = FOREIGN_SYMBOLS.into_iter();
        let foreign = foreign.find(|(foreign, _)| rest.starts_with(foreign));
        let length = foreign.map_or(0, |(foreign, _)| foreign.len());
        if let Some(sign) = sign.filter(|sign| sign.len() >= length) {
            self.at += sign.len();
            return Ok(Kind::Symbol(sign));
        }
        let length = length.max(first.len_utf8());
        let span = self.at..self.at + length;
        let message = format!("unexpected `{}`", &rest[..length]);
        let hint = match foreign {
            _ if first == '"' => Some(double_quoted(rest)),
            Some((_, "")) => Some(
                "texts cannot be compared by order; for dates, compare the beginning: `starts with '2024'`".into(),
            ),
            Some((_, "'")) => Some("put texts in single quotes: `'x'`".into()),
            Some((_, meant)) => Some(format!("did you mean `{meant}`?")),
            None => None,
        };
        Err(ExpressionError::new(self.text, span, message, hint))
    }

    pub(super) fn bad_escape(&self, at: usize) -> ExpressionError {
        let length = self.text[at..]
            .chars()
            .take(2)
            .map(char::len_utf8)
            .sum::<usize>();
        let message = format!("`{}` is not an escape", &self.text[at..at + length]);
        let hint = "write `\\\\` for a backslash and `\\'` for a quote";
        self.error(at..at + length, message, hint.to_owned())
    }

    fn error(
        &self,
        span: Range<usize>,
        message: impl Into<String>,
        hint: String,
    ) -> ExpressionError {
        ExpressionError::new(self.text, span, message, hint)
    }
}

/// Returns the name of a criterion without its quotes, if `text` is one.
pub(super) fn name(text: &str) -> Option<Cow<'_, str>> {
    let mut lexer = Lexer::new(text);
    let (Ok(first), Ok(second)) = (lexer.next(), lexer.next()) else {
        return None;
    };
    match (first.kind, second.kind) {
        (Kind::Word(name), Kind::End) => Some(name),
        _ => None,
    }
}

/// Whether a character may be in a word.
pub(super) fn is_word(character: char) -> bool {
    character.is_alphanumeric() || matches!(character, '_' | '-')
}

/// Resolves the escapes `\'` and `\\` of a text, or returns the position of another escape.
pub(super) fn unescape(raw: &str) -> Result<Cow<'_, str>, usize> {
    if !raw.contains('\\') {
        return Ok(Cow::Borrowed(raw));
    }
    let mut text = String::with_capacity(raw.len());
    let mut characters = raw.char_indices();
    while let Some((at, character)) = characters.next() {
        let meant = match character {
            '\\' => match characters.next() {
                Some((_, meant @ ('\'' | '\\'))) => meant,
                _ => return Err(at),
            },
            plain => plain,
        };
        text.push(meant);
    }
    Ok(Cow::Owned(text))
}

/// What to write instead of a text in double quotes.
fn double_quoted(rest: &str) -> String {
    let inner = rest[1..].split('"').next().unwrap_or_default();
    let inner = inner.replace('\\', "\\\\").replace('\'', "\\'");
    format!("put texts in single quotes: `'{}'`", excerpt(&inner))
}
