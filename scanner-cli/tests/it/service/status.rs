//! The status, with and without a running service.

use std::fs;

use qrs_client::fake_site::FakeSite;
use serde_json::Value;

use super::{state, status};
use crate::scanner::{Home, connection, with_slashes};

#[test]
fn status_works_without_a_running_service() {
    let site = FakeSite::start_in_thread();
    let home = Home::with_site(&site);
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
        with_slashes(bad["error"].as_str().unwrap()).starts_with("connections/bad.conf:1:"),
        "{bad}"
    );
    fs::remove_file(home.path("connections/qlik.conf")).unwrap();
    let text = with_slashes(&home.run(&["status"]).output);
    for line in [
        "scanner north-1 0.1.0: no service is running for this home",
        "qlik (Test site): removed",
        "last scan  1, ",
        "connections/bad.conf: error",
    ] {
        assert!(text.contains(line), "no {line:?} in:\n{text}");
    }
}

#[cfg(unix)]
#[test]
fn a_service_is_healthy_while_its_heartbeat_is_recent() {
    use std::{fs::File, time::Duration};

    use super::{Running, wait};

    let home = Home::empty();
    let healthy = || home.run(&["status", "--healthy"]);
    let run = healthy();
    assert!(
        run.check(4, &[])
            .output
            .contains("unhealthy: no service is running")
    );
    // An invalid file is not a reason to restart the service.
    home.write("connections/qlik.conf", "{{{");
    let running = Running::briefly(&home);
    wait("a healthy service", || healthy().exit == 0);
    assert_eq!(healthy().output, "healthy\n");
    running.signal("-STOP");
    let state = home.path("data/status.json");
    let old = state.metadata().unwrap().modified().unwrap() - Duration::from_secs(60);
    // A thread that is replacing the file finishes this before it stops.
    let mut run = healthy();
    wait("an unhealthy service", || {
        let file = File::options().write(true).open(&state).unwrap();
        file.set_modified(old).unwrap();
        run = healthy();
        run.exit == 4
    });
    assert!(run.check(4, &[]).output.contains("has not responded"));
    running.signal("-CONT");
    wait("the next sign of life", || healthy().exit == 0);
    running.stop();
    healthy().check(4, &[]);
}
