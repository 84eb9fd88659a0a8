//! Clients of QRS that others wrote, `qrs-interact` and `qlik-repo-api`, judge the fake site.

use std::fs;

use xshell::{Shell, cmd};

use super::{Verdict, has, verdict};
use crate::{Outcome, target};

const CLIENTS: [&str; 2] = ["qrs-interact@6", "qlik-repo-api@0.15"];

/// The test that runs the clients.
pub(super) const TEST: &str = "foreign_clients_read_what_the_fake_site_has";

pub(super) fn run(shell: &Shell) -> Verdict {
    if !has(shell, "node", &["--version"]) || !has(shell, "npm", &["--version"]) {
        return Verdict::NotRun("node or npm is missing (Debian: nodejs, npm)".to_owned());
    }
    if let Err(error) = install(shell) {
        let clients = CLIENTS.join(" and ");
        return Verdict::NotRun(format!("{clients} cannot be installed: {error}"));
    }
    let test = cmd!(
        shell,
        "cargo test --package qrs-client --all-features --test it {TEST} -- --ignored"
    );
    match test.read() {
        Ok(output) if output.contains("1 passed") => Verdict::Passed,
        Ok(_) => Verdict::Failed(format!("there is no test `{TEST}`")),
        Err(error) => verdict(Err(error)),
    }
}

/// Installs the clients once, where the test expects them.
fn install(shell: &Shell) -> Outcome {
    let folder = target(shell)?.join("tools/qrs-clients");
    if !folder.join("installed").exists() {
        fs::create_dir_all(&folder)?;
        cmd!(shell, "npm install --silent --no-audit --no-fund --ignore-scripts --prefix {folder} {CLIENTS...}").run()?;
        fs::write(folder.join("installed"), CLIENTS.join("\n"))?;
    }
    Ok(())
}
