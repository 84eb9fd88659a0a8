//! One element of a field's list: `*`, `5`, `10-20/5`, `MON-FRI`, `L-3W`, `6#3`.
//!
//! An element is read from the left as far as it is valid. Quartz ignores the rest. A rest that begins like a range, a
//! step or one of the day letters is also ignored here, with a warning; any other rest is refused.

use super::suggestion;
use crate::{
    error::QuartzError,
    field::Field,
    ignored::Ignored,
    part::Part,
    term::{Term, Values},
};

/// One element of a list.
pub(super) struct Element<'t> {
    pub(super) part: Part<'t>,
    pub(super) term: Term,
    /// The element without its ignored part.
    pub(super) meaning: String,
    /// Whether no part of it is ignored.
    pub(super) is_whole: bool,
}

/// The characters with which an ignored rest of an element may begin.
const IGNORED: [char; 6] = ['-', '/', '#', 'L', 'W', 'C'];

/// The largest number of days before the last one.
const MAX_BEFORE_LAST: u32 = 30;

impl Element<'_> {
    /// Returns the ignored part.
    pub(super) fn ignored(&self) -> Option<Ignored> {
        let ignored = || Ignored::new(self.part, &self.meaning);
        (!self.is_whole).then(|| ignored().with_alternative(suggestion::for_ignored(self.part)))
    }
}

