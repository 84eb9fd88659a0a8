//! Texts that are written to exhaust the stack, the memory or the processor time. Reading each of them ends, with a
//! small stack.

use std::thread;

use super::read_text;
use crate::{Masking, settings, to_json};

/// Size of the stack in bytes. Less than the 2 MiB of a thread of the service, although unoptimized code uses several
/// times as much stack.
const STACK: usize = 1_600 << 10;

/// Reads a text with a small stack, walks through the resulting tree, and checks the end of the first message.
fn check(text: String, ending: Option<&'static str>) {
    let reads = move || {
        let message = match read_text(&text) {
            Ok(document) => {
                let _ = to_json(&document.root, Masking::Mask);
                let _ = settings(&document.root);
                None
            }
            Err(errors) => Some(errors[0].message.clone()),
        };
        let begin: String = text.chars().take(200).collect();
        match (&message, ending) {
            (None, None) => {}
            (Some(message), Some(ending)) if message.ends_with(ending) => {}
            _ => panic!("{message:?} of {begin}"),
        }
    };
    let thread = thread::Builder::new().stack_size(STACK).spawn(reads);
    thread.unwrap().join().unwrap();
}

/// Creates numbered lines from their number and the previous number. The last line comes first or last.
fn lines(count: usize, line: impl Fn(usize, usize) -> String, last: Last) -> String {
    let line = |number: usize| line(number + 1, number);
    match last {
        Last::First => (0..count).rev().map(line).collect(),
        Last::Last => (0..count).map(line).collect(),
    }
}

#[derive(Clone, Copy)]
enum Last {
    First,
    Last,
}

const TOO_DEEP: Option<&str> = Some("refers to too many others in turn");
const NESTED: Option<&str> = Some("nested too deeply");
const EFFORT: Option<&str> = Some("takes too many steps to resolve");

#[test]
fn substitutions_that_would_overflow_the_stack_are_refused() {
    for last in [Last::First, Last::Last] {
        for (open, close) in [("{x=", "}"), ("[", "]"), ("{x.y.z=", "}"), ("[{x=[", "]}]")] {
            let line = |now, then| format!("a{now} = {open}${{a{then}}}{close}\n");
            let ending = match last {
                Last::First => TOO_DEEP,
                Last::Last => NESTED,
            };
            check(format!("a0 = 1\n{}", lines(5_000, line, last)), ending);
        }
    }
    // Joined, merged and appended values are nested as well.
    let joined = |now, then| format!("a{now} = {{x=${{a{then}}}}} {{y=1}}\n");
    check(
        format!("a0 = 1\n{}", lines(5_000, joined, Last::Last)),
        NESTED,
    );
    let layered = |now, then| format!("a{now}.x = 1\na{now} = {{x=${{a{then}}}}}\n");
    check(
        format!("a0 = {{}}\n{}", lines(5_000, layered, Last::Last)),
        NESTED,
    );
    let added = |now, then| format!("a{now} += ${{a{then}}}\n");
    check(
        format!("a0 = 1\n{}", lines(5_000, added, Last::Last)),
        NESTED,
    );
    let followed = |now, then| format!("a{now} = {{}}\na{now} = ${{a{then}}}\n");
    let followed = lines(3_000, followed, Last::First);
    check(
        format!("{followed}a0 = {{x={{x=1}}}}\nz = ${{a3000.x.x}}"),
        TOO_DEEP,
    );
    let optional = |now, then| format!("a{now} = ${{?a{then}}}x${{?b}}\n");
    check(lines(3_000, optional, Last::First), TOO_DEEP);
    check(format!("a = 1\n{}", "a = ${a}x\n".repeat(5_000)), TOO_DEEP);
    check(
        format!("a = {{x=1}}\n{}", "a = ${a} {y=1}\n".repeat(5_000)),
        TOO_DEEP,
    );
}

#[test]
fn values_nested_up_to_the_limits_do_not_overflow_the_stack() {
    let line = |now, then| format!("a{now} = {{x=${{a{then}}}}}\n");
    check(format!("a0 = 1\n{}", lines(330, line, Last::First)), None);
    check(format!("a0 = 1\n{}", lines(990, line, Last::Last)), None);
    for (open, close) in [("{a:", "}"), ("[", "]"), ("{a:[", "]}")] {
        let levels = 190 / open.replace(':', "").len().min(2);
        let nested = [&open.repeat(levels), "1", &close.repeat(levels)].concat();
        check(format!("a = {nested}"), None);
    }
    check(format!("{}a = 1", "a.".repeat(190)), None);
}

