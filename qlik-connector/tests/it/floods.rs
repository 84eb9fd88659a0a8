//! Sites that send too much data.

use catalog_model::{Completeness, ScanError};
use qrs_client::fake_site::{Content, FakeSite, Fault};
use serde_json::json;

use crate::site::{Scan, connect, scan};

const APPS: &str = "/qrs/app/full";
const SHEETS: &str = "/qrs/app/object/full";
const USERS: &str = "/qrs/user/full";

async fn scan_with(fault: Fault, settings: &[(&str, &str)]) -> Scan {
    let site = FakeSite::start_in_thread();
    site.fail(fault);
    scan(connect(&site, settings).as_ref()).await
}

fn failure(scan: &Scan) -> String {
    match scan.closing.as_ref().unwrap_err() {
        ScanError::Source { step, message, .. } => format!("{step}: {message}"),
        other => other.to_string(),
    }
}

#[tokio::test]
async fn reading_an_endless_list_stops() {
    let app = r#"{"id":"app-{n}","name":"App"},"#;
    let hollow = r#"{"name":"no id"},"#;
    let sheet = r#"{"id":"s-{n}","engineObjectId":"e-{n}","app":{"id":"a"},"objectType":"sheet"},"#;
    let same = r#"{"id":"s","engineObjectId":"e","app":{"id":"a"},"objectType":"sheet"},"#;
    for (path, part, shown) in [
        (APPS, app, "but the site counted"),
        (APPS, hollow, "have no id"),
        (APPS, "null,", "not readable records"),
        (SHEETS, sheet, "but the site counted"),
        (SHEETS, same, "but the site counted"),
        (SHEETS, "{},", "have no id"),
    ] {
        let scan = scan_with(Fault::endless("[", part).on(path), &[]).await;
        let message = failure(&scan);
        assert!(message.starts_with("reading the list of "), "{message}");
        assert!(message.contains("stopped reading the list"), "{message}");
        assert!(message.contains(shown), "{message}");
    }
}

