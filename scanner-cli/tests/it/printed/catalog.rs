//! `catalog`: items, changes, scans, owners and followers in every format, and `catalog forget`.

use qrs_client::fake_site::FakeSite;

use super::{Page, demo, demo_text};
use crate::scanner::Home;

const APP_KEY: &str = "demo/app:ab8864f2-90a4-4c48-a837-8b69817e599a";
const KEY: &str = "demo/ab8864f2-90a4-4c48-a837-8b69817e599a/JDWuPK";

/// A home with two scans. Between them, sheets were renamed, removed and excluded.
pub(super) fn changed(site: &FakeSite) -> Home {
    let home = demo(site);
    home.run(&["scan"]).check(0, &[]);
    site.edit(|content| {
        let overview = content.sheet_named("Overview").unwrap().to_owned();
        content.remove(&overview);
        let regions = content.sheet_named("Regions").unwrap().to_owned();
        content.rename(&regions, "Regions of the world");
    });
    let filter = "filters = [{ id = no-drafts, action = REJECT, rules { sheet = \"Returns\" } }]\n";
    home.write("connections/demo.conf", demo_text(site) + filter);
    home.run(&["scan"]).check(0, &[]);
    home
}

#[test]
fn lists_of_items() {
    let site = FakeSite::start_in_thread();
    let home = changed(&site);
    let mut page = Page::new();
    for arguments in [
        &["catalog", "list", "--limit", "5"][..],
        &["catalog", "list", "--search", "sales overview/regions"],
        &[
            "catalog",
            "list",
            "--app",
            "Sales Overview",
            "--columns",
            "label,owner,modification_date",
            "--limit",
            "2",
        ],
        &["catalog", "list", "--state", "gone,filtered"],
        &["catalog", "list", "--limit", "1", "--format", "ndjson"],
        &["catalog", "list", "--limit", "2", "--format", "csv"],
        &["catalog", "list", "--since", "2", "--columns", "name,state"],
        &["catalog", "list", "--search", "no such text"],
        &["catalog", "list", "--connection", "dmeo"],
        &["catalog", "list", "--columns", "lable"],
        &["catalog", "list", "--app", "Sales Overveiw"],
        &["catalog", "list", "--app", "supplier"],
        &["catalog", "list", "--stream", "everyon"],
        &["catalog", "list", "--owner", r"ACME\nobody-at-all"],
        &[
            "catalog",
            "list",
            "--app",
            "Sales Overview",
            "--stream",
            "Finance",
        ],
        &["catalog", "list", "--since", "2030-01-01"],
        &["catalog", "list", "--since", "99"],
        &["catalog", "list", "--since", "5b1f0c2a9d3e4f67-2"],
    ] {
        page.run(&home, arguments);
    }
    page.check("catalog_list");
}

/// Arguments after `catalog list --type`.
const CONTAINER_LISTS: &[&[&str]] = &[
    &["app"],
    &["stream"],
    &["stream", "--format", "ndjson"],
    &["app", "--app", "Sales Overview"],
    &["app", "--stream", "everyone", "--columns", "name,owner"],
    &["app", "--owner", r"ACME\ada.moreau", "--limit", "1"],
    &["app", "--search", "OVERVIEW", "--format", "csv"],
    &["app", "--state", "gone,excluded"],
    &["app", "--since", "2"],
    &["app", "--app", "Sales Overveiw", "--format", "ndjson"],
    &["app", "--columns", "sheet_url"],
    &["stream", "--app", "Sales Overview"],
    &["sheet", "--limit", "1"],
];

#[test]
fn apps_and_streams() {
    let site = FakeSite::start_in_thread();
    let home = changed(&site);
    let mut page = Page::new();
    for list in CONTAINER_LISTS {
        let arguments = [&["catalog", "list", "--type"][..], list].concat();
        page.run(&home, &arguments);
    }
    page.run(&home, &["catalog", "show", APP_KEY]);
    page.run(&home, &["catalog", "show", APP_KEY, "--format", "ndjson"]);
    page.run(&home, &["explain", APP_KEY, "--offline"]);
    page.run(&home, &["explain", APP_KEY]);
    page.run(&home, &["catalog", "show", "demo/app:no-such-app"]);
    page.check("catalog_containers");
}

#[test]
fn one_item() {
    let site = FakeSite::start_in_thread();
    let home = changed(&site);
    let mut page = Page::new();
    page.run(&home, &["catalog", "show", KEY]);
    page.run(&home, &["catalog", "show", KEY, "--format", "ndjson"]);
    page.run(
        &home,
        &[
            "catalog",
            "show",
            KEY,
            "--format",
            "csv",
            "--columns",
            "name,key",
        ],
    );
    page.run(&home, &["catalog", "show", "demo/nothing"]);
    page.check("catalog_show");
}

#[test]
fn changes_scans_owners_and_followers() {
    let site = FakeSite::start_in_thread();
    let home = changed(&site);
    let mut page = Page::new();
    for list in ["changes", "scans", "owners", "followers"] {
        for format in ["table", "ndjson", "csv"] {
            let mut arguments = vec!["catalog", list];
            if format != "table" {
                arguments.extend(["--format", format]);
            }
            if list == "changes" {
                arguments.extend(["--limit", "4"]);
            }
            page.run(&home, &arguments);
        }
    }
    page.run(&home, &["catalog", "changes", "--since", "2"]);
    page.run(&home, &["catalog", "changes", "--since", "99"]);
    page.run(&home, &["catalog", "changes", "--since", "tomorrow"]);
    page.run(&home, &["catalog", "owners", "--email", "without"]);
    page.run(&home, &["catalog", "owners", "--status"]);
    page.check("catalog_lists");
}

#[test]
fn a_home_without_a_store() {
    let home = Home::empty();
    let mut page = Page::new();
    page.run(&home, &["catalog", "list"]);
    page.run(&home, &["catalog", "forget", "demo"]);
    page.run(&home, &["explain", "Regions", "--offline"]);
    page.run(&home, &["store", "check"]);
    page.run(&home, &["store", "backup", "saved.db"]);
    page.check("catalog_no_store");
}

#[test]
fn a_connection_that_is_forgotten() {
    let site = FakeSite::start_in_thread();
    let home = demo(&site);
    home.run(&["scan"]);
    let mut page = Page::new();
    page.note("with its connection file");
    page.run(&home, &["catalog", "forget", "demo"]);
    std::fs::remove_file(home.path("connections/demo.conf")).unwrap();
    page.note("without its connection file");
    page.run(&home, &["catalog", "forget", "dmeo"]);
    page.run(&home, &["catalog", "forget", "demo"]);
    page.run(&home, &["catalog", "forget", "demo"]);
    home.write("connections/demo.conf", demo_text(&site));
    home.run(&["scan"]);
    home.run(&["store", "backup", "saved.db"]);
    std::fs::remove_file(home.path("connections/demo.conf")).unwrap();
    page.note("with a backup");
    page.run(
        &home,
        &["catalog", "forget", "demo", "--keep-in-catalogs", "--yes"],
    );
    home.write("connections/demo.conf", demo_text(&site));
    home.run(&["scan"]);
    std::fs::remove_file(home.path("connections/demo.conf")).unwrap();
    std::fs::remove_dir_all(home.path("export")).unwrap();
    home.write("export", "a file where the folder belongs");
    page.note("the export cannot be written");
    page.run(&home, &["catalog", "forget", "demo"]);
    page.check("catalog_forget");
}
