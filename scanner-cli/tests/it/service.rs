//! `run`: the service, its files and its schedule.

#[cfg(unix)]
mod beside;
pub(crate) mod endpoints;
mod files;
mod followers;
#[cfg(unix)]
mod locked;
mod notices;
mod scans;
#[cfg(unix)]
mod signals;
mod status;

use std::{
    fs::{self, File},
    path::PathBuf,
    process::{Child, Command},
    thread,
    time::{Duration, Instant},
};

use qrs_client::fake_site::FakeSite;
use serde_json::Value;

use crate::scanner::{Home, connection, with_slashes};

const SHEETS: &str = "/qrs/app/object/full";
const BRIEF: &str = "automation.look_interval = 50 ms\n";
/// The address of a port without a server.
const NOWHERE: &str = "http://127.0.0.1:1/header";
/// Maximum time to wait on a loaded machine.
const MAX_WAIT: Duration = Duration::from_secs(120);

/// A service in a home, which ends with the test.
pub(crate) struct Running(Child, PathBuf);

impl Running {
    pub(crate) fn start(home: &Home) -> Self {
        Self::from_command(home, home.command(&["run"]))
    }

    /// The service that this command starts.
    pub(crate) fn from_command(home: &Home, mut command: Command) -> Self {
        let log = home.path("run.log");
        command.stderr(File::create(&log).unwrap());
        Self(command.spawn().unwrap(), log)
    }

    /// The service that this command starts, with the log of the command. Its tests need `/dev/full`.
    #[cfg(unix)]
    pub(crate) fn without_log(home: &Home, mut command: Command) -> Self {
        let log = home.path("run.log");
        File::create(&log).unwrap();
        Self(command.spawn().unwrap(), log)
    }

    /// A service in a home, with a short poll interval.
    pub(crate) fn briefly(home: &Home) -> Self {
        home.write("conf/application.conf", BRIEF);
        Self::start(home)
    }

    /// Its process id, for tests that read `/proc`.
    #[cfg(target_os = "linux")]
    pub(crate) fn id(&self) -> u32 {
        self.0.id()
    }

    #[cfg(unix)]
    fn signal(&self, name: &str) {
        let pid = self.0.id().to_string();
        let sent = Command::new("kill").args([name, &pid]).status();
        assert!(sent.unwrap().success());
    }

    /// The log so far.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(&self.1).unwrap()
    }

    /// Ends the service. Returns its log. Without unsafe code, a test cannot send Ctrl-Break.
    #[cfg(windows)]
    pub(crate) fn stop(mut self) -> String {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
        let log = self.log();
        assert!(!log.contains("panicked"), "{log}");
        log
    }

    /// Stops the service. Returns its log.
    #[cfg(unix)]
    pub(crate) fn stop(mut self) -> String {
        self.signal("-TERM");
        let asked = Instant::now();
        let status = self.0.wait().unwrap();
        let log = self.log();
        // It takes up to five seconds, and more on a busy machine.
        assert!(asked.elapsed() < Duration::from_secs(15), "{log}");
        assert_eq!(status.code(), Some(0), "{log}");
        assert!(!log.contains("panicked"), "{log}");
        log
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Waits until `is_reached` returns true. `what` is the state in the message of a failure.
pub(crate) fn wait(what: &str, mut is_reached: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_reached() {
        assert!(begun.elapsed() < MAX_WAIT, "in vain: {what}");
        thread::sleep(Duration::from_millis(50));
    }
}

/// The output of `status`.
pub(crate) fn status(home: &Home) -> Value {
    let run = home.run(&["status", "--format", "json"]);
    serde_json::from_str(&run.check(0, &[]).output).unwrap()
}

/// The status of the connection of a file.
pub(crate) fn state(home: &Home, file: &str) -> Option<Value> {
    let status = status(home);
    let connections = status["connections"].as_array()?;
    let path = format!("connections/{file}");
    let is_named = |one: &&Value| with_slashes(one["file"].as_str().unwrap_or_default()) == path;
    connections.iter().find(is_named).cloned()
}

fn is(home: &Home, file: &str, expected: &str) -> bool {
    state(home, file).is_some_and(|one| one["state"] == expected && one["scanning"] == false)
}

fn scans(home: &Home) -> Vec<Value> {
    if !home.has("data/catalog.db") {
        return Vec::new();
    }
    let run = home.run(&["catalog", "scans", "--format", "ndjson"]);
    crate::scanner::items(&run.output)
}

pub(crate) fn scanned(home: &Home, code: &str, outcome: &str) -> usize {
    let scans = scans(home);
    let mut of = scans
        .iter()
        .filter(|scan| scan["connection"] == code && scan["outcome"] == outcome);
    of.by_ref().count()
}

#[test]
#[cfg_attr(not(unix), ignore = "needs signals, file modes or a shell of Unix")]
fn without_a_folder_the_service_waits_and_scans_new_files_immediately() {
    let site = FakeSite::start_in_thread();
    let home = Home::empty();
    let running = Running::briefly(&home);
    wait("the state", || home.has("data/status.json"));
    home.write("connections/qlik.conf", connection("qlik", &site));
    wait("a scan", || scanned(&home, "qlik", "complete") == 1);
    wait("an export", || home.has("export/qlik.visualization.ndjson"));
    // Other commands work beside it.
    home.run(&["catalog", "list"]).check(0, &[]);
    home.run(&["scan"])
        .check(0, &["qlik (Test site): complete"]);
    home.run(&["check"]).check(0, &[]);
    let scanner = &status(&home)["scanner"];
    assert_eq!(
        (&scanner["running"], &scanner["pid"]),
        (&true.into(), &running.0.id().into())
    );
    let log = running.stop();
    for line in [
        "scan started",
        "scan complete: 53 added",
        "wrote 53 items to",
    ] {
        assert_eq!(log.matches(line).count(), 1, "{line}: {log}");
    }
}

#[test]
#[cfg_attr(not(unix), ignore = "needs signals, file modes or a shell of Unix")]
fn a_home_has_one_service_and_a_second_one_names_it() {
    let home = Home::empty();
    let running = Running::briefly(&home);
    wait("the state", || home.has("data/status.json"));
    home.run(&["run"]).check(
        7,
        &[
            "is already running for the home",
            &format!("process {}", running.0.id()),
        ],
    );
    running.stop();
    home.write("agent-identifier", "no name\n");
    home.run(&["run"]).check(3, &["agent-identifier"]);
    home.write("agent-identifier", "north-1\n");
    home.write(
        "conf/application.conf",
        "automation.synchronize = \"0 0 0 31 2 ?\"",
    );
    home.run(&["run"]).check(
        3,
        &["conf/application.conf:1:26", "does not match any time"],
    );
}
