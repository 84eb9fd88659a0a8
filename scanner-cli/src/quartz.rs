//! Quartz cron expressions: text to expression, and the next time after a given one.
//!
//! The grammar and its meaning are those of Quartz 2.3.2, which runs the schedules of the Zeenea scanner.
//! `tests/data/quartz.txt` holds its verdicts. Pure: no clock, no files, no settings.

mod day_fields;
mod days;
mod element;
mod error;
mod field;
mod ignored;
mod list;
mod next;
mod parse;
mod part;
mod suggestion;
mod term;
#[cfg(test)]
mod tests;
mod years;

use std::str::FromStr;

use self::{days::Days, years::Years};
pub(crate) use self::{error::QuartzError, ignored::Ignored};

/// A Quartz cron expression, or one of the aliases such as `@daily`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Expression {
    text: String,
    /// One bit for each second, from 0.
    seconds: u64,
    /// One bit for each minute, from 0.
    minutes: u64,
    /// One bit for each hour, from 0.
    hours: u64,
    days: Days,
    /// One bit for each month, from 1.
    months: u64,
    years: Years,
    pace: Pace,
    ignored: Vec<Ignored>,
}

/// What the times of a day are: this decides what happens when the clocks change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pace {
    /// Named times: seconds, minutes and hours are plain numbers. None is lost when the clocks go forward, none is
    /// repeated when they go back.
    Named,
    /// An interval, by `*`, a step or a range: it follows the clock as it is.
    Interval,
}

impl Expression {
    /// The text that was read, without white space around it.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// The parts of the text that have no effect, as in Quartz.
    pub(crate) fn ignored(&self) -> &[Ignored] {
        &self.ignored
    }
}

impl FromStr for Expression {
    type Err = QuartzError;

    fn from_str(text: &str) -> Result<Self, QuartzError> {
        parse::parse(text)
    }
}
