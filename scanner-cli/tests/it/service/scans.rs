//! Scans of the service: interrupted, failing, many.

use qrs_client::fake_site::{FakeSite, Fault, Point};

use super::{NOWHERE, Running, SHEETS, scanned, scans, state, status, wait};
use crate::scanner::{Home, connection, connection_to};

#[test]
#[cfg_attr(not(unix), ignore = "needs signals, file modes or a shell of Unix")]
fn an_interrupted_scan_is_repeated_and_no_other() {
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
#[cfg_attr(not(unix), ignore = "needs signals, file modes or a shell of Unix")]
fn a_site_that_is_down_is_tried_as_scheduled_until_it_is_back() {
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
    let log = running.stop();
    // One line for each scan, whatever the number of polls.
    let failed = scanned(&home, "qlik", "failed");
    assert_eq!(log.matches("scan failed").count(), failed, "{log}");
}

#[test]
#[cfg_attr(not(unix), ignore = "needs signals, file modes or a shell of Unix")]
fn many_connections_are_scanned_a_few_at_a_time() {
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
        "automation { look_interval = 500 ms, parallel = 16, retry_after = [] }",
    );
    let running = Running::start(&home);
    let tried = || {
        home.has("data/catalog.db")
            && scans(&home)
                .iter()
                .filter(|scan| scan["outcome"] == "failed")
                .count()
                >= 200
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
