//! Golden histories: a scan, a change of the site, another scan, and exactly these changes.

use qrs_client::fake_site::{Account, Content, Entity, FakeSite, Fault, Point};
use serde_json::Value;

use crate::scanner::{Home, items};

const SHEETS: &str = "/qrs/app/object/full";
const EXPORT: &str = "export/qlik.visualization.ndjson";

/// A site with one app and this many sheets, and their QRS ids.
fn site(sheets: usize) -> (FakeSite, Vec<String>) {
    let mut content = Content::empty();
    let app = content.add_app("Sales");
    let ids = (0..sheets)
        .map(|number| content.add_sheet(&app, &format!("sheet {number}")))
        .collect();
    let site = FakeSite::builder().content(content).start_in_thread();
    (site, ids)
}

/// The changes of a scan: `changed sheet 1: name, label`, by the names that items have now.
fn changes(home: &Home, scan: usize) -> Vec<String> {
    let names = listed(home);
    let since = scan.to_string();
    let run = home.run(&[
        "catalog", "changes", "--format", "ndjson", "--since", &since,
    ]);
    let rows = items(&run.check(0, &[]).output);
    let of_scan = rows.iter().filter(|row| row["scan"] == scan);
    let mut changes: Vec<_> = of_scan
        .map(|row| {
            let named = names.iter().find(|item| item["key"] == row["key"]);
            let name = named.unwrap()["name"].as_str().unwrap().to_owned();
            let fields = row["fields"].as_array().into_iter().flatten();
            let fields: Vec<_> = fields.filter_map(Value::as_str).collect();
            let change = format!("{} {name}", row["change"].as_str().unwrap());
            if fields.is_empty() {
                change
            } else {
                format!("{change}: {}", fields.join(", "))
            }
        })
        .collect();
    changes.sort();
    changes
}

/// All items in the store, including gone ones.
fn listed(home: &Home) -> Vec<Value> {
    let states = "present,unreadable,excluded,gone";
    let run = home.run(&["catalog", "list", "--format", "ndjson", "--state", states]);
    items(&run.check(0, &[]).output)
}

fn states(home: &Home, state: &str) -> usize {
    listed(home)
        .iter()
        .filter(|item| item["state"] == state)
        .count()
}

#[test]
fn a_scan_records_exactly_what_was_added_changed_and_removed() {
    let (site, ids) = site(5);
    let home = Home::with_site(&site);
    home.run(&["scan"])
        .check(0, &["stored    5 items: 5 added"]);
    assert_eq!(changes(&home, 1).len(), 5);
    home.run(&["scan"])
        .check(0, &["stored    5 items: nothing changed"]);
    assert!(changes(&home, 2).is_empty());
    site.edit(|content| {
        content.rename(&ids[0], "renamed");
        content.set(&ids[1], "description", "What is sold.".into());
        content.remove(&ids[2]);
        let app = content.app_named("Sales").unwrap().to_owned();
        content.add_sheet(&app, "new");
    });
    home.run(&["scan"])
        .check(0, &["stored    5 items: 1 added, 2 changed, 1 removed"]);
    assert_eq!(
        changes(&home, 3),
        [
            "added new",
            "changed renamed: label, name",
            "changed sheet 1: description",
            "removed sheet 2"
        ]
    );
    assert_eq!(states(&home, "gone"), 1);
    let names: Vec<_> = home
        .items(EXPORT)
        .iter()
        .map(|item| item["name"].clone())
        .collect();
    assert_eq!(names.len(), 5);
    assert!(!names.contains(&"sheet 2".into()) && names.contains(&"new".into()));
}

#[test]
fn the_export_is_sorted_by_key_and_written_only_when_something_changed() {
    let (site, ids) = site(20);
    let home = Home::with_site(&site);
    home.run(&["scan"])
        .check(0, &["wrote     20 items to export/qlik"]);
    let keys: Vec<_> = home
        .items(EXPORT)
        .iter()
        .map(|item| item["key"].to_string())
        .collect();
    assert!(keys.is_sorted());
    let quiet = home.run(&["scan"]);
    assert!(
        !quiet.check(0, &[]).errors.contains("wrote"),
        "{}",
        quiet.errors
    );
    std::fs::remove_file(home.path(EXPORT)).unwrap();
    home.run(&["scan"])
        .check(0, &["nothing changed", "wrote     20 items"]);
    site.edit(|content| content.rename(&ids[3], "renamed"));
    home.run(&["scan"])
        .check(0, &["1 changed", "wrote     20 items"]);
}

