//! `inventory`: the sheets of the connections.

use qrs_client::fake_site::{FakeSite, Fault};

use super::{Page, demo};

#[test]
fn an_inventory_in_every_format() {
    let site = FakeSite::start_in_thread();
    let home = demo(&site);
    let mut page = Page::new();
    page.run(&home, &["inventory"]);
    for format in ["ndjson", "csv"] {
        page.run(&home, &["inventory", "--format", format]);
    }
    page.run(&home, &["inventory", "demo", "--columns", "label,id"]);
    page.run(&home, &["inventory", "dmeo"]);
    page.check("inventory");
}

#[test]
fn an_inventory_that_is_partial_or_fails() {
    let site = FakeSite::start_in_thread();
    let home = demo(&site);
    let mut page = Page::new();
    site.fail(Fault::count_off_by(2).on("/qrs/app/object/count"));
    page.run(&home, &["inventory", "--columns", "key"]);
    site.fail(Fault::status(500).on("/qrs/app/object/full"));
    page.run(&home, &["inventory"]);
    page.check("inventory_not_complete");
}
