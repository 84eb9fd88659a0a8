//! `scan`: the report of every outcome.

use qrs_client::fake_site::FakeSite;

use super::{Page, check, demo};

#[test]
fn a_complete_scan_and_one_in_which_nothing_changed() {
    let site = FakeSite::start_in_thread();
    let home = demo(&site);
    check("scan_complete", &home, &["scan"]);
    check("scan_unchanged", &home, &["scan"]);
}

#[test]
fn the_report_as_json() {
    let site = FakeSite::start_in_thread();
    let home = demo(&site);
    let mut page = Page::new();
    page.run(&home, &["scan", "--report", "report.json"]);
    page.file(&home, "report.json");
    page.check("scan_report");
}
