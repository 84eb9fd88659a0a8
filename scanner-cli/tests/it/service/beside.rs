//! Other commands, and changes of files, during a scan.

use std::fs;

use qrs_client::fake_site::{FakeSite, Fault, Point};

use super::{BRIEF, Running, SHEETS, is, scanned, scans, state, status, wait};
use crate::scanner::{Home, connection};

#[test]
fn a_file_that_is_removed_in_the_middle_of_a_scan_ends_it_and_keeps_its_items() {
    let site = FakeSite::start_in_thread();
    let home = Home::with_site(&site);
    home.run(&["scan"]).check(0, &[]);
    let asked = site.requests_of(SHEETS).len();
    site.fail(Fault::stall(Point::Records(3)).on(SHEETS));
    home.write("connections/qlik.conf", connection("qlik", &site) + "# new");
    let running = Running::briefly(&home);
    wait("half a scan", || site.requests_of(SHEETS).len() > asked);
    fs::remove_file(home.path("connections/qlik.conf")).unwrap();
    wait("the end of the scan", || {
        running.log().contains("the scan was stopped") && is(&home, "qlik.conf", "removed")
    });
    running.stop();
    let present = [
        "catalog", "list", "--state", "present", "--format", "ndjson",
    ];
    assert_eq!(home.run(&present).check(0, &[]).output.lines().count(), 53);
}

#[test]
fn other_commands_work_while_a_scan_runs() {
    let site = FakeSite::start_in_thread();
    let home = Home::with_site(&site);
    home.run(&["scan"]).check(0, &[]);
    let asked = site.requests_of(SHEETS).len();
    site.fail(Fault::stall(Point::Records(3)).on(SHEETS));
    home.write("connections/qlik.conf", connection("qlik", &site) + "# new");
    let running = Running::briefly(&home);
    wait("half a scan", || site.requests_of(SHEETS).len() > asked);
    wait("the state", || {
        state(&home, "qlik.conf").is_some_and(|now| now["scanning"] == true)
    });
    assert_eq!(status(&home)["scanner"]["running"], true);
    home.run(&["catalog", "list"]).check(0, &[]);
    home.run(&["scan"])
        .check(7, &["already being scanned by process"]);
    home.run(&["check"]);
    running.stop();
    assert_eq!(scanned(&home, "qlik", "complete"), 1);
}

#[test]
fn removals_can_be_accepted_beside_the_service() {
    let site = FakeSite::start_in_thread();
    let home = Home::with_site(&site);
    let running = Running::briefly(&home);
    wait("a scan", || scanned(&home, "qlik", "complete") == 1);
    site.edit(|content| {
        let ids = content
            .sheets()
            .map(|sheet| sheet["id"].as_str().unwrap().to_owned());
        for id in ids.collect::<Vec<_>>() {
            content.remove(&id);
        }
    });
    home.write("connections/qlik.conf", connection("qlik", &site) + "# new");
    wait("a fuse", || scanned(&home, "qlik", "partial") == 1);
    home.run(&["scan", "--accept-removals", "qlik"])
        .check(0, &["complete"]);
    wait("the status", || {
        state(&home, "qlik.conf").is_some_and(|one| one["last_scan"]["outcome"] == "complete")
    });
    let exported = || home.items("export/qlik.visualization.ndjson").len();
    wait("the export", || exported() == 0);
    running.stop();
    assert_eq!(scans(&home).len(), 3);
}

#[test]
fn an_invalid_schedule_is_reported_once_and_the_former_one_stays() {
    let site = FakeSite::start_in_thread();
    let home = Home::with_site(&site);
    let former = "automation { synchronize = \"0 0 3 1 1 ? *\", look_interval = 50 ms }\n";
    home.write("conf/application.conf", former);
    let running = Running::start(&home);
    wait("a scan", || scanned(&home, "qlik", "complete") == 1);
    let next = || state(&home, "qlik.conf").unwrap()["next_scan"].clone();
    let before = next();
    home.write(
        "conf/application.conf",
        BRIEF.to_owned() + "automation.synchronize = daily\n",
    );
    let error = || status(&home)["scanner"]["error"].to_string();
    wait("the fault", || {
        error().contains("conf/application.conf:2:26: `automation.synchronize`")
    });
    std::thread::sleep(std::time::Duration::from_millis(300));
    assert_eq!(next(), before);
    home.write("conf/application.conf", BRIEF);
    wait("the fixed file", || error() == "null" && next() != before);
    let log = running.stop();
    assert_eq!(log.matches("`automation.synchronize`").count(), 1, "{log}");
}

#[test]
fn an_unchanged_problem_is_reported_once() {
    let site = FakeSite::start_in_thread();
    site.fail(Fault::status(503));
    let home = Home::with_site(&site);
    home.write("connections/broken.conf", "a = ");
    let running = Running::briefly(&home);
    wait("a failure", || scanned(&home, "qlik", "failed") == 1);
    // More than a dozen polls.
    std::thread::sleep(std::time::Duration::from_secs(1));
    let log = running.stop();
    for (line, times) in [
        ("scan started", 1),
        ("scan failed", 1),
        ("the connection file is invalid", 1),
        ("the connection file is valid", 1),
    ] {
        assert_eq!(log.matches(line).count(), times, "{line}: {log}");
    }
}
