//! Cuts a text into tokens. Knows nothing of what may follow what.

mod string;

use std::ops::Range;

use super::{
    limits::MAX_TOKENS,
    path::{Piece, path_of},
    syntax_error::{Rewrite, SyntaxError, unquoted},
};

/// A token, its bytes, and the line and column at which it begins.
#[derive(Debug)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) span: Range<usize>,
    pub(super) line: usize,
    pub(super) column: usize,
}

/// What a token is. Comments leave none.
#[derive(Debug, PartialEq)]
pub(super) enum Kind {
    Newline,
    Space,
    OpenBrace,
    CloseBrace,
    OpenBracket,
    CloseBracket,
    Comma,
    Colon,
    Equals,
    PlusEquals,
    Null,
    Bool(bool),
    /// A number; its text is the token's.
    Number,
    /// Unquoted text; its text is the token's.
    Unquoted,
    Quoted(String),
    Substitution {
        path: Vec<String>,
        optional: bool,
    },
    /// Where the text cannot be cut any further; nothing but the end follows.
    Problem(SyntaxError),
    End,
}

impl Kind {
    /// Whether this can be a part of a text: such parts side by side keep the space between them.
    pub(super) fn is_simple(&self) -> bool {
        self.is_key_part() || matches!(self, Self::Substitution { .. })
    }

    /// Whether this can be a part of a key.
    pub(super) fn is_key_part(&self) -> bool {
        matches!(
            self,
            Self::Null | Self::Bool(_) | Self::Number | Self::Unquoted | Self::Quoted(_)
        )
    }

    /// Whether this separates a key from its value.
    pub(super) fn is_separator(&self) -> bool {
        matches!(self, Self::Colon | Self::Equals | Self::PlusEquals)
    }
}

/// Splits `text` into tokens, at most `limit` and two more. The last token is always the end.
pub(super) fn tokens(text: &str, max_tokens: usize) -> Vec<Token> {
    let mut lexer = Lexer { text, at: 0 };
    let mut tokens = Vec::new();
    let (mut line, mut column, mut placed) = (1, 1, 0);
    loop {
        lexer.skip_comment();
        for passed in text[placed..lexer.at].chars() {
            column += 1;
            if passed == '\n' {
                (line, column) = (line + 1, 1);
            }
        }
        placed = lexer.at;
        let kind = match tokens.len() < max_tokens {
            true => lexer.next().unwrap_or_else(Kind::Problem),
            false => lexer.too_many(),
        };
        let stop = matches!(kind, Kind::Problem(_));
        let end = kind == Kind::End;
        let span = placed..lexer.at;
        tokens.push(Token {
            kind,
            span,
            line,
            column,
        });
        if end {
            return tokens;
        }
        if stop {
            lexer.at = text.len();
        }
    }
}

/// The characters that end unquoted text and cannot be in it.
const RESERVED: &str = "$\"{}[]:=,+#`^?!@*&\\";

/// The characters that a number is made of.
const NUMBER: &str = "0123456789eE+-.";

struct Lexer<'a> {
    text: &'a str,
    at: usize,
}

