//! Filters decide which items of a source a catalog gets. Evaluation is pure: items implement [`Subject`].
//!
//! The documentation of the Zeenea scanner does not define the language of rich filters completely. These rules are
//! added:
//!
//! - The condition after `match` reaches as far as it can: `any t in tag match t = 'a' or t = 'b'` is one condition.
//!   It may use other criteria, too, and contain another `any` or `all`, whose variable needs another name.
//! - `is null` on a list is true if the list has no value, also if the item does not have this list of a family.
//!   On an empty list, `any` is false and `all` is true.
//! - `not` is written before a comparison (`not stream contains 'x'`) or is part of `not in` and `is not null`.
//! - A name with other characters than letters, digits, `_` and `-` is quoted: `custom_property.'Cost center'`.
//! - A regular expression ends at the first `/` without `\` before it, and may have several lines; an empty one is not
//!   valid. `i` ignores case, `x` blanks and comments, `m` lets `^` and `$` match at lines, `s` lets `.` match line
//!   breaks, `d` makes `\n` the only one, else `\r` is one, too. Words and case are those of Unicode with or without
//!   `u` and `U`.
//! - Comparisons with a missing text are false; those with `!=` and `not in` are true. A pattern is never negative:
//!   `not stream ~ 'x'` is true if the stream is missing.
//! - A value that could not be read ([`Subject::knows`]) is unknown, not missing. A comparison with it is unknown, and
//!   so is a comparison with a pattern that exceeds a limit. `and`, `or`, `any` and `all` are evaluated further,
//!   because another operand may decide; `not` of an unknown is unknown. A rule of `filters` that is unknown leaves an
//!   item undecided unless every possible outcome is the same.
//!
//! In universal rules, a backslash is a literal backslash, because owners are written with one; a literal `*` needs
//! `regex:`. A key without a value does not match, not even `*`.

use std::fmt;

mod criteria;
mod declared;
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
#[cfg(any(test, feature = "contract"))]
mod test_item;
#[cfg(test)]
mod tests;
mod universal;

use self::{
    evaluate::{Cause, Truth},
    regex::Budget,
};

#[cfg(any(test, feature = "contract"))]
pub use self::test_item::TestItem;
pub use self::{
    criteria::{Criterion, CriterionId, CriterionKind, Subject},
    declared::FILTERS,
    error::{ExpressionError, TextPosition},
    item_filter::ItemFilter,
    rule::{
        Decision, Evaluation, FilterRule, PatternLimitError, RuleCount, RuleCounts, RuleId,
        Silence, UnknownCause,
    },
};

/// A rich filter: an expression such as `stream = 'Finance' and not published = 'false'`.
///
/// `Display` writes a normalized form, which parses to the same expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expression(expression::Formula);

impl Expression {
    /// Reads an expression. An empty expression is always true.
    ///
    /// # Errors
    /// If the text is not a valid expression; the error carries the position.
    pub fn parse(text: &str, criteria: &[Criterion]) -> Result<Self, ExpressionError> {
        parser::parse(text, criteria).map(Self)
    }

    /// Whether an item matches the expression. `None` if that depends on an unknown value.
    ///
    /// # Errors
    /// If that depends on a pattern that takes too many steps. The text contains the pattern and its place in the
    /// expression.
    pub fn evaluate<S: Subject + ?Sized>(&self, subject: &S) -> Result<Option<bool>, String> {
        match evaluate::holds(&self.0, subject, &Budget::new()) {
            Truth::Holds => Ok(Some(true)),
            Truth::Fails => Ok(Some(false)),
            Truth::Unknown(Cause::NotRead(_)) => Ok(None),
            Truth::Unknown(Cause::PatternLimit(limit_error)) => {
                Err(PatternLimitError::from(limit_error).to_string())
            }
        }
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
