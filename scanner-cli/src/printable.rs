//! Replaces unprintable characters in everything that is printed.
//!
//! Texts from sites and files may contain line breaks, escape sequences and bidirectional controls
//! ([`is_unprintable`]):
//! - A text is built as a [`Page`]: a value in one of its lines never starts another line.
//! - Other texts pass through [`lines`], and log events through [`event`].
//! - In JSON such characters are escaped (`\u202e`), by the module [`json_text`](crate::json_text).
//!
//! Other data, such as CSV, is not changed, unless standard output is a [`Terminal`].

use std::{
    borrow::Cow,
    fmt,
    io::{self, Write},
};

use catalog_model::{is_unprintable, printable, replacement};

use crate::{arguments::LogFormat, json_text::escape_json};

/// A text of several lines. `writeln!` adds a line, `write!` a part of a line.
#[derive(Debug, Default)]
pub(crate) struct Page(String);

impl Page {
    /// Called by `write!` and `writeln!`. Only a line break at the end is kept.
    pub(crate) fn write_fmt(&mut self, arguments: fmt::Arguments<'_>) {
        let text = arguments.to_string();
        match text.strip_suffix('\n') {
            Some(line) => {
                self.0.push_str(&printable(line));
                self.0.push('\n');
            }
            None => self.0.push_str(&printable(&text)),
        }
    }

    /// Writes what to do, one piece of advice per line. The first one is after `label`, the others are below it.
    pub(crate) fn write_advice(&mut self, label: &str, hint: &str) {
        let width = label.chars().count();
        for (number, advice) in hint.lines().enumerate() {
            let label = if number == 0 { label } else { "" };
            writeln!(self, "{label:width$}{advice}");
        }
    }

    /// The text. Its only unprintable characters are line breaks.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<Page> for String {
    fn from(page: Page) -> Self {
        page.0
    }
}

/// A text whose only unprintable characters are line breaks.
pub(crate) fn lines(text: &str) -> Cow<'_, str> {
    let is_replaced = |char: char| char != '\n' && is_unprintable(char);
    if !text.contains(is_replaced) {
        return Cow::Borrowed(text);
    }
    let shown = |char| match is_replaced(char) {
        true => replacement(char),
        false => char,
    };
    Cow::Owned(text.chars().map(shown).collect())
}

/// A log event as one line.
pub(crate) fn event(bytes: &[u8], format: LogFormat) -> Vec<u8> {
    let text = String::from_utf8_lossy(bytes);
    let line = text.strip_suffix('\n').unwrap_or(&text);
    let line = match format {
        LogFormat::Text => printable(line),
        LogFormat::Json => escape_json(line),
    };
    format!("{line}\n").into_bytes()
}

/// Standard output as a terminal: unprintable characters are replaced in data, too.
///
/// Line breaks and colors are kept, because help texts have them. In texts from sites they were replaced before.
pub(crate) struct Terminal<W> {
    output: W,
    /// The first bytes of an incomplete character or escape sequence.
    rest: Vec<u8>,
}

impl<W: Write> Terminal<W> {
    pub(crate) fn new(output: W) -> Self {
        let rest = Vec::new();
        Self { output, rest }
    }
}

impl<W: Write> Write for Terminal<W> {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        self.rest.extend_from_slice(piece);
        let complete = complete_length(&self.rest);
        let whole: Vec<u8> = self.rest.drain(..complete).collect();
        let text = String::from_utf8_lossy(&whole);
        self.output.write_all(with_colors(&text).as_bytes())?;
        Ok(piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let rest = std::mem::take(&mut self.rest);
        let text = String::from_utf8_lossy(&rest);
        self.output.write_all(lines(&text).as_bytes())?;
        self.output.flush()
    }
}

/// Maximum number of bytes of a color sequence.
const MAX_COLOR_BYTES: usize = 32;

/// Number of bytes before an incomplete character or color sequence.
fn complete_length(bytes: &[u8]) -> usize {
    let tail = bytes.len().saturating_sub(MAX_COLOR_BYTES);
    let escape = bytes[tail..].iter().rposition(|byte| *byte == 0x1b);
    if let Some(escape) = escape
        && !bytes[tail + escape..].contains(&b'm')
    {
        return tail + escape;
    }
    match str::from_utf8(bytes) {
        Err(error) if error.error_len().is_none() => error.valid_up_to(),
        _ => bytes.len(),
    }
}

/// A text of several lines whose color sequences, `ESC [ 1 ; 31 m`, are kept.
fn with_colors(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(escape) = rest.find('\u{1b}') {
        shown.push_str(&lines(&rest[..escape]));
        rest = &rest[escape..];
        let length = color_length(rest).unwrap_or(1);
        match length {
            1 => shown.push(char::REPLACEMENT_CHARACTER),
            _ => shown.push_str(&rest[..length]),
        }
        rest = &rest[length..];
    }
    shown.push_str(&lines(rest));
    shown
}

/// The length of the color sequence at the start of a text.
fn color_length(text: &str) -> Option<usize> {
    let parameters = text.strip_prefix("\u{1b}[")?;
    let end = parameters.find(|char: char| !matches!(char, '0'..='9' | ';' | ':'))?;
    (parameters.as_bytes()[end] == b'm').then_some(2 + end + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOSTILE: &str = "a\nb\u{1b}[2J\u{9b}1m\u{202e}\u{200b}";

    #[test]
    fn a_value_never_starts_another_line() {
        let mut page = Page::default();
        writeln!(page, "  label  {HOSTILE}");
        write!(page, "{HOSTILE}");
        let shown = "a b\u{fffd}[2J\u{fffd}1m\u{fffd}\u{fffd}";
        assert_eq!(page.as_str(), format!("  label  {shown}\n{shown}"));
    }

    #[test]
    fn each_piece_of_advice_is_on_a_line_of_its_own() {
        let mut page = Page::default();
        page.write_advice("  try: ", "check the port\ncheck the\u{1b}[31m host");
        assert_eq!(
            page.as_str(),
            "  try: check the port\n       check the\u{fffd}[31m host\n"
        );
    }

    #[test]
    fn an_event_is_one_line() {
        let text = event(b"INFO a\nb\x1b[1m\n", LogFormat::Text);
        assert_eq!(text, "INFO a b\u{fffd}[1m\n".as_bytes());
        let json = event("{\"m\":\"\u{202e}\"}\n".as_bytes(), LogFormat::Json);
        assert_eq!(json, b"{\"m\":\"\\u202e\"}\n");
    }

    #[test]
    fn a_terminal_receives_colors_and_no_other_control_sequences() {
        for size in 1..12 {
            let mut terminal = Terminal::new(Vec::new());
            let text = "\u{1b}[1;31mé\u{1b}[0m\u{1b}[2J\u{1b}]0;x\u{7}\r\nend\u{1b}";
            for piece in text.as_bytes().chunks(size) {
                terminal.write_all(piece).unwrap();
            }
            terminal.flush().unwrap();
            let shown = String::from_utf8(terminal.output).unwrap();
            let expected = "\u{1b}[1;31mé\u{1b}[0m\u{fffd}[2J\u{fffd}]0;x\u{fffd} \nend\u{fffd}";
            assert_eq!(shown, expected, "in pieces of {size}");
        }
    }
}