impl Lexer<'_> {
    /// Ends a text that has more tokens than are read.
    fn too_many(&mut self) -> Kind {
        if self.at == self.text.len() {
            return Kind::End;
        }
        let message =
            format!("the file, with what it includes, has more than {MAX_TOKENS} words and signs");
        let fault = SyntaxError::new(self.at..self.at, message);
        Kind::Problem(fault.hint("split it; a mapping can be a CSV file, which may be larger"))
    }

    fn next(&mut self) -> Result<Kind, SyntaxError> {
        let start = self.at;
        let Some(first) = self.bump() else {
            return Ok(Kind::End);
        };
        Ok(match first {
            '\n' => Kind::Newline,
            '{' => Kind::OpenBrace,
            '}' => Kind::CloseBrace,
            '[' => Kind::OpenBracket,
            ']' => Kind::CloseBracket,
            ',' => Kind::Comma,
            ':' => Kind::Colon,
            '=' => Kind::Equals,
            '+' if self.peek() == Some('=') => {
                self.at += 1;
                Kind::PlusEquals
            }
            '"' => self.quoted(start)?,
            '$' => self.substitution(start)?,
            c if is_space(c) => {
                self.bump_while(|c| c != '\n' && is_space(c));
                Kind::Space
            }
            c if RESERVED.contains(c) => return Err(self.reserved(start)),
            '0'..='9' | '-' => self.number(start)?,
            _ => {
                self.at = start;
                self.unquoted()
            }
        })
    }

    fn number(&mut self, start: usize) -> Result<Kind, SyntaxError> {
        self.bump_while(|c| NUMBER.contains(c));
        let text = &self.text[start..self.at];
        if is_number(text) {
            return Ok(Kind::Number);
        }
        // No number after all, so a text, which cannot hold a plus sign.
        match text.find('+') {
            Some(plus) => {
                self.at = start + plus + 1;
                Err(self.reserved(start + plus))
            }
            None => Ok(Kind::Unquoted),
        }
    }

    fn unquoted(&mut self) -> Kind {
        let start = self.at;
        while let Some(c) = self.peek() {
            if RESERVED.contains(c) || is_space(c) || self.rest().starts_with("//") {
                break;
            }
            self.bump();
            // These are words of their own even at the beginning of a longer text, as in `nullable`.
            match &self.text[start..self.at] {
                "null" => return Kind::Null,
                "true" => return Kind::Bool(true),
                "false" => return Kind::Bool(false),
                _ => {}
            }
        }
        Kind::Unquoted
    }

    fn substitution(&mut self, start: usize) -> Result<Kind, SyntaxError> {
        if self.peek() != Some('{') {
            return Err(self.reserved(start));
        }
        self.bump();
        let optional = self.peek() == Some('?');
        if optional {
            self.bump();
        }
        let mut parts = Vec::new();
        loop {
            let part = self.at;
            if self.rest().starts_with('$') || self.rest().starts_with("//") {
                return Err(bad_name(part..part + 1));
            }
            match self.next() {
                Ok(Kind::CloseBrace) => break,
                Ok(kind) if kind.is_key_part() || kind == Kind::Space => {
                    parts.push((kind, part..self.at))
                }
                Ok(Kind::Newline | Kind::End) | Err(_) => {
                    return Err(SyntaxError::new(
                        start..start + 2,
                        "this `${` is not closed on its line",
                    )
                    .hint("close it with a `}`: `${NAME}`"));
                }
                Ok(_) => return Err(bad_name(part..self.at)),
            }
        }
        let pieces = parts
            .iter()
            .enumerate()
            .filter_map(|(index, (kind, span))| match kind {
                Kind::Quoted(text) => Some(Piece::Quoted(text)),
                // Space at both ends is not part of the name.
                Kind::Space if index == 0 || index + 1 == parts.len() => None,
                _ => Some(Piece::Plain(&self.text[span.clone()])),
            });
        match path_of(pieces) {
            Some(path) => Ok(Kind::Substitution { path, optional }),
            None => Err(SyntaxError::new(
                start..self.at,
                "the name in this `${…}` is empty, or has a dot too many",
            )
            .hint("write `${NAME}`, `${?NAME}` or `${block.setting}`")),
        }
    }

    fn reserved(&self, at: usize) -> SyntaxError {
        let character = self.text[at..].chars().next().unwrap_or_default();
        let fault = SyntaxError::new(
            at..at + character.len_utf8(),
            match character {
                '$' => "`$` outside quotes must be followed by `{`".to_owned(),
                '+' => "`+` outside quotes must be followed by `=`".to_owned(),
                _ => format!("`{character}` is not allowed outside quotes"),
            },
        );
        fault.quoting(
            Rewrite::Unquoted(unquoted(self.text, at)),
            "put the whole text in double quotes, with every backslash in it written twice",
        )
    }

    fn skip_comment(&mut self) {
        if self.rest().starts_with('#') || self.rest().starts_with("//") {
            self.bump_while(|c| c != '\n');
        }
    }

    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn bump(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.at += next.len_utf8();
        Some(next)
    }

    fn bump_while(&mut self, belongs: impl Fn(char) -> bool) {
        let length = self
            .rest()
            .find(|c| !belongs(c))
            .unwrap_or(self.rest().len());
        self.at += length;
    }
}

fn bad_name(span: Range<usize>) -> SyntaxError {
    SyntaxError::new(
        span,
        "a `${…}` can only contain the name of a setting or variable",
    )
    .hint("write `${NAME}`, `${?NAME}` or `${block.setting}`")
}

/// White space as in the Zeenea scanner's parser: Java's, the three no-break spaces, and the byte order mark.
fn is_space(c: char) -> bool {
    match c {
        '\u{85}' => false,
        '\u{1c}'..='\u{1f}' | '\u{feff}' => true,
        _ => c.is_whitespace(),
    }
}

/// Whether the Zeenea scanner's parser reads a text made of number characters as a number: what Java's `Double` reads
/// if there is a dot or an exponent, else what fits 64 bits.
fn is_number(text: &str) -> bool {
    if text.contains(['.', 'e', 'E']) {
        text.parse::<f64>().is_ok()
    } else {
        text.parse::<i64>().is_ok()
    }
}