#[tokio::test]
async fn the_memory_of_a_list_is_limited_without_counts() {
    let off = [("connection.verify_counts", "false")];
    let description = "x".repeat(200_000);
    let app = format!(r#"{{"id":"app-{{n}}","description":"{description}"}},"#);
    let scan = scan_with(Fault::endless("[", app).on(APPS), &off).await;
    let message = failure(&scan);
    assert!(message.contains("more memory than the 128 MB"), "{message}");
    assert!(message.len() < 500, "{message}");
}

#[tokio::test]
async fn an_endless_list_of_users_affects_only_the_contacts() {
    let user = r#"{"id":"user-{n}","attributes":[]},"#;
    let scan = scan_with(Fault::endless("[", user).on(USERS), &[]).await;
    assert_eq!(scan.closing.as_ref().unwrap(), &Completeness::Complete);
    let shown = "the users could not be read, so contacts were left unchanged: it has more than";
    assert!(
        scan.warnings().iter().any(|one| one.starts_with(shown)),
        "{:?}",
        scan.warnings()
    );
}

/// A site with two apps, each with a sheet.
fn two_sheets() -> Content {
    let mut content = Content::empty();
    for name in ["Sales", "Stock"] {
        let app = content.add_app(name);
        content.add_sheet(&app, "Overview");
    }
    content
}

#[tokio::test]
async fn long_texts_are_truncated_with_one_warning() {
    let mut content = two_sheets();
    let long = "é".repeat(500_000);
    content.objects[0]["name"] = json!(long);
    content.objects[0]["tags"] = json!([{"name": long}]);
    content.objects[0]["createdDate"] = json!(long);
    content.apps[0]["description"] = json!(long);
    content.apps[0]["name"] = json!(long);
    content.apps[1]["description"] = json!("x".repeat(100_000));
    let site = FakeSite::builder().content(content).start().await;
    let scan = scan(connect(&site, &[]).as_ref()).await;
    assert_eq!(scan.closing.as_ref().unwrap(), &Completeness::Complete);
    let sizes = |text: &str| {
        scan.warnings()
            .iter()
            .filter(|one| one.contains(text))
            .count()
    };
    assert_eq!(
        sizes("2 texts of the list of apps were truncated"),
        1,
        "{:?}",
        scan.warnings()
    );
    assert_eq!(
        sizes("of the list of sheets were truncated"),
        1,
        "{:?}",
        scan.warnings()
    );
    assert!(scan.warnings().iter().all(|one| one.len() < 1_000));
    for (item, _) in &scan.seen.items {
        assert!(item.name.len() <= 4_096 && item.label.iter().all(|part| part.len() <= 4_096));
    }
    let description = |at: usize| {
        format!(
            "{:?}",
            scan.seen.items[at]
                .0
                .properties
                .get("application_description")
        )
        .len()
    };
    let mut lengths = [description(0), description(1)];
    lengths.sort_unstable();
    assert!(lengths[0] > 100_000 && lengths[0] < 100_100, "{lengths:?}");
    assert!(lengths[1] > 262_000 && lengths[1] < 263_000, "{lengths:?}");
}

#[tokio::test]
async fn a_truncated_text_leaves_a_filter_undecided() {
    let mut content = two_sheets();
    content.objects[0]["name"] = json!("x".repeat(10_000) + "y");
    let site = FakeSite::builder().content(content).start().await;
    for filter in [
        "not sheet ends with 'y'",
        "sheet contains 'w' or sheet = 'Overview'",
    ] {
        let connection = connect(&site, &[("filter", filter)]);
        let scan = scan(connection.as_ref()).await;
        assert_eq!(
            (scan.seen.items.len(), scan.seen.undecided.len()),
            (1, 1),
            "{filter}"
        );
        let reason = &scan.seen.undecided[0].reason;
        assert!(
            reason.ends_with("uses `sheet`, but that text is too long"),
            "{reason}"
        );
    }
}

#[tokio::test]
async fn an_id_that_is_too_long_affects_only_its_record() {
    let mut content = two_sheets();
    content.objects[0]["engineObjectId"] = json!("e".repeat(20_000) + "1");
    let site = FakeSite::builder().content(content.clone()).start().await;
    let scan_one = scan(connect(&site, &[]).as_ref()).await;
    assert!(scan_one.closing.is_ok());
    assert_eq!(
        (scan_one.seen.items.len(), scan_one.seen.unreadable.len()),
        (1, 1)
    );
    let reason = &scan_one.seen.unreadable[0].reason;
    assert!(
        reason.contains("an id of 20001 bytes, longer than 1024"),
        "{reason}"
    );
    // Its QRS id identifies the unknown item; without an id, every item may be unknown.
    assert_eq!(scan_one.closing.unwrap(), Completeness::Complete);
    content.objects[0]["id"] = json!("i".repeat(20_000));
    let site = FakeSite::builder().content(content).start().await;
    let scan_two = scan(connect(&site, &[]).as_ref()).await;
    assert_eq!(scan_two.seen.items.len(), 1);
    assert!(
        matches!(scan_two.closing, Ok(Completeness::Partial(_))),
        "{:?}",
        scan_two.closing
    );
}

#[tokio::test]
async fn messages_about_large_versions_locations_and_error_pages_are_short() {
    let long = "3".repeat(900_000);
    let scan = scan_with(
        Fault::body(format!("{{\"buildVersion\":\"{long}\"}}")).on("/qrs/about"),
        &[],
    )
    .await;
    assert!(scan.closing.is_ok());
    assert!(scan.warnings().iter().all(|one| one.len() < 1_000));
    let location = format!("https://idp.example/{}", "x".repeat(200_000));
    for fault in [
        Fault::body(format!("{{\"buildVersion\":\"{}\"}}", long.repeat(20))),
        Fault::status(302).with_header("Location", &location),
        Fault::status(302).with_header("Location", &location.repeat(100)),
        Fault::status(403).with_header("Set-Cookie", &format!("s={}", location.repeat(100))),
        Fault::status(503).with_header("Retry-After", &long),
        Fault::status(500).with_header("Content-Type", &long.repeat(20)),
        Fault::status(500).with_body(&*long),
        Fault::status(403).with_body(&*long),
        Fault::body(&*long),
    ] {
        let message = failure(&scan_with(fault.on("/qrs/about"), &[]).await);
        assert!(!message.contains("does not speak HTTP"), "{message}");
        assert!(message.len() < 1_500, "{}", &message[..1_500]);
    }
}
