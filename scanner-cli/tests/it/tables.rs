//! Tables: their columns, the order of columns, and their width on a terminal.

use qrs_client::fake_site::FakeSite;
use serde_json::Value;

use crate::scanner::{Home, items};

/// A home whose only connection was scanned.
fn scanned(site: &FakeSite) -> Home {
    let home = Home::with_site(site);
    home.run(&["scan"]).check(0, &[]);
    home
}

fn headings(table: &str) -> Vec<&str> {
    let line = table.lines().next().unwrap_or_default();
    line.split("  ")
        .map(str::trim)
        .filter(|heading| !heading.is_empty())
        .collect()
}

#[test]
fn the_label_comes_first_and_the_key_last() {
    let site = FakeSite::start_in_thread();
    let home = scanned(&site);
    for (arguments, expected) in [
        (
            &["catalog", "list"][..],
            &["LABEL", "STATE", "LAST SEEN", "KEY"][..],
        ),
        (
            &["catalog", "changes"],
            &["LABEL", "TIME", "SCAN", "CHANGE", "FIELDS", "KEY"],
        ),
        (&["inventory"], &["LABEL", "KEY"]),
    ] {
        let table = home.run(arguments).output;
        assert_eq!(headings(&table), expected);
        // Nothing is shortened outside of a terminal.
        assert!(!table.contains('…'), "{table}");
        for line in table.lines().skip(1) {
            assert!(line.contains("  qlik/"), "{line}");
            assert!(!line.starts_with("qlik/"), "{line}");
        }
    }
}

#[test]
fn columns_are_chosen_by_the_names_of_fields_in_every_format() {
    let site = FakeSite::start_in_thread();
    let home = scanned(&site);
    let list =
        |more: &[&str]| home.run(&[&["catalog", "list", "--app", "sales overview"], more].concat());
    let table = list(&["--columns", "key,owner,Last-Seen,sheet_status"]).output;
    assert_eq!(
        headings(&table),
        ["KEY", "OWNER", "LAST SEEN", "SHEET STATUS"]
    );
    assert!(table.lines().nth(1).unwrap().contains("ACME\\"), "{table}");
    let csv = list(&["--columns", "label,key", "--format", "csv"]).output;
    assert!(csv.starts_with("label,key\n"), "{csv}");
    let rows = list(&["--columns", "stream,key,gone_since", "--format", "ndjson"]);
    let first = rows.output.lines().next().unwrap();
    assert!(first.starts_with("{\"stream\":\""), "{first}");
    let members = items(&rows.output);
    let names: Vec<_> = members[0].as_object().unwrap().keys().collect();
    assert_eq!(names, ["key", "stream"]);
    // A property that none of these items has is still a column.
    home.run(&[
        "catalog",
        "list",
        "--state",
        "gone",
        "--columns",
        "label,publish_date",
    ])
    .check(0, &[]);
    list(&["--columns", "lable"]).check(
        2,
        &[
            "there is no column `lable`; did you mean `label`?",
            "application_name",
        ],
    );
}

#[test]
fn inventories_changes_scans_and_items_have_columns_as_well() {
    let site = FakeSite::start_in_thread();
    let home = scanned(&site);
    let listed = items(
        &home
            .run(&[
                "catalog", "list", "--format", "ndjson", "--stream", "everyone",
            ])
            .output,
    );
    home.run(&["inventory", "--columns", "nope"])
        .check(2, &["there is no column `nope`", "catalog, id, key, label"]);
    let table = home.run(&["inventory", "--columns", "id"]).output;
    assert_eq!(headings(&table), ["ID"]);
    let changes = home.run(&[
        "catalog",
        "changes",
        "--columns",
        "change,label",
        "--format",
        "csv",
    ]);
    assert!(
        changes.output.starts_with("change,label\nadded,"),
        "{}",
        changes.output
    );
    let scans = home.run(&["catalog", "scans", "--columns", "outcome,bytes"]);
    assert_eq!(headings(&scans.output), ["OUTCOME", "BYTES"]);
    let key = listed[0]["key"].as_str().unwrap();
    let shown = home
        .run(&["catalog", "show", key, "--columns", "stream,key"])
        .output;
    let fields: Vec<_> = shown
        .lines()
        .map(|line| line.split("  ").next().unwrap())
        .collect();
    assert_eq!(fields, ["FIELD", "stream", "key"]);
}

