//! Without a store, a scan that misses more items than the fuse allows does not replace the file.

use qrs_client::fake_site::{Account, Content, FakeSite};

use crate::scanner::{Home, connection};

const EXPORT: &str = "export/qlik.visualization.ndjson";

/// A site with this many sheets, and their ids.
fn site(sheets: usize) -> (FakeSite, Vec<String>) {
    let content = Content::generated(1, sheets);
    let ids = content
        .sheets()
        .map(|sheet| sheet["id"].as_str().unwrap().to_owned())
        .collect();
    let site = FakeSite::builder().content(content).start_in_thread();
    (site, ids)
}

#[test]
fn an_export_is_not_replaced_by_one_that_misses_more_than_the_fuse_allows() {
    for (sheets, removed, exit) in [(60, 12, 0), (60, 13, 5), (4, 3, 0), (4, 4, 5)] {
        for output in [None, Some("here.ndjson")] {
            let (site, ids) = site(sheets);
            let home = Home::with_site(&site);
            let file = output.unwrap_or(EXPORT);
            let mut arguments = vec!["scan", "--no-store"];
            arguments.extend(output.iter().flat_map(|output| ["--output", output]));
            home.run(&arguments).check(0, &[]);
            let before = home.read(file);
            site.edit(|content| {
                for id in &ids[..removed] {
                    content.remove(id);
                }
            });
            let run = home.run(&arguments);
            run.check(exit, &[]);
            if exit == 0 {
                assert_eq!(home.items(file).len(), sheets - removed);
                continue;
            }
            let lost = format!("{removed} of the {sheets} items of `");
            let named = format!("{file}` are missing from");
            run.check(
                5,
                &[&lost, &named, "`scan --accept-removals qlik`", ".partial"],
            );
            assert_eq!(home.read(file), before);
            let beside = format!("{file}.partial");
            assert_eq!(home.items(&beside).len(), sheets - removed);
            arguments.extend(["--accept-removals", "qlik"]);
            home.run(&arguments).check(0, &[]);
            assert_eq!(home.items(file).len(), sheets - removed);
            assert!(!home.has(&beside));
        }
    }
}

#[test]
fn an_account_that_lost_its_rights_does_not_empty_an_export() {
    let site = FakeSite::start_in_thread();
    let home = Home::with_site(&site);
    home.run(&["scan", "--no-store"]).check(0, &[]);
    let before = home.read(EXPORT);
    site.set_account(Account::new("ACME\\scanner").without_rights());
    home.run(&["scan", "--no-store"])
        .check(5, &["53 of the 53 items", "`scan --accept-removals qlik`"]);
    assert_eq!(home.read(EXPORT), before);
    home.run(&["scan", "--no-store", "--accept-removals"])
        .check(2, &["<CODE>"]);
    home.run(&["scan", "--no-store", "--accept-removals", "qlik"])
        .check(0, &[]);
    assert_eq!(home.read(EXPORT), "");
    // An empty file has nothing to lose.
    home.run(&["scan", "--no-store"]).check(0, &[]);
}

#[test]
fn new_items_do_not_compensate_for_missing_ones() {
    let (site, ids) = site(4);
    let home = Home::with_site(&site);
    home.run(&["scan", "--no-store"]).check(0, &[]);
    site.edit(|content| {
        let app = content.app_named("App 1").unwrap().to_owned();
        for id in &ids {
            content.remove(id);
            content.add_sheet(&app, "another");
        }
    });
    home.run(&["scan", "--no-store"])
        .check(5, &["4 of the 4 items"]);
}

#[test]
fn excluded_items_are_not_missing_unless_nothing_stays() {
    let (site, _) = site(30);
    let home = Home::with_site(&site);
    home.run(&["scan", "--no-store"]).check(0, &[]);
    let file = connection("qlik", &site);
    home.write(
        "connections/qlik.conf",
        file.clone() + "filter = \"sheet starts with 'Sheet 2'\"\n",
    );
    home.run(&["scan", "--no-store"]).check(0, &[]);
    assert_eq!(home.items(EXPORT).len(), 11);
    home.write("connections/qlik.conf", file + "filter = \"never\"\n");
    home.run(&["scan", "--no-store"])
        .check(5, &["11 of the 11 items"]);
    assert_eq!(home.items(EXPORT).len(), 11);
}

#[test]
fn with_a_store_a_named_file_is_protected_too_and_other_texts_are_replaced() {
    let (site, ids) = site(4);
    let home = Home::with_site(&site);
    home.write("here.ndjson", "former\n{\"other\":1}\n");
    home.run(&["scan", "--output", "here.ndjson"]).check(0, &[]);
    assert_eq!(home.items("here.ndjson").len(), 4);
    site.edit(|content| {
        for id in &ids[..3] {
            content.remove(id);
        }
    });
    home.run(&["scan"]).check(0, &["3 removed"]);
    let former = home.read("here.ndjson");
    home.run(&["scan", "--output", "here.ndjson"]).check(0, &[]);
    assert_eq!(home.items("here.ndjson").len(), 1);
    let gone: Vec<_> = former
        .lines()
        .filter(|line| !line.contains("Sheet 4 "))
        .collect();
    home.write("other.ndjson", gone.join("\n"));
    home.run(&["scan", "--output", "other.ndjson"])
        .check(5, &["3 of the 3 items of `", "other.ndjson`"]);
    home.run(&[
        "scan",
        "--accept-removals",
        "qlik",
        "--output",
        "other.ndjson",
    ])
    .check(0, &[]);
    assert_eq!(home.items("other.ndjson").len(), 1);
}
