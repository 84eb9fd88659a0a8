//! `filter test`: which sheets the filters of a connection keep and exclude.

use qrs_client::fake_site::{Account, Entity, FakeSite};

use super::{Page, demo, demo_with};

const RULES: &str = "filters = [\n  { id = no-sales, action = REJECT, rules { app = \"Sales Overview\" } }\n  \
                     { action = ACCEPT, catalog = Rest }\n]\n";

#[test]
fn filters_are_tested() {
    let site = FakeSite::start_in_thread();
    let home = demo_with(&site, RULES);
    let mut page = Page::new();
    page.note("no store");
    page.run(&home, &["filter", "test", "demo", "--offline"]);
    page.run(&home, &["filter", "test", "demo"]);
    home.run(&["scan"]);
    page.run(&home, &["filter", "test", "demo", "--offline"]);
    page.run(&home, &["filter", "test", "dmeo"]);
    page.check("filter_test");
}

#[test]
fn filters_that_cannot_decide() {
    let site = FakeSite::start_in_thread();
    let home = demo_with(
        &site,
        "filter = \"any t in app_tag match t = 'Certified'\"\n",
    );
    let account = Account::new(&site.header_value());
    site.set_account(account.sees(Entity::App, |_| false));
    let mut page = Page::new();
    page.run(&home, &["filter", "test", "demo"]);
    page.run(&home, &["scan"]);
    page.check("filter_test_undecided");
}

#[test]
fn a_connection_without_filters_and_one_with_an_invalid_filter() {
    let site = FakeSite::start_in_thread();
    let mut page = Page::new();
    page.run(&demo(&site), &["filter", "test", "demo"]);
    let home = demo_with(&site, "filter = \"straem = 'x'\"\n");
    page.run(&home, &["filter", "test", "demo"]);
    page.check("filter_test_invalid");
}
