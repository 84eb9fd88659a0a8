//! The content of the store: lists, one item, and explain.

use std::process::Stdio;

use qrs_client::fake_site::{Account, Content, Entity, FakeSite};
use serde_json::Value;

use crate::scanner::{Home, items};

/// A home whose only connection was scanned.
fn scanned(site: &FakeSite) -> Home {
    let home = Home::with_site(site);
    home.run(&["scan"]).check(0, &[]);
    home
}

/// Lists with these arguments. Returns the names of the items.
fn names(home: &Home, arguments: &[&str]) -> Vec<String> {
    let mut all = vec!["catalog", "list", "--format", "ndjson"];
    all.extend(arguments);
    let run = home.run(&all);
    let rows = items(&run.check(0, &[]).output);
    let mut names: Vec<_> = rows
        .iter()
        .map(|row| row["name"].as_str().unwrap().to_owned())
        .collect();
    names.sort();
    names
}

#[test]
fn a_listed_item_has_the_fields_of_the_export_and_of_the_store() {
    let site = FakeSite::start_in_thread();
    let home = scanned(&site);
    let listed = items(&home.run(&["catalog", "list", "--format", "ndjson"]).output);
    let exported = home.items("export/qlik.visualization.ndjson");
    assert_eq!(listed.len(), exported.len());
    for (listed, exported) in listed.iter().zip(&exported) {
        for (name, value) in exported.as_object().unwrap() {
            assert_eq!(&listed[name], value);
        }
        assert_eq!(listed["state"], "present");
        assert!(listed["first_seen"].is_string() && listed["last_seen"].is_string());
    }
    let key = listed[7]["key"].as_str().unwrap();
    let shown = items(
        &home
            .run(&["catalog", "show", key, "--format", "ndjson"])
            .output,
    );
    assert_eq!(shown, [listed[7].clone()]);
    let table = home.run(&["catalog", "show", key]);
    assert!(
        table
            .output
            .lines()
            .any(|line| line.starts_with("sheet_url "))
    );
    home.run(&["catalog", "show", "qlik/a/b"])
        .check(2, &["with the key `qlik/a/b`"]);
}

#[test]
fn items_are_found_by_app_and_stream_and_owner_and_text() {
    let site = FakeSite::start_in_thread();
    let home = scanned(&site);
    let all = names(&home, &[]).len();
    assert_eq!(names(&home, &["--connection", "qlik"]).len(), all);
    assert_eq!(names(&home, &["--app", "sales overview"]).len(), 8);
    let app = site
        .content()
        .app_named("Sales Overview")
        .unwrap()
        .to_owned();
    assert_eq!(names(&home, &["--app", &app]).len(), 8);
    assert_eq!(names(&home, &["--app", "Sales"]).len(), 0);
    let owned = names(&home, &["--owner", "acme\\ADA.moreau"]);
    assert_eq!(owned.len(), 16);
    assert_eq!(names(&home, &["--owner", "ada.moreau@acme.example"]), owned);
    assert_eq!(names(&home, &["--owner", "Ada Moreau"]), owned);
    let found = names(&home, &["--search", "REGIONS", "--app", "Sales Overview"]);
    assert_eq!(found, ["Regions", "Regions"]);
    assert!(!names(&home, &["--stream", "everyone"]).is_empty());
    assert!(names(&home, &["--state", "gone,unreadable"]).is_empty());
    home.run(&["catalog", "list", "--connection", "x"])
        .check(2, &["the store has no connection `x`; it has: qlik"]);
}

#[test]
fn lists_are_readable_for_people_and_spreadsheets() {
    let site = FakeSite::start_in_thread();
    let home = scanned(&site);
    let table = home.run(&["catalog", "list"]).output;
    let of_label = |line: &str| {
        line.split("  ")
            .next()
            .is_some_and(|label| label.contains('/'))
    };
    assert!(table.lines().skip(1).all(of_label), "{table}");
    let run = home.run(&["catalog", "list", "--format", "csv"]);
    let mut lines = csv::Reader::from_reader(run.output.as_bytes());
    let columns = lines.headers().unwrap().clone();
    assert_eq!(&columns[0], "key");
    let place = |name: &str| columns.iter().position(|column| column == name).unwrap();
    let (name, tags) = (place("name"), place("application_tags"));
    let rows: Vec<_> = lines.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 53);
    assert!(
        rows.iter()
            .any(|row| &row[name] == "Regions" && &row[tags] == "Certified; Monthly")
    );
}

#[test]
fn owners_are_listed_with_or_without_an_address() {
    let site = FakeSite::start_in_thread();
    let home = scanned(&site);
    let owners = |more: &[&str]| -> Vec<Value> {
        let mut all = vec!["catalog", "owners", "--format", "ndjson"];
        all.extend(more);
        items(&home.run(&all).output)
    };
    let (with, without) = (
        owners(&["--email", "with"]),
        owners(&["--email", "without"]),
    );
    assert_eq!(with.len() + without.len(), owners(&[]).len());
    assert!(with.iter().all(|owner| owner["email"].is_string()));
    assert!(!without.is_empty() && without.iter().all(|owner| owner["email"].is_null()));
    let counted: u64 = owners(&[])
        .iter()
        .map(|owner| owner["items"].as_u64().unwrap())
        .sum();
    assert_eq!(counted, 53);
}

