//! The programs that run during the tests. Each ends when its value is dropped.

use std::{
    error::Error,
    io::{BufRead, BufReader, Lines, Write},
    path::Path,
    process::{Child, ChildStderr, ChildStdout, Command, Stdio},
};

/// A fake site that changes on request.
pub(crate) struct ChangingSite {
    process: Child,
    lines: Lines<BufReader<ChildStdout>>,
    url: String,
    header: String,
    value: String,
}

impl ChangingSite {
    pub(crate) fn start(program: &Path) -> Result<Self, Box<dyn Error>> {
        let mut process = Command::new(program)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let output = process.stdout.take().ok_or("the site has no output")?;
        let mut lines = BufReader::new(output).lines();
        let mut read = |name: &str| -> Result<String, Box<dyn Error>> {
            let line = lines.next().ok_or("the site ended too early")??;
            let value = line.strip_prefix(name);
            Ok(value.ok_or("the site printed something else")?.to_owned())
        };
        Ok(Self {
            url: read("url=")?,
            header: read("header=")?,
            value: read("value=")?,
            process,
            lines,
        })
    }

    /// Changes some of its records.
    pub(super) fn change(&mut self) -> Result<(), Box<dyn Error>> {
        self.send("change")
    }

    /// Sends a line, and waits until the site has changed.
    pub(crate) fn send(&mut self, line: &str) -> Result<(), Box<dyn Error>> {
        let input = self.process.stdin.as_mut().ok_or("the site has no input")?;
        writeln!(input, "{line}")?;
        self.lines.next().ok_or("the site ended too early")??;
        Ok(())
    }

    pub(super) fn connection_file(&self) -> String {
        self.connection_file_of("demo")
    }

    /// The file of a connection with this code.
    pub(crate) fn connection_file_of(&self, code: &str) -> String {
        let Self {
            url, header, value, ..
        } = self;
        let people = url.trim_end_matches("/header");
        format!(
            "name = \"Demonstration\"\ncode = \"{code}\"\nconnector_id = \"qlik-sense\"\nconnection {{\n  url = \"{url}\"\n  \
             link_url = \"{people}\"\n  auth.key = \"{header}\"\n  auth.value = \"\"\"{value}\"\"\"\n}}\n"
        )
    }
}

impl Drop for ChangingSite {
    fn drop(&mut self) {
        // The site ends when its standard input closes.
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}

/// `scanner-cli serve`.
pub(super) struct Served {
    process: Child,
    pub(super) address: String,
    /// Kept, because a program whose messages nobody can read may end.
    _messages: Lines<BufReader<ChildStderr>>,
}

/// What the program prints before its address.
const BEFORE_ADDRESS: &str = "the catalog is at ";

impl Served {
    pub(super) fn start(program: &Path, home: &Path) -> Result<Self, Box<dyn Error>> {
        let mut process = Command::new(program)
            .arg("--home")
            .arg(home)
            .arg("serve")
            .stderr(Stdio::piped())
            .spawn()?;
        let messages = process.stderr.take().ok_or("`serve` has no messages")?;
        let mut messages = BufReader::new(messages).lines();
        let mut seen = Vec::new();
        while let Some(line) = messages.next() {
            let line = line?;
            if let Some((_, address)) = line.split_once(BEFORE_ADDRESS) {
                return Ok(Self {
                    address: address.trim().to_owned(),
                    process,
                    _messages: messages,
                });
            }
            seen.push(line);
        }
        Err(format!("`serve` ended: {}", seen.join("\n")).into())
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