#[test]
fn an_item_that_comes_back_has_returned() {
    let (site, ids) = site(12);
    let home = Home::with_site(&site);
    home.run(&["scan"]).check(0, &[]);
    let before = site.content();
    site.edit(|content| content.remove(&ids[4]));
    home.run(&["scan"]).check(0, &["1 removed"]);
    let gone: Vec<_> = listed(&home)
        .into_iter()
        .filter(|item| item["state"] == "gone")
        .collect();
    assert!(gone[0]["gone_since"].is_string());
    site.edit(|content| *content = before);
    home.run(&["scan"]).check(0, &["1 returned"]);
    assert_eq!(changes(&home, 3), ["returned sheet 4"]);
    assert!(
        listed(&home)
            .iter()
            .all(|item| item["gone_since"].is_null())
    );
    assert_eq!(home.items(EXPORT).len(), 12);
}

#[test]
fn contacts_that_are_unknown_now_stay_unchanged() {
    let site = FakeSite::start_in_thread();
    let home = Home::with_site(&site);
    home.run(&["scan"]).check(0, &[]);
    let before = home.read(EXPORT);
    assert!(before.contains("ada.moreau@acme.example"));
    site.set_account(Account::new(&site.header_value()).forbidden(Entity::User));
    home.run(&["scan"])
        .check(0, &["contacts were left unchanged", "nothing changed"]);
    assert_eq!(home.read(EXPORT), before);
    // An item that changes in the meantime keeps them, too.
    let id = site.content().sheet_named("Regions").unwrap().to_owned();
    site.edit(|content| content.rename(&id, "Areas"));
    home.run(&["scan"]).check(0, &["1 changed"]);
    let areas = home
        .items(EXPORT)
        .into_iter()
        .find(|item| item["name"] == "Areas");
    assert_eq!(
        areas.unwrap()["contacts"][0]["email"],
        "ada.moreau@acme.example"
    );
    site.set_account(Account::new(&site.header_value()));
    home.run(&["scan"]).check(0, &["nothing changed"]);
}

#[test]
fn a_source_that_breaks_or_hides_something_changes_nothing() {
    for (fault, exit) in [
        (Fault::status(503).on(SHEETS), 4),
        (Fault::cut(Point::Records(4)).on(SHEETS), 4),
        (Fault::end_early(Point::Records(4)).on(SHEETS), 4),
        (Fault::missing_records(3).on(SHEETS), 5),
        (Fault::record(2, "17").on(SHEETS), 5),
        (Fault::status(503).on("/qrs/app/full"), 4),
    ] {
        let (site, _) = site(8);
        let home = Home::with_site(&site);
        home.run(&["scan"]).check(0, &[]);
        let (export, keys) = (home.read(EXPORT), states(&home, "present"));
        site.fail(fault);
        home.run(&["scan"]).check(exit, &[]);
        assert_eq!(states(&home, "present"), keys);
        assert!(changes(&home, 2).is_empty());
        assert_eq!(home.read(EXPORT), export);
        let scans = items(&home.run(&["catalog", "scans", "--format", "ndjson"]).output);
        let outcome = if exit == 4 { "failed" } else { "partial" };
        assert_eq!(scans[1]["outcome"], outcome);
        assert!(!scans[1]["reasons"].as_array().unwrap().is_empty());
    }
}

#[test]
fn a_partial_scan_stores_what_it_saw_and_removes_nothing() {
    let (site, ids) = site(8);
    let home = Home::with_site(&site);
    home.run(&["scan"]).check(0, &[]);
    site.edit(|content| {
        content.rename(&ids[0], "renamed");
        content.remove(&ids[5]);
    });
    site.fail(Fault::missing_records(1).on(SHEETS));
    home.run(&["scan"])
        .check(5, &["1 changed", "wrote     8 items"]);
    assert_eq!(changes(&home, 2), ["changed renamed: label, name"]);
    assert_eq!(home.names("export"), ["qlik.visualization.ndjson"]);
}

