//! The output of scans: where it is written, and when.

use qrs_client::fake_site::{FakeSite, Fault, Point};
use serde_json::Value;

use crate::scanner::{Home, items};

pub(crate) const EXPORT: &str = "export/qlik.visualization.ndjson";
pub(crate) const SHEETS: &str = "/qrs/app/object/full";

#[test]
fn a_scan_writes_each_sheet_as_a_line_that_the_plugin_reads() {
    let site = FakeSite::start_in_thread();
    let home = Home::with_site(&site);
    let run = home.run(&["scan"]);
    run.check(
        0,
        &["wrote     53 items to export/qlik.visualization.ndjson"],
    );
    assert_eq!(run.output, "");
    let items = home.items(EXPORT);
    assert_eq!(items.len(), 53);
    for item in &items {
        let members = item.as_object().unwrap();
        assert!(members.values().all(|value| !value.is_null()), "{item}");
        let parts: Vec<_> = item["id"].as_str().unwrap().split('/').collect();
        assert!(
            matches!(parts[..], ["", app, sheet] if app.starts_with("app=") && sheet.starts_with("sheet="))
        );
        assert_eq!(
            item["label"].as_str().unwrap().matches('/').count(),
            2,
            "{item}"
        );
        assert_eq!(item["type"], "visualization");
    }
    let first = items
        .iter()
        .find(|item| item["key"].as_str().unwrap().ends_with("/JDWuPK"))
        .unwrap();
    assert_eq!(first["name"], "Regions");
    assert_eq!(first["contacts"][0]["email"], "ada.moreau@acme.example");
    assert_eq!(first["creation_date"], "2022-06-02T01:23:19.073Z");
}

#[test]
fn the_log_ends_with_what_was_read_of_each_list() {
    let site = FakeSite::start_in_thread();
    let home = Home::with_site(&site);
    let run = home.run(&["scan"]);
    run.check(0, &["12 apps read", "10 users read", "53 sheets read"]);
    assert!(!run.errors.contains(": 0 of"), "{}", run.errors);
}

#[test]
fn the_written_file_can_be_read_by_another_account() {
    let site = FakeSite::start_in_thread();
    let home = Home::with_site(&site);
    home.run(&["scan"]).check(0, &[]);
    #[cfg(unix)]
    {
        use std::{fs, os::unix::fs::PermissionsExt};

        use crate::scanner::session_files;

        // Readable for the group, unless the umask forbids it.
        home.write("ordinary", "");
        let mode = |name: &str| fs::metadata(home.path(name)).unwrap().permissions().mode();
        assert_eq!(mode(EXPORT) & 0o777, mode("ordinary") & 0o640);
        let session = session_files(&home).remove(0);
        for secret in [session.as_str(), "data/.session.salt"] {
            assert_eq!(mode(secret) & 0o777, 0o600);
        }
    }
}

#[test]
fn items_go_to_the_named_file_or_stream() {
    let site = FakeSite::start_in_thread();
    let home = Home::with_site(&site);
    home.run(&["scan", "--no-store", "--output", "here.ndjson"])
        .check(0, &["to here.ndjson"]);
    assert_eq!(home.items("here.ndjson").len(), 53);
    let run = home.run(&["scan", "--no-store", "--output", "-"]);
    assert_eq!(items(&run.output).len(), 53);
    assert!(!home.has("export") && !home.has("data/catalog.db"));
    #[cfg(unix)]
    {
        use std::fs;

        home.run(&["scan", "--no-store", "--output", "/dev/null"])
            .check(0, &["items     53\n"]);
        assert!(!fs::metadata("/dev/null").unwrap().is_file());
    }
}

#[test]
fn files_with_another_purpose_are_not_overwritten() {
    let site = FakeSite::start_in_thread();
    let home = Home::with_site(&site);
    home.run(&["scan", "--output", "x.json", "--report", "./x.json"])
        .check(2, &["name the same file"]);
    home.run(&["scan", "--output", "connections/qlik.conf"])
        .check(2, &["is in the folder of the connection files"]);
    assert_eq!(site.requests().len(), 0);
}

