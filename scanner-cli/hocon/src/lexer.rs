//! Splits a text into tokens. Does not check their order.

mod string;

use std::ops::Range;

use super::{
    limits::MAX_TOKENS,
    path::{Piece, path_of},
    syntax_error::{Rewrite, SyntaxError, unquoted},
};

/// A token, with its byte range and the line and column at which it begins.
#[derive(Debug)]
pub(super) struct Token {
    pub(super) kind: TokenKind,
    pub(super) span: Range<usize>,
    pub(super) line: usize,
    pub(super) column: usize,
}

/// The kind of a token. Comments produce no tokens.
#[derive(Debug, PartialEq)]
pub(super) enum TokenKind {
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
    /// A number. Its text is that of the span.
    Number,
    /// Unquoted text. Its text is that of the span.
    Unquoted,
    Quoted(String),
    Substitution {
        path: Vec<String>,
        optional: bool,
    },
    /// An error after which the text cannot be split. Only the end follows.
    Problem(SyntaxError),
    End,
}

impl TokenKind {
    /// Whether this can be part of a text. Adjacent parts keep the space between them.
    pub(super) fn is_simple(&self) -> bool {
        self.is_key_part() || matches!(self, Self::Substitution { .. })
    }

    /// Whether this can be part of a key.
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

/// Splits `text` into at most `max_tokens` tokens and two more. The last token is always the end.
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
            true => lexer.next().unwrap_or_else(TokenKind::Problem),
            false => lexer.too_many(),
        };
        let stop = matches!(kind, TokenKind::Problem(_));
        let end = kind == TokenKind::End;
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

/// The characters that end unquoted text and are not allowed in it.
const RESERVED_CHARACTERS: &str = "$\"{}[]:=,+#`^?!@*&\\";

/// The characters of a number.
const NUMBER_CHARACTERS: &str = "0123456789eE+-.";

struct Lexer<'a> {
    text: &'a str,
    at: usize,
}

impl Lexer<'_> {
    /// Ends a text that exceeds the limit of tokens.
    fn too_many(&mut self) -> TokenKind {
        if self.at == self.text.len() {
            return TokenKind::End;
        }
        let message = format!(
            "the file, with what it includes, has more than {MAX_TOKENS} words and symbols"
        );
        let error = SyntaxError::new(self.at..self.at, message);
        TokenKind::Problem(error.hint("split it; a mapping can be a CSV file, which may be larger"))
    }

    fn next(&mut self) -> Result<TokenKind, SyntaxError> {
        let start = self.at;
        let Some(first) = self.bump() else {
            return Ok(TokenKind::End);
        };
        Ok(match first {
            '\n' => TokenKind::Newline,
            '{' => TokenKind::OpenBrace,
            '}' => TokenKind::CloseBrace,
            '[' => TokenKind::OpenBracket,
            ']' => TokenKind::CloseBracket,
            ',' => TokenKind::Comma,
            ':' => TokenKind::Colon,
            '=' => TokenKind::Equals,
            '+' if self.peek() == Some('=') => {
                self.at += 1;
                TokenKind::PlusEquals
            }
            '"' => self.quoted(start)?,
            '$' => self.substitution(start)?,
            c if is_space(c) => {
                self.bump_while(|c| c != '\n' && is_space(c));
                TokenKind::Space
            }
            c if RESERVED_CHARACTERS.contains(c) => return Err(self.reserved(start)),
            '0'..='9' | '-' => self.number(start)?,
            _ => {
                self.at = start;
                self.unquoted()
            }
        })
    }

    fn number(&mut self, start: usize) -> Result<TokenKind, SyntaxError> {
        self.bump_while(|c| NUMBER_CHARACTERS.contains(c));
        let text = &self.text[start..self.at];
        if is_number(text) {
            return Ok(TokenKind::Number);
        }
        // It is not a number, so it is a text, which cannot contain a plus sign.
        match text.find('+') {
            Some(plus) => {
                self.at = start + plus + 1;
                Err(self.reserved(start + plus))
            }
            None => Ok(TokenKind::Unquoted),
        }
    }

    fn unquoted(&mut self) -> TokenKind {
        let start = self.at;
        while let Some(c) = self.peek() {
            if RESERVED_CHARACTERS.contains(c) || is_space(c) || self.rest().starts_with("//") {
                break;
            }
            self.bump();
            // These are separate tokens even at the beginning of a longer text, as in `nullable`.
            match &self.text[start..self.at] {
                "null" => return TokenKind::Null,
                "true" => return TokenKind::Bool(true),
                "false" => return TokenKind::Bool(false),
                _ => {}
            }
        }
        TokenKind::Unquoted
    }

    fn substitution(&mut self, start: usize) -> Result<TokenKind, SyntaxError> {
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
                Ok(TokenKind::CloseBrace) => break,
                Ok(kind) if kind.is_key_part() || kind == TokenKind::Space => {
                    parts.push((kind, part..self.at))
                }
                Ok(TokenKind::Newline | TokenKind::End) | Err(_) => {
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
                TokenKind::Quoted(text) => Some(Piece::Quoted(text)),
                // Leading and trailing space is not part of the name.
                TokenKind::Space if index == 0 || index + 1 == parts.len() => None,
                _ => Some(Piece::Plain(&self.text[span.clone()])),
            });
        match path_of(pieces) {
            Some(path) => Ok(TokenKind::Substitution { path, optional }),
            None => Err(SyntaxError::new(
                start..self.at,
                "the name in this `${…}` is empty, or has an extra dot",
            )
            .hint("write `${NAME}`, `${?NAME}` or `${block.setting}`")),
        }
    }

    fn reserved(&self, at: usize) -> SyntaxError {
        let character = self.text[at..].chars().next().unwrap_or_default();
        let error = SyntaxError::new(
            at..at + character.len_utf8(),
            match character {
                '$' => "`$` outside quotes must be followed by `{`".to_owned(),
                '+' => "`+` outside quotes must be followed by `=`".to_owned(),
                _ => format!("`{character}` is not allowed outside quotes"),
            },
        );
        error.quoting(
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

/// White space as in the Zeenea scanner's parser: Java's white space, the three no-break spaces, and the byte order
/// mark.
fn is_space(c: char) -> bool {
    match c {
        '\u{85}' => false,
        '\u{1c}'..='\u{1f}' | '\u{feff}' => true,
        _ => c.is_whitespace(),
    }
}

/// Whether the Zeenea scanner's parser reads a text of number characters as a number: any text that Java's `Double`
/// reads if there is a dot or an exponent, otherwise any integer of 64 bits.
fn is_number(text: &str) -> bool {
    if text.contains(['.', 'e', 'E']) {
        text.parse::<f64>().is_ok()
    } else {
        text.parse::<i64>().is_ok()
    }
}
