//! Completeness is checked by comparing distinct ids with the site's counts.

use catalog_model::{Completeness, SourceId};
use qrs_client::fake_site::{Content, FakeSite, Fault};
use serde_json::json;

use crate::site::{Scan, connect, scan};

const APPS: &str = "/qrs/app/full";
const USERS: &str = "/qrs/user/full";
const SHEETS: &str = "/qrs/app/object/full";

/// Scans a site with these faults.
async fn scan_with(faults: Vec<Fault>, more: &[(&str, &str)]) -> Scan {
    let site = FakeSite::start().await;
    for fault in faults {
        site.fail(fault);
    }
    scan(connect(&site, more).as_ref()).await
}

/// Why a scan is partial.
fn partial(scan: &Scan) -> &[String] {
    match &scan.closing {
        Ok(Completeness::Partial(reasons)) => reasons,
        other => panic!("{other:?}"),
    }
}

fn is_complete(scan: &Scan) -> bool {
    matches!(scan.closing, Ok(Completeness::Complete))
}

/// Checks that exactly one reason contains all these texts.
fn check_reason(scan: &Scan, texts: &[&str]) {
    let has_all = |reason: &&String| texts.iter().all(|text| reason.contains(text));
    let found = partial(scan).iter().filter(has_all).count();
    assert_eq!(found, 1, "{texts:?} in {:?}", partial(scan));
}

const NO_COUNTS: (&str, &str) = ("connection.verify_counts", "false");

#[tokio::test]
async fn a_missing_record_makes_a_scan_partial_unless_counts_are_off() {
    for (path, list) in [(APPS, "apps"), (USERS, "users"), (SHEETS, "sheets")] {
        let fault = || vec![Fault::missing_records(2).on(path)];
        let scan = scan_with(fault(), &[]).await;
        check_reason(&scan, &[list, "were read, but the site counted"]);
        assert!(is_complete(&scan_with(fault(), &[NO_COUNTS]).await));
    }
}

#[tokio::test]
async fn one_record_twice_and_one_missing_is_not_complete() {
    for (path, list) in [(APPS, "apps"), (USERS, "users"), (SHEETS, "sheets")] {
        let faults = vec![
            Fault::missing_records(1).on(path),
            Fault::repeated_records(1).on(path),
        ];
        let scan = scan_with(faults, &[]).await;
        check_reason(&scan, &["were read, but the site counted", list]);
        check_reason(&scan, &["1 record of the", list, "more than once"]);
    }
}

#[tokio::test]
async fn a_list_with_a_record_twice_is_read_once_more_and_then_partial() {
    for (path, list) in [(APPS, "apps"), (USERS, "users"), (SHEETS, "sheets")] {
        let repeated = || Fault::repeated_records(1).on(path);
        let site = FakeSite::start().await;
        site.fail(repeated().times(1));
        let once = scan(connect(&site, &[]).as_ref()).await;
        assert!(is_complete(&once), "{list}: {:?}", once.closing);
        assert_eq!(once.seen.restarts.len(), 1);
        assert_eq!(site.requests_of(path).len(), 2);
        assert_eq!(once.seen.items.len(), 53);
        for more in [&[][..], &[NO_COUNTS]] {
            let site = FakeSite::start().await;
            site.fail(repeated());
            let always = scan(connect(&site, more).as_ref()).await;
            check_reason(&always, &["more than once", list]);
            assert_eq!(site.requests_of(path).len(), 2, "read again once");
        }
    }
}

#[tokio::test]
async fn the_reason_names_the_repeated_record() {
    let site = FakeSite::start().await;
    let content = site.content();
    let id = |record: &serde_json::Value| record["id"].as_str().unwrap().to_owned();
    let app = id(&content.apps[0]);
    site.fail(Fault::repeated_records(2).on(APPS));
    let scan = scan(connect(&site, &[]).as_ref()).await;
    check_reason(&scan, &["2 records of the apps", &app]);
    let [repeated] = scan.seen.repeated.as_slice() else {
        panic!("{:?}", scan.seen.repeated);
    };
    assert_eq!((repeated.list, repeated.left_out), ("apps", 2));
    assert_eq!(repeated.id, SourceId(app));
}