#[test]
fn changes_show_labels_in_every_format() {
    let site = FakeSite::start_in_thread();
    let home = scanned(&site);
    let listed = items(&home.run(&["catalog", "list", "--format", "ndjson"]).output);
    let label_of = |key: &Value| {
        let item = listed.iter().find(|item| item["key"] == *key).unwrap();
        item["label"].clone()
    };
    let changes = items(
        &home
            .run(&["catalog", "changes", "--format", "ndjson"])
            .output,
    );
    assert_eq!(changes.len(), 53);
    for change in &changes {
        assert_eq!(change["label"], label_of(&change["key"]));
    }
    let csv = home.run(&["catalog", "changes", "--format", "csv"]).output;
    let mut rows = csv::Reader::from_reader(csv.as_bytes());
    let place = rows
        .headers()
        .unwrap()
        .iter()
        .position(|name| name == "label");
    assert!(
        rows.records()
            .all(|row| row.unwrap()[place.unwrap()].contains('/'))
    );
    // Changes of gone items have the last label.
    let sheet = site.content().sheet_named("Regions").unwrap().to_owned();
    assert!(site.edit(|content| content.remove(&sheet)));
    home.run(&["scan", "--accept-removals", "qlik"])
        .check(0, &[]);
    let run = home.run(&["catalog", "changes", "--since", "2"]);
    assert!(run.output.contains("/Regions"), "{}", run.output);
    assert!(run.output.contains("removed"), "{}", run.output);
}

#[test]
fn lists_can_be_limited() {
    let site = FakeSite::start_in_thread();
    let home = scanned(&site);
    home.run(&["scan"]).check(0, &[]);
    let rows = |arguments: &[&str]| {
        let format = ["--format", "ndjson"];
        items(
            &home
                .run(&[&["catalog"], arguments, &format].concat())
                .check(0, &[])
                .output,
        )
    };
    let all = rows(&["list"]);
    assert_eq!(rows(&["list", "--limit", "3"]), all[..3]);
    assert_eq!(rows(&["list", "--limit", "100"]), all);
    let changes = rows(&["changes"]);
    assert_eq!(rows(&["changes", "--limit", "2"]), changes[51..]);
    let scans = rows(&["scans", "--limit", "1"]);
    assert_eq!((scans.len(), &scans[0]["scan"]), (1, &Value::from(2)));
    let table = home.run(&["catalog", "list", "--limit", "2"]).output;
    assert_eq!(table.lines().count(), 3);
    home.run(&["catalog", "list", "--limit", "0"])
        .check(2, &["--limit"]);
}

#[test]
fn recent_changes_can_be_selected_in_words() {
    let site = FakeSite::start_in_thread();
    let home = scanned(&site);
    let rows = |command: &str, since: &str| {
        let run = home.run(&["catalog", command, "--since", since, "--format", "ndjson"]);
        items(&run.check(0, &[]).output).len()
    };
    for command in ["list", "changes"] {
        for since in ["7d", "yesterday", "1h", "2 weeks", "1", "2020-01-01"] {
            assert_eq!(rows(command, since), 53, "{command} {since}");
        }
        assert_eq!(rows(command, "2"), 0);
        assert_eq!(rows(command, "2100-01-01"), 0);
        home.run(&["catalog", command, "--since", "lately"])
            .check(2, &["`yesterday`", "`7d`"]);
    }
    home.run(&["catalog", "list", "--since", "0123456789abcdef-1"])
        .check(2, &["belongs to another store"]);
}

