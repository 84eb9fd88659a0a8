//! The proof that a scan is complete, and responses of another shape.

use qrs_client::fake_site::{FakeSite, Fault};
use serde_json::Value;

use crate::scanner::Home;

const EXPORT: &str = "export/qlik.visualization.ndjson";

fn report(home: &Home) -> Value {
    let report: Value = serde_json::from_str(&home.read("report.json")).unwrap();
    report["connections"][0].clone()
}

#[test]
fn one_sheet_twice_and_one_missing_marks_nothing_as_gone() {
    let site = FakeSite::start_in_thread();
    let home = Home::with_site(&site);
    home.run(&["scan"]).check(0, &[]);
    let export = home.read(EXPORT);
    const SHEETS: &str = "/qrs/app/object/full";
    site.fail(Fault::missing_records(1).on(SHEETS));
    site.fail(Fault::repeated_records(1).on(SHEETS));
    home.run(&["scan"]).check(
        5,
        &[
            "restarted reading the list of sheets",
            "52 sheets were read, but the site counted 53",
            "1 record of the sheets more than once",
        ],
    );
    let gone = home.run(&["catalog", "list", "--state", "gone", "--format", "ndjson"]);
    assert_eq!(gone.output, "");
    assert_eq!(home.read(EXPORT), export);
}

#[test]
fn repeated_apps_are_reported_like_repeated_sheets() {
    for (path, records) in [("/qrs/app/full", "app"), ("/qrs/app/object/full", "item")] {
        let site = FakeSite::start_in_thread();
        site.fail(Fault::repeated_records(1).on(path));
        let home = Home::with_site(&site);
        let left_out = format!("1 {records} skipped because the site sent a record twice; first: ");
        home.run(&["scan", "--report", "report.json"])
            .check(5, &["more than once", &left_out]);
        let report = report(&home);
        let [duplicate] = &report["duplicates"].as_array().unwrap()[..] else {
            panic!("{report}");
        };
        assert_eq!(duplicate["kept"], duplicate["left_out"]);
        let id = duplicate["kept"].as_str().unwrap();
        let reasons = report["reasons"].to_string();
        assert!(reasons.contains(id), "{reasons}");
    }
}

#[test]
fn a_site_that_cannot_count_is_exported_with_the_setting_in_the_reason() {
    let site = FakeSite::start_in_thread();
    site.fail(Fault::status(404).on("/qrs/app/object/count"));
    let home = Home::with_site(&site);
    home.run(&["scan"])
        .check(5, &["`connection.verify_counts = false`"]);
    assert!(!home.has(EXPORT));
    let file = home.read("connections/qlik.conf") + "connection.verify_counts = false\n";
    home.write("connections/qlik.conf", file);
    home.run(&["scan"]).check(0, &[]);
    assert_eq!(home.items(EXPORT).len(), 53);
}

#[test]
fn a_response_without_a_version_is_not_qrs() {
    for answer in [
        "[]",
        "{}",
        r#"{"status":"ok"}"#,
        r#"{"buildVersion":""}"#,
        r#"{"buildVersion":null}"#,
        r#"{"buildVersion":["1"]}"#,
        r#"["14.20.5.0","","",1,true,true]"#,
        r#"[{"buildVersion":"14.20.5.0"}]"#,
        "\"ok\"",
        "null",
        "0",
    ] {
        let site = FakeSite::start_in_thread();
        site.fail(Fault::body(answer).on("/qrs/about"));
        let home = Home::with_site(&site);
        home.run(&["scan"])
            .check(4, &["not from QRS", "`buildVersion`"]);
        let check = home.run(&["check"]);
        assert_eq!(check.exit, 4, "{answer}: {}", check.output);
        let printed = check.output + &check.errors;
        assert!(printed.contains("not from QRS"), "{printed}");
    }
}

#[test]
fn explain_does_not_report_unrequested_objects_as_present() {
    let site = FakeSite::start_in_thread();
    let content = site.content();
    let sheets: Vec<_> = content.sheets().collect();
    let sheets = serde_json::to_string(&sheets).unwrap();
    site.fail(Fault::body(sheets).on("/qrs/app/object/full"));
    let home = Home::with_site(&site);
    let run = home.run(&["explain", "11111111-2222-4333-8444-555555555555"]);
    run.check(0, &[]);
    assert!(run.output.contains("not visible"), "{}", run.output);
    assert!(run.output.contains("removes the filter"), "{}", run.output);
    assert!(!run.output.contains("present"), "{}", run.output);
}

#[test]
fn fields_of_an_unexpected_type_cost_no_item_and_cause_one_warning_each() {
    let site = FakeSite::start_in_thread();
    site.edit(|content| {
        for object in &mut content.objects {
            object["tags"] = "kpi".into();
            object["modifiedDate"] = 1_550_245_580_997_i64.into();
        }
        content.apps[0]["name"] = 5.into();
    });
    let home = Home::with_site(&site);
    let tags =
        "the field `tags` of 53 sheets has an unexpected type and was ignored; first: a text";
    let dates = "the field `modifiedDate` of 53 sheets has an unexpected type";
    home.run(&["scan", "--report", "report.json"])
        .check(0, &["53 added", tags, dates, "the field `name` of 1 app "]);
    assert_eq!(home.items(EXPORT).len(), 53);
    let warnings = report(&home)["warnings"].to_string();
    assert!(warnings.contains(tags), "{warnings}");
}
