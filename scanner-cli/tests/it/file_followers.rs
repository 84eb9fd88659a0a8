//! Followers that write files: what they have in common, with a real scan.

use std::{collections::BTreeSet, fs};

use catalog_followers::csv::COLUMNS;
use qrs_client::fake_site::FakeSite;
use serde_json::Value;

use crate::{scanner::Home, store_faults::EXPORT};

const CSV: &str = "export/qlik.csv";
const ZDF: &str = "export/qlik.zeenea";
const SETTINGS: &str = "followers = [ \
    { kind = ndjson, path = export }, \
    { kind = csv, path = export, bom = true, separator = \";\" }, \
    { kind = zeenea-zdf, path = export } ]";

fn home(site: &FakeSite) -> Home {
    let home = Home::with_site(site);
    home.write("conf/application.conf", SETTINGS);
    home
}

/// The header and the rows of the CSV file.
fn rows(home: &Home) -> (Vec<String>, Vec<Vec<String>>) {
    let text = fs::read_to_string(home.path(CSV)).unwrap();
    let text = text.strip_prefix('\u{feff}').unwrap();
    let mut reader = csv::ReaderBuilder::new();
    let mut rows = reader.delimiter(b';').from_reader(text.as_bytes());
    let texts = |row: &csv::StringRecord| row.iter().map(str::to_owned).collect();
    let header = texts(rows.headers().unwrap());
    let rows = rows.records().map(|row| texts(&row.unwrap()));
    (header, rows.collect())
}

fn visualizations(home: &Home) -> Vec<Value> {
    let text = fs::read_to_string(home.path(ZDF)).unwrap();
    let file: Value = serde_json::from_str(&text).unwrap();
    file["visualizations"].as_array().unwrap().clone()
}

#[test]
fn several_kinds_write_the_same_items_to_one_folder() {
    let site = FakeSite::start_in_thread();
    let home = home(&site);
    let expected = [EXPORT, CSV, ZDF].map(|file| format!("53 items to {file}"));
    home.run(&["scan"])
        .check(0, &expected.each_ref().map(String::as_str));
    let items = home.items(EXPORT);
    let (header, rows) = rows(&home);
    let visualizations = visualizations(&home);
    assert_eq!(
        (items.len(), rows.len(), visualizations.len()),
        (53, 53, 53)
    );
    let column = |name: &str| header.iter().position(|column| column == name).unwrap();
    for (item, (row, visualization)) in items.iter().zip(rows.iter().zip(&visualizations)) {
        assert_eq!(item["key"], row[column("key")]);
        assert_eq!(item["sheet_url"], row[column("sheet_url")]);
        let label = item["label"].as_str().unwrap();
        assert!(label.split('/').all(|part| !part.is_empty()), "{label}");
        assert_eq!(label, row[column("label")].trim_start_matches('\''));
        let path = visualization["path"].as_str().unwrap();
        assert_eq!(item["key"], format!("qlik{path}"));
        let description = visualization["description"].as_str().unwrap();
        assert_eq!(item["sheet_url"], description.lines().last().unwrap());
    }
    let untitled: Vec<_> = items.iter().filter(|item| item["name"] == "").collect();
    assert!(!untitled.is_empty());
    for item in untitled {
        assert!(item["label"].as_str().unwrap().ends_with("/(untitled)"));
    }
    let leftovers = fs::read_dir(home.path("export")).unwrap().count();
    assert_eq!(leftovers, 3);
}

/// A new property of items must become a column.
#[test]
fn every_field_of_the_export_is_a_column() {
    let site = FakeSite::start_in_thread();
    let home = home(&site);
    home.run(&["scan"]).check(0, &[]);
    let items = home.items(EXPORT);
    let fields = items
        .iter()
        .flat_map(|item| item.as_object().unwrap().keys());
    let fields: BTreeSet<_> = fields.map(String::as_str).collect();
    let columns = BTreeSet::from(COLUMNS);
    let missing: Vec<_> = fields.difference(&columns).collect();
    assert_eq!(missing, [&"type"], "`type` is the same for all items");
    assert_eq!(rows(&home).0, COLUMNS);
}

#[test]
fn files_change_only_with_their_items_and_settings() {
    let site = FakeSite::start_in_thread();
    let home = home(&site);
    home.run(&["scan"]).check(0, &[]);
    let times = |files: &[&str]| -> Vec<_> {
        let times = files
            .iter()
            .map(|file| fs::metadata(home.path(file)).unwrap().modified());
        times.map(Result::unwrap).collect()
    };
    let before = times(&[CSV, ZDF]);
    let run = home.run(&["scan"]);
    run.check(0, &["nothing changed"]);
    assert_eq!(times(&[CSV, ZDF]), before);

    // Other columns are written without a change.
    home.write(
        "conf/application.conf",
        SETTINGS.replace("bom = true", "bom = true, columns = [label, Sheet-URL]"),
    );
    home.run(&["scan"])
        .check(0, &["nothing changed", "53 items to export/qlik.csv"]);
    assert_eq!(rows(&home).0, ["label", "sheet_url"]);
    assert_eq!(times(&[ZDF]), before[1..]);

    let sheet = site.content().sheet_named("Regions").unwrap().to_owned();
    site.edit(|content| content.rename(&sheet, "=1+1;\"\n"));
    home.run(&["scan"]).check(0, &["1 changed"]);
    let labels = rows(&home).1;
    assert!(
        labels.iter().any(|row| row[0].ends_with("/=1+1;\"\n")),
        "{labels:?}"
    );
}

#[test]
fn an_unknown_column_is_an_error_with_its_place_and_a_suggestion() {
    let site = FakeSite::start_in_thread();
    let home = Home::with_site(&site);
    home.write(
        "conf/application.conf",
        "followers = [ { kind = csv, path = export, columns = [key, ownr] } ]",
    );
    for command in [&["scan"][..], &["check", "--offline"]] {
        home.run(command).check(
            3,
            &[
                "conf/application.conf:1:",
                "`columns`: there is no column `ownr`",
                "did you mean `owner`?",
            ],
        );
    }
    assert!(!home.has("export"));
}

#[test]
fn forgetting_a_connection_deletes_its_files() {
    let site = FakeSite::start_in_thread();
    let home = home(&site);
    home.run(&["scan"]).check(0, &[]);
    let connections = home.path("connections");
    for file in fs::read_dir(&connections).unwrap() {
        fs::remove_file(file.unwrap().path()).unwrap();
    }
    home.run(&["catalog", "forget", "qlik", "--yes"])
        .check(0, &[]);
    for file in [EXPORT, CSV, ZDF] {
        assert!(!home.has(file), "{file}");
    }
}

#[cfg(unix)]
#[test]
fn the_mode_of_the_files_can_be_set() {
    use std::os::unix::fs::PermissionsExt;

    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let site = FakeSite::start_in_thread();
    let home = Home::with_site(&site);
    home.write(
        "conf/application.conf",
        "followers = [ { kind = csv, path = export, mode = \"0644\" }, { kind = zeenea-zdf, path = zdf } ]",
    );
    home.run(&["scan"]).check(0, &[]);
    assert_eq!(mode(&home.path(CSV)), 0o644);
    assert_eq!(mode(&home.path("zdf/qlik.zeenea")), 0o640);
}
