//! Filters: what stays of the invented site, and what a person is told.

use catalog_model::{Completeness, contract};
use qrs_client::fake_site::FakeSite;

use crate::site::{Scan, code, connect, scan};

/// Scans the invented site with a rich filter.
async fn filtered(filter: &str) -> Scan {
    let site = FakeSite::start().await;
    let scan = scan(connect(&site, &[("filter", filter)]).as_ref()).await;
    let all = scan.seen.items.len() + scan.seen.filtered.len();
    assert_eq!(all, site.content().sheets().count());
    scan
}

#[tokio::test]
async fn each_criterion_is_answered_as_the_item_shows_it() {
    for filter in [
        "stream = 'Продажи / Sales 📈'",
        "stream_id is not null",
        "app = 'Sales Overview'",
        "app_id = 'ab8864f2-90a4-4c48-a837-8b69817e599a'",
        "sheet = 'Regions'",
        "sheet_id = 'JDWuPK'",
        "owner = 'ACME\\\\ada.moreau'",
        "owner_directory = 'ACME'",
        "published = 'true'",
        "approved = 'true'",
        "sheet_status = 'base'",
        "created starts with '2022-06-02T01:23:19.073Z'",
        "modified starts with '2024'",
        "reloaded starts with '2025-03-27'",
        "tag is null",
        "any t in app_tag match t = 'Certified'",
        "any c in custom_property.Department match c = 'Sales'",
        "any c in custom_property.'Data class' match c starts with 'Internal'",
    ] {
        let scan = filtered(filter).await;
        let regions = |key: &str| key.ends_with("/JDWuPK");
        let mut kept = scan.seen.items.iter();
        assert!(
            kept.any(|(item, _)| regions(item.key.as_str())),
            "{filter}: {:?}",
            scan.warnings()
        );
        let not = filtered(&format!("not ({filter})")).await;
        let mut left = not.seen.filtered.iter();
        assert!(left.any(|item| regions(item.key.as_str())), "{filter}");
        assert_eq!(
            scan.seen.items.len() + not.seen.items.len(),
            scan.seen.items.len() + scan.seen.filtered.len(),
            "{filter}"
        );
    }
}

#[tokio::test]
async fn a_filter_that_matches_nothing_is_warned_about_and_the_scan_is_complete() {
    let scan = filtered("app = 'sales overview'").await;
    assert_eq!(scan.closing.as_ref().unwrap(), &Completeness::Complete);
    assert!(scan.seen.items.is_empty());
    let warnings = scan.warnings();
    let told = |text: &str| warnings.iter().any(|warning| warning.contains(text));
    assert!(told("matches no sheet"), "{warnings:?}");
    assert!(told("connections/test.conf:"), "{warnings:?}");
}

#[tokio::test]
async fn a_pattern_that_never_ends_is_named_with_its_place() {
    let filter = r"app ~ /(?:(?:[^Z]+)+(?=[A-Za-z ]+))+Z/";
    let scan = filtered_scan(filter).await;
    let message = scan.closing.unwrap_err().to_string();
    assert!(message.contains("connections/test.conf:"), "{message}");
    assert!(message.contains("Z"), "{message}");
}

async fn filtered_scan(filter: &str) -> Scan {
    let site = FakeSite::start().await;
    scan(connect(&site, &[("filter", filter)]).as_ref()).await
}

#[tokio::test]
async fn a_filtered_connection_keeps_the_contract() {
    let site = FakeSite::start().await;
    let connection = connect(&site, &[("filter", "published = 'true'")]);
    contract::check(connection.as_ref(), &code()).await.unwrap();
}
