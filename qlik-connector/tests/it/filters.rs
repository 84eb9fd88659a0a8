//! Filters: which sheets of the sample site they keep, and their messages.

use catalog_model::{
    Completeness, contract,
    filter::{Decision, UnknownCause},
};
use qrs_client::fake_site::{Content, FakeSite};

use crate::site::{Scan, code, connect, scan};

/// Scans the sample site with a rich filter.
async fn scan_with(filter: &str) -> Scan {
    let site = FakeSite::start().await;
    let scan = scan(connect(&site, &[("filter", filter)]).as_ref()).await;
    // A few sheets belong to an app that is not in the list of apps, or that has an invalid reload date.
    let decided = scan.seen.items.len() + scan.seen.excluded.len();
    assert!(decided > 5 * scan.seen.undecided.len());
    let all = decided + scan.seen.undecided.len();
    assert_eq!(all, site.content().sheets().count());
    scan
}

#[tokio::test]
async fn each_criterion_has_the_value_of_the_item() {
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
        let scan = scan_with(filter).await;
        let regions = |key: &str| key.ends_with("/JDWuPK");
        let mut kept = scan.seen.items.iter();
        assert!(
            kept.any(|(item, _)| regions(item.key.as_str())),
            "{filter}: {:?}",
            scan.warnings()
        );
        let not = scan_with(&format!("not ({filter})")).await;
        let mut left = not.seen.excluded.iter();
        assert!(left.any(|item| regions(item.key.as_str())), "{filter}");
        assert_eq!(not.seen.items.len(), scan.seen.excluded.len(), "{filter}");
    }
}

#[tokio::test]
async fn a_filter_that_matches_nothing_causes_a_warning_and_the_scan_is_complete() {
    let scan = scan_with("app = 'sales overview'").await;
    assert_eq!(scan.closing.as_ref().unwrap(), &Completeness::Complete);
    assert!(scan.seen.items.is_empty());
    let warnings = scan.warnings();
    let shown = |text: &str| warnings.iter().any(|warning| warning.contains(text));
    assert!(shown("matches no sheet"), "{warnings:?}");
    assert!(shown("connections/test.conf:"), "{warnings:?}");
}

#[tokio::test]
async fn a_pattern_that_exceeds_its_limit_leaves_items_undecided_and_does_not_fail_the_scan() {
    const BACK: &str = r"(?=a)(a|a|aa)+\1c";
    let mut content = Content::empty();
    let app = content.add_app("Sales");
    for name in ["aac", "Q1", "Q2"] {
        content.add_sheet(&app, name);
    }
    for _ in 0..3 {
        content.add_sheet(&app, &format!("{}b", "a".repeat(40)));
    }
    let site = FakeSite::builder().content(content).start().await;
    let rule = format!("back REJECT sheet=regex:{BACK}");
    let rich = format!("sheet ~ /{BACK}/");
    for (key, filter, kept) in [("filters", &rule, 2), ("filter", &rich, 1)] {
        let scan = scan(connect(&site, &[(key, filter)]).as_ref()).await;
        assert_eq!(scan.closing.as_ref().unwrap(), &Completeness::Complete);
        assert_eq!(scan.seen.items.len(), kept, "{filter}");
        assert_eq!(scan.seen.undecided.len(), 3, "{filter}");
        let warnings = scan.warnings();
        let shown: Vec<_> = warnings
            .iter()
            .filter(|one| one.contains("reached its limit"))
            .collect();
        let [shown] = shown[..] else {
            panic!("{warnings:?}");
        };
        let first = scan.seen.undecided[0].key.as_str();
        for text in [
            "3 sheets are undecided",
            first,
            "connections/test.conf:4:1",
            "too many steps",
            BACK,
        ] {
            assert!(shown.contains(text), "{text} in {shown}");
        }
        assert!(
            !warnings.iter().any(|one| one.contains("could not be read")),
            "{warnings:?}"
        );
    }
    // If no other sheet is known to be kept, the export must not become empty.
    let scan = scan(connect(&site, &[("filter", r"sheet ~ /(?=a)(a|a|aa)+\1d/")]).as_ref()).await;
    assert!(
        matches!(scan.closing, Ok(Completeness::Partial(_))),
        "{:?}",
        scan.closing
    );
}

/// The messages about filters with their hints.
fn of_filters(scan: &Scan) -> Vec<String> {
    let warnings = scan.seen.warnings.iter();
    let shown = warnings
        .filter(|one| one.message.starts_with("the filter") || one.message.starts_with("the rule"));
    shown
        .map(|one| {
            format!(
                "{}; {}",
                one.message,
                one.hint.as_deref().unwrap_or_default()
            )
        })
        .collect()
}

#[tokio::test]
async fn an_empty_site_causes_no_warning_about_a_filter() {
    let site = FakeSite::builder().content(Content::empty()).start().await;
    for filter in ["always", "never", "app = 'x'"] {
        let scan = scan(connect(&site, &[("filter", filter)]).as_ref()).await;
        assert_eq!(of_filters(&scan), [""; 0]);
    }
}

#[tokio::test]
async fn a_filter_that_matches_nothing_differs_from_one_that_is_never_reached() {
    let shown = of_filters(&scan_with("app = 'sales overview'").await);
    assert_eq!(
        shown,
        [
            "the filter (connections/test.conf:4:1) matches no sheet; it was tested on 53 sheets: check the spelling of its values, which are case-sensitive"
        ]
    );
    let site = FakeSite::start().await;
    let rules =
        "one ACCEPT app=sales overview;two REJECT app=*;three REJECT stream=Everyone;four ACCEPT";
    let connection = connect(&site, &[("filters", rules), ("filter", "always")]);
    let shown = of_filters(&scan(connection.as_ref()).await);
    assert_eq!(
        shown,
        [
            "the rule `one` (connections/test.conf:4:1) matches no sheet; it was tested on 53 sheets: check the spelling of its values, which are case-sensitive",
            "the rule `three` (connections/test.conf:4:1) is never reached; the rules before it match every sheet: move it up to make it effective",
            "the filter (connections/test.conf:5:1) is never reached; the rules before it exclude every sheet"
        ]
    );
}

