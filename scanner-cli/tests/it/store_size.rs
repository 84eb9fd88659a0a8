//! The size of the store: its quota, and long texts of an app with many sheets.

use std::fs;

use qrs_client::fake_site::{Content, FakeSite};

use crate::{
    scanner::{Home, items},
    store_faults::{EXPORT, STORE, check_whole},
};

#[test]
fn a_scan_that_exceeds_the_quota_of_the_store_fails_and_the_others_continue() {
    let content = Content::generated(2, 10);
    let site = FakeSite::builder().content(content).start_in_thread();
    let home = Home::with_site(&site);
    home.write("conf/application.conf", "store.max_size = 1 MB");
    home.run(&["scan"]).check(0, &["20 added"]);
    let export = home.read(EXPORT);
    site.edit(|content| {
        let gone = content.sheets().next().unwrap()["id"]
            .as_str()
            .unwrap()
            .to_owned();
        content.remove(&gone);
        let app = content.add_app("Large");
        for number in 0..1_500 {
            content.add_sheet(&app, &format!("large {number}"));
        }
    });
    for _ in 0..2 {
        home.run(&["scan"]).check(
            4,
            &[
                "has reached its maximum size",
                "maximum size of 1 MB",
                "raise `store.max_size`",
            ],
        );
        check_whole(&home.path(STORE));
    }
    assert!(fs::metadata(home.path(STORE)).unwrap().len() < 1_100_000);
    let listed = home.run(&["catalog", "list", "--state", "gone", "--format", "ndjson"]);
    listed.check(0, &[]);
    assert!(items(&listed.output).is_empty());
    // Followers still run.
    fs::remove_file(home.path(EXPORT)).unwrap();
    home.run(&["scan"]).check(4, &["maximum size"]);
    assert!(home.items(EXPORT).len() >= export.lines().count());
    home.write("conf/application.conf", "store.max_size = 1 GB");
    home.run(&["scan"]).check(0, &["1 removed"]);
    assert_eq!(home.items(EXPORT).len(), 1_519);
}

/// The peak memory of a scan in KiB, sampled while it runs.
#[cfg(target_os = "linux")]
fn peak_of_scan(home: &Home) -> u64 {
    let mut child = home.start(&["scan"]);
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    while child.try_wait().unwrap().is_none() {
        let text = fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let now = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok());
        peak = peak.max(now.unwrap_or(0));
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
    assert!(child.wait().unwrap().success());
    peak
}

#[cfg(target_os = "linux")]
#[test]
fn a_long_description_of_an_app_with_many_sheets_costs_neither_memory_nor_disk() {
    const SHEETS: usize = 400;
    let site = FakeSite::builder()
        .content(Content::generated(1, SHEETS))
        .start_in_thread();
    let describe = |letter: &str| {
        let description = letter.repeat(100_000);
        site.edit(|content| {
            let app = content.app_named("App 1").or(content.app_named("App 0"));
            let app = app.unwrap().to_owned();
            content.set(&app, "description", description.as_str().into());
        });
    };
    let home = Home::with_site(&site);
    // An export has the description of each sheet; this is about the store.
    home.write("conf/application.conf", "followers = []");
    let short = peak_of_scan(&home);
    for letter in ["a", "b"] {
        describe(letter);
        site.expire_sessions();
        let long = peak_of_scan(&home);
        assert!(long < short + 25_000, "{long} KiB instead of {short}");
        let size = fs::metadata(home.path(STORE)).unwrap().len();
        assert!(size < 5_000_000, "{size} bytes");
    }
    check_whole(&home.path(STORE));
    let changes = home.run(&["catalog", "changes", "--format", "ndjson"]);
    let changes = items(&changes.output);
    assert_eq!(changes.len(), 3 * SHEETS);
    assert_eq!(changes[2 * SHEETS]["fields"][0], "application_description");
    let shown = home.run(&["catalog", "list", "--format", "ndjson"]);
    let shown = items(&shown.output);
    let description = shown[SHEETS / 2]["application_description"].as_str();
    assert_eq!(description.unwrap().len(), 100_000);
    let health = home.run(&["store", "check"]);
    health.check(0, &[]);
}
