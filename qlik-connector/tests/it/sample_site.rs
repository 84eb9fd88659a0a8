//! The items of the sample site.

use std::{fmt::Write, time::Duration};

use catalog_model::{Completeness, Connection, Contacts, Progress, PropertyValue, contract};
use qrs_client::fake_site::{Content, FakeSite, Fault, Point};

use crate::site::{Scan, code, connect, scan};

/// The expected text. `UPDATE_GOLDEN=1` rewrites it.
const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/golden/sample.txt");

#[tokio::test]
async fn progress_is_reported_while_waiting_for_a_list_and_after_reading_it() {
    let site = FakeSite::start().await;
    let delay = Duration::from_millis(2_500);
    site.fail(Fault::delay(delay).on("/qrs/app/object/full"));
    let scan = scan(connect(&site, &[]).as_ref()).await;
    let lists = ["apps", "users", "sheets"];
    let progress = &scan.seen.progress;
    for (awaited, count) in lists.into_iter().zip([12, 10, 53]) {
        let waited = progress.iter().filter_map(|step| match step {
            Progress::Waiting { list, waited } if *list == awaited => Some(waited.as_secs()),
            _ => None,
        });
        let waited: Vec<_> = waited.collect();
        assert_eq!(waited.first(), Some(&0), "{awaited}");
        if awaited == "sheets" {
            assert!(waited.iter().any(|seconds| *seconds >= 1), "{waited:?}");
        }
        let (list, records) = (awaited, count);
        assert!(
            progress.contains(&Progress::Read { list, records }),
            "{progress:?}"
        );
    }
}

#[tokio::test]
async fn progress_of_a_stalled_list_contains_the_records_read() {
    let site = FakeSite::builder()
        .content(Content::generated(4, 400))
        .start()
        .await;
    site.fail(Fault::stall(Point::Records(300)).on("/qrs/app/object/full"));
    let limit = [("connection.time_limits.silence", "3 s")];
    let seen = scan(connect(&site, &limit).as_ref()).await.seen;
    let reading = |step: &&Progress| {
        matches!(
            step,
            Progress::Reading {
                list: "sheets",
                records: 1..,
                ..
            }
        )
    };
    let count = seen.progress.iter().filter(reading).count();
    assert!(count > 2, "{:?}", seen.progress);
}

#[tokio::test]
async fn progress_is_reported_while_waiting_for_a_count() {
    let site = FakeSite::start().await;
    let delay = Duration::from_millis(1_500);
    site.fail(Fault::delay(delay).on("/qrs/app/object/count"));
    let scan = scan(connect(&site, &[]).as_ref()).await;
    let slow = |step: &Progress| matches!(step, Progress::Counting { list: "sheets", waited } if waited.as_secs() >= 1);
    let progress = &scan.seen.progress;
    assert!(progress.iter().any(slow), "{progress:?}");
}

#[tokio::test]
async fn every_sheet_of_the_sample_site_becomes_an_item() {
    let site = FakeSite::start().await;
    let links = [("connection.link_url", "https://qlik.example.com/people/")];
    let scan = scan(connect(&site, &links).as_ref()).await;
    assert_eq!(scan.closing.as_ref().unwrap(), &Completeness::Complete);
    assert_eq!(scan.seen.items.len(), site.content().sheets().count());
    let written = write(&scan).replace(&site.url(), "https://site");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(GOLDEN, &written).unwrap();
    }
    let golden = std::fs::read_to_string(GOLDEN).unwrap_or_default();
    for (written, golden) in written.lines().zip(golden.lines()) {
        assert_eq!(written, golden);
    }
    assert_eq!(written.lines().count(), golden.lines().count());
}

#[tokio::test]
async fn the_connection_keeps_the_contract() {
    let site = FakeSite::start().await;
    let connection = connect(&site, &[]);
    contract::check(connection.as_ref(), &code()).await.unwrap();
}

#[tokio::test]
async fn a_scan_uses_one_session_and_the_next_scan_reuses_it() {
    let site = FakeSite::start().await;
    let connection = connect(&site, &[]);
    complete(connection.as_ref()).await;
    assert_eq!(site.sessions_opened(), 1);
    let kept = connection.sessions().unwrap().current().unwrap();
    let next = connect(&site, &[]);
    next.sessions().unwrap().resume(&kept);
    complete(next.as_ref()).await;
    assert_eq!(site.sessions_opened(), 1);
}

#[tokio::test]
async fn a_scan_one_by_one_requests_only_sheets_and_counts_before_and_after() {
    let site = FakeSite::start().await;
    let one_by_one = [("connection.parallel", "1")];
    complete(connect(&site, &one_by_one).as_ref()).await;
    let paths: Vec<_> = site
        .requests()
        .iter()
        .map(|request| match request.parameter("filter") {
            Some(filter) => format!("{} {filter}", request.path()),
            None => request.path().to_owned(),
        })
        .collect();
    assert_eq!(
        paths,
        [
            "/qrs/about",
            "/qrs/app/count",
            "/qrs/app/full",
            "/qrs/app/count",
            "/qrs/user/count",
            "/qrs/user/full",
            "/qrs/user/count",
            "/qrs/app/object/count objectType eq 'sheet'",
            "/qrs/app/object/full objectType eq 'sheet'",
            "/qrs/app/object/count objectType eq 'sheet'",
        ]
    );
}

async fn complete(connection: &dyn Connection) {
    assert_eq!(
        scan(connection).await.closing.unwrap(),
        Completeness::Complete
    );
}

/// Formats the scan as text: one block for each item, then the warnings.
fn write(scan: &Scan) -> String {
    let mut text = String::new();
    for (item, id) in &scan.seen.items {
        let id = id.as_ref().map_or("", |id| id.0.as_str());
        writeln!(text, "{} (QRS id {id})", item.key).unwrap();
        writeln!(text, "  label {:?}", item.label).unwrap();
        writeln!(text, "  name {:?}", item.name).unwrap();
        if let Some(description) = &item.description {
            writeln!(text, "  description {description:?}").unwrap();
        }
        match &item.contacts {
            Contacts::Unknown => writeln!(text, "  contacts unknown").unwrap(),
            Contacts::Known(contacts) => {
                for contact in contacts {
                    let (email, name) = (contact.email.as_deref(), contact.name.as_deref());
                    writeln!(text, "  {} {name:?} {email:?}", contact.role).unwrap();
                }
            }
        }
        for (name, value) in item.properties.iter() {
            let value = match value {
                PropertyValue::Text(text) | PropertyValue::LongText(text) => format!("{text:?}"),
                PropertyValue::Url(url) => url.to_string(),
                PropertyValue::Instant(instant) => instant.to_string(),
                other => format!("{other:?}"),
            };
            writeln!(text, "  {name} {value}").unwrap();
        }
    }
    for warning in scan.warnings() {
        writeln!(text, "warning {warning}").unwrap();
    }
    text
}
