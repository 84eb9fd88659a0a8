//! `run`: the scanner that watches its folder, keeps time and can be left alone.

use std::{
    fs::{self, File},
    path::PathBuf,
    process::Child,
    thread,
    time::{Duration, Instant},
};

use qrs_client::fake_site::{FakeSite, Fault, Point};
use serde_json::Value;

use crate::scanner::{Home, connection, connection_to};

const SHEETS: &str = "/qrs/app/object/full";
const BRIEF: &str = "automation.look_interval = 50 ms\n";
/// A port that no other test is given.
const NOWHERE: &str = "http://127.0.0.1:1/header";
/// Long enough for a loaded machine; nothing waits so long that goes well.
const PATIENCE: Duration = Duration::from_secs(60);

/// A scanner that runs in a home, and ends with the test.
pub(crate) struct Running(Child, PathBuf);

impl Running {
    pub(crate) fn start(home: &Home) -> Self {
        let log = home.path("run.log");
        let mut command = home.command(&["run"]);
        let child = command.stderr(File::create(&log).unwrap()).spawn();
        Self(child.unwrap(), log)
    }

    /// In a home whose scanner looks often.
    pub(crate) fn briefly(home: &Home) -> Self {
        home.write("conf/application.conf", BRIEF);
        Self::start(home)
    }

    fn signal(&self, name: &str) {
        let pid = self.0.id().to_string();
        let sent = std::process::Command::new("kill")
            .args([name, &pid])
            .status();
        assert!(sent.unwrap().success());
    }