#[test]
fn without_a_store_a_partial_scan_leaves_the_old_file_and_writes_aside() {
    let site = FakeSite::start_in_thread();
    let home = Home::with_site(&site);
    home.run(&["scan", "--no-store"]).check(0, &[]);
    let before = home.read(EXPORT);
    site.fail(Fault::missing_records(3).on(SHEETS));
    home.run(&["scan", "--no-store"]).check(
        5,
        &[
            "the result may be incomplete: 50 sheets were read, but the site counted 53",
            ".partial",
        ],
    );
    assert_eq!(home.read(EXPORT), before);
    assert_eq!(home.items(&format!("{EXPORT}.partial")).len(), 50);
    assert_eq!(
        items(&home.run(&["scan", "--no-store", "--output", "-"]).output).len(),
        50
    );
    site.heal();
    home.run(&["scan", "--no-store"]).check(0, &[]);
    assert_eq!(home.names("export"), ["qlik.visualization.ndjson"]);
}

#[test]
fn a_restart_cannot_be_seen_on_standard_output() {
    let site = FakeSite::start_in_thread();
    site.fail(Fault::cut(Point::Records(30)).on(SHEETS).times(2));
    let run = Home::with_site(&site).run(&["scan", "--output", "-"]);
    assert_eq!(items(&run.output).len(), 53);
    site.fail(Fault::cut(Point::Records(30)).on(SHEETS));
    let run = Home::with_site(&site).run(&["scan", "--output", "-"]);
    run.check(4, &[]);
    assert_eq!(run.output, "");
}

#[test]
fn records_that_could_not_be_read_are_reported_by_reason() {
    let site = FakeSite::start_in_thread();
    site.fail(Fault::record(4, r#"{"id":"rec-1","engineObjectId":[]}"#).on(SHEETS));
    let home = Home::with_site(&site);
    home.run(&["scan", "--report", "report.json"]).check(
        0,
        &[
            "skipped   1 record that could not be read",
            "record 5 of the sheets, at byte",
            "rec-1",
        ],
    );
    let report: Value = serde_json::from_str(&home.read("report.json")).unwrap();
    let connection = &report["connections"][0];
    assert_eq!(connection["outcome"], "complete");
    assert_eq!(connection["site_version"], "14.20.5.0");
    assert_eq!(connection["lists"]["sheets"]["records"], 53);
    assert_eq!(connection["skipped"][0]["count"], 1);
    assert_eq!(report["exit_code"], 0);
}

#[test]
fn output_that_cannot_be_written_is_a_failure_and_leaves_the_old_file() {
    let site = FakeSite::start_in_thread();
    let home = Home::with_site(&site);
    home.run(&["scan", "--output", "nowhere/items.ndjson"])
        .check(
            4,
            &["`nowhere/items.ndjson` cannot be written: there is no such folder\n"],
        );
    home.run(&["scan", "--output", "data"])
        .check(4, &["`data` cannot be written: it is a folder\n"]);
    let asked = site.requests().len();
    home.run(&["scan", "--report", "nowhere/report.json"])
        .check(4, &["the report cannot be written"]);
    assert_eq!(site.requests().len(), asked, "nothing is read in vain");
    if cfg!(target_os = "linux") {
        // The system's device that is always full.
        home.run(&["scan", "--output", "/dev/full"])
            .check(4, &["`/dev/full` cannot be written", "No space left"]);
    }
}

#[test]
fn texts_of_a_site_cannot_control_the_terminal() {
    let version = "14\u{1b}[31m\u{7}";
    let site = FakeSite::builder().version(version).start_in_thread();
    site.fail(Fault::record(4, r#"{"id":"a\u001b]0;b","name":[]}"#).on(SHEETS));
    let run = Home::with_site(&site).run(&["scan"]);
    run.check(0, &["version 14", "skipped"]);
    assert!(
        !run.errors.contains(['\u{1b}', '\u{7}']),
        "{:?}",
        run.errors
    );
}

#[test]
fn an_inventory_is_a_table_or_lines() {
    let site = FakeSite::start_in_thread();
    let home = Home::with_site(&site);
    let table = home.run(&["inventory"]);
    table.check(0, &["complete"]);
    assert_eq!(table.output.lines().count(), 54);
    let column = table.output.lines().next().unwrap().find("LABEL").unwrap();
    assert!(
        table
            .output
            .lines()
            .all(|line| line.is_char_boundary(column))
    );
    let lines = items(&home.run(&["inventory", "--format", "ndjson"]).output);
    assert_eq!(lines.len(), 53);
    assert!(
        lines
            .iter()
            .all(|line| line["key"].is_string() && line["label"].is_string())
    );
}
