//! Replaces what differs between runs and machines: times, durations, ports, processes, paths and random ids.

use std::{fs, sync::LazyLock};

use fancy_regex::{Captures, Regex};
use jiff::{Timestamp, ToSpan};

use crate::scanner::Home;

/// The replacement of the path of the home.
pub(super) const HOME: &str = "/srv/scanner";

/// Patterns and their replacements. A replacement is as long as the usual text, so that columns stay aligned.
static PATTERNS: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
    let patterns = [
        (r"(127\.0\.0\.1|localhost|\[::1\]):\d{4,5}\b", "${1}:47110"),
        (
            r"\bin [\d.]+ s \(([\d.]+ [kM]?B), [\d.]+ [kM]?B/s\)",
            "in 0.01 s (${1}, 7.0 MB/s)",
        ),
        (r"\bin \d+\.\d+ s\b", "in 0.01 s"),
        (r"\btried \d+ times( in \d+(\.\d+)? s)?", "tried 4 times"),
        (r"\[ *\d+(\.\d+)? ms\]", "[0.1 ms]"),
        (
            r#""(seconds|megabytes_per_second|milliseconds)": ?\d[\d.e-]*"#,
            r#""${1}": 0.1"#,
        ),
        (r"\b(port|instead of) \d{4,5}\b", "${1} 47110"),
        (r"\.scan-\w{6}\.tmp", ".scan-abc123.tmp"),
        (
            r"ENC\[[\w-]{40,}\]",
            "ENC[Au9NUuQOY87745iY_4DfkWgs-RCfLlG1OoSFaS2XuDjqWQ]",
        ),
        (
            r"(failed to lookup address information): [\w ,]+",
            "${1}: unknown",
        ),
        (r"\bseconds=[\d.]+", "seconds=0.1"),
        (r"\bprocess \d+\b", "process 4711"),
        (r#""pid": ?\d+"#, r#""pid": 4711"#),
        (
            r"(?<![0-9a-f-])(?=[0-9a-f]*[0-9])[0-9a-f]{16}(?![0-9a-f])",
            "5b1f0c2a9d3e4f67",
        ),
        (r"\(os error \d+\)", "(os error N)"),
        (r"\b\d+\.\d kB(?!/)", "180.2 kB"),
    ];
    patterns
        .map(|(pattern, shown)| (Regex::new(pattern).unwrap(), shown))
        .into()
});

/// A line about something that takes seconds.
static DELAY: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^note: still delivering to | INFO (waiting for the site's |reading \w+: \d)")
        .unwrap()
});

/// A time as the program prints it.
static TIME: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)").unwrap()
});

pub(super) fn text(text: &str, home: &Home) -> String {
    text_with_times(&with_one_now(&without_delays(text)), home)
}

/// The text without lines that are only printed if something takes seconds.
fn without_delays(text: &str) -> String {
    text.split_inclusive('\n')
        .filter(|line| !DELAY.is_match(line).unwrap())
        .collect()
}

/// The same, without replacing times.
pub(super) fn text_with_times(text: &str, home: &Home) -> String {
    let path = home.path("");
    let resolved = fs::canonicalize(&path).unwrap();
    let mut text = text.to_owned();
    for path in [resolved, path] {
        let path = path.to_str().unwrap().trim_end_matches('/').to_owned();
        text = text.replace(&path, HOME);
    }
    with_patterns(&text)
}

/// A text of the documentation or of a snapshot, with all times replaced by the same text.
pub(super) fn without_times(text: &str) -> String {
    let text = TIME.replace_all(text, |found: &Captures<'_, str>| {
        let time = found.get(0).unwrap().as_str();
        // Records of the fake site are older.
        let is_of_a_run = time.as_bytes() >= &b"2026"[..] && time.as_bytes() < &b"2028"[..];
        if is_of_a_run {
            "TIME".to_owned()
        } else {
            time.to_owned()
        }
    });
    with_patterns(&text)
}

fn with_patterns(text: &str) -> String {
    let mut text = text.replace(env!("CARGO_PKG_VERSION"), "VERSION");
    for (pattern, shown) in PATTERNS.iter() {
        text = pattern.replace_all(&text, *shown).into_owned();
    }
    without_trailing_spaces(&text)
}

/// The text with one time for all times of today and of the next scans. Times of the site's records stay.
fn with_one_now(text: &str) -> String {
    let now = Timestamp::now();
    let near = (now - 24.hours())..(now + 100.hours());
    let shown = |found: &Captures<'_, str>| {
        let time = found.get(0).unwrap().as_str();
        let is_near = time
            .parse()
            .is_ok_and(|time: Timestamp| near.contains(&time));
        if !is_near {
            return time.to_owned();
        }
        let fraction = found.get(1).map_or("", |_| ".982494");
        let fraction = &fraction[..fraction
            .len()
            .min(found.get(1).map_or(0, |f| f.as_str().len()))];
        format!(
            "2026-11-24T08:01:34{fraction}{}",
            found.get(2).unwrap().as_str()
        )
    };
    TIME.replace_all(text, shown).into_owned()
}

fn without_trailing_spaces(text: &str) -> String {
    let lines = text.lines().map(|line| line.trim_end().to_owned() + "\n");
    lines.collect()
}
