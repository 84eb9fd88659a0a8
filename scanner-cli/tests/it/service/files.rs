//! Files that change while the service is running.

use std::fs;

use qrs_client::fake_site::FakeSite;
use serde_json::Value;

use super::{BRIEF, Running, is, scanned, state, wait};
use crate::scanner::{Home, connection, with_slashes};

#[test]
#[cfg_attr(not(unix), ignore = "needs signals, file modes or a shell of Unix")]
fn an_invalid_file_keeps_its_last_valid_settings_until_it_is_fixed() {
    let site = FakeSite::start_in_thread();
    let home = Home::with_site(&site);
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
        with_slashes(error)
            .contains("connections/qlik.conf:9:12: `schedule` is not a valid schedule"),
        "{error}"
    );
    assert!(
        broken["next_scan"].is_string(),
        "the last valid settings stay in use: {broken}"
    );

    home.write("connections/qlik.conf", good.clone() + "# fixed\n");
    wait("the fixed file", || {
        is(&home, "qlik.conf", "valid") && scanned(&home, "qlik", "complete") == 2
    });

    home.write("connections/new.conf", "a = ");
    wait("a file that never was well", || {
        is(&home, "new.conf", "error")
    });
    assert_eq!(state(&home, "new.conf").unwrap()["code"], Value::Null);
    running.stop();
}

#[test]
#[cfg_attr(not(unix), ignore = "needs signals, file modes or a shell of Unix")]
fn a_file_may_be_renamed_copied_and_removed() {
    let site = FakeSite::start_in_thread();
    let home = Home::with_site(&site);
    let running = Running::briefly(&home);
    wait("a scan", || scanned(&home, "qlik", "complete") == 1);
    let good = connection("qlik", &site);

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
    wait("it is scanned", || scanned(&home, "qlik", "complete") == 2);

    fs::remove_file(home.path("connections/copy.conf")).unwrap();
    wait("removed", || is(&home, "copy.conf", "removed"));
    assert_eq!(home.run(&["catalog", "list"]).output.lines().count(), 54);
    running.stop();
}

#[test]
#[cfg_attr(not(unix), ignore = "needs signals, file modes or a shell of Unix")]
fn a_changed_secret_takes_effect_immediately() {
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
#[cfg_attr(not(unix), ignore = "needs signals, file modes or a shell of Unix")]
fn a_filter_in_a_separate_file_takes_effect_when_it_changes() {
    let site = FakeSite::start_in_thread();
    let home = Home::with_site(&site);
    let with_filter = connection("qlik", &site) + "filter = \"file:conf/sheets.filter\"\n";
    home.write("conf/sheets.filter", "app = 'Sales Overview'");
    home.write("connections/qlik.conf", with_filter);
    let running = Running::briefly(&home);
    wait("the first filter", || {
        scanned(&home, "qlik", "complete") == 1
    });
    home.write("conf/sheets.filter", "app != 'Sales Overview'");
    wait("the second filter", || {
        scanned(&home, "qlik", "complete") == 2
    });
    home.write("conf/sheets.filter", "ap != 'Sales Overview'");
    wait("the fault", || is(&home, "qlik.conf", "error"));
    let error = state(&home, "qlik.conf").unwrap()["error"].to_string();
    assert!(
        with_slashes(&error).contains("conf/sheets.filter:1:1"),
        "{error}"
    );
    running.stop();
    let run = home.run(&["catalog", "scans", "--format", "ndjson"]);
    let scans = crate::scanner::items(&run.output);
    let left_out = |scan: usize| scans[scan]["excluded"].as_u64().unwrap();
    assert_eq!(left_out(0) + left_out(1), 53, "{scans:?}");
}

#[test]
#[cfg_attr(not(unix), ignore = "needs signals, file modes or a shell of Unix")]
fn warnings_of_a_scan_are_logged_once() {
    let site = FakeSite::start_in_thread();
    let home = Home::with_site(&site);
    let with_filter = connection("qlik", &site) + "filter = \"stream = 'Nix'\"\n";
    home.write("connections/qlik.conf", &with_filter);
    let running = Running::briefly(&home);
    wait("a scan", || scanned(&home, "qlik", "complete") == 1);
    home.write("connections/qlik.conf", with_filter + "enabled = true\n");
    wait("another", || scanned(&home, "qlik", "complete") == 2);
    let log = running.stop();
    assert_eq!(log.matches("no sheet").count(), 1, "{log}");
}
