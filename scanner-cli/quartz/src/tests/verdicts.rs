//! Compares the parser with the results of Quartz 2.3.2, which `cargo xtask quartz` writes.

use std::{collections::BTreeMap, fs};

use jiff::{SignedDuration, Timestamp, tz::TimeZone};

use super::next_times;
use crate::Expression;

const VERDICTS: &str = include_str!("../../tests/data/quartz.txt");
const MUTATIONS: &str = include_str!("../../tests/data/quartz-mutations.txt");

/// Expressions that Quartz accepts and this parser refuses: words of the message, and the number of such expressions in
/// each of the two files. In all of them Quartz ignores characters or reads a value as a different one.
const REFUSED: [(&str, [usize; 2]); 11] = [
    // `1x`, `*5`, `?x`: Quartz ignores what follows.
    ("is not possible here", [13, 33]),
    ("is not possible after a step", [0, 1]),
    // A second year, words after the year.
    ("is too many", [5, 0]),
    // 98 and 99 mean `?` and `*`; 0 is not checked as the end of a range and with `W` and `#`.
    ("is not between", [11, 14]),
    ("is not a year of four digits", [5, 8]),
    // Such a range with a step of 0 is its first year.
    ("ends before it begins", [0, 2]),
    // `L` has no effect in other fields.
    ("is possible only as day of month or day of week", [3, 1]),
    // `1,?` is `?`.
    ("cannot be in a list", [3, 0]),
    // `L-W` is `LW`.
    ("needs a number from 0 to 30 after `L-`", [2, 0]),
    // `,` never comes.
    ("has no value", [1, 0]),
    // Letters whose capital is an ASCII letter.
    ("is not allowed", [2, 0]),
];

/// The ends of expressions for which Quartz returns wrong times: it searches for a weekday near a day that February
/// does not have, and the result depends on the previous months.
const UNSTABLE: [&str; 3] = ["29W 2 ?", "30W 2 ?", "L-28W * ?"];

/// The column for one zone and one time to start after.
struct Column {
    zone: String,
    after: Timestamp,
}

/// The result of comparing a file with this parser.
#[derive(Default)]
struct Comparison {
    /// Messages of expressions that only this parser refuses.
    refused: BTreeMap<String, Vec<String>>,
    /// All other differences.
    different: Vec<String>,
    same: usize,
}

fn columns(file: &str) -> Vec<Column> {
    let starts = file
        .lines()
        .filter_map(|line| line.strip_prefix("# after: "));
    let column = |start: &str| {
        let (zone, after) = start.split_once(' ').unwrap();
        let after = after.parse().unwrap();
        Column {
            zone: zone.to_owned(),
            after,
        }
    };
    starts.map(column).collect()
}

fn compare(file: &str) -> Comparison {
    let columns = columns(file);
    let mut comparison = Comparison::default();
    let is_compared = |line: &&str| !line.starts_with(['#', '@']);
    for line in file.lines().filter(is_compared) {
        let mut cells = line.split('\t');
        let text = cells.next().unwrap();
        let is_valid = cells.next() == Some("valid");
        match (unescape(text).parse::<Expression>(), is_valid) {
            (Err(_), false) => comparison.same += 1,
            (Ok(_), false) => comparison
                .different
                .push(format!("{text}: Quartz refuses it")),
            (Err(error), true) => {
                let texts = comparison.refused.entry(error.to_string()).or_default();
                texts.push(text.to_owned());
            }
            (Ok(expression), true) => {
                comparison.same += 1;
                for (column, times) in columns.iter().zip(cells) {
                    let different = difference(&expression, column, times);
                    comparison
                        .different
                        .extend(different.map(|what| format!("{text}: {what}")));
                }
            }
        }
    }
    comparison
}

