//! Compares expressions with the results of Quartz, with changes of clocks, and with a brute-force search; tests
//! messages.

use jiff::{Timestamp, tz::TimeZone};

use super::Expression;

mod clocks;
mod messages;
mod properties;
mod verdicts;

#[test]
fn the_expressions_of_the_documentation_have_the_documented_times() {
    let documentation = include_str!("../../../docs/service.md");
    let rows = documentation
        .lines()
        .skip_while(|line| *line != "| expression | when |");
    let rows: Vec<_> = rows
        .take_while(|line| line.starts_with('|'))
        .skip(2)
        .collect();
    assert!(rows.len() > 10);
    for row in rows {
        for text in row.split('`').skip(1).step_by(2) {
            let expression: Expression = text.parse().unwrap();
            assert_eq!(expression.ignored(), [], "{text}");
        }
    }
    let night = times("0 0 22-4/2 * * ?", "2026-11-24T21:00:00Z", "UTC", 4);
    let hours: Vec<_> = night.iter().map(|time| &time[11..13]).collect();
    assert_eq!(hours, ["22", "00", "02", "04"]);
}

/// Returns at most `count` next times after `after`.
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
