//! A scanner as a process of its own, with its own home.

use std::{
    env::consts::EXE_SUFFIX,
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use serde_json::Value;
use tempfile::TempDir;

use super::{
    Failed, clock,
    database::{ROLE, SCHEMA},
    proxy::Proxy,
};

/// The program that was built.
pub(super) fn program(built: &Path) -> PathBuf {
    built.join(format!("scanner-cli{EXE_SUFFIX}"))
}

/// A scanner.
pub(super) struct Scanner {
    pub(super) name: String,
    home: TempDir,
    /// Which it runs when it starts.
    pub(super) program: PathBuf,
    /// Its way to the database.
    pub(super) network: Proxy,
    process: Option<Child>,
    pub(super) is_paused: bool,
    /// By how many seconds its clock is wrong.
    skew: i32,
}

impl Scanner {
    /// A scanner that does not run yet.
    pub(super) fn new(built: &Path, name: &str, servers: &[u16]) -> Result<Self, Failed> {
        let home = tempfile::tempdir()?;
        for folder in ["conf", "connections", "data"] {
            fs::create_dir(home.path().join(folder))?;
        }
        fs::write(home.path().join("agent-identifier"), name)?;
        Ok(Self {
            name: name.to_owned(),
            program: program(built),
            network: Proxy::start(servers)?,
            home,
            process: None,
            is_paused: false,
            skew: 0,
        })
    }

    /// Writes its settings.
    pub(super) fn configure(&self, lease: u32, webhook: &str) -> Result<(), Failed> {
        let hosts = self.network.ports().iter();
        let hosts: Vec<_> = hosts.map(|port| format!("127.0.0.1:{port}")).collect();
        let hosts = hosts.join(",");
        let settings = format!(
            "store.url = \"postgresql://{ROLE}@{hosts}/postgres\"\nstore.schema = {SCHEMA}\nstore.lease = {lease} s\n\
             automation.synchronize = \"0/2 * * * * ?\"\nautomation.look_interval = 200 ms\n\
             automation.retry_after = [ 1 s ]\n\
             followers = [ {{ kind = webhook, url = \"{webhook}\", events = [ item, scan ], time_limits.retry = 500 ms }} ]\n"
        );
        Ok(fs::write(self.path("conf/application.conf"), settings)?)
    }

    /// Writes the file of a connection.
    pub(super) fn add_connection(&self, code: &str, file: &str) -> Result<(), Failed> {
        Ok(fs::write(
            self.path(&format!("connections/{code}.conf")),
            file,
        )?)
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// Starts it, if it does not run.
    pub(super) fn start(&mut self) -> Result<(), Failed> {
        if self.is_running() {
            return Ok(());
        }
        let log = File::options()
            .create(true)
            .append(true)
            .open(self.path("run.log"))?;
        let mut command = Command::new(&self.program);
        command
            .arg("run")
            .current_dir(self.home.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log);
        if self.skew != 0 {
            command
                .env("LD_PRELOAD", clock::library()?)
                .env("FAKETIME", format!("{:+}", self.skew))
                .env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
        }
        self.process = Some(command.spawn()?);
        Ok(())
    }

    /// Lets its clock be wrong by some seconds, from its next start on.
    pub(super) fn skew(&mut self, seconds: i32) {
        self.skew = seconds;
    }

    /// Whether its process exists.
    pub(super) fn is_running(&mut self) -> bool {
        let process = self.process.as_mut();
        process.is_some_and(|process| matches!(process.try_wait(), Ok(None)))
    }

    /// Kills it.
    pub(super) fn kill(&mut self) -> Result<(), Failed> {
        if let Some(mut process) = self.process.take() {
            process.kill()?;
            process.wait()?;
        }
        self.is_paused = false;
        Ok(())
    }

    /// Stops it as the service manager does, and waits for its end.
    pub(super) fn stop(&mut self) -> Result<(), Failed> {
        self.signal("TERM")?;
        if let Some(mut process) = self.process.take() {
            let status = process.wait()?;
            if !status.success() {
                return Err(format!("{} ended with {status}: {}", self.name, self.log()).into());
            }
        }
        Ok(())
    }

    /// Pauses it.
    pub(super) fn pause(&mut self) -> Result<(), Failed> {
        self.is_paused = true;
        self.signal("STOP")
    }

    /// Lets it go on.
    pub(super) fn resume(&mut self) -> Result<(), Failed> {
        self.is_paused = false;
        self.signal("CONT")
    }

    fn signal(&self, name: &str) -> Result<(), Failed> {
        let Some(process) = &self.process else {
            return Ok(());
        };
        let sent = Command::new("kill")
            .arg(format!("-{name}"))
            .arg(process.id().to_string())
            .status()?;
        match sent.success() {
            true => Ok(()),
            false => Err(format!("{} cannot be sent SIG{name}", self.name).into()),
        }
    }

    /// The last warnings and errors of its log, and its end.
    pub(super) fn log(&self) -> String {
        let log = fs::read_to_string(self.path("run.log")).unwrap_or_default();
        let last = |lines: Vec<&str>| lines[lines.len().saturating_sub(40)..].join("\n");
        let is_problem = |line: &&str| line.contains(" WARN ") || line.contains(" ERROR ");
        let problems = last(log.lines().filter(is_problem).collect());
        format!("{problems}\n…\n{}", last(log.lines().collect()))
    }

    /// How often a scan of it was refused because its lease had ended.
    pub(super) fn refused(&self) -> usize {
        let log = fs::read_to_string(self.path("run.log")).unwrap_or_default();
        let is_failure =
            |line: &&str| line.contains("scan failed") && line.contains("did not renew its lease");
        log.lines().filter(is_failure).count()
    }

    /// Runs a command in its home. Returns its standard output.
    pub(super) fn command(&self, arguments: &[&str]) -> Result<String, Failed> {
        let output = Command::new(&self.program)
            .args(arguments)
            .current_dir(self.home.path())
            .stdin(Stdio::null())
            .output()?;
        if !output.status.success() {
            let errors = String::from_utf8_lossy(&output.stderr);
            return Err(format!("`{}`: {errors}", arguments.join(" ")).into());
        }
        Ok(String::from_utf8(output.stdout)?)
    }

    /// The part `fleet` of `status`.
    pub(super) fn fleet(&self) -> Result<Value, Failed> {
        let status: Value = serde_json::from_str(&self.command(&["status", "--format", "json"])?)?;
        Ok(status["fleet"].clone())
    }
}

impl Drop for Scanner {
    fn drop(&mut self) {
        let _ = self.kill();
    }
}
