//! The language of patterns, which is Java's: syntax that the regex library interprets differently, or that
//! only the library supports, is refused, so that no pattern silently gets another meaning.

use super::InvalidRegex;

/// Letters with the same meaning after a `\` as in Java. Within `[…]` there are fewer.
const ESCAPES: &str = "AbBdDeafGknpPrRsStuwWxz";
const ESCAPES_OF_CLASSES: &str = "dDeafnpPrsStuwWx";

/// What to write instead of an unsupported escape.
const REPLACEMENTS: [(char, &str); 17] = [
    ('g', "write the group again where it is called"),
    ('K', "leave it out: a pattern matches the whole text"),
    ('h', r"write `[\p{Zs}\t]` for a blank of a line"),
    ('H', r"write `[^\p{Zs}\t]` for all but the blanks of a line"),
    ('v', r"write `[\n\x0B\f\r\u0085\u2028\u2029]`"),
    ('V', r"write `[^\n\x0B\f\r\u0085\u2028\u2029]`"),
    ('N', "write `.` for any character except a line break"),
    ('O', "write `(?s:.)` for any character"),
    ('X', "write `.` for a character"),
    ('Z', r"write `\z` for the end of the text"),
    (
        'Q',
        r"write a `\` before each character with a meaning of its own",
    ),
    (
        'E',
        r"write a `\` before each character with a meaning of its own",
    ),
    ('U', r"write `\x{…}` with the number of the character"),
    ('c', r"write `\x…` with the number of the character"),
    (
        '0',
        r"write `\x…` with the number of the character in hexadecimal digits",
    ),
    (
        '<',
        "write `<` without a `\\`, or `\\b` where a word begins",
    ),
    ('>', "write `>` without a `\\`, or `\\b` where a word ends"),
];

/// Whether blanks and comments are ignored because of the flag `x`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Blanks {
    Count,
    AreNothing,
}

/// A walk through a pattern.
struct PatternReader<'t> {
    text: &'t str,
    at: usize,
    blanks: Blanks,
    /// The setting outside each open group.
    outside: Vec<Blanks>,
}

/// Checks that a pattern has the same meaning as in Java.
pub(super) fn check(text: &str, blanks: Blanks) -> Result<(), InvalidRegex> {
    let mut walk = PatternReader {
        text,
        at: 0,
        blanks,
        outside: Vec::new(),
    };
    while let Some(next) = walk.next() {
        walk.piece(next)?;
    }
    Ok(())
}

