//! Expressions against the verdicts of Quartz, the clocks of time zones, a search by brute force, and the messages.

use jiff::{Timestamp, tz::TimeZone};

use super::Expression;

mod clocks;
mod messages;
mod properties;
mod verdicts;

/// The next times after `after`, at most `count`.
fn times(expression: &str, after: &str, zone: &str, count: usize) -> Vec<String> {
    let expression: Expression = expression.parse().unwrap();
    let times = next_times(&expression, after.parse().unwrap(), zone, count);
    times.iter().map(ToString::to_string).collect()
}

fn next_times(
    expression: &Expression,
    after: Timestamp,
    zone: &str,
    count: usize,
) -> Vec<Timestamp> {
    let zone = TimeZone::get(zone).unwrap();
    let next = |last: &Timestamp| expression.next(*last, &zone);
    std::iter::successors(next(&after), next)
        .take(count)
        .collect()
}