#[test]
fn an_unreadable_record_is_kept_and_does_not_keep_others() {
    let (site, ids) = site(8);
    let home = Home::with_site(&site);
    home.run(&["scan"]).check(0, &[]);
    let record = format!(r#"{{"id":"{}","name":[]}}"#, ids[2]);
    site.fail(Fault::record(2, &*record).on(SHEETS));
    home.run(&["scan"]).check(0, &["1 unreadable"]);
    site.edit(|content| content.remove(&ids[7]));
    home.run(&["scan"]).check(0, &["1 removed, 1 unreadable"]);
    assert_eq!(changes(&home, 3), ["removed sheet 7"]);
    assert_eq!((states(&home, "unreadable"), states(&home, "gone")), (1, 1));
    // Unknown is not gone: the export still has it.
    let export = home.items(EXPORT);
    assert!(export.iter().any(|item| item["name"] == "sheet 2"));
    site.heal();
    home.run(&["scan"]).check(0, &["nothing changed"]);
    assert_eq!(states(&home, "unreadable"), 0);
}

#[test]
fn many_removals_require_confirmation() {
    for (sheets, removed, exit) in [(60, 12, 0), (60, 13, 5), (4, 3, 0), (4, 4, 5)] {
        let (site, ids) = site(sheets);
        let home = Home::with_site(&site);
        home.run(&["scan"]).check(0, &[]);
        site.edit(|content| {
            for id in &ids[..removed] {
                content.remove(id);
            }
        });
        let run = home.run(&["scan"]);
        run.check(exit, &[]);
        if exit == 0 {
            assert_eq!(states(&home, "gone"), removed);
            continue;
        }
        run.check(
            5,
            &[
                "none was marked as gone",
                "run `scan --accept-removals qlik`",
            ],
        );
        assert_eq!(states(&home, "gone"), 0);
        assert_eq!(home.items(EXPORT).len(), sheets);
        home.run(&["scan", "--accept-removals"])
            .check(2, &["<CODE>"]);
        home.run(&["scan", "--accept-removals", "qlik"])
            .check(0, &[&format!("{removed} removed")]);
        assert_eq!(home.items(EXPORT).len(), sheets - removed);
    }
}

#[test]
fn a_changed_code_is_a_new_connection_and_the_old_ones_items_stay() {
    let (site, _) = site(3);
    let home = Home::with_site(&site);
    home.run(&["scan"]).check(0, &[]);
    home.write(
        "connections/qlik.conf",
        crate::scanner::connection("other", &site),
    );
    home.run(&["scan"]).check(0, &["3 added"]);
    assert_eq!(states(&home, "present"), 6);
    assert_eq!(
        home.names("export"),
        ["other.visualization.ndjson", "qlik.visualization.ndjson"]
    );
}

#[test]
fn a_restarted_scan_counts_what_its_last_attempt_saw() {
    let (site, ids) = site(30);
    let home = Home::with_site(&site);
    home.run(&["scan"]).check(0, &[]);
    site.edit(|content| content.remove(&ids[29]));
    site.fail(Fault::cut(Point::Records(20)).on(SHEETS).times(2));
    home.run(&["scan"])
        .check(0, &["restarted", "stored    29 items: 1 removed"]);
    assert_eq!(changes(&home, 2), ["removed sheet 29"]);
}

#[test]
fn a_connection_is_not_exported_before_its_first_complete_scan() {
    let (site, _) = site(5);
    let home = Home::with_site(&site);
    home.write(EXPORT, "former\n");
    site.fail(Fault::missing_records(1).on(SHEETS));
    home.run(&["scan"]).check(5, &["4 added"]);
    assert_eq!(home.read(EXPORT), "former\n");
    site.heal();
    home.run(&["scan"]).check(0, &["1 added"]);
    assert_eq!(home.items(EXPORT).len(), 5);
    // Even if the partial scan has seen all sheets.
    let home = Home::with_site(&site);
    home.write(EXPORT, "former\n");
    site.fail(Fault::record(0, "17").on(SHEETS));
    home.run(&["scan"]).check(5, &[]);
    site.heal();
    site.edit(|content| {
        let first = content.sheets().next().unwrap()["id"]
            .as_str()
            .unwrap()
            .to_owned();
        content.remove(&first)
    });
    home.run(&["scan"]).check(0, &["nothing changed"]);
    assert_eq!(home.items(EXPORT).len(), 4);
}