/// Criteria that a stored item does not have for every sheet.
const NOT_STORED: [&str; 3] = ["stream_id", "published", "approved"];
/// Criteria that are dates, and the properties that show them.
const DATES: [(&str, &str); 3] = [
    ("created", "creation_date"),
    ("modified", "modification_date"),
    ("reloaded", "application_reload_date"),
];

#[tokio::test]
async fn a_stored_item_is_decided_like_its_sheet_or_undecided() {
    let site = FakeSite::start().await;
    let all = scan(connect(&site, &[]).as_ref()).await;
    for filter in [
        "stream = 'Everyone'",
        "stream is null",
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
        "created starts with '2022-06'",
        "modified starts with '2024'",
        "reloaded is null",
        "tag is null",
        "app_tag is null",
        "any t in app_tag match t = 'Certified'",
        "any c in custom_property.Department match c = 'Sales'",
        "any c in custom_property.'Data class' match c starts with 'Internal'",
    ] {
        // All sites have the same content. Each allows five sessions.
        let site = FakeSite::start().await;
        let connection = connect(&site, &[("filter", filter)]);
        let scan = scan(connection.as_ref()).await;
        assert_eq!(scan.closing.unwrap(), Completeness::Complete);
        let keys: Vec<_> = scan.seen.items.iter().map(|(item, _)| &item.key).collect();
        let left: Vec<_> = scan.seen.excluded.iter().map(|item| &item.key).collect();
        let mut decided = 0;
        for (item, _) in &all.seen.items {
            let decision = connection.filtering().unwrap().decide(item);
            match decision.decision {
                Decision::Keep { .. } => assert!(keys.contains(&&item.key), "{filter}: {item:?}"),
                Decision::Exclude { .. } => {
                    assert!(left.contains(&&item.key), "{filter}: {item:?}")
                }
                Decision::Undecided { cause, .. } => {
                    let UnknownCause::Criterion(criterion) = cause else {
                        panic!("{filter} has no pattern: {cause:?}");
                    };
                    let app_was_read = item.properties.get("application_reload_date").is_some()
                        || item.properties.get("application_tags").is_some();
                    let not_stored = NOT_STORED.contains(&criterion.as_str());
                    // A date that an item does not have may be one that could not be read.
                    let date = DATES.iter().find(|(date, _)| *date == criterion);
                    let no_date = date.is_some_and(|(_, name)| item.properties.get(name).is_none());
                    assert!(not_stored || !app_was_read || no_date, "{filter}: {item:?}");
                    continue;
                }
            }
            decided += 1;
        }
        assert_eq!(decided == 0, filter.starts_with("stream_id"), "{filter}");
    }
}

#[tokio::test]
async fn names_are_compared_as_in_the_item() {
    let mut content = Content::empty();
    let app = content.add_app("Sales");
    let sheet = content.add_sheet(&app, "Q1");
    let blank = serde_json::json!([{"id": "1", "name": " "}]);
    content.set(&sheet, "tags", blank.clone());
    content.set(&app, "tags", blank);
    let property = |name: &str| serde_json::json!({"value": "y=z", "definition": {"name": name}});
    content.set(
        &app,
        "customProperties",
        vec![property("x=y"), property("")].into(),
    );
    let site = FakeSite::builder().content(content).start().await;
    for filter in [
        "tag is null",
        "app_tag is null",
        "custom_property.x is null",
        "any p in custom_property.'x=y' match p = 'y=z'",
        "custom_property.'x=y=y' is null",
    ] {
        let scan = scan(connect(&site, &[("filter", filter)]).as_ref()).await;
        assert_eq!(scan.seen.items.len(), 1, "{filter}");
    }
}

/// The warnings of a scan with a filter that begin like this.
async fn warned(filter: &str, beginning: &str) -> Vec<String> {
    let scan = scan_with(filter).await;
    let warnings = scan.warnings().into_iter();
    let these = warnings.filter(|one| one.starts_with(beginning));
    these.map(str::to_owned).collect()
}

#[tokio::test]
async fn filters_that_exclude_every_sheet_cause_one_warning() {
    let all = "the filters exclude every sheet";
    assert_eq!(warned("stream is null", all).await.len(), 0);
    // This expression is visibly constant.
    assert_eq!(warned("never", all).await.len(), 0);
    assert_eq!(warned("never", "the filter").await.len(), 1);
    let site = FakeSite::start().await;
    let connection = connect(&site, &[("filters", "all REJECT")]);
    let scan = scan(connection.as_ref()).await;
    assert!(scan.warnings().iter().any(|one| one.starts_with(all)));
}

#[tokio::test]
async fn an_unknown_custom_property_causes_a_warning() {
    let unknown = "no application has a value of the custom property";
    let misspelt = "custom_property.department is null";
    assert_eq!(
        warned(misspelt, unknown).await,
        ["no application has a value of the custom property `department`, which a filter uses"]
    );
    assert_eq!(
        warned("custom_property.Department is null", unknown)
            .await
            .len(),
        0
    );
}

#[tokio::test]
async fn a_connection_with_filters_keeps_the_contract() {
    let site = FakeSite::start().await;
    let connection = connect(&site, &[("filter", "published = 'true'")]);
    contract::check(connection.as_ref(), &code()).await.unwrap();
}
