//! `store backup`, `store restore`, `store check`.

use qrs_client::fake_site::FakeSite;

use super::{Page, demo};

#[test]
fn backup_check_and_restore() {
    let site = FakeSite::start_in_thread();
    let home = demo(&site);
    home.run(&["scan"]);
    let mut page = Page::new();
    for arguments in [
        &["store", "check"][..],
        &["store", "check", "--format", "json"],
        &["store", "backup", "catalog.backup"],
        &["store", "backup", "catalog.backup"],
        &["store", "check", "catalog.backup"],
        &["store", "restore", "catalog.backup"],
        &["scan"],
        &["store", "backup", "data/catalog.db"],
        &["store", "backup", "connections/demo.conf"],
        &["store", "backup", "nowhere/catalog.backup"],
        &["store", "restore", "nothing.backup"],
        &["store", "restore", "connections/demo.conf"],
        &["store", "check", "connections/demo.conf"],
    ] {
        page.run(&home, arguments);
    }
    page.check("store");
}

#[test]
fn a_damaged_store() {
    let site = FakeSite::start_in_thread();
    let home = demo(&site);
    home.run(&["scan"]);
    let path = home.path("data/catalog.db");
    let mut bytes = std::fs::read(&path).unwrap();
    let half = bytes.len() / 2;
    bytes[4096..half].fill(0);
    std::fs::write(&path, &bytes).unwrap();
    let mut page = Page::new();
    page.run(&home, &["store", "check"]);
    page.run(&home, &["store", "backup", "catalog.backup"]);
    page.run(&home, &["catalog", "list"]);
    page.run(&home, &["scan"]);
    home.write("data/catalog.db", "this is not a database");
    page.note("another file in its place");
    page.run(&home, &["catalog", "list"]);
    page.run(&home, &["scan"]);
    page.check("store_damaged");
}