#[test]
fn lookups_that_double_with_every_line_are_refused() {
    let line = |now, then| format!("l{now} = ${{l{then}}}\nl{now} = ${{l{then}}}\n");
    let doubled = lines(60, line, Last::Last);
    check(format!("l0 = {{k={{}}}}\n{doubled}z = ${{l60.k}}"), EFFORT);
    let long = format!("s = {}\n", "x".repeat(100_000));
    let many = lines(
        5_000,
        |now, _| format!("a{now} = ${{s}}${{s}}\n"),
        Last::Last,
    );
    check(long + &many, EFFORT);
}

#[test]
fn long_files_are_read_in_linear_time() {
    const COUNT: usize = 10_000;
    check(format!("a = []\n{}", "a += 1\n".repeat(COUNT)), None);
    check("a = ${?x}\n".repeat(COUNT), None);
    check("a = [${?x}]\n".repeat(COUNT), None);
    check(
        lines(COUNT, |now, _| format!("a.b.k{now} = 1\n"), Last::Last),
        None,
    );
    check(
        lines(COUNT, |now, _| format!("a {{ k{now} : 1 }}\n"), Last::Last),
        None,
    );
    check(format!("a = {}", "x ".repeat(COUNT)), None);
    check(format!("b = 1\na = {}", "${b} ".repeat(COUNT)), None);
    check(format!("a = {}", "[1] ".repeat(COUNT)), None);
    check(format!("b = [1]\na = {}", "[1] ${b} ".repeat(COUNT)), None);
    let blocks = |now: usize, _| format!("{{a{now}:1}} ${{b}} ");
    check(
        format!("b = {{q=1}}\na = {}", lines(COUNT, blocks, Last::Last)),
        None,
    );
}

#[test]
fn files_with_too_many_tokens_or_too_long_names_are_refused() {
    let words = Some("more than 1000000 words and symbols");
    check(format!("a = [{}1]", "1,".repeat(1_000_000)), words);
    check("\n".repeat(1_000_001), words);
    check("{".repeat(1_000_000), Some("a key is missing here"));
    let key = "k".repeat(20_000);
    check(
        format!("{key} = 1"),
        Some("this key has more than 10000 bytes"),
    );
    let nested = format!("\"{}\" {{", "k".repeat(5_000)).repeat(100);
    let settings = lines(3_000, |now, _| format!("a{now}=1\n"), Last::Last);
    let closed = "}".repeat(100);
    let effort = Some("the file takes too long to read; the rest of it is ignored");
    check(format!("{nested}{settings}{closed}"), effort);
    let block = lines(2_000, |now, _| format!("a{now}=1\n"), Last::Last);
    let deep = "x.".repeat(150);
    let copies = lines(100, |now, _| format!("{deep}x{now} = ${{b}}\n"), Last::Last);
    check(
        format!("b {{ {block} }}\n{copies}"),
        Some("too many settings in blocks that are nested too deeply"),
    );
}

#[test]
fn the_number_of_listed_errors_is_limited() {
    let errors = read_text(&"a =\n".repeat(10_000)).unwrap_err();
    assert_eq!(errors.len(), 51);
    assert_eq!(errors[49].to_string(), "site.conf:50:1: `a` has no value");
    assert_eq!(
        errors[50].to_string(),
        "site.conf:50:1: more errors follow, which are not listed"
    );
    let warnings = read_text(&"a = {} x\n".repeat(10_000)).unwrap().warnings;
    assert_eq!(warnings.len(), 51);
    // The error that ends the reading is always listed.
    let errors = read_text(&("a =\n".repeat(10_000) + "}")).unwrap_err();
    assert_eq!(
        errors.last().unwrap().message,
        "this `}` has no matching `{`"
    );
}

#[test]
fn long_lines_and_names_are_not_shown() {
    let errors = read_text(&format!("a = {}:", "x".repeat(1_000_000))).unwrap_err();
    assert_eq!(errors[0].line, None);
    assert!(errors[0].hint.as_ref().unwrap().len() < 200);
    let errors = read_text(&format!("a = ${{{}x}}", "x.".repeat(100_000))).unwrap_err();
    assert!(errors[0].message.len() < 400, "{}", errors[0].message);
}
