//! How long the client waits for what, and which limit was exceeded.

use std::time::Duration;

use tokio::time::Instant;

use crate::asked::Asked;
use crate::error::{Error, ErrorKind};
use crate::fact::Fact;

/// How long the client waits for what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeLimits {
    /// Until the connection stands, TLS included: 10 s.
    pub connect: Duration,
    /// Until the head of an answer is there, connecting included: 120 s. A cold site takes more
    /// than 20 s for its first session.
    pub first_byte: Duration,
    /// The same for lists: 15 min. A site of some thousand sheets begins its list after two minutes
    /// and more (`QMCUtility` #111); Qlik's own monitors wait for 15 min.
    pub first_byte_of_list: Duration,
    /// Between two pieces of an answer: 60 s.
    pub silence: Duration,
    /// For a whole answer, tries that failed included: 60 min.
    pub list: Duration,
}

/// One of the [`TimeLimits`]; see [`Error::time_limit`](crate::Error::time_limit).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TimeLimit {
    /// [`TimeLimits::connect`]
    Connect,
    /// [`TimeLimits::first_byte`]
    FirstByte,
    /// [`TimeLimits::first_byte_of_list`]
    FirstByteOfList,
    /// [`TimeLimits::silence`]
    Silence,
    /// [`TimeLimits::list`]
    List,
}

/// The limits of one answer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AnswerLimits {
    /// When the answer must be complete.
    pub(crate) deadline: Instant,
    /// The limit that the deadline comes from.
    pub(crate) whole: Duration,
    /// Which limit holds until the answer begins.
    pub(crate) first_byte: (TimeLimit, Duration),
    /// Between two pieces of the answer.
    pub(crate) silence: Duration,
}

/// What is requested: lists begin late on large sites.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wanted {
    Value,
    List,
}

/// Longer times can't be added to the clock: `Duration::MAX` means no limit, not a panic.
pub(crate) const FOREVER: Duration = Duration::from_secs(365 * 24 * 60 * 60);

impl Default for TimeLimits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            first_byte: Duration::from_secs(120),
            first_byte_of_list: Duration::from_secs(15 * 60),
            silence: Duration::from_secs(60),
            list: Duration::from_secs(60 * 60),
        }
    }
}

impl TimeLimits {
    /// The same, with no limit that can't be added to the clock.
    pub(crate) fn bounded(self) -> Self {
        Self {
            connect: self.connect.min(FOREVER),
            first_byte: self.first_byte.min(FOREVER),
            first_byte_of_list: self.first_byte_of_list.min(FOREVER),
            silence: self.silence.min(FOREVER),
            list: self.list.min(FOREVER),
        }
    }

    /// The limits of an answer that is requested now.
    pub(crate) fn begin(self, wanted: Wanted) -> AnswerLimits {
        AnswerLimits {
            deadline: Instant::now() + self.list,
            whole: self.list,
            first_byte: match wanted {
                Wanted::Value => (TimeLimit::FirstByte, self.first_byte),
                Wanted::List => (TimeLimit::FirstByteOfList, self.first_byte_of_list),
            },
            silence: self.silence,
        }
    }
}

/// The error of a request for which the site took longer than this limit.
pub(crate) fn exceeded(limit: TimeLimit, value: Duration, asked: &Asked) -> Error {
    let seconds = value.as_secs_f64();
    let message = match limit {
        TimeLimit::FirstByte | TimeLimit::FirstByteOfList => {
            format!("the site did not begin to answer within {seconds} s")
        }
        TimeLimit::Silence => {
            format!("the site sent nothing for {seconds} s in the middle of its answer")
        }
        TimeLimit::Connect => format!("no connection to the site within {seconds} s"),
        TimeLimit::List => {
            format!("the site did not complete its answer within {seconds} s")
        }
    };
    asked
        .error(ErrorKind::Timeout, message)
        .with_fact(match limit {
            TimeLimit::Connect => Fact::ConnectionTimedOut,
            TimeLimit::FirstByte | TimeLimit::FirstByteOfList => Fact::NoAnswerInTime,
            TimeLimit::Silence | TimeLimit::List => Fact::AnswerTooSlow,
        })
        .with_time_limit(limit, value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_may_begin_late_and_a_value_may_not() {
        let limits = TimeLimits::default();
        let list = limits.begin(Wanted::List).first_byte;
        let value = limits.begin(Wanted::Value).first_byte;
        assert_eq!(list, (TimeLimit::FirstByteOfList, Duration::from_secs(900)));
        assert_eq!(value, (TimeLimit::FirstByte, Duration::from_secs(120)));
    }
}
