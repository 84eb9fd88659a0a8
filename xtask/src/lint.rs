//! `cargo xtask lint`: checks of the dependencies and of the public API that need tools of their own.
//!
//! The tools are built once into `target/tools`. Each part prints one line with its result. A part that cannot run on
//! this machine prints why.

use xshell::{Shell, cmd};

use crate::{Outcome, target, tools::tool};

mod lowest_rust;
pub(crate) mod public_api;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// The tools and their versions, as `cargo install` names them.
const DENY: (&str, &str) = ("cargo-deny", "0.20.2");
const MACHETE: (&str, &str) = ("cargo-machete", "0.9.2");

/// Runs all parts, even if one fails. `accept` writes the public API to its file instead of comparing it.
pub(crate) fn run(shell: &Shell, accept: public_api::Difference) -> Outcome {
    let parts: [(&str, Result<String>); 5] = [
        ("licences, bans, sources", deny(shell)),
        ("advisories", advisories(shell)),
        ("unused dependencies", unused(shell)),
        ("public APIs", public_api::check(shell, accept)),
        ("lowest Rust version", lowest_rust::check(shell)),
    ];
    let mut failed = 0;
    for (part, result) in &parts {
        failed += usize::from(result.is_err());
        print_result(part, result);
    }
    match failed {
        0 => Ok(()),
        _ => Err(format!("lint: {failed} of {} parts failed", parts.len()).into()),
    }
}

#[expect(clippy::print_stdout, reason = "the result of the command")]
fn print_result(part: &str, result: &Result<String>) {
    match result {
        Ok(text) => println!("{part:<25} {text}"),
        Err(error) => println!("{part:<25} FAILED: {error}"),
    }
}

fn deny(shell: &Shell) -> Result<String> {
    let deny = tool(shell, DENY)?;
    cmd!(
        shell,
        "{deny} --all-features check licenses bans sources --hide-inclusion-graph"
    )
    .run()?;
    Ok("ok".to_owned())
}

/// Checks for known vulnerabilities. The database is a git repository, which not every machine can reach.
fn advisories(shell: &Shell) -> Result<String> {
    let deny = tool(shell, DENY)?;
    let output = cmd!(
        shell,
        "{deny} --all-features check advisories --hide-inclusion-graph"
    )
    .ignore_status()
    .output()?;
    let text = String::from_utf8_lossy(&output.stderr);
    if output.status.success() {
        return Ok("ok".to_owned());
    }
    match text
        .lines()
        .find(|line| line.contains("failed to fetch advisory database"))
    {
        Some(_) => Ok("not run: the advisory database cannot be fetched from here".to_owned()),
        None => Err(text.into_owned().into()),
    }
}

fn unused(shell: &Shell) -> Result<String> {
    let machete = tool(shell, MACHETE)?;
    let output = cmd!(shell, "{machete} --with-metadata --skip-target-dir .")
        .ignore_status()
        .output()?;
    match output.status.success() {
        true => Ok("none".to_owned()),
        false => Err(String::from_utf8_lossy(&output.stdout).into_owned().into()),
    }
}
