//! `catalog export --html`: the catalog as files.

use std::fs;

use qrs_client::fake_site::FakeSite;

use crate::scanner::Home;

#[test]
fn the_catalog_becomes_a_folder_of_pages_with_a_search_index() {
    let site = FakeSite::start_in_thread();
    site.edit(|content| {
        let sheet = content.sheet_named("Regions").unwrap().to_owned();
        content.rename(&sheet, "<script>alert(1)</script>");
    });
    let home = Home::with_site(&site);
    home.run(&["scan"]).check(0, &[]);
    let requests = site.requests().len();
    let target = home.path("shared/catalog");
    let target = target.to_str().unwrap();
    for _ in 0..2 {
        home.run(&["catalog", "export", "--html", target])
            .check(0, &["wrote 53 items", "index.html"]);
    }
    assert_eq!(site.requests().len(), requests, "the site was asked");
    let home_page = home.read("shared/catalog/index.html");
    assert!(home_page.contains("href=\"search.html\""), "{home_page}");
    assert!(!home_page.contains("href=\"/"), "{home_page}");
    let results = home.read("shared/catalog/search/documents-0.js");
    assert!(results.contains("<script>alert(1)<"), "{results}");
    for (folder, pages) in [("items", 1), ("apps", 1), ("streams", 1), ("owners", 1)] {
        assert!(home.names(&format!("shared/catalog/{folder}")).len() >= pages);
    }
    assert_eq!(home.names("shared"), ["catalog"]);
}

#[test]
fn a_folder_of_somebody_else_is_refused() {
    let site = FakeSite::start_in_thread();
    let home = Home::with_site(&site);
    let target = home.path("mine");
    let target = target.to_str().unwrap();
    home.run(&["catalog", "export", "--html", target])
        .check(3, &["no store"]);
    home.run(&["scan"]).check(0, &[]);
    fs::create_dir(target).unwrap();
    home.write("mine/letter.txt", "mine");
    home.run(&["catalog", "export", "--html", target])
        .check(2, &["is not empty", "name a new or an empty folder"]);
    assert_eq!(home.names("mine"), ["letter.txt"]);
    home.run(&["catalog", "export"]).check(2, &["--html"]);
}