#[test]
fn explain_suggests_similar_items() {
    let site = FakeSite::start_in_thread();
    let home = scanned(&site);
    let explain = |subject: &str| home.run(&["explain", subject, "--offline"]).output;
    for subject in ["Regoins", "regio", "Sales Overveiw"] {
        let text = explain(subject);
        assert!(
            text.starts_with(&format!("no item matches `{subject}`; did you mean")),
            "{text}"
        );
        assert!(
            text.contains("/Regions (qlik/") || text.contains("Sales Overview"),
            "{text}"
        );
    }
    let text = explain("zzzzzzzz");
    assert!(
        text.contains("no item matches `zzzzzzzz`; `catalog list --search TEXT`"),
        "{text}"
    );
    let text = explain("sales");
    assert!(
        text.contains("more; `catalog list --search TEXT`"),
        "{text}"
    );
    assert_eq!(text.lines().count(), 7, "{text}");
    assert!(explain("Regions").starts_with("qlik/"));
}

#[cfg(unix)]
mod on_a_terminal {
    use unicode_width::UnicodeWidthStr;

    use super::*;
    use crate::terminal::{Streams, on_terminal};

    #[test]
    fn every_table_fits() {
        let site = FakeSite::start_in_thread();
        let home = scanned(&site);
        let key =
            items(&home.run(&["catalog", "list", "--format", "ndjson"]).output)[0]["key"].clone();
        let key = key.as_str().unwrap();
        for arguments in [
            &["catalog", "list"][..],
            &["catalog", "changes"],
            &["catalog", "scans"],
            &["catalog", "owners"],
            &["catalog", "followers"],
            &["catalog", "show", key],
            &["inventory"],
            &["catalog", "list", "--columns", "label,owner,stream,key"],
        ] {
            for columns in [120, 80, 40] {
                let run = on_terminal(home.command(arguments), columns, Streams::Output);
                assert_eq!(run.exit, 0);
                for line in run.output.lines() {
                    let width = UnicodeWidthStr::width(line);
                    assert!(width <= usize::from(columns), "{columns}: {line}");
                }
                let whole = home.run(arguments).output;
                let rows = whole.lines().count();
                assert!(run.output.lines().count() >= rows, "{arguments:?}");
                let (shown, all) = (headings(&run.output), headings(&whole));
                assert!(!shown.is_empty() && shown.iter().all(|one| all.contains(one)));
            }
            // On a terminal of unknown width, nothing is shortened.
            let run = on_terminal(home.command(arguments), 0, Streams::Output);
            assert_eq!(run.output, home.run(arguments).output);
            // The variable takes precedence over the terminal.
            let mut command = home.command(arguments);
            command.env("COLUMNS", "60");
            let run = on_terminal(command, 200, Streams::Output);
            assert!(
                run.output
                    .lines()
                    .all(|line| UnicodeWidthStr::width(line) <= 60)
            );
        }
    }

    #[test]
    fn labels_keep_both_ends_and_columns_that_do_not_fit_are_listed() {
        let site = FakeSite::start_in_thread();
        let home = scanned(&site);
        let list = &[
            "catalog",
            "list",
            "--app",
            "sales overview",
            "--search",
            "regions",
        ];
        let run = on_terminal(home.command(list), 40, Streams::Output);
        let line = run.output.lines().nth(1).unwrap();
        assert!(line.contains('…') && line.contains("Regions"), "{line}");
        assert_eq!(headings(&run.output), ["LABEL", "STATE", "KEY"]);
        run.check(
            0,
            &["note: the terminal is too narrow for LAST SEEN; use `--columns`"],
        );
        let run = on_terminal(
            home.command(&[&list[..], &["--columns", "key"]].concat()),
            80,
            Streams::Output,
        );
        assert!(
            run.output.contains("/JDWuPK") && !run.output.contains('…'),
            "{}",
            run.output
        );
        assert_eq!(run.errors, "");
        // Nothing is shortened in a pipe, whatever `COLUMNS` contains.
        let mut command = home.command(list);
        command.env("COLUMNS", "40");
        assert_eq!(
            crate::scanner::finish(command).output,
            home.run(list).output
        );
    }
}
