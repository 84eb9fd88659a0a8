//! The ways in which a text may encode a secret: plain, percent-encoded, as in a JSON string, as in a web page.

use crate::page_text::entity;

/// A text with some of its escapes decoded.
pub(super) struct View {
    units: Vec<Unit>,
}

/// One decoded byte, and the range of the text that encodes it.
#[derive(Clone, Copy)]
pub(super) struct Unit {
    pub(super) byte: u8,
    pub(super) start: usize,
    pub(super) end: usize,
}

/// Maximum length of an entity after its `&`, in bytes: `#x10FFFF;`
const MAX_ENTITY_BYTES: usize = 9;

/// Visits the decoded forms of a text that are searched for secrets. Their number does not depend on the text.
pub(super) fn each_spelling(text: &[u8], mut visit: impl FnMut(&View)) {
    let units = text.iter().enumerate().map(|(start, byte)| Unit {
        byte: *byte,
        start,
        end: start + 1,
    });
    let mut view = View {
        units: units.collect(),
    };
    for step in 0.. {
        visit(&view);
        view.decoded(json).iter().for_each(&mut visit);
        view.decoded(page).iter().for_each(&mut visit);
        let depth = match step {
            0 | 1 => Depth::One,
            2 => Depth::All,
            _ => return,
        };
        match view.decoded(|rest| percent(rest, depth)) {
            Some(decoded) => view = decoded,
            None => return,
        }
    }
}

/// The length of a truncated text without an incomplete escape at its end.
pub(super) fn without_open_escape(text: &[u8]) -> usize {
    let sign = text
        .iter()
        .rposition(|byte| matches!(byte, b'%' | b'\\' | b'&'));
    let Some(sign) = sign else { return text.len() };
    let after = &text[sign + 1..];
    let are_digits = |digits: &[u8]| digits.iter().all(u8::is_ascii_hexdigit);
    let is_open = match text[sign] {
        b'%' => are_digits(after),
        b'\\' => {
            after.is_empty() || (after[0] == b'u' && after.len() < 5 && are_digits(&after[1..]))
        }
        _ => after.len() < MAX_ENTITY_BYTES && !after.contains(&b';'),
    };
    if is_open { sign } else { text.len() }
}

impl View {
    pub(super) fn units(&self) -> &[Unit] {
        &self.units
    }

    /// The text with some escapes decoded. `decode` returns the meaning and the length of an escape at the start of the
    /// rest. `None` if there are no such escapes.
    fn decoded(&self, decode: impl Fn(&[Unit]) -> Option<(u8, usize)>) -> Option<Self> {
        let mut units = Vec::with_capacity(self.units.len());
        let mut rest = self.units.as_slice();
        while let Some(first) = rest.first() {
            let (byte, length) = decode(rest).unwrap_or((first.byte, 1));
            let (start, end) = (first.start, rest[length - 1].end);
            units.push(Unit { byte, start, end });
            rest = &rest[length..];
        }
        (units.len() < self.units.len()).then_some(Self { units })
    }
}

/// How many levels of percent-encoding are decoded at a time.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Depth {
    One,
    All,
}

/// `%5C`, or `%25255C` if all levels are decoded.
fn percent(rest: &[Unit], depth: Depth) -> Option<(u8, usize)> {
    let byte = |at: usize| rest.get(at).map(|unit| unit.byte);
    if byte(0) != Some(b'%') {
        return None;
    }
    let code = |at: usize| Some(hex(byte(at)?)? * 16 + hex(byte(at + 1)?)?);
    let mut digits = 1;
    while depth == Depth::All && code(digits) == Some(b'%') && code(digits + 2).is_some() {
        digits += 2;
    }
    Some((code(digits)?, digits + 2))
}

/// `\\`, `\"`, `\/` or `\u005c`.
fn json(rest: &[Unit]) -> Option<(u8, usize)> {
    let byte = |at: usize| rest.get(at).map(|unit| unit.byte);
    if byte(0) != Some(b'\\') {
        return None;
    }
    match byte(1)? {
        meant @ (b'\\' | b'"' | b'/') => Some((meant, 2)),
        b'u' => {
            let digits = (2..6).map(|at| Some(u32::from(hex(byte(at)?)?)));
            let code = digits.reduce(|code, digit| Some(code? * 16 + digit?))??;
            Some((u8::try_from(code).ok().filter(u8::is_ascii)?, 6))
        }
        _ => None,
    }
}

/// `&amp;` or `&#92;`.
fn page(rest: &[Unit]) -> Option<(u8, usize)> {
    if rest.first()?.byte != b'&' {
        return None;
    }
    let after = &rest[1..rest.len().min(1 + MAX_ENTITY_BYTES)];
    let length = after.iter().position(|unit| unit.byte == b';')?;
    let name: Vec<_> = after[..length].iter().map(|unit| unit.byte).collect();
    let meant = entity(std::str::from_utf8(&name).ok()?)?;
    Some((u8::try_from(meant).ok().filter(u8::is_ascii)?, length + 2))
}

fn hex(digit: u8) -> Option<u8> {
    let value = char::from(digit).to_digit(16)?;
    u8::try_from(value).ok()
}
