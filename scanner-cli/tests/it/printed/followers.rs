//! Followers: one that fails, and one that receives fewer connections than before.

use qrs_client::fake_site::FakeSite;

use super::{Page, demo};
use crate::scanner::{Home, connection};

const TWO_FOLLOWERS: &str = "followers = [ { kind = ndjson, path = catalog, name = glue }, { kind = ndjson, path = export } ]\n";

/// With a clock that stands still, so that all times are the same.
#[test]
fn a_follower_that_fails_beside_one_that_works() {
    let site = FakeSite::start_in_thread();
    let home = demo(&site);
    home.write("conf/application.conf", TWO_FOLLOWERS);
    let mut page = Page::new();
    page.run_held(&home, &["scan", "--quiet"]);
    std::fs::remove_dir_all(home.path("catalog")).unwrap();
    home.write("catalog", "a file where the folder belongs");
    site.edit(|content| {
        let overview = content.sheet_named("Overview").unwrap().to_owned();
        content.remove(&overview);
    });
    page.run_held(&home, &["scan", "--quiet"]);
    for format in ["table", "ndjson", "csv"] {
        page.run_held(&home, &["catalog", "followers", "--format", format]);
    }
    page.run_held(&home, &["explain", "Regions", "--offline"]);
    page.run_held(&home, &["status"]);
    page.run_held(&home, &["status", "--format", "json"]);
    page.check("followers_failing");
}

#[test]
fn a_disabled_follower() {
    let site = FakeSite::start_in_thread();
    let home = demo(&site);
    let disabled =
        "{ kind = datahub, enabled = false, url = \"http://127.0.0.1:9\", token = \"t0k3n\" }";
    let settings = format!("followers = [ {disabled}, {{ kind = ndjson, path = export }} ]\n");
    home.write("conf/application.conf", settings);
    let mut page = Page::new();
    page.run_held(&home, &["scan", "--quiet"]);
    page.run_held(&home, &["follow", "datahub"]);
    page.run_held(&home, &["follow", "datahubb"]);
    page.run_held(&home, &["status"]);
    page.run_held(&home, &["catalog", "followers"]);
    page.run_held(&home, &["check", "--offline"]);
    page.check("followers_disabled");
    home.run(&["check"]).check(0, &[]);
    let check = home.run(&["check", "--format", "json"]);
    check.check(0, &[]);
    assert!(
        check
            .output
            .contains("disabled by `enabled = false` in conf/application.conf:1:")
    );
}

#[test]
fn a_follower_that_no_longer_receives_a_connection() {
    let site = FakeSite::start_in_thread();
    let home = Home::with_site(&site);
    home.write("connections/test.conf", connection("test", &site));
    home.run(&["scan", "--quiet"]).check(0, &[]);
    let narrowed = "followers = [ { kind = ndjson, path = export, connections = [qlik] } ]\n";
    home.write("conf/application.conf", narrowed);
    let mut page = Page::new();
    page.run(&home, &["scan", "qlik"]);
    page.note("the file is reported once");
    page.run(&home, &["scan", "qlik"]);
    page.check("followers_narrowed");
    assert_eq!(home.items("export/test.visualization.ndjson").len(), 53);
}