impl<'t> PatternReader<'t> {
    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn next(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn take(&mut self, length: usize) {
        self.at += length;
    }

    fn piece(&mut self, next: char) -> Result<(), InvalidRegex> {
        match next {
            '\\' => return self.escape(ESCAPES),
            '[' => return self.class(),
            '(' => return self.group(),
            ')' => {
                self.blanks = self.outside.pop().unwrap_or(self.blanks);
                self.take(1);
            }
            '#' if self.blanks == Blanks::AreNothing => {
                let rest = self.rest();
                self.take(rest.find('\n').unwrap_or(rest.len()));
            }
            other => self.take(other.len_utf8()),
        }
        Ok(())
    }

    fn escape(&mut self, known: &str) -> Result<(), InvalidRegex> {
        let Some(letter) = self.rest().chars().nth(1) else {
            self.take(1);
            return Ok(());
        };
        let after = &self.rest()[1 + letter.len_utf8()..];
        let in_class = known == ESCAPES_OF_CLASSES;
        let fits = match letter {
            'b' | 'B' => !in_class && !after.starts_with('{'),
            'k' => !in_class && is_group(after),
            '0' => false,
            '<' | '>' => in_class,
            letter => !letter.is_ascii_alphabetic() || known.contains(letter),
        };
        if !fits {
            let instead = REPLACEMENTS.iter().find(|(other, _)| *other == letter);
            let hint = match instead {
                Some((_, hint)) => hint,
                None if letter == 'k' => "name a group: `(?<name>…)` and `\\k<name>`",
                None if letter.eq_ignore_ascii_case(&'b') => {
                    "write `\\b` by itself, outside of `[…]`"
                }
                None => "a letter by itself has no `\\` before it",
            };
            return Err(self.refusal(&format!("`\\{letter}` is unknown here"), hint));
        }
        self.take(1 + letter.len_utf8());
        Ok(())
    }

    /// Reads `[…]`, including nested ones.
    fn class(&mut self) -> Result<(), InvalidRegex> {
        let mut depth = 0;
        while let Some(next) = self.next() {
            let rest = self.rest();
            match next {
                '[' if rest.starts_with("[:") => {
                    let hint = r"write `\p{Alpha}` for `[:alpha:]`";
                    return Err(self.refusal("`[:` is unknown here", hint));
                }
                '[' => {
                    depth += 1;
                    let negated = usize::from(rest[1..].starts_with('^'));
                    let bracket = usize::from(rest[1 + negated..].starts_with(']'));
                    self.take(1 + negated + bracket);
                }
                ']' => {
                    depth -= 1;
                    self.take(1);
                    if depth == 0 {
                        return Ok(());
                    }
                }
                '\\' => self.escape(ESCAPES_OF_CLASSES)?,
                '-' | '~' if rest[1..].starts_with(next) => {
                    let hint = format!("write `\\{next}` for the character");
                    return Err(self.refusal(&format!("`{next}{next}` is unknown in `[…]`"), &hint));
                }
                blank
                    if self.blanks == Blanks::AreNothing
                        && (blank.is_whitespace() || blank == '#') =>
                {
                    let hint = r"with the flag `x`, write `\x20` for a blank and `\#` for `#`";
                    return Err(self.refusal("a blank or `#` in `[…]` is ignored in Java", hint));
                }
                other => self.take(other.len_utf8()),
            }
        }
        Ok(())
    }

    /// Reads the beginning of a group and its flags.
    fn group(&mut self) -> Result<(), InvalidRegex> {
        self.outside.push(self.blanks);
        let inside = &self.rest()[1..];
        if inside.starts_with('*') {
            return Err(self.refusal("`(*` is unknown here", "write `\\*` for the character"));
        }
        let Some(after) = inside.strip_prefix('?') else {
            self.take(1);
            return Ok(());
        };
        let kind = after.chars().next().unwrap_or(')');
        let hint = match kind {
            '=' | '!' | ':' | '>' | '<' => {
                self.take(3);
                return Ok(());
            }
            'P' | '\'' => "write `(?<name>…)` and `\\k<name>`",
            '#' => "comments begin with `#` and need the flag `x`",
            '(' | '~' => "write it without this group",
            _ => return self.flags(),
        };
        Err(self.refusal(&format!("`(?{kind}` is unknown here"), hint))
    }

    /// `(?ix-s)` or `(?ix-s:`
    fn flags(&mut self) -> Result<(), InvalidRegex> {
        self.take(2);
        let mut set = Blanks::AreNothing;
        while let Some(flag) = self.next() {
            match flag {
                '-' => set = Blanks::Count,
                'x' => self.blanks = set,
                'U' | 'R' => {
                    let hint = "leave it out: words and case are those of all languages anyway";
                    return Err(self.refusal(&format!("the flag `{flag}` is unknown here"), hint));
                }
                ')' => {
                    // They apply until the end of the enclosing group.
                    self.outside.pop();
                    self.take(1);
                    return Ok(());
                }
                letter if letter.is_ascii_alphabetic() => {}
                _ => return Ok(()),
            }
            self.take(1);
        }
        Ok(())
    }

    fn refusal(&self, why: &str, hint: &str) -> InvalidRegex {
        InvalidRegex {
            at: self.at,
            why: why.to_owned(),
            hint: hint.to_owned(),
        }
    }
}

/// Whether `<name>` follows, with a name that is valid in Java.
fn is_group(after: &str) -> bool {
    let name = after
        .strip_prefix('<')
        .and_then(|rest| rest.split_once('>'));
    name.is_some_and(|(name, _)| {
        name.starts_with(|first: char| first.is_ascii_alphabetic())
            && name.chars().all(|next| next.is_ascii_alphanumeric())
    })
}
