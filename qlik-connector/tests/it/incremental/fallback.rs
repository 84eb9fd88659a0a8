//! When a scan reads everything although it should read only changes, and what it reads otherwise.

use std::time::Duration;

use catalog_model::{Completeness, Connection, Extent, ScanRequest, contract::Recorder};
use qrs_client::fake_site::{Content, FakeSite, Fault};
use serde_json::json;

use super::store::{Reads, Scanned, TestStore};
use crate::site::connect;

const ON: (&str, &str) = ("connection.incremental", "true");

/// A site with 20 apps of 20 sheets that has been scanned once, with the store.
async fn scanned() -> (FakeSite, Box<dyn Connection>, TestStore) {
    let site = FakeSite::builder()
        .content(Content::generated(20, 20))
        .start()
        .await;
    let connection = connect(&site, &[ON]);
    let store = TestStore::new();
    let first = store.scan(&*connection, 0, Reads::Changes).await;
    assert_eq!(first.closing, Ok(Completeness::Complete));
    assert!(first.why().unwrap().contains("not complete"), "{first:?}");
    (site, connection, store)
}

async fn again(connection: &dyn Connection, store: &TestStore) -> Scanned {
    let scan = store.scan(connection, 1, Reads::Changes).await;
    assert_eq!(scan.closing, Ok(Completeness::Complete));
    assert_eq!(
        scan.counts.seen,
        400 + scan.counts.added - scan.counts.removed
    );
    scan
}

fn amount(scan: &Scanned) -> Option<(u64, u64)> {
    match scan.extent {
        Some(Extent::Changes { read, total }) => Some((read, total)),
        _ => None,
    }
}

#[tokio::test]
async fn a_site_that_did_not_change_is_read_by_a_table_of_ids() {
    let (site, connection, store) = scanned().await;
    let before = site.requests().len();
    let second = again(&*connection, &store).await;
    let (read, total) = amount(&second).unwrap();
    assert_eq!(total, 400);
    let all_sheets = site.requests()[before..].iter().any(|request| {
        let filter = request.parameter("filter");
        request.path() == "/qrs/app/object/full"
            && filter.as_deref() == Some("objectType eq 'sheet'")
    });
    assert!(!all_sheets, "the list of all sheets is not requested ahead");
    // The apps that were modified last are read again.
    assert!(read <= 60, "{read}");
    let full = store.scan(&*connection, 2, Reads::Everything).await;
    let (bytes, all) = (second.bytes, full.bytes);
    // These apps and their sheets are a larger part here than on a large site.
    assert!(bytes * 4 < all, "{bytes} of {all}");
    let requests = &site.requests()[before..];
    let others = requests.iter().filter(|request| request.method() != "GET");
    for request in others {
        assert_eq!(request.path(), "/qrs/app/object/table");
    }
}

#[tokio::test]
async fn only_the_sheets_of_apps_that_changed_are_read() {
    let (site, connection, store) = scanned().await;
    site.edit(|content| {
        let app = content.app_named("App 3").unwrap().to_owned();
        content.rename(&app, "Three");
        let sheet = content.sheet_named("Sheet 2 of app 5").unwrap().to_owned();
        content.remove(&sheet);
    });
    let second = again(&*connection, &store).await;
    assert_eq!((second.counts.changed, second.counts.removed), (20, 1));
    let (read, _) = amount(&second).unwrap();
    assert!(read <= 100, "{read}");
    let filters: Vec<_> = site
        .requests_of("/qrs/app/object/full")
        .iter()
        .filter_map(|request| request.parameter("filter"))
        .collect();
    assert!(
        filters.last().unwrap().contains("app.id eq "),
        "{filters:?}"
    );
}

#[tokio::test]
async fn a_table_that_cannot_be_used_leads_to_a_full_scan() {
    for status in [400, 403, 404, 405, 500] {
        let (site, connection, store) = scanned().await;
        site.fail(Fault::status(status).on("/qrs/app/object/table"));
        let second = again(&*connection, &store).await;
        let why = second.why().unwrap();
        assert!(why.contains("table of sheets cannot be read"), "{why}");
        assert_eq!(second.restarts, [""; 0]);
        site.heal();
        let third = again(&*connection, &store).await;
        assert!(amount(&third).is_some(), "the full scan is remembered");
    }
}

#[tokio::test]
async fn what_does_not_fit_leads_to_a_full_scan() {
    let (site, connection, store) = scanned().await;
    let filtered = connect(&site, &[ON, ("filter", "sheet != 'x'")]);
    let second = again(&*filtered, &store).await;
    assert!(second.why().unwrap().contains("filters"), "{second:?}");
    let second = again(&*connection, &store).await;
    assert!(second.why().unwrap().contains("filters"), "{second:?}");

    // Off: nothing is remembered and nothing is said.
    let off = connect(&site, &[]);
    let second = again(&*off, &store).await;
    assert_eq!(second.extent, None);
    let second = again(&*connection, &store).await;
    assert!(second.why().unwrap().contains("made without"), "{second:?}");

    let second = store.scan(&*connection, 24 * 7, Reads::Changes).await;
    assert!(second.why().is_none(), "{second:?}");
    let second = store.scan(&*connection, 24 * 7 + 1, Reads::Changes).await;
    assert!(second.why().unwrap().contains("full_every"), "{second:?}");
}

#[tokio::test]
async fn a_clock_that_went_back_leads_to_a_full_scan() {
    let (site, connection, store) = scanned().await;
    site.edit(|content| {
        for record in content.objects.iter_mut().chain(&mut content.apps) {
            record["modifiedDate"] = json!("2020-01-01T00:00:00.000Z");
        }
    });
    let second = again(&*connection, &store).await;
    assert!(
        second.why().unwrap().contains("clock went back"),
        "{second:?}"
    );
}

#[tokio::test]
async fn counts_that_differ_lead_to_a_full_scan() {
    let (site, connection, store) = scanned().await;
    site.fail(Fault::count_off_by(1).on("/qrs/app/object/count").times(2));
    let second = again(&*connection, &store).await;
    assert!(second.why().unwrap().contains("counted"), "{second:?}");
    // A sheet was removed after the first count.
    site.fail(Fault::count_off_by(1).on("/qrs/app/object/count").times(1));
    let second = again(&*connection, &store).await;
    assert!(amount(&second).is_some(), "{second:?}");
    // The second count is requested after sheets were read.
    site.fail(
        Fault::count_off_by(1)
            .on("/qrs/app/object/count")
            .after(1)
            .times(1),
    );
    let second = again(&*connection, &store).await;
    assert!(second.extent.is_some(), "{second:?}");
}

#[tokio::test]
async fn a_checkpoint_that_cannot_be_read_leads_to_a_full_scan() {
    let (_site, connection, store) = scanned().await;
    let mut checkpoint = store.checkpoint(Duration::ZERO).await.unwrap();
    checkpoint.state.0.truncate(100);
    let mut seen = Recorder::default();
    let request = ScanRequest::Changes(Some(checkpoint));
    let closing = connection.scan(request, &mut seen).await;
    assert_eq!(closing.unwrap(), Completeness::Complete);
    assert_eq!(seen.items.len(), 400);
    assert!(seen.unchanged.is_empty());
}
