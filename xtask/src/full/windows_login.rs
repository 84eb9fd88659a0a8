//! A library that others wrote, `pyspnego`, checks how `qrs-client` logs in as a Windows user, at a server and at a proxy.

use std::fs;

use xshell::{Shell, cmd};

use super::{Verdict, has, verdict};
use crate::{Outcome, target};

const LIBRARY: &str = "pyspnego==0.12.*";

/// The end of the names of the tests that start the server and the proxy.
pub(super) const TEST: &str = "_accepts_the_right_password_alone";

pub(super) fn run(shell: &Shell) -> Verdict {
    if !has(shell, "python3", &["-m", "venv", "--help"]) {
        let reason = "python3 or its module venv is missing (Debian: python3-venv)";
        return Verdict::NotRun(reason.to_owned());
    }
    if let Err(error) = install(shell) {
        return Verdict::NotRun(format!("{LIBRARY} cannot be installed: {error}"));
    }
    let test = cmd!(
        shell,
        "cargo test --package qrs-client --all-features --test it {TEST} -- --ignored"
    );
    match test.read() {
        Ok(output) if output.contains("2 passed") => Verdict::Passed,
        Ok(_) => Verdict::Failed(format!("there are not two tests `…{TEST}`")),
        Err(error) => verdict(Err(error)),
    }
}

/// Installs the library once, where the test expects it.
fn install(shell: &Shell) -> Outcome {
    let folder = target(shell)?.join("tools/pyspnego");
    let python = folder.join("bin/python3");
    if !folder.join("installed").exists() {
        cmd!(shell, "python3 -m venv {folder}").run()?;
        cmd!(shell, "{python} -m pip install --quiet {LIBRARY}").run()?;
        fs::write(folder.join("installed"), LIBRARY)?;
    }
    Ok(())
}
