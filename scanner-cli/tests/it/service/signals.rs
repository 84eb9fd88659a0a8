//! Signals to the service, and its notifications to systemd.

use std::{fs, os::unix::net::UnixDatagram};

use qrs_client::fake_site::FakeSite;
use serde_json::Value;

use super::{BRIEF, Running, is, scanned, wait};
use crate::scanner::{Home, connection};

#[test]
fn a_hangup_makes_the_service_poll_immediately() {
    let site = FakeSite::start_in_thread();
    let home = Home::empty();
    // The system does not report changes behind a link, and the next poll is in an hour.
    home.write("elsewhere/qlik.conf", connection("qlik", &site));
    fs::create_dir(home.path("connections")).unwrap();
    let link = home.path("connections/qlik.conf");
    std::os::unix::fs::symlink(home.path("elsewhere/qlik.conf"), link).unwrap();
    home.write("conf/application.conf", "automation.look_interval = 1 hour");
    let running = Running::start(&home);
    wait("a scan", || scanned(&home, "qlik", "complete") == 1);
    home.write("elsewhere/qlik.conf", "a = ");
    running.signal("-HUP");
    wait("a look", || is(&home, "qlik.conf", "error"));
    let log = running.stop();
    assert_eq!(
        log.matches("received a request to read the files").count(),
        1,
        "{log}"
    );
}

#[test]
fn ctrl_c_ends_the_service_cleanly() {
    let home = Home::empty();
    let mut running = Running::briefly(&home);
    wait("the state", || home.has("data/status.json"));
    running.signal("-INT");
    assert_eq!(running.0.wait().unwrap().code(), Some(0));
}

#[test]
fn systemd_is_notified_of_readiness_and_shutdown() {
    let home = Home::empty();
    let socket = UnixDatagram::bind(home.path("notify")).unwrap();
    socket.set_read_timeout(Some(super::MAX_WAIT)).unwrap();
    let hear = || {
        let mut text = [0; 64];
        let length = socket.recv(&mut text).unwrap();
        String::from_utf8(text[..length].to_vec()).unwrap()
    };
    home.write("conf/application.conf", BRIEF);
    let mut command = home.command(&["run"]);
    command.env("NOTIFY_SOCKET", home.path("notify"));
    let running = Running::from_command(&home, command);
    assert_eq!(hear(), "READY=1");
    running.stop();
    assert_eq!(hear(), "STOPPING=1");
}

#[test]
fn the_json_log_has_one_object_per_line_and_no_secrets() {
    let site = FakeSite::start_in_thread();
    let home = Home::with_site(&site);
    let nobody = connection("nobody", &site).replace("scanner", "s3cr3t-account");
    home.write("connections/nobody.conf", nobody);
    home.write("conf/application.conf", BRIEF);
    let running = Running::from_command(&home, home.command(&["run", "--log-format", "json"]));
    wait("scans", || {
        scanned(&home, "qlik", "complete") == 1 && scanned(&home, "nobody", "failed") == 1
    });
    // The store knows it a moment earlier.
    wait("the line", || running.log().contains("scan complete"));
    let log = running.stop();
    assert!(!log.contains("s3cr3t"), "{log}");
    let lines = log.lines().map(|line| serde_json::from_str(line).unwrap());
    let lines: Vec<Value> = lines.collect();
    let ended = |line: &&Value| {
        line["message"]
            .as_str()
            .unwrap()
            .starts_with("scan complete")
    };
    let ended = lines.iter().find(ended).unwrap();
    assert_eq!(
        (&ended["connection"], &ended["items"], &ended["level"]),
        (&"qlik".into(), &53.into(), &"INFO".into())
    );
}
