//! Scans that read only changes (`connection.incremental`), from the connection file to the exports.

use qrs_client::fake_site::{Content, FakeSite, Fault};
use serde_json::{Value, json};

use crate::scanner::{Home, connection, items};

const EXPORT: &str = "export/qlik.visualization.ndjson";

fn site_and_home() -> (FakeSite, Home) {
    let content = Content::generated(20, 10);
    let site = FakeSite::builder().content(content).start_in_thread();
    let file = connection("qlik", &site) + "connection.incremental = true\n";
    (site, Home::with(&file))
}

/// Scans, and returns the report of the connection.
fn scan(home: &Home, more: &[&str]) -> Value {
    let mut arguments = vec!["scan", "--report", "report.json"];
    arguments.extend(more);
    home.run(&arguments).check(0, &[]);
    let report: Value = serde_json::from_str(&home.read("report.json")).unwrap();
    report["connections"][0].clone()
}

/// The lines that a scan of everything without the store writes, sorted.
fn everything(home: &Home) -> Vec<String> {
    let run = home.run(&["scan", "--no-store", "--output", "-"]);
    let mut lines: Vec<_> = items(&run.check(0, &[]).output);
    lines.sort_by_key(|line| line["key"].to_string());
    lines.iter().map(Value::to_string).collect()
}

fn exported(home: &Home) -> Vec<String> {
    home.items(EXPORT).iter().map(Value::to_string).collect()
}

#[test]
fn exports_after_scans_for_changes_are_those_of_scans_of_everything() {
    let (site, home) = site_and_home();
    let first = scan(&home, &[]);
    assert_eq!(first["incremental"]["used"], false);
    assert!(first["incremental"]["reason"].is_string());
    site.edit(|content| {
        let app = content.app_named("App 7").unwrap().to_owned();
        content.rename(&app, "Seven");
        let sheet = content.sheet_named("Sheet 3 of app 9").unwrap().to_owned();
        content.remove(&sheet);
        let sheet = content.sheet_named("Sheet 4 of app 9").unwrap().to_owned();
        content.rename(&sheet, "Four");
        content.set(&sheet, "modifiedDate", json!("2026-02-01T00:00:00.000Z"));
    });
    let second = scan(&home, &[]);
    assert_eq!(second["incremental"]["used"], true, "{second}");
    assert!(second["incremental"]["read"].as_u64().unwrap() < 100);
    assert_eq!(second["items"], 199);
    let stored = &second["stored"];
    assert_eq!(
        (&stored["changed"], &stored["removed"]),
        (&json!(11), &json!(1))
    );
    assert_eq!(exported(&home), everything(&home));

    // The store has not changed since, so this one compares with the second.
    let third = scan(&home, &[]);
    assert_eq!(third["incremental"]["used"], true, "{third}");
    home.run(&["status"]).check(0, &[]);
    let status = home.run(&["status"]).output;
    assert!(status.contains("unchanged and not read"), "{status}");
    let key = home.items(EXPORT)[0]["key"].as_str().unwrap().to_owned();
    home.run(&["explain", &key]).check(0, &[]);
}

#[test]
fn a_scan_with_output_and_a_full_scan_read_everything() {
    let (_site, home) = site_and_home();
    scan(&home, &[]);
    for arguments in [&["--full"][..], &["--output", "items.ndjson"]] {
        let report = scan(&home, arguments);
        assert_eq!(report["incremental"]["used"], false, "{arguments:?}");
        assert_eq!(report["lists"]["sheets"]["records"], 200);
    }
    assert_eq!(home.items("items.ndjson").len(), 200);
    let report = scan(&home, &[]);
    assert_eq!(report["incremental"]["used"], true, "{report}");
}

#[test]
fn a_site_without_the_table_is_read_completely_and_check_says_so() {
    let (site, home) = site_and_home();
    scan(&home, &[]);
    let run = home.run(&["check"]);
    assert!(
        run.output.contains("scans can read only changes"),
        "{}",
        run.output
    );
    site.fail(Fault::status(403).on("/qrs/app/object/table"));
    let run = home.run(&["check"]);
    assert!(
        run.output.contains("scans read everything"),
        "{}",
        run.output
    );
    let run = home.run(&["scan"]);
    run.check(0, &["everything: the table of sheets cannot be read"]);
}

#[test]
fn a_restored_store_is_filled_by_a_scan_of_everything() {
    let (_site, home) = site_and_home();
    scan(&home, &[]);
    home.run(&["store", "backup", "backup.db"]).check(0, &[]);
    home.run(&["store", "restore", "backup.db"]).check(0, &[]);
    let report = scan(&home, &[]);
    assert_eq!(report["incremental"]["used"], false, "{report}");
}