#[tokio::test]
async fn without_any_count_of_apps_or_sheets_a_scan_is_partial_and_names_the_setting() {
    for (path, list) in [
        ("/qrs/app/count", "apps"),
        ("/qrs/app/object/count", "sheets"),
    ] {
        let fault = || vec![Fault::status(404).on(path)];
        let scan = scan_with(fault(), &[]).await;
        check_reason(
            &scan,
            &[
                list,
                "could not be counted",
                "`connection.verify_counts = false`",
            ],
        );
        assert!(is_complete(&scan_with(fault(), &[NO_COUNTS]).await));
    }
}

#[tokio::test]
async fn one_of_two_counts_is_enough_and_a_missing_count_of_users_is_a_warning() {
    let one_by_one = ("connection.parallel", "1");
    for (fault, more) in [
        (Fault::status(404).on("/qrs/app/count").times(1), &[][..]),
        (
            Fault::status(404).on("/qrs/app/object/count").after(1),
            &[one_by_one][..],
        ),
        (Fault::status(404).on("/qrs/user/count"), &[][..]),
    ] {
        let scan = scan_with(vec![fault], more).await;
        assert!(is_complete(&scan), "{:?}", scan.closing);
        let warned = scan.warnings().iter().any(|one| one.contains("counted"));
        assert!(warned, "{:?}", scan.warnings());
    }
}

#[tokio::test]
async fn an_unexpected_shape_is_not_a_count() {
    for answer in [
        "[5]",
        "[]",
        "{}",
        "true",
        "\"53\"",
        "-1",
        "5.5",
        "null",
        r#"{"value":null}"#,
        r#"{"value":"53"}"#,
        r#"{"value":-1}"#,
        r#"{"value":[53]}"#,
        r#"{"value":{"value":53}}"#,
        r#"{"count":53}"#,
        r#"[{"value":53}]"#,
    ] {
        let fault = Fault::body(answer).on("/qrs/app/object/count");
        let scan = scan_with(vec![fault], &[]).await;
        check_reason(&scan, &["the sheets could not be counted"]);
    }
    for answer in ["53", r#"{"value":53}"#, r#"{"more":[],"value":53}"#] {
        let fault = Fault::body(answer).on("/qrs/app/object/count");
        let scan = scan_with(vec![fault], &[]).await;
        assert!(is_complete(&scan), "{answer}: {:?}", scan.closing);
    }
}

#[tokio::test]
async fn another_object_does_not_replace_a_missing_sheet() {
    let story = r#"{"id":"s-1","objectType":"story","engineObjectId":"x","app":{"id":"a"}}"#;
    let faults = vec![Fault::record(0, story).on(SHEETS)];
    let scan = scan_with(faults, &[]).await;
    check_reason(&scan, &["52 sheets were read, but the site counted 53"]);
}

#[tokio::test]
async fn a_filter_that_a_gateway_drops_everywhere_hides_nothing() {
    let site = FakeSite::start().await;
    let all = serde_json::to_string(&site.content().objects).unwrap();
    let objects = site.content().objects.len();
    site.fail(Fault::body(all).on(SHEETS));
    site.fail(Fault::body(objects.to_string()).on("/qrs/app/object/count"));
    let scan = scan(connect(&site, &[]).as_ref()).await;
    assert!(is_complete(&scan), "{:?}", scan.closing);
    assert_eq!(scan.seen.items.len(), 53);
}

#[tokio::test]
async fn a_record_without_an_id_is_not_an_app() {
    for record in ["{}", r#"{"name":"App"}"#, r#"{"id":null}"#, "[]"] {
        let scan = scan_with(vec![Fault::record(0, record).on(APPS)], &[]).await;
        check_reason(
            &scan,
            &["1 of the apps could not be read, not even their ids"],
        );
    }
}

#[tokio::test]
async fn the_order_of_two_records_of_an_app_does_not_matter() {
    for reversed in [false, true] {
        let mut content = Content::empty();
        let app = content.add_app("old");
        content.add_sheet(&app, "Q1");
        let mut newer = content.apps[0].clone();
        newer["name"] = json!("new");
        newer["modifiedDate"] = json!("2030-01-01T00:00:00.000Z");
        content.apps.push(newer);
        if reversed {
            content.apps.reverse();
        }
        let site = FakeSite::builder().content(content).start().await;
        let scan = scan(connect(&site, &[]).as_ref()).await;
        assert_eq!(scan.seen.items[0].0.label[1], "new");
    }
}
