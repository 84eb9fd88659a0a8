//! Filters: which items of a source a catalog wants. Pure: an item comes as a [`Subject`], a file as bytes.
//!
//! Where the documentation of the Zeenea scanner does not define the language of rich filters, it is as follows:
//!
//! - The condition after `match` reaches as far as it can: `any t in tag match t = 'a' or t = 'b'` is one condition.
//!   It may ask other criteria, too, and hold a further `any` or `all`, whose values need another name.
//! - `is null` of a list holds if it has no value, as that of a list of a family that the item does not have.
//!   `any` of an empty list does not hold, `all` does.
//! - `not` stands before a comparison (`not stream contains 'x'`) or is part of `not in` and `is not null`.
//! - A name with other characters than letters, digits, `_` and `-` is quoted: `custom_property.'Cost center'`.
//! - A regular expression ends at the first `/` without `\` before it, and may have several lines; an empty one is not
//!   valid.
//!   `i` ignores case, `x` blanks and comments, `m` lets `^` and `$` match at lines, `s` lets `.` match line breaks, `d`
//!   makes `\n` the only one, else `\r` is one, too. Words and case are those of Unicode with or without `u` and `U`.
//! - Comparisons with a text that is absent do not hold, those by `!=` and `not in` do. A pattern is never negative:
//!   `not stream ~ 'x'` holds where there is no stream.
//! - What an item cannot answer ([`Subject::knows`]) is unknown, not absent, and so is a comparison with a pattern that
//!   gives
//!   up on the item's text, and what rests on either: `and`, `or`, `any`
//!   and `all` go on, since another operand may decide; `not` of an unknown is unknown. A rule of `filters` that may match
//!   or not leaves an item undecided unless all that may follow is the same.
//!
//! In universal rules a backslash is a backslash, since owners are written with one: a literal `*` takes `regex:`. A key
//! that the item has no answer to does not match, not even `*`.

use std::fmt;

mod criteria;
mod error;
mod evaluate;
mod expression;
mod glob;
mod item_filter;
mod lexer;
mod near;
mod parser;
mod regex;
mod rule;
#[cfg(test)]
mod tests;
mod universal;

use self::{
    evaluate::{Cause, Truth},
    regex::Budget,
};

pub use self::{
    criteria::{Criterion, CriterionId, CriterionKind, Subject},
    error::{ExpressionError, Position},
    item_filter::ItemFilter,
    rule::{
        Decision, Evaluation, FilterRule, PatternGaveUp, RuleCount, RuleCounts, RuleId, Silence,
        UnknownCause,
    },
};

/// A rich filter by itself: an expression such as `stream = 'Finance' and not published = 'false'`.
///
/// `Display` writes it in one form, which reads as the same expression again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expression(expression::Formula);

impl Expression {
    /// Reads an expression; an empty one always holds.
    ///
    /// # Errors
    /// If the text is not a valid expression; the error carries the position.
    pub fn parse(text: &str, criteria: &[Criterion]) -> Result<Self, ExpressionError> {
        parser::parse(text, criteria).map(Self)
    }

    /// Whether an item matches the expression. `None` if that depends on an unknown value.
    ///
    /// # Errors
    /// If that rests on a pattern that takes too many steps; the text names it and its place in the expression.
    pub fn evaluate<S: Subject + ?Sized>(&self, subject: &S) -> Result<Option<bool>, String> {
        match evaluate::holds(&self.0, subject, &Budget::new()) {
            Truth::Holds => Ok(Some(true)),
            Truth::Fails => Ok(Some(false)),
            Truth::Unknown(Cause::NotRead(_)) => Ok(None),
            Truth::Unknown(Cause::GaveUp(gave_up)) => Err(PatternGaveUp::from(gave_up).to_string()),
        }
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
