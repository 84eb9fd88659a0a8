//! Two records of one sheet: the records, not the order of the list, determine which one is the item.

use qrs_client::fake_site::{Content, FakeSite};
use serde_json::{Value, json};

use crate::scanner::{Home, connection, items};

const EXPORT: &str = "export/qlik.visualization.ndjson";

/// An app with an approved sheet and drafts of it, all with the same key, and another sheet. Also returns the ids of the
/// dropped ones.
fn content() -> (Content, String, [String; 2]) {
    let mut content = Content::empty();
    let app = content.add_app("Sales");
    let stream = content.add_stream("Finance");
    let sheets = ["approved", "published", "private"].map(|name| content.add_sheet(&app, name));
    content.add_sheet(&app, "other");
    content.publish(&app, &stream);
    for (sheet, (published, approved, year)) in sheets.iter().zip([
        (true, true, 2020),
        (true, false, 2021),
        (false, false, 2022),
    ]) {
        content.set(sheet, "engineObjectId", json!("same"));
        content.set(sheet, "published", json!(published));
        content.set(sheet, "approved", json!(approved));
        let modified = format!("{year}-01-01T00:00:00.000Z");
        content.set(sheet, "modifiedDate", json!(modified));
    }
    let [approved, published, private] = sheets;
    (content, approved, [published, private])
}

/// All orders of the three records; the other sheet stays last.
const ORDERS: [[usize; 3]; 6] = [
    [0, 1, 2],
    [0, 2, 1],
    [1, 0, 2],
    [1, 2, 0],
    [2, 0, 1],
    [2, 1, 0],
];

fn reorder(content: &mut Content, order: [usize; 3]) {
    let mut twins: Vec<_> = content.objects.drain(..3).collect();
    twins.sort_by_key(|twin| twin["modifiedDate"].as_str().unwrap().to_owned());
    let twins = order.map(|at| twins[at].clone());
    content.objects.splice(0..0, twins);
}

fn names(items: &[Value]) -> Vec<&str> {
    let mut names: Vec<_> = items
        .iter()
        .map(|item| item["label"].as_str().unwrap().rsplit('/').next().unwrap())
        .collect();
    names.sort_unstable();
    names
}

#[test]
fn store_export_no_store_and_inventory_agree_in_any_order() {
    let (content, kept, dropped) = content();
    let site = FakeSite::builder().content(content).start_in_thread();
    let home = Home::with_site(&site);
    for (scans, order) in ORDERS.into_iter().enumerate() {
        site.edit(|content| reorder(content, order));
        let run = home.run(&["scan", "--report", "report.json"]);
        run.check(0, &["2 items skipped", "same key", &kept]);
        if scans > 0 {
            run.check(0, &["nothing changed"]);
        }
        assert_eq!(names(&home.items(EXPORT)), ["approved", "other"]);
        let text = home.read(EXPORT);
        assert!(!text.contains("private") && !text.contains("published"));
        let report: Value = serde_json::from_str(&home.read("report.json")).unwrap();
        let duplicates = report["connections"][0]["duplicates"].as_array().unwrap();
        let mut left_out: Vec<_> = duplicates.iter().map(|one| &one["left_out"]).collect();
        left_out.sort_by_key(|id| id.to_string());
        let mut expected = dropped.clone().map(Value::from);
        expected.sort_by_key(ToString::to_string);
        assert_eq!(left_out, expected.iter().collect::<Vec<_>>());
        assert!(duplicates.iter().all(|one| one["kept"] == kept.as_str()));

        let run = home.run(&["scan", "--no-store", "--output", "-"]);
        run.check(0, &["2 items skipped", &kept]);
        assert_eq!(names(&items(&run.output)), ["approved", "other"]);
        let run = home.run(&["inventory", "--format", "ndjson"]);
        assert_eq!(names(&items(&run.output)), ["approved", "other"]);
    }
    let changes = home.run(&["catalog", "changes", "--format", "ndjson"]);
    assert_eq!(items(&changes.output).len(), 2, "{}", changes.output);
}

#[test]
fn no_draft_replaces_an_approved_sheet_that_a_filter_excludes() {
    let (content, ..) = content();
    let site = FakeSite::builder().content(content).start_in_thread();
    let home = Home::with(&(connection("qlik", &site) + "filter = \"sheet != 'approved'\"\n"));
    for order in ORDERS {
        site.edit(|content| reorder(content, order));
        home.run(&["scan"]).check(0, &[]);
        assert_eq!(names(&home.items(EXPORT)), ["other"]);
        let run = home.run(&["scan", "--no-store", "--output", "-"]);
        assert_eq!(names(&items(&run.output)), ["other"]);
    }
}
