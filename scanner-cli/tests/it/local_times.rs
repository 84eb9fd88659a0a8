//! People see times in their zone; programs see UTC.

use qrs_client::fake_site::FakeSite;

use crate::scanner::{Home, Run, finish};

/// Runs a command in the zone of India, which has half an hour in its offset.
fn run(home: &Home, arguments: &[&str]) -> Run {
    let mut command = home.command(arguments);
    command.env("TZ", "Asia/Kolkata");
    finish(command)
}

const KEY: &str = "qlik/ab8864f2-90a4-4c48-a837-8b69817e599a/JDWuPK";

#[test]
fn tables_are_local_and_data_is_in_utc() {
    let site = FakeSite::start_in_thread();
    let home = Home::with_site(&site);
    home.run(&["scan"]).check(0, &[]);
    for arguments in [
        &["catalog", "list"][..],
        &["catalog", "list", "--format", "table"],
        &["catalog", "changes"],
        &["catalog", "scans"],
        &["catalog", "followers"],
        &["catalog", "show", KEY],
        &["status"],
        &["explain", KEY, "--offline"],
    ] {
        let output = run(&home, arguments).output;
        assert!(output.contains("+05:30"), "{arguments:?}: {output}");
        assert!(
            !output.contains("Z  ") && !output.contains("Z\n"),
            "{arguments:?}: {output}"
        );
    }
    for format in ["json", "ndjson", "csv"] {
        for list in ["list", "changes", "scans", "followers"] {
            let output = run(&home, &["catalog", list, "--format", format]).output;
            assert!(
                output.contains('Z') && !output.contains("+05:30"),
                "{list}: {output}"
            );
        }
    }
    assert!(
        !run(&home, &["status", "--format", "json"])
            .output
            .contains("+05:30")
    );
}

#[test]
fn lists_are_one_json_document() {
    let site = FakeSite::start_in_thread();
    let home = Home::with_site(&site);
    home.run(&["scan"]).check(0, &[]);
    let list = |arguments: &[&str]| -> serde_json::Value {
        let run = home.run(arguments);
        serde_json::from_str(&run.output).unwrap_or_else(|error| panic!("{error}: {}", run.output))
    };
    let all = list(&["catalog", "list", "--format", "json"]);
    assert_eq!(all.as_array().unwrap().len(), 53);
    let two = list(&[
        "catalog",
        "list",
        "--format",
        "json",
        "--limit",
        "2",
        "--columns",
        "key",
    ]);
    assert_eq!(two.as_array().unwrap().len(), 2);
    assert_eq!(two[0].as_object().unwrap().len(), 1);
    let none = list(&[
        "catalog",
        "list",
        "--format",
        "json",
        "--search",
        "no such sheet",
    ]);
    assert_eq!(none, serde_json::json!([]));
    assert_eq!(
        list(&["catalog", "show", KEY, "--format", "json"])["key"],
        KEY
    );
    home.run(&["inventory", "--format", "json"])
        .check(2, &["use `--format ndjson`"]);
}