#[test]
fn changes_are_listed_since_a_scan_or_a_time() {
    let site = FakeSite::start_in_thread();
    let home = scanned(&site);
    let id = site.content().sheet_named("Regions").unwrap().to_owned();
    site.edit(|content| content.rename(&id, "Areas"));
    home.run(&["scan"]).check(0, &["1 changed"]);
    let count = |more: &[&str]| {
        let mut all = vec!["catalog", "changes", "--format", "ndjson"];
        all.extend(more);
        home.run(&all).check(0, &[]).output.lines().count()
    };
    assert_eq!(count(&[]), 54);
    assert_eq!(count(&["--since", "2"]), 1);
    assert_eq!(count(&["--since", "2000-01-01"]), 54);
    assert_eq!(count(&["--since", "2999-01-01T00:00:00Z"]), 0);
    home.run(&["catalog", "changes", "--since", "lately"])
        .check(2, &["expected the number or the id of a scan"]);
    let table = home.run(&["catalog", "changes", "--since", "2"]).output;
    assert!(
        table.contains("changed") && table.contains("label, name"),
        "{table}"
    );
}

#[test]
fn explain_shows_the_store_and_the_site() {
    let site = FakeSite::start_in_thread();
    let home = scanned(&site);
    let listed = home.run(&[
        "catalog", "list", "--format", "ndjson", "--search", "Top 10",
    ]);
    let item = &items(&listed.output)[0];
    let (key, url) = (
        item["key"].as_str().unwrap(),
        item["sheet_url"].as_str().unwrap(),
    );
    let ids: Vec<_> = key.split('/').collect();
    let link = format!(
        "https://people.example/sense/app/{}/sheet/{}",
        ids[1], ids[2]
    );
    for subject in [key, url, &link, ids[2], "top 10 CUSTOMERS"] {
        let run = home.run(&["explain", subject]);
        let text = &run.check(0, &[]).output;
        for expected in [
            key,
            "state       present",
            "by scan 1",
            ") now",
            "present: ",
        ] {
            assert!(
                text.contains(expected),
                "no {expected:?} for {subject}:\n{text}"
            );
        }
    }
    let app = home.run(&["explain", ids[1]]).output;
    assert!(app.contains("present: app `Sales Overview"), "{app}");
    let asked = site.requests().len();
    let offline = home.run(&["explain", key, "--offline"]).output;
    assert!(offline.contains("last seen") && !offline.contains(") now"));
    assert_eq!(site.requests().len(), asked);
}

#[test]
fn a_hidden_sheet_is_not_visible_and_stays_in_the_store() {
    let site = FakeSite::start_in_thread();
    let home = scanned(&site);
    let account = Account::new(&site.header_value());
    site.set_account(account.sees(Entity::Object, |_| false));
    let text = home.run(&["explain", "Regions"]).output;
    assert!(
        text.contains("state       present") && text.contains("not visible"),
        "{text}"
    );
    let unknown = home.run(&["explain", "no such item"]).output;
    assert!(
        unknown.contains("no item matches `no such item`"),
        "{unknown}"
    );
    // Without a store, only the site is contacted.
    let fresh = Home::with_site(&site);
    assert!(
        fresh
            .run(&["explain", "Sales Overview"])
            .output
            .contains("present: app")
    );
    fresh
        .run(&["explain", "Sales Overview", "--offline"])
        .check(3, &["there is no store"]);
}

#[test]
fn a_reader_that_stops_early_is_not_an_error() {
    let site = FakeSite::builder()
        .content(Content::generated(5, 200))
        .start_in_thread();
    let home = scanned(&site);
    for format in ["table", "ndjson", "csv"] {
        let mut command = home.command(&["catalog", "list", "--format", format]);
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // The list is larger than the buffer of a pipe, so the program writes after the reader has stopped.
        drop(child.stdout.take());
        let ended = child.wait_with_output().unwrap();
        let errors = String::from_utf8(ended.stderr).unwrap();
        assert_eq!(
            (ended.status.code(), errors.as_str()),
            (Some(0), ""),
            "{format}"
        );
    }
}

#[test]
fn owners_who_could_not_be_read_are_not_listed_as_without_an_address() {
    let account = Account::new("ACME\\scanner").forbidden(Entity::User);
    let site = FakeSite::builder().account(account).start_in_thread();
    let home = Home::with_site(&site);
    home.run(&["scan"]);
    let owners = |email: &str| {
        let all = ["catalog", "owners", "--format", "ndjson", "--email", email];
        items(&home.run(&all).output)
    };
    assert_eq!(owners("without"), Vec::<Value>::new());
    assert!(!owners("unknown").is_empty());
}