/// Reads an element, which is not empty.
pub(super) fn read(part: Part<'_>) -> Result<Element<'_>, QuartzError> {
    let capitals = part.text.to_ascii_uppercase();
    let reader = Reader {
        part,
        text: &capitals,
    };
    let (term, length) = match capitals.as_bytes().first() {
        Some(b'?') => reader.unset(),
        Some(b'*' | b'/') => reader.all(),
        Some(b'0'..=b'9') => reader.number(),
        Some(b'L') if reader.is_last() => reader.last(),
        Some(b'A'..=b'Z') => reader.name(),
        _ => Err(part.error("is not a value")),
    }?;
    reader.finish(term, length)
}

struct Reader<'t, 'c> {
    part: Part<'t>,
    /// The element in capital letters.
    text: &'c str,
}

/// A term, and the number of characters of the element that it uses.
type Parsed = Result<(Term, usize), QuartzError>;

impl<'t> Reader<'t, '_> {
    fn unset(&self) -> Parsed {
        match self.part.field {
            Field::DayOfMonth | Field::DayOfWeek => Ok((Term::Unset, 1)),
            _ => Err(self
                .part
                .error("is possible only as day of month or day of week")),
        }
    }

    /// `*`, `*/5`, `/5`.
    fn all(&self) -> Parsed {
        let length = usize::from(self.text.starts_with('*'));
        let all = Values::all(self.part.field);
        if !self.text[length..].starts_with('/') {
            return Ok((Term::Values(all), length));
        }
        let (step, length) = self.step(length)?;
        self.ends(length)?;
        // Quartz reads `*/0` as `*`.
        let step = step.max(1);
        Ok((Term::Values(Values { step, ..all }), length))
    }

    /// An element that begins with a digit.
    fn number(&self) -> Parsed {
        let (first, length) = self.digits(0)?;
        let rest = &self.text.as_bytes()[length..];
        match (rest.first(), self.part.field) {
            (Some(b'-'), _) => self.range(first, length),
            (Some(b'/'), field) => {
                self.check(first, length)?;
                let (step, end) = self.step(length)?;
                self.ends(end)?;
                let (_, last) = field.limits();
                let last = last.max(first);
                Ok((Term::Values(Values { first, last, step }), end))
            }
            (Some(b'W'), Field::DayOfMonth) => {
                self.check(first, length)?;
                Ok((Term::NearestWeekday(first), length + 1))
            }
            (Some(b'L'), Field::DayOfWeek) => {
                self.check(first, length)?;
                Ok((Term::LastWeekday(first), length + 1))
            }
            (Some(b'#'), Field::DayOfWeek) => {
                self.check(first, length)?;
                self.nth(first, length)
            }
            (Some(letter @ (b'W' | b'L' | b'#')), _) => {
                let what = format!(
                    "contains `{}`, which is not possible in this field",
                    char::from(*letter)
                );
                Err(self.part.error(&what))
            }
            _ => {
                self.check(first, length)?;
                Ok((Term::Values(Values::one(first)), length))
            }
        }
    }

    /// `first-last` and `first-last/step`, after the first number.
    fn range(&self, first: u32, at: usize) -> Parsed {
        self.check(first, at)?;
        let (last, end) = self.digits(at + 1)?;
        self.part
            .from(at + 1)
            .until(end - at - 1)
            .check_limits(last)?;
        if self.part.field == Field::Year && last < first {
            return Err(self.part.error("ends before it begins"));
        }
        // Quartz does not limit the step of a range. With a large step, only the first value remains.
        let (step, length) = match self.text[end..].starts_with('/') {
            true => self.digits(end + 1)?,
            false => (1, end),
        };
        Ok((Term::Values(Values { first, last, step }), length))
    }

    /// `#3`, up to the end.
    fn nth(&self, weekday: u32, at: usize) -> Parsed {
        match self.text[at + 1..].parse() {
            Ok(nth @ 1..=5) => Ok((Term::NthWeekday { weekday, nth }, self.text.len())),
            _ => Err(self.part.error("needs a number from 1 to 5 after `#`")),
        }
    }

    /// `MON`, `MONDAY`, `MON-FRI`, `FRIL`, `FRI#3`.
    fn name(&self) -> Parsed {
        let (first, length) = self.named(0)?;
        let rest = &self.text.as_bytes()[3..];
        match (rest.first(), self.part.field) {
            (Some(b'-'), _) => {
                let (last, length) = self.named(length + 1)?;
                let step = 1;
                Ok((Term::Values(Values { first, last, step }), length))
            }
            (Some(b'L'), Field::DayOfWeek) => Ok((Term::LastWeekday(first), 4)),
            (Some(b'#'), Field::DayOfWeek) => self.nth(first, 3),
            _ => Ok((Term::Values(Values::one(first)), length)),
        }
    }

    /// Returns the value of the name at `at`, of which three letters are significant, and the end of the name.
    fn named(&self, at: usize) -> Result<(u32, usize), QuartzError> {
        let field = self.part.field;
        let rest = &self.text[at..];
        let letters = rest.bytes().take_while(u8::is_ascii_alphabetic).count();
        let Some((value, name)) = rest.get(..3).and_then(|first| field.named(first)) else {
            let [first, .., last] = field.names() else {
                return Err(self.part.error("is not a value of this field"));
            };
            if letters == 0 {
                return Err(self.part.error("needs a name after `-`"));
            }
            let names = format!("{} to {}", &first[..3], &last[..3]);
            let what = format!("is not a {} (names are {names})", field.name());
            return Err(self.part.from(at).until(letters).error(&what));
        };
        let is_name = name.starts_with(&rest[..letters]);
        Ok((value, at + if is_name { letters } else { 3 }))
    }

    /// Whether it is `L`, `LW`, `L-3` or `L-3W`, and not a name.
    fn is_last(&self) -> bool {
        let before = self.text.strip_prefix("L-");
        let number = before.map(|rest| rest.strip_suffix('W').unwrap_or(rest));
        let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        self.text == "L" || self.text == "LW" || number.is_some_and(is_number)
    }

    /// `L`, `LW`, `L-3`, `L-3W`.
    fn last(&self) -> Parsed {
        let end = self.text.len();
        match self.part.field {
            Field::DayOfMonth => {}
            Field::DayOfWeek => return Ok((Term::Values(Values::one(7)), 1)),
            _ => {
                return Err(self
                    .part
                    .error("is possible only as day of month or day of week"));
            }
        }
        let (before, weekday) = match self.text {
            "L" | "LW" => (0, self.text.ends_with('W')),
            _ => {
                let days = self.text[2..].strip_suffix('W').unwrap_or(&self.text[2..]);
                (days.parse().unwrap_or(u32::MAX), self.text.ends_with('W'))
            }
        };
        if before > MAX_BEFORE_LAST {
            return Err(self.part.error("needs a number from 0 to 30 after `L-`"));
        }
        Ok((Term::LastDay { before, weekday }, end))
    }

    /// A step after the `/` at `at`.
    fn step(&self, at: usize) -> Result<(u32, usize), QuartzError> {
        let (step, end) = self.digits(at + 1)?;
        let most = self.part.field.max_step();
        if step > most {
            let what = format!("is a step of more than {most}");
            let step = self.part.from(at + 1).until(end - at - 1);
            return Err(step.error(&what));
        }
        Ok((step, end))
    }

    /// Refuses anything after a step, as Quartz does.
    fn ends(&self, at: usize) -> Result<(), QuartzError> {
        match self.part.from(at) {
            rest if rest.text.is_empty() => Ok(()),
            rest => Err(rest.error("is not possible after a step")),
        }
    }

    /// Returns the number at `at`, and its end.
    fn digits(&self, at: usize) -> Result<(u32, usize), QuartzError> {
        let rest = &self.text[at..];
        let length = rest.bytes().take_while(u8::is_ascii_digit).count();
        if length == 0 {
            let sign = &self.text[at - 1..at];
            return Err(self.part.error(&format!("needs a number after `{sign}`")));
        }
        match rest[..length].parse() {
            Ok(number) if number <= i32::MAX as u32 => Ok((number, at + length)),
            _ => Err(self.part.from(at).until(length).error("is too large")),
        }
    }

    /// Refuses a value outside the field's limits. The value is the first `length` characters.
    fn check(&self, value: u32, length: usize) -> Result<(), QuartzError> {
        self.part.until(length).check_limits(value)
    }

    /// Creates the element `term`, which ends at `length`. The rest is ignored.
    fn finish(&self, term: Term, length: usize) -> Result<Element<'t>, QuartzError> {
        let rest = self.part.from(length);
        let has_names = self
            .text
            .starts_with(|first: char| first.is_ascii_alphabetic());
        let may_begin =
            |first: char| IGNORED.contains(&first) || (has_names && first.is_ascii_alphabetic());
        let is_possible = self.text[length..].starts_with(may_begin) && term != Term::Unset;
        if !rest.text.is_empty() && !is_possible {
            return Err(rest.error("is not possible here"));
        }
        let length = match self.has_step(term) {
            true => length,
            false => self.text.find(['-', '/']).unwrap_or(length),
        };
        let meaning = match self.part.text.get(..length) {
            None | Some("") => "*",
            Some(meaning) => meaning,
        };
        Ok(Element {
            part: self.part,
            term,
            meaning: meaning.to_owned(),
            is_whole: length == self.text.len(),
        })
    }

    /// Whether a step, if any, leads from the first value to another value.
    fn has_step(&self, term: Term) -> bool {
        let Some((_, step)) = self.text.split_once('/') else {
            return true;
        };
        let is_zero = step.trim_start_matches('0').is_empty();
        match term {
            Term::Values(values) => !is_zero && values.step <= self.part.field.max_step(),
            _ => true,
        }
    }
}
