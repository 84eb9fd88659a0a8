//! Parses a text into an expression.

use std::str::FromStr;

use self::{day_fields::days, list::List};
use super::{
    error::QuartzError,
    expression::{Expression, Pace},
    field::{FIELDS, Field},
    part::Part,
    years::Years,
};

mod day_fields;
mod element;
mod list;
mod suggestion;

/// Aliases and their expressions.
const ALIASES: [(&str, &str); 7] = [
    ("@hourly", "0 0 * * * ?"),
    ("@daily", "0 0 0 * * ?"),
    ("@midnight", "0 0 0 * * ?"),
    ("@weekly", "0 0 0 ? * 1"),
    ("@monthly", "0 0 0 1 * ?"),
    ("@yearly", "0 0 0 1 1 ?"),
    ("@annually", "0 0 0 1 1 ?"),
];

impl FromStr for Expression {
    type Err = QuartzError;

    /// Reads an expression or an alias.
    fn from_str(text: &str) -> Result<Self, QuartzError> {
        parse(text)
    }
}

fn parse(text: &str) -> Result<Expression, QuartzError> {
    let meant = text.trim_matches(|letter: char| letter <= ' ');
    let start = text.find(meant).unwrap_or(0);
    if meant.starts_with('@') {
        let parts = split(alias(meant)?, start)?;
        return expression(meant, &parts);
    }
    check_characters(meant, start)?;
    let parts = split(meant, start)?;
    expression(meant, &parts).map_err(|error| match suggestion::instead(&parts) {
        Some(hint) => error.with_hint(hint),
        None => error,
    })
}

/// Whether these fields are an expression without ignored parts.
fn is_clear(fields: &str) -> bool {
    of_fields(fields).is_ok_and(|expression| expression.ignored.is_empty())
}

/// Whether these fields are an expression.
fn is_valid(fields: &str) -> bool {
    of_fields(fields).is_ok()
}

/// Reads fields without suggesting others.
fn of_fields(fields: &str) -> Result<Expression, QuartzError> {
    expression(fields, &split(fields, 0)?)
}

fn alias(meant: &str) -> Result<&'static str, QuartzError> {
    let known = ALIASES
        .iter()
        .find(|(name, _)| meant.eq_ignore_ascii_case(name));
    known.map(|(_, expression)| *expression).ok_or_else(|| {
        let names = ALIASES.map(|(name, _)| format!("`{name}`")).join(", ");
        let message = format!("`{}` is not a known alias", meant.escape_debug());
        QuartzError::new(message).with_hint(format!("the aliases are {names}"))
    })
}

/// Refuses characters that no field can contain. Most of them are invisible.
fn check_characters(meant: &str, start: usize) -> Result<(), QuartzError> {
    let is_unexpected =
        |letter: &char| !(letter.is_ascii_graphic() || matches!(letter, ' ' | '\t'));
    let Some((offset, odd)) = meant
        .char_indices()
        .find(|(_, letter)| is_unexpected(letter))
    else {
        return Ok(());
    };
    // The text before it is ASCII.
    let column = start + offset + 1;
    let shown = match odd {
        '\n' | '\r' => "a line break".to_owned(),
        odd if odd.is_alphanumeric() => format!("`{odd}` (U+{:04X})", u32::from(odd)),
        odd => format!("the character U+{:04X}", u32::from(odd)),
    };
    let field =
        field_at(meant, offset).map_or_else(String::new, |field| format!("{}: ", field.name()));
    let message = format!("{field}{shown} at column {column} is not allowed");
    let hint = suggestion::with_usual_characters(meant);
    Err(QuartzError::new(message).with_hint(hint))
}

/// Returns the field that contains the character at `offset`.
fn field_at(meant: &str, offset: usize) -> Option<Field> {
    let before = &meant[..offset];
    let words = before.split([' ', '\t']).filter(|word| !word.is_empty());
    let begins = before.is_empty() || before.ends_with([' ', '\t']);
    let index = words.count() - usize::from(!begins);
    FIELDS.get(index).copied()
}

fn split(meant: &str, start: usize) -> Result<Vec<Part<'_>>, QuartzError> {
    let mut at = start;
    let words = meant.split([' ', '\t']).map(|word| {
        let offset = at;
        at += word.len() + 1;
        (word, offset)
    });
    let words: Vec<_> = words.filter(|(word, _)| !word.is_empty()).collect();
    match (words.len(), words.get(FIELDS.len())) {
        (6 | 7, _) => {}
        (count, Some((word, offset))) => {
            let column = offset + 1;
            let message = format!(
                "{count} fields instead of 6 or 7; `{word}` at column {column} is too many"
            );
            return Err(QuartzError::new(message).with_hint(suggestion::FORM));
        }
        (count, None) => {
            let plural = if count == 1 { "" } else { "s" };
            let message = format!("{count} field{plural} instead of 6 or 7");
            let words: Vec<_> = words.iter().map(|(word, _)| *word).collect();
            return Err(QuartzError::new(message).with_hint(suggestion::for_few(&words)));
        }
    }
    let parts = FIELDS.into_iter().zip(words);
    Ok(parts
        .map(|(field, (text, offset))| Part {
            field,
            text,
            offset,
        })
        .collect())
}

fn expression(text: &str, parts: &[Part<'_>]) -> Result<Expression, QuartzError> {
    let lists: Result<Vec<_>, _> = parts.iter().map(|part| List::read(*part)).collect();
    let lists = lists?;
    let [
        second,
        minute,
        hour,
        day_of_month,
        month,
        day_of_week,
        year @ ..,
    ] = lists.as_slice()
    else {
        return Err(QuartzError::new("not 6 or 7 fields"));
    };
    let days = days(day_of_month, day_of_week)?;
    let named = [second, minute, hour].into_iter().all(List::is_named);
    Ok(Expression {
        text: text.to_owned(),
        seconds: second.bits(),
        minutes: minute.bits(),
        hours: hour.bits(),
        days,
        months: month.bits(),
        years: year.first().map_or_else(Years::all, List::years),
        pace: if named { Pace::Fixed } else { Pace::Interval },
        ignored: lists.iter().flat_map(List::ignored).collect(),
    })
}
