//! The receiver of the documentation verifies what the follower `webhook` sends, with the library `standardwebhooks`.

use std::{
    fs,
    io::{BufRead, BufReader, Read},
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
};

use xshell::{Shell, cmd};

use super::{Verdict, has};
use crate::{demo, target};

type Checked<T> = Result<T, Box<dyn std::error::Error>>;

const LIBRARY: &str = "standardwebhooks==1.*";
const RECEIVER: &str = "docs/catalogs/webhook-receiver.py";

/// A secret of each form.
const SECRETS: [&str; 2] = ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "a plain secret"];

/// A receiver in its own process, which ends when this is dropped.
struct Receiver {
    process: Child,
    output: BufReader<ChildStdout>,
    url: String,
}

/// Scans the demo site and delivers it to two receivers.
pub(super) fn run(shell: &Shell) -> Verdict {
    if !has(shell, "python3", &["-m", "venv", "--help"]) {
        let reason = "python3 or its module venv is missing (Debian: python3-venv)";
        return Verdict::NotRun(reason.to_owned());
    }
    let python = match install(shell) {
        Ok(python) => python,
        Err(error) => return Verdict::NotRun(format!("{LIBRARY} cannot be installed: {error}")),
    };
    match check(shell, &python) {
        Ok(()) => Verdict::Passed,
        Err(error) => Verdict::Failed(error.to_string()),
    }
}

/// Installs the library once, and returns the Python that has it.
fn install(shell: &Shell) -> Checked<PathBuf> {
    let folder = target(shell)?.join("tools/webhook");
    let python = folder.join("bin/python3");
    if !folder.join("installed").exists() {
        cmd!(shell, "python3 -m venv {folder}").run()?;
        cmd!(shell, "{python} -m pip install --quiet {LIBRARY}").run()?;
        fs::write(folder.join("installed"), LIBRARY)?;
    }
    Ok(python)
}

fn check(shell: &Shell, python: &Path) -> Checked<()> {
    let receivers = SECRETS.map(|secret| Receiver::start(python, secret));
    let mut settings = "followers = [ { kind = ndjson, path = export }".to_owned();
    let mut running = Vec::new();
    for (number, (receiver, secret)) in receivers.into_iter().zip(SECRETS).enumerate() {
        let receiver = receiver?;
        settings.push_str(&format!(
            "\n {{ kind = webhook, name = w{number}, url = \"{}\", secret = \"{secret}\", events = [item, scan] }}",
            receiver.url
        ));
        running.push(receiver);
    }
    settings.push_str("\n]\n");
    let home = demo::scanned_home(shell, &settings)?;
    let export = fs::read_to_string(home.path().join("export/demo.visualization.ndjson"))?;
    let items = export.lines().count();
    for receiver in running {
        let received = receiver.end()?;
        let count = |kind: &str| received.matches(kind).count();
        let found = (count("item.added "), count("scan.ended "));
        if found != (items, 1) {
            return Err(
                format!("{items} items and 1 scan were sent, and {found:?} verified").into(),
            );
        }
    }
    Ok(())
}

impl Receiver {
    fn start(python: &Path, secret: &str) -> Checked<Self> {
        let mut process = Command::new(python)
            .args([RECEIVER, "0"])
            .env("WEBHOOK_SECRET", secret)
            .stdout(Stdio::piped())
            .spawn()?;
        let output = process.stdout.take().ok_or("the receiver has no output")?;
        let mut receiver = Self {
            process,
            output: BufReader::new(output),
            url: String::new(),
        };
        receiver.output.read_line(&mut receiver.url)?;
        receiver.url = receiver.url.trim().to_owned();
        Ok(receiver)
    }

    /// Ends the receiver, and returns what it has received.
    fn end(mut self) -> Checked<String> {
        self.process.kill()?;
        let mut received = String::new();
        self.output.read_to_string(&mut received)?;
        Ok(received)
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
