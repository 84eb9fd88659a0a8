//! `follow`.

use qrs_client::fake_site::FakeSite;

use super::{Page, demo};

const TWO_FOLLOWERS: &str = "followers = [ { kind = ndjson, path = export }, { kind = datahub-file, path = export/datahub } ]\n";

#[test]
fn deliveries_now() {
    let site = FakeSite::start_in_thread();
    let home = demo(&site);
    home.write("conf/application.conf", TWO_FOLLOWERS);
    let mut page = Page::new();
    page.run(&home, &["follow"]);
    home.run(&["scan", "--quiet"]).check(0, &[]);
    page.run(&home, &["follow"]);
    page.run(&home, &["follow", "datahub"]);
    page.run(&home, &["follow", "--full", "--dry-run"]);
    page.run(
        &home,
        &["follow", "--full", "--dry-run", "--format", "ndjson"],
    );
    page.run(&home, &["follow", "--full", "ndjson:export"]);
    page.run(
        &home,
        &["follow", "--full", "--format", "ndjson", "--quiet"],
    );
    std::fs::remove_dir_all(home.path("export")).unwrap();
    home.write("export", "a file where the folder belongs");
    page.run(&home, &["follow"]);
    page.run(&home, &["follow", "ndjson:export", "--format", "ndjson"]);
    home.write("conf/application.conf", "followers = []\n");
    page.run(&home, &["follow"]);
    page.check("follow");
}