/// `\t`, `\n` and `\uXXXX` in a line of a file.
fn unescape(text: &str) -> String {
    let mut pieces = text.split('\\');
    let mut plain = pieces.next().unwrap().to_owned();
    for piece in pieces {
        let (letter, rest) = piece.split_at(1);
        let number = |rest: &str| {
            u32::from_str_radix(&rest[..4], 16)
                .ok()
                .and_then(char::from_u32)
        };
        match letter {
            "t" => plain.push_str(&format!("\t{rest}")),
            "n" => plain.push_str(&format!("\n{rest}")),
            _ => plain.push_str(&format!("{}{}", number(rest).unwrap(), &rest[4..])),
        }
    }
    plain
}

/// Returns how the times differ, except at changes of the clocks and if Quartz has no answer.
fn difference(expression: &Expression, column: &Column, times: &str) -> Option<String> {
    // Quartz loops forever over months that have no day for `W`.
    if times == "hangs" || UNSTABLE.iter().any(|end| expression.text().ends_with(end)) {
        return None;
    }
    let Column { zone, after } = column;
    let known = TimeZone::get(zone).unwrap();
    let quartz: Vec<Timestamp> = times
        .split(' ')
        .filter_map(|time| time.parse().ok())
        .collect();
    let ours = next_times(expression, *after, zone, quartz.len() + EXTRA);
    // Quartz does not support years more than a hundred years from today.
    let is_over = |time: &&Timestamp| time.to_zoned(TimeZone::UTC).year() > 2120;
    let is_usual = |time: &&Timestamp| is_usual(**time, &known) && !is_over(time);
    let mut expected: Vec<_> = quartz.iter().filter(is_usual).collect();
    let mut found: Vec<_> = ours.iter().filter(is_usual).collect();
    let ends = times.ends_with("end");
    if !ends || ours.iter().any(|time| is_over(&time)) {
        let shorter = expected.len().min(found.len());
        let complete =
            quartz.len() <= expected.len() + EXTRA && (ends || shorter + EXTRA >= expected.len());
        assert!(complete, "too few times to compare");
        expected.truncate(shorter);
        found.truncate(shorter);
    }
    (expected != found)
        .then(|| format!("after {after} in {zone}\n  Quartz {expected:?}\n  here   {found:?}"))
}

/// Number of additional times that are computed, because some may be skipped.
const EXTRA: usize = 20;

/// Whether the clocks of the zone do not change shortly before or after a time. This parser and Quartz differ there.
fn is_usual(time: Timestamp, zone: &TimeZone) -> bool {
    let margin = SignedDuration::from_hours(3);
    zone.to_offset(time - margin) == zone.to_offset(time + margin)
}

#[test]
fn expressions_have_the_same_results_as_in_quartz() {
    for (index, file) in [VERDICTS, MUTATIONS].into_iter().enumerate() {
        let Comparison {
            mut refused,
            different,
            same,
        } = compare(file);
        assert!(different.is_empty(), "{}", different.join("\n"));
        assert!(same > 600);
        for (words, counts) in REFUSED {
            let mut count = 0;
            refused.retain(|message, texts| {
                let known = message.contains(words);
                count += if known { texts.len() } else { 0 };
                !known
            });
            assert_eq!(count, counts[index], "{words}");
        }
        assert_eq!(refused, BTreeMap::new());
    }
}

#[test]
#[ignore = "reads what `cargo xtask quartz --mutations NUMBER` has written, which runs it"]
fn mutated_expressions_have_the_same_results_as_in_quartz() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../target/quartz/mutations.txt"
    );
    let Comparison {
        mut refused,
        different,
        same,
    } = compare(&fs::read_to_string(path).unwrap());
    // Quartz treats a negative step as 1, and is too slow for an unlimited number of years.
    let rare = ["needs a number after"];
    refused.retain(|message, _| rare.iter().all(|words| !message.contains(words)));
    refused.retain(|message, _| REFUSED.iter().all(|(words, _)| !message.contains(words)));
    println!("{same} the same");
    assert!(different.is_empty(), "{}", different.join("\n"));
    assert_eq!(refused, BTreeMap::new());
}
