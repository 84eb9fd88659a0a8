//! `cargo xtask full`: all checks, those that take long or need programs of others among them.
//!
//! Each part ends in one line: `passed`, `FAILED: reason`, or `not run: reason`. No part is left out in silence: one that
//! cannot run on this machine says why. A part that fails ends the run with an error once all parts have had their turn.

use std::{fmt, path::Path, time::Instant};

use xshell::{Shell, cmd};

use crate::{Outcome, demo, quartz, test};

mod audit;

/// What became of a part.
pub(crate) enum Verdict {
    Passed,
    Failed(String),
    /// The machine lacks something that the part needs.
    NotRun(String),
}

/// A part of the run.
struct Part {
    name: &'static str,
    run: fn(&Shell) -> Verdict,
}

/// All parts, in the order in which they run. A new one is a line here.
const PARTS: [Part; 6] = [
    Part {
        name: "test",
        run: |shell| verdict(test::run(shell)),
    },
    Part {
        name: "ignored tests",
        run: ignored_tests,
    },
    Part {
        name: "demo",
        run: |shell| verdict(demo::run(shell)),
    },
    Part {
        name: "quartz",
        run: real_quartz,
    },
    Part {
        name: "fuzz",
        run: fuzz,
    },
    Part {
        name: "audit",
        run: audit::run,
    },
];

/// Seconds for which each fuzz target runs.
const FUZZ_SECONDS: &str = "60";
/// Random changes of cron expressions that the real Quartz is asked about.
const MUTATIONS: usize = 2_000;
/// A library that the real Quartz needs.
const QUARTZ: &str = "/usr/share/java/quartz2.jar";

/// Runs all parts, or those that are named.
pub(crate) fn run(shell: &Shell, only: &[String]) -> Outcome {
    let is_known = |name: &String| PARTS.iter().any(|part| part.name == name);
    if let Some(unknown) = only.iter().find(|name| !is_known(name)) {
        let names: Vec<_> = PARTS.iter().map(|part| part.name).collect();
        let names = names.join("`, `");
        return Err(format!("`{unknown}` is not a part; there are `{names}`").into());
    }
    let mut lines = Vec::new();
    let mut failed = 0;
    for Part { name, run } in PARTS {
        if !only.is_empty() && !only.iter().any(|wanted| wanted == name) {
            lines.push(format!("{name}: not run: not among the parts of `--only`"));
            continue;
        }
        let begun = Instant::now();
        let verdict = run(shell);
        failed += usize::from(matches!(verdict, Verdict::Failed(_)));
        lines.push(format!(
            "{name}: {verdict} ({} s)",
            begun.elapsed().as_secs()
        ));
    }
    print(&lines);
    match failed {
        0 => Ok(()),
        failed => Err(format!("{failed} of {} parts failed", PARTS.len()).into()),
    }
}

#[expect(clippy::print_stdout, reason = "a developer's tool prints its result")]
fn print(lines: &[String]) {
    println!();
    for line in lines {
        println!("{line}");
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Passed => f.write_str("passed"),
            Self::Failed(reason) => write!(f, "FAILED: {reason}"),
            Self::NotRun(reason) => write!(f, "not run: {reason}"),
        }
    }
}

fn verdict<E: fmt::Display>(outcome: Result<(), E>) -> Verdict {
    outcome.map_or_else(
        |error| Verdict::Failed(error.to_string()),
        |()| Verdict::Passed,
    )
}

/// Whether a program answers when it is asked for its version.
fn has(shell: &Shell, program: &str, arguments: &[&str]) -> bool {
    let asked = cmd!(shell, "{program} {arguments...}").quiet();
    asked.ignore_stdout().ignore_stderr().run().is_ok()
}

/// The tests that are ignored otherwise, but for those that read what `cargo xtask quartz` has written.
fn ignored_tests(shell: &Shell) -> Verdict {
    let tests = cmd!(
        shell,
        "cargo test --workspace --all-features -- --ignored --skip mutations_are_judged_as_by_quartz"
    );
    verdict(tests.run())
}

fn real_quartz(shell: &Shell) -> Verdict {
    if !has(shell, "javac", &["-version"]) || !Path::new(QUARTZ).exists() {
        let reason =
            "there is no JDK or no libquartz2-java (Debian: default-jdk-headless, libquartz2-java)";
        return Verdict::NotRun(reason.to_owned());
    }
    verdict(quartz::run(shell, Some(MUTATIONS)))
}

fn fuzz(shell: &Shell) -> Verdict {
    if !has(shell, "cargo", &["+nightly", "fuzz", "--version"]) {
        let reason = "there is no cargo-fuzz for the nightly toolchain (see fuzz/README.md)";
        return Verdict::NotRun(reason.to_owned());
    }
    let targets = match cmd!(shell, "cargo +nightly fuzz list").read() {
        Ok(targets) => targets,
        Err(error) => return Verdict::Failed(error.to_string()),
    };
    for target in targets.lines() {
        let limit = format!("-max_total_time={FUZZ_SECONDS}");
        let run = cmd!(shell, "cargo +nightly fuzz run {target} -- {limit}");
        if let Err(error) = run.run() {
            return Verdict::Failed(format!("{target}: {error}"));
        }
    }
    Verdict::Passed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_has_a_name_of_its_own_and_every_verdict_one_line() {
        for (index, part) in PARTS.iter().enumerate() {
            assert!(PARTS[..index].iter().all(|other| other.name != part.name));
        }
        for (verdict, line) in [
            (Verdict::Passed, "passed"),
            (Verdict::Failed("x".to_owned()), "FAILED: x"),
            (Verdict::NotRun("no y".to_owned()), "not run: no y"),
        ] {
            assert_eq!(verdict.to_string(), line);
        }
    }
}
