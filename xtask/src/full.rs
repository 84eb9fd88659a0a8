//! `cargo xtask full`: all checks, including those that are slow or need other programs.
//!
//! Each part ends in one line: `passed`, `FAILED: reason`, or `not run: reason`. A part that cannot
//! run on this machine prints why. A failed part does not stop the others, but the command then fails.

use std::{fmt, path::Path, time::Instant};

use xshell::{Shell, cmd};

#[cfg(unix)]
use crate::dist;
use crate::{Outcome, browser, demo, quartz, test, tools::tool, windows};

mod audit;
mod foreign_clients;
mod packages;
mod qrs_judges;
mod webhook_receiver;
mod windows_login;

/// The result of a part.
pub(crate) enum Verdict {
    Passed,
    /// Something that a person decides is missing.
    PassedWithNote(String),
    Failed(String),
    /// The machine lacks a program that the part needs.
    NotRun(String),
}

/// A part of the run.
struct Part {
    name: &'static str,
    run: fn(&Shell) -> Verdict,
}

/// All parts, in the order in which they run. A new one is a line here.
const PARTS: [Part; 15] = [
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
        run: |shell| verdict(whole_demo(shell)),
    },
    Part {
        name: "fleet faults",
        run: fleet_faults,
    },
    Part {
        name: "browser",
        run: pages_in_a_browser,
    },
    Part {
        name: "foreign clients",
        run: foreign_clients::run,
    },
    Part {
        name: "foreign QRS clients",
        run: qrs_judges::run,
    },
    Part {
        name: "packages",
        run: packages::run,
    },
    Part {
        name: "dist",
        run: releases,
    },
    Part {
        name: "webhook receiver",
        run: webhook_receiver::run,
    },
    Part {
        name: "windows login",
        run: windows_login::run,
    },
    Part {
        name: "windows",
        run: windows_under_wine,
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

/// Runs the fuzz targets.
const CARGO_FUZZ: (&str, &str) = ("cargo-fuzz", "0.13.2");
/// Seconds for which each fuzz target runs.
const FUZZ_SECONDS: &str = "60";
/// Number of random mutations of cron expressions that are compared with the real Quartz.
const MUTATIONS: usize = 2_000;
/// A library that the real Quartz needs.
const QUARTZ: &str = "/usr/share/java/quartz2.jar";

/// Number of random faults of scanners that share a store.
#[cfg(unix)]
const FAULTS: usize = 200;

#[cfg(unix)]
fn fleet_faults(shell: &Shell) -> Verdict {
    // Each run has other faults. The seed is printed.
    let seed = std::time::UNIX_EPOCH.elapsed().map(|time| time.as_secs());
    verdict(crate::fleet::run_faults(
        shell,
        FAULTS,
        seed.unwrap_or_default(),
        None,
    ))
}

#[cfg(not(unix))]
fn fleet_faults(_shell: &Shell) -> Verdict {
    Verdict::NotRun("a PostgreSQL server that tests start runs on Unix only".to_owned())
}

#[cfg(unix)]
fn whole_demo(shell: &Shell) -> Outcome {
    crate::postgresql::ensure_installed(shell)?;
    demo::run_with_postgresql(shell, demo::HomeAfter::Removed)?;
    crate::fleet::demonstrate(shell)
}

#[cfg(not(unix))]
fn whole_demo(shell: &Shell) -> Outcome {
    demo::run(shell, demo::HomeAfter::Removed)
}

/// Runs all parts, or only the named ones.
pub(crate) fn run(shell: &Shell, only: &[String]) -> Outcome {
    let is_known = |name: &String| PARTS.iter().any(|part| part.name == name);
    if let Some(unknown) = only.iter().find(|name| !is_known(name)) {
        let names: Vec<_> = PARTS.iter().map(|part| part.name).collect();
        let names = names.join("`, `");
        return Err(format!("unknown part `{unknown}`; the parts are `{names}`").into());
    }
    let mut lines = Vec::new();
    let mut failed = 0;
    for Part { name, run } in PARTS {
        if !only.is_empty() && !only.iter().any(|wanted| wanted == name) {
            lines.push(format!("{name}: not run: not selected by `--only`"));
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
            Self::PassedWithNote(note) => write!(f, "passed; note: {note}"),
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

/// Whether a program is installed: whether it prints its version.
fn has(shell: &Shell, program: &str, arguments: &[&str]) -> bool {
    let asked = cmd!(shell, "{program} {arguments...}").quiet();
    asked.ignore_stdout().ignore_stderr().run().is_ok()
}

/// The ignored tests, except those that read the output of `cargo xtask quartz`, and those of other parts.
fn ignored_tests(shell: &Shell) -> Verdict {
    let skipped =
        [quartz::COMPARISON, qrs_judges::TEST, windows_login::TEST].map(|test| ["--skip", test]);
    let skipped = skipped.as_flattened();
    let tests = cmd!(
        shell,
        "cargo test --workspace --all-features -- --ignored {skipped...}"
    );
    verdict(tests.run())
}

fn pages_in_a_browser(shell: &Shell) -> Verdict {
    match browser::missing(shell) {
        Some(reason) => Verdict::NotRun(reason.to_owned()),
        None => verdict(browser::run(shell, browser::Extent::Everything)),
    }
}

/// Builds as `.ci/run` does, and runs the tests.
fn windows_under_wine(shell: &Shell) -> Verdict {
    match windows::missing(shell) {
        Some(reason) => Verdict::NotRun(reason.to_owned()),
        None => verdict(windows::build(shell).and_then(|()| windows::test(shell))),
    }
}

/// The packages of a release, installed.
#[cfg(unix)]
fn releases(shell: &Shell) -> Verdict {
    match dist::ensure_possible(shell) {
        Err(reason) => Verdict::NotRun(reason.to_string()),
        Ok(()) => verdict(dist::run(shell, &dist::Request::checked())),
    }
}

#[cfg(not(unix))]
fn releases(_shell: &Shell) -> Verdict {
    Verdict::NotRun("packages are made on Linux".to_owned())
}

fn real_quartz(shell: &Shell) -> Verdict {
    if !has(shell, "javac", &["-version"]) || !Path::new(QUARTZ).exists() {
        let reason =
            "a JDK or libquartz2-java is missing (Debian: default-jdk-headless, libquartz2-java)";
        return Verdict::NotRun(reason.to_owned());
    }
    verdict(quartz::run(shell, Some(MUTATIONS)))
}

fn fuzz(shell: &Shell) -> Verdict {
    if !has(shell, "cargo", &["+nightly", "--version"]) {
        let reason = "the nightly toolchain is missing (`rustup toolchain install nightly`)";
        return Verdict::NotRun(reason.to_owned());
    }
    verdict(fuzz_all(shell))
}

/// Runs each target for [`FUZZ_SECONDS`].
fn fuzz_all(shell: &Shell) -> Outcome {
    let fuzz = tool(shell, CARGO_FUZZ)?;
    let _nightly = shell.push_env("RUSTUP_TOOLCHAIN", "nightly");
    let targets = cmd!(shell, "{fuzz} list").read()?;
    for target in targets.lines() {
        let limit = format!("-max_total_time={FUZZ_SECONDS}");
        let run = cmd!(shell, "{fuzz} run {target} -- {limit}");
        run.run().map_err(|error| format!("{target}: {error}"))?;
    }
    Ok(())
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
            (Verdict::PassedWithNote("z".to_owned()), "passed; note: z"),
            (Verdict::Failed("x".to_owned()), "FAILED: x"),
            (Verdict::NotRun("no y".to_owned()), "not run: no y"),
        ] {
            assert_eq!(verdict.to_string(), line);
        }
    }
}
