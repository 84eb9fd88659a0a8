//! Patterns with `*` and `?`, prepared once. Neither of them matches a line break.

use std::fmt;

use memchr::memmem::Finder;

/// A pattern in which `*` matches any characters and `?` matches one.
#[derive(Clone, Debug)]
pub(super) struct Glob {
    parts: Vec<GlobPart>,
    matcher: Matcher,
}

/// A piece of a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
enum GlobPart {
    /// These characters.
    Literal(String),
    /// `?`
    One,
    /// `*`
    Any,
}

/// The fastest way to match a pattern.
#[derive(Clone, Debug)]
enum Matcher {
    Exact(Box<str>),
    Anything,
    Prefix(Box<str>),
    Suffix(Box<str>),
    Contains(Box<Finder<'static>>),
    Steps(Box<[Step]>),
}

/// One step of a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Is(char),
    One,
    Any,
}

impl Glob {
    /// Reads the text between the quotes of an expression, where `\*`, `\?`, `\\` and `\'` are these characters.
    ///
    /// # Errors
    /// The offset of any other escape.
    pub(super) fn escaped(raw: &str) -> Result<Self, usize> {
        let mut steps = Vec::new();
        let mut characters = raw.char_indices();
        while let Some((at, character)) = characters.next() {
            steps.push(match character {
                '\\' => match characters.next() {
                    Some((_, meant @ ('*' | '?' | '\\' | '\''))) => Step::Is(meant),
                    _ => return Err(at),
                },
                wild => Step::from_char(wild),
            });
        }
        Ok(Self::new(steps))
    }

    /// Reads a pattern without escapes, in which a backslash is a backslash.
    pub(super) fn plain(text: &str) -> Self {
        Self::new(text.chars().map(Step::from_char).collect())
    }

    fn new(mut steps: Vec<Step>) -> Self {
        steps.dedup_by(|next, former| (*next, *former) == (Step::Any, Step::Any));
        let mut parts = Vec::new();
        for step in &steps {
            match (step, parts.last_mut()) {
                (Step::Is(character), Some(GlobPart::Literal(text))) => text.push(*character),
                (Step::Is(character), _) => parts.push(GlobPart::Literal(character.to_string())),
                (Step::One, _) => parts.push(GlobPart::One),
                (Step::Any, _) => parts.push(GlobPart::Any),
            }
        }
        let matcher = Matcher::from_parts(&parts).unwrap_or_else(|| Matcher::Steps(steps.into()));
        Self { parts, matcher }
    }

    /// Whether the whole of `text` matches the pattern.
    pub(super) fn matches(&self, text: &str) -> bool {
        match &self.matcher {
            Matcher::Exact(exact) => **exact == *text,
            Matcher::Anything => is_line(text),
            Matcher::Prefix(prefix) => text.starts_with(&**prefix) && is_line(text),
            Matcher::Suffix(suffix) => text.ends_with(&**suffix) && is_line(text),
            Matcher::Contains(part) => part.find(text.as_bytes()).is_some() && is_line(text),
            Matcher::Steps(steps) => walk(steps, text),
        }
    }
}

impl Matcher {
    /// Returns the matcher of a simple pattern. A pattern with a line break is not simple.
    fn from_parts(parts: &[GlobPart]) -> Option<Self> {
        Some(match parts {
            [] => Self::Exact("".into()),
            [GlobPart::Literal(text)] => Self::Exact(text.as_str().into()),
            [GlobPart::Any] => Self::Anything,
            [GlobPart::Literal(text), GlobPart::Any] if is_line(text) => {
                Self::Prefix(text.as_str().into())
            }
            [GlobPart::Any, GlobPart::Literal(text)] if is_line(text) => {
                Self::Suffix(text.as_str().into())
            }
            [GlobPart::Any, GlobPart::Literal(text), GlobPart::Any] if is_line(text) => {
                Self::Contains(Box::new(Finder::new(text).into_owned()))
            }
            _ => return None,
        })
    }
}

impl Step {
    fn from_char(character: char) -> Self {
        match character {
            '*' => Self::Any,
            '?' => Self::One,
            plain => Self::Is(plain),
        }
    }

    fn takes(self, character: char) -> bool {
        match self {
            Self::Is(own) => own == character,
            Self::One => !is_line_break(character),
            Self::Any => false,
        }
    }
}

/// Walks through the text. If a step does not match, the last `*` is extended by one character. Extending an earlier
/// `*` is never necessary, because the last one can match the same characters.
fn walk(steps: &[Step], text: &str) -> bool {
    let (mut at, mut rest) = (0, text);
    let mut star: Option<(usize, &str)> = None;
    loop {
        let next = rest.chars().next();
        match (steps.get(at), next) {
            (Some(Step::Any), _) => {
                at += 1;
                star = Some((at, rest));
                continue;
            }
            (Some(step), Some(character)) if step.takes(character) => {
                at += 1;
                rest = &rest[character.len_utf8()..];
                continue;
            }
            (None, None) => return true,
            _ => {}
        }
        let Some((after, taken)) = &mut star else {
            return false;
        };
        match taken.chars().next() {
            Some(character) if !is_line_break(character) => {
                *taken = &taken[character.len_utf8()..];
                (at, rest) = (*after, taken);
            }
            _ => return false,
        }
    }
}

/// Whether a character ends a line, as in Java.
fn is_line_break(character: char) -> bool {
    matches!(character, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

fn is_line(text: &str) -> bool {
    // Searches for the first bytes of line breaks. Most texts contain none of them.
    let suspect = |byte: &u8| matches!(byte, b'\n' | b'\r' | 0xC2 | 0xE2);
    !text.as_bytes().iter().any(suspect) || !text.chars().any(is_line_break)
}

impl PartialEq for Glob {
    fn eq(&self, other: &Self) -> bool {
        self.parts == other.parts
    }
}

impl Eq for Glob {}

/// Writes the pattern as in an expression, with quotes.
impl fmt::Display for Glob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("'")?;
        for part in &self.parts {
            match part {
                GlobPart::Any => f.write_str("*")?,
                GlobPart::One => f.write_str("?")?,
                GlobPart::Literal(text) => {
                    for character in text.chars() {
                        if matches!(character, '*' | '?' | '\\' | '\'') {
                            f.write_str("\\")?;
                        }
                        write!(f, "{character}")?;
                    }
                }
            }
        }
        f.write_str("'")
    }
}
