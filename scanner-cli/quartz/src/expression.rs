//! A parsed expression.

use super::{days::Days, ignored::Ignored, years::Years};

/// A Quartz cron expression, or one of the aliases such as `@daily`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expression {
    pub(super) text: String,
    /// One bit for each second, from 0.
    pub(super) seconds: u64,
    /// One bit for each minute, from 0.
    pub(super) minutes: u64,
    /// One bit for each hour, from 0.
    pub(super) hours: u64,
    pub(super) days: Days,
    /// One bit for each month, from 1.
    pub(super) months: u64,
    pub(super) years: Years,
    pub(super) pace: Pace,
    pub(super) ignored: Vec<Ignored>,
}

/// The kind of times that an expression has within a day. This decides what happens when the clocks change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pace {
    /// Fixed times: seconds, minutes and hours are plain numbers. No time is skipped when the clocks go forward, and
    /// none is repeated when they go back.
    Fixed,
    /// An interval, with `*`, a step or a range. It follows the clock.
    Interval,
}

impl Expression {
    /// Returns the text of the expression, without white space around it.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns the parts of the text that have no effect, as in Quartz.
    pub fn ignored(&self) -> &[Ignored] {
        &self.ignored
    }
}
