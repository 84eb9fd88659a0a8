//! A first scan that fails or is interrupted leaves nothing that is shown.

use std::{thread, time::Duration};

use qrs_client::fake_site::{Content, FakeSite, Fault, Point};
use rusqlite::{Connection, OpenFlags};
use serde_json::Value;

use crate::scanner::{Home, items};

const EXPORT: &str = "export/qlik.visualization.ndjson";
const SHEETS: &str = "/qrs/app/object/full";

/// A site with this many sheets, and the key of one.
fn site(sheets: usize) -> (FakeSite, String) {
    let content = Content::generated(1, sheets);
    let sheet = content.sheets().next().unwrap();
    let part = |value: &Value| value.as_str().unwrap().to_owned();
    let key = format!(
        "qlik/{}/{}",
        part(&sheet["app"]["id"]),
        part(&sheet["engineObjectId"])
    );
    let site = FakeSite::builder().content(content).start_in_thread();
    (site, key)
}

/// The rows of a list of the store, each in its own line.
fn rows(home: &Home, list: &[&str]) -> Vec<Value> {
    let mut arguments = vec!["catalog"];
    arguments.extend(list);
    arguments.extend(["--format", "ndjson"]);
    let run = home.run(&arguments);
    run.check(0, &[]);
    items(&run.output)
}

/// Checks that nothing of the connection is shown.
fn check_nothing(home: &Home, key: &str) {
    for list in [
        &["list"][..],
        &["list", "--state", "present,unreadable,excluded,gone"],
        &["changes"],
        &["owners"],
    ] {
        assert_eq!(rows(home, list), Vec::<Value>::new(), "{list:?}");
    }
    home.run(&["catalog", "show", key]).check(2, &[key]);
    let explained = home.run(&["explain", "--offline", key]);
    assert!(
        !explained.output.contains("present"),
        "{}",
        explained.output
    );
    assert!(!home.has(EXPORT));
}

#[test]
fn a_first_scan_that_fails_leaves_nothing_and_the_next_adds_each_item_once() {
    let (site, key) = site(30);
    let home = Home::with_site(&site);
    site.fail(Fault::cut(Point::Records(20)).on(SHEETS));
    for _ in 0..2 {
        home.run(&["scan"]).check(4, &[]);
        check_nothing(&home, &key);
    }
    site.heal();
    home.run(&["scan"]).check(0, &["30 added"]);
    assert_eq!(rows(&home, &["changes"]).len(), 30);
    assert_eq!(home.items(EXPORT).len(), 30);
}

#[test]
fn a_first_scan_that_is_killed_leaves_nothing_and_the_next_adds_each_item_once() {
    let (site, key) = site(2_500);
    let home = Home::with_site(&site);
    site.fail(Fault::stall(Point::Records(2_200)).on(SHEETS).times(1));
    let mut child = home.start(&["scan"]);
    while !has_items(&home) {
        thread::sleep(Duration::from_millis(20));
    }
    check_nothing(&home, &key);
    child.kill().unwrap();
    child.wait().unwrap();
    check_nothing(&home, &key);
    home.run(&["scan"]).check(0, &["2,500 added"]);
    assert_eq!(rows(&home, &["changes"]).len(), 2_500);
    assert_eq!(rows(&home, &["list"]).len(), 2_500);
}

fn has_items(home: &Home) -> bool {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
    let Ok(db) = Connection::open_with_flags(home.path("data/catalog.db"), flags) else {
        return false;
    };
    let count = db.query_row("SELECT count(*) FROM item", [], |row| row.get(0));
    count.is_ok_and(|count: i64| count > 0)
}

#[test]
fn a_first_scan_that_is_partial_is_shown() {
    let (site, key) = site(5);
    let home = Home::with_site(&site);
    site.fail(Fault::missing_records(1).on(SHEETS));
    home.run(&["scan"]).check(5, &["4 added"]);
    assert_eq!(rows(&home, &["list"]).len(), 4);
    home.run(&["catalog", "show", &key]).check(0, &[]);
    // What a failed scan found later stays: the connection is known.
    site.heal();
    site.fail(Fault::end_early(Point::Records(3)).on(SHEETS));
    home.run(&["scan"]).check(4, &[]);
    assert_eq!(rows(&home, &["list"]).len(), 4);
}
