//! Quoted strings: a single line with escapes between `"`, or several lines without escapes between `"""`.

use super::{Lexer, TokenKind};
use crate::syntax_error::{Rewrite, SyntaxError};

const BACKSLASH_HINT: &str = "write every backslash twice, as in `\"DOMAIN\\\\user\"`, or put the text in triple quotes, as in \
     `\"\"\"DOMAIN\\user\"\"\"`";

impl Lexer<'_> {
    /// Reads a string whose first quote, at `start`, has been read.
    pub(super) fn quoted(&mut self, start: usize) -> Result<TokenKind, SyntaxError> {
        if self.rest().starts_with("\"\"") {
            self.at += 2;
            return self.triple_quoted(start);
        }
        let mut text = String::new();
        loop {
            let at = self.at;
            match self.bump() {
                None | Some('\n') => {
                    return Err(SyntaxError::new(start..start + 1, "this quote is not closed on its line")
                        .hint("close it with a `\"`; put a text of several lines between `\"\"\"` and `\"\"\"`"));
                }
                Some('"') => return Ok(TokenKind::Quoted(text)),
                Some('\\') => {
                    let escaped = self.escape().ok_or_else(|| self.bad_escape(start, at))?;
                    text.push(escaped);
                }
                Some('\r') if self.peek() == Some('\n') => {}
                Some(c) if c < ' ' => return Err(raw_control(at, c)),
                Some(c) => text.push(c),
            }
        }
    }

    fn triple_quoted(&mut self, start: usize) -> Result<TokenKind, SyntaxError> {
        let text_start = self.at;
        let Some(found) = self.rest().find("\"\"\"") else {
            return Err(
                SyntaxError::new(start..start + 3, "this `\"\"\"` is never closed")
                    .hint("close it with another `\"\"\"`"),
            );
        };
        // If there are more than three quotes, the last three close the string.
        self.at += found;
        self.bump_while(|c| c == '"');
        Ok(TokenKind::Quoted(
            self.text[text_start..self.at - 3].to_owned(),
        ))
    }

    /// Reads what follows a backslash.
    fn escape(&mut self) -> Option<char> {
        match self.bump()? {
            same @ ('"' | '\\' | '/') => Some(same),
            'b' => Some('\u{8}'),
            'f' => Some('\u{c}'),
            'n' => Some('\n'),
            'r' => Some('\r'),
            't' => Some('\t'),
            'u' => self.unicode(),
            _ => None,
        }
    }

    fn unicode(&mut self) -> Option<char> {
        let first = self.hex_digits()?;
        let units = if (0xD800..0xDC00).contains(&first) && self.rest().starts_with("\\u") {
            self.at += 2;
            vec![first, self.hex_digits()?]
        } else {
            vec![first]
        };
        let mut characters = char::decode_utf16(units);
        let only = characters.next()?.ok()?;
        characters.next().is_none().then_some(only)
    }

    fn hex_digits(&mut self) -> Option<u16> {
        let digits = self
            .rest()
            .get(..4)
            .filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()))?;
        let unit = u16::from_str_radix(digits, 16).ok()?;
        self.at += 4;
        Some(unit)
    }

    /// Returns the error of a backslash at `at`, in a string that begins at `start`.
    fn bad_escape(&self, start: usize, at: usize) -> SyntaxError {
        let line = self.text[at..].split('\n').next().unwrap_or_default();
        let error = SyntaxError::new(at..at + 1, "this backslash does not begin an escape");
        match closing_quote(line) {
            Some(end) => error.quoting(Rewrite::Escapes(start + 1..at + end), BACKSLASH_HINT),
            None => error.hint(BACKSLASH_HINT),
        }
    }
}

/// Finds the quote that closes the string whose remaining text is `rest`. A backslash before a quote is treated as an
/// escape, unless this would leave the string open.
fn closing_quote(rest: &str) -> Option<usize> {
    let unescaped = rest
        .char_indices()
        .find(|&(at, c)| c == '"' && !rest[..at].ends_with('\\'));
    unescaped.map(|(at, _)| at).or_else(|| rest.find('"'))
}

fn raw_control(at: usize, control: char) -> SyntaxError {
    let span = at..at + control.len_utf8();
    match control {
        '\t' => SyntaxError::new(span, "a tab is not allowed unescaped in quotes")
            .hint("write it as `\\t`, or use spaces"),
        _ => SyntaxError::new(
            span,
            format!(
                "the control character U+{:04X} is not allowed unescaped in quotes",
                u32::from(control)
            ),
        )
        .hint(format!(
            "remove it, or write it as `\\u{:04x}`",
            u32::from(control)
        )),
    }
}