    /// Asks it to end; gives its log.
    pub(crate) fn stop(mut self) -> String {
        self.signal("-TERM");
        let asked = Instant::now();
        let status = self.0.wait().unwrap();
        let log = fs::read_to_string(&self.1).unwrap();
        assert!(asked.elapsed() < Duration::from_secs(5), "{log}");
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

/// Waits until `true_at_last`, which says what it is.
pub(crate) fn wait(what: &str, mut true_at_last: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !true_at_last() {
        assert!(begun.elapsed() < PATIENCE, "in vain: {what}");
        thread::sleep(Duration::from_millis(50));
    }
}

/// What `status` says.
pub(crate) fn status(home: &Home) -> Value {
    let run = home.run(&["status", "--format", "json"]);
    serde_json::from_str(&run.check(0, &[]).output).unwrap()
}

/// What `status` says of the connection of a file.
fn state(home: &Home, file: &str) -> Option<Value> {
    let status = status(home);
    let connections = status["connections"].as_array()?;
    let path = format!("connections/{file}");
    connections.iter().find(|one| one["file"] == path).cloned()
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
fn it_waits_without_a_folder_and_scans_what_comes_at_once() {
    if !cfg!(unix) {
        return;
    }
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
        "the scan begins",
        "the scan is complete: 53 added",
        "wrote 53 items to",
    ] {
        assert_eq!(log.matches(line).count(), 1, "{line}: {log}");
    }
}

#[test]
fn a_file_that_is_broken_mended_renamed_and_removed() {
    if !cfg!(unix) {
        return;
    }
    let site = FakeSite::start_in_thread();
    let home = Home::of(&site);
    let running = Running::briefly(&home);
    wait("a scan", || scanned(&home, "qlik", "complete") == 1);
    let good = connection("qlik", &site);

    home.write(
        "connections/qlik.conf",
        good.clone() + "schedule = \"0 0 25 * * ?\"\n",
    );
    wait("the fault", || is(&home, "qlik.conf", "error"));
    let broken = state(&home, "qlik.conf").unwrap();
    assert_eq!(broken["code"], "qlik");
    let error = broken["error"].as_str().unwrap();
    assert!(
        error.contains("connections/qlik.conf:9:12: `schedule` is not a time"),
        "{error}"
    );
    assert!(
        broken["next_scan"].is_string(),
        "the last good settings stay: {broken}"
    );

    home.write("connections/qlik.conf", good.clone() + "# mended\n");
    wait("mended", || {
        is(&home, "qlik.conf", "valid") && scanned(&home, "qlik", "complete") == 2
    });

    let next = state(&home, "qlik.conf").unwrap()["next_scan"].clone();
    fs::rename(
        home.path("connections/qlik.conf"),
        home.path("connections/b.conf"),
    )
    .unwrap();
    wait("renamed", || {
        is(&home, "b.conf", "valid") && state(&home, "qlik.conf").is_none()
    });
    assert_eq!(
        state(&home, "b.conf").unwrap()["next_scan"],
        next,
        "a new name is no reason to scan"
    );

    home.write("connections/copy.conf", good.clone());
    wait("a code twice", || is(&home, "copy.conf", "error"));
    assert!(is(&home, "b.conf", "valid"));
    fs::remove_file(home.path("connections/b.conf")).unwrap();
    wait("the copy has the code", || is(&home, "copy.conf", "valid"));
    wait("it is scanned", || scanned(&home, "qlik", "complete") == 3);

    home.write("connections/new.conf", "a = ");
    wait("a file that never was well", || {
        is(&home, "new.conf", "error")
    });
    assert_eq!(state(&home, "new.conf").unwrap()["code"], Value::Null);

    fs::remove_file(home.path("connections/copy.conf")).unwrap();
    wait("removed", || is(&home, "copy.conf", "removed"));
    assert_eq!(home.run(&["catalog", "list"]).output.lines().count(), 54);
    running.stop();
}

#[test]
fn a_home_has_one_scanner_and_the_second_names_it() {
    if !cfg!(unix) {
        return;
    }
    let home = Home::empty();
    let running = Running::briefly(&home);
    wait("the state", || home.has("data/status.json"));
    home.run(&["run"]).check(
        7,
        &[
            "has a scanner already",
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
    home.run(&["run"])
        .check(3, &["conf/application.conf:1:26", "no such time"]);
}

#[test]
fn ended_in_the_middle_of_a_scan_it_begins_that_again_and_no_other() {
    if !cfg!(unix) {
        return;
    }
    let (quick, slow) = (FakeSite::start_in_thread(), FakeSite::start_in_thread());
    slow.fail(Fault::stall(Point::Records(3)).on(SHEETS));
    let home = Home::empty();
    home.write("connections/quick.conf", connection("quick", &quick));
    home.write("connections/slow.conf", connection("slow", &slow));
    let running = Running::briefly(&home);
    wait("one scan", || scanned(&home, "quick", "complete") == 1);
    wait("half of another", || !slow.requests_of(SHEETS).is_empty());
    running.stop();
    slow.heal();
    let running = Running::start(&home);
    wait("the other", || scanned(&home, "slow", "complete") == 1);
    running.stop();
    assert_eq!(scanned(&home, "slow", "interrupted"), 1);
    assert_eq!(scanned(&home, "quick", "complete"), 1);
}

#[test]
fn a_site_that_is_down_is_tried_as_scheduled_until_it_is_back() {
    if !cfg!(unix) {
        return;
    }
    let site = FakeSite::start_in_thread();
    site.fail(Fault::status(503));
    let home = Home::with(&(connection("qlik", &site) + "schedule = \"* * * * * ?\"\n"));
    let running = Running::briefly(&home);
    wait("three failures", || scanned(&home, "qlik", "failed") >= 3);
    let down = state(&home, "qlik.conf").unwrap();
    assert_eq!(down["state"], "error");
    assert!(down["error"].as_str().unwrap().contains("503"), "{down}");
    site.heal();
    wait("a scan", || scanned(&home, "qlik", "complete") >= 1);
    assert!(state(&home, "qlik.conf").unwrap()["state"] == "valid");
    running.stop();
}

#[test]
fn a_secret_that_changed_takes_effect_at_once() {
    if !cfg!(unix) {
        return;
    }
    let site = FakeSite::start_in_thread();
    let provider =
        "secret-manager { key = s, provider = file, configuration { file-path = secrets.conf } }\n";
    let asks = "secret_manager.enabled = true\nconnection.auth.value = ${secret_manager.account}\n";
    let home = Home::with(&(connection("qlik", &site) + asks));
    home.write(
        "secrets.conf",
        "s.account = \"\"\"ACME\\nobody-s3cr3t\"\"\"",
    );
    home.write("conf/application.conf", BRIEF.to_owned() + provider);
    let running = Running::start(&home);
    wait("a refusal", || scanned(&home, "qlik", "failed") == 1);
    home.write("secrets.conf", "s.account = \"\"\"ACME\\scanner\"\"\"");
    wait("a scan", || scanned(&home, "qlik", "complete") == 1);
    let log = running.stop();
    assert!(!log.contains("s3cr3t"), "{log}");
}

#[test]
fn many_connections_are_scanned_a_few_at_a_time() {
    if !cfg!(unix) {
        return;
    }
    let home = Home::empty();
    for number in 0..200 {
        let code = format!("c{number}");
        home.write(
            &format!("connections/{code}.conf"),
            connection_to(&code, NOWHERE),
        );
    }
    home.write(
        "conf/application.conf",
        "automation { look_interval = 500 ms, parallel = 16 }",
    );
    let running = Running::start(&home);
    let tried = || {
        home.has("data/catalog.db")
            && scans(&home)
                .iter()
                .filter(|scan| scan["outcome"] == "failed")
                .count()
                == 200
    };
    wait("all of them", tried);
    let status = status(&home);
    for connection in status["connections"].as_array().unwrap() {
        assert_eq!(connection["state"], "error");
        let error = connection["error"].as_str().unwrap();
        assert!(error.contains("Connection refused"), "{error}");
    }
    running.stop();
}

#[test]
fn status_tells_how_it_is_without_a_scanner_too() {
    let site = FakeSite::start_in_thread();
    let home = Home::of(&site);
    home.write("agent-identifier", "north-1\n");
    let first = state(&home, "qlik.conf").unwrap();
    assert_eq!(
        (&first["state"], &first["last_scan"]),
        (&"valid".into(), &Value::Null)
    );
    home.run(&["scan"]).check(0, &[]);
    home.write(
        "connections/off.conf",
        connection("off", &site) + "enabled = false",
    );
    home.write("connections/bad.conf", "a = ");
    let scanner = &status(&home)["scanner"];
    assert_eq!(
        (&scanner["name"], &scanner["running"]),
        (&"north-1".into(), &false.into())
    );
    let scanned = state(&home, "qlik.conf").unwrap();
    let scan = &scanned["last_scan"];
    assert_eq!(
        (&scan["id"], &scan["outcome"], &scan["added"]),
        (&1.into(), &"complete".into(), &53.into())
    );
    assert!(scan["started"].is_string() && scan["finished"].is_string());
    assert_eq!(state(&home, "off.conf").unwrap()["state"], "disabled");
    let bad = state(&home, "bad.conf").unwrap();
    assert_eq!(
        (&bad["state"], &bad["code"]),
        (&"error".into(), &Value::Null)
    );
    assert!(
        bad["error"]
            .as_str()
            .unwrap()
            .starts_with("connections/bad.conf:1:"),
        "{bad}"
    );
    fs::remove_file(home.path("connections/qlik.conf")).unwrap();
    let text = home.run(&["status"]).output;
    for line in [
        "scanner north-1 0.1.0 does not run",
        "qlik (Test site): removed",
        "last scan  1, ",
        "connections/bad.conf: error",
    ] {
        assert!(text.contains(line), "no {line:?} in:\n{text}");
    }
}
