//! Tables of sheets that a site sends in another way, truncated or wrong.

use catalog_model::{Completeness, Connection, Extent};
use qrs_client::fake_site::{Content, FakeSite, Fault};
use serde_json::{Value, json};

use super::store::{Reads, Scanned, TestStore};
use crate::site::connect;

const TABLE: &str = "/qrs/app/object/table";
const ON: (&str, &str) = ("connection.incremental", "true");
const UNVERIFIED: (&str, &str) = ("connection.verify_counts", "false");

struct Site {
    site: FakeSite,
    connection: Box<dyn Connection>,
    store: TestStore,
}

impl Site {
    /// A site with 20 apps of 20 sheets that has been scanned once, with these settings.
    async fn scanned(max_page_rows: usize, settings: &[(&str, &str)]) -> Self {
        let site = FakeSite::builder()
            .content(Content::generated(20, 20))
            .max_page_rows(max_page_rows)
            .start()
            .await;
        let connection = connect(&site, settings);
        let store = TestStore::new();
        let first = store.scan(&*connection, 0, Reads::Changes).await;
        assert_eq!(first.closing, Ok(Completeness::Complete));
        Self {
            site,
            connection,
            store,
        }
    }

    async fn scan(&self, reads: Reads) -> Scanned {
        let scan = self.store.scan(&*self.connection, 1, reads).await;
        assert_eq!(scan.closing, Ok(Completeness::Complete));
        scan
    }

    /// Sends this instead of the first page of the table.
    fn send_first_page(&self, page: &Value) {
        let fault = Fault::body(page.to_string()).on(TABLE);
        let is_first = |skip: Option<String>| skip.as_deref() == Some("0");
        let fault = fault.when(move |request| is_first(request.parameter("skip")));
        self.site.fail(fault);
    }
}

/// The rows of the table of the sheets of a site, sorted by id.
fn rows(site: &FakeSite) -> Vec<[Value; 3]> {
    let content = site.content();
    let row = |sheet: &Value| {
        [
            sheet["modifiedDate"].clone(),
            sheet["id"].clone(),
            sheet["app"]["id"].clone(),
        ]
    };
    let mut rows: Vec<_> = content.sheets().map(row).collect();
    rows.sort_by(|a, b| a[1].as_str().cmp(&b[1].as_str()));
    rows
}

fn page(rows: &[[Value; 3]]) -> Value {
    json!({"columnNames": ["modifiedDate", "id", "app.id"], "rows": rows})
}

fn reads_changes(scan: &Scanned) -> bool {
    matches!(scan.extent, Some(Extent::Changes { .. }))
}

#[tokio::test]
async fn a_site_may_send_smaller_pages_than_requested() {
    for settings in [&[ON][..], &[ON, UNVERIFIED]] {
        let site = Site::scanned(150, settings).await;
        let second = site.scan(Reads::Changes).await;
        assert!(reads_changes(&second), "{second:?}");
        assert_eq!((second.counts.seen, second.counts.removed), (400, 0));
    }
}

#[tokio::test]
async fn columns_may_have_another_order_and_the_status_may_be_200() {
    let site = Site::scanned(usize::MAX, &[ON]).await;
    site.send_first_page(&page(&rows(&site.site)));
    let second = site.scan(Reads::Changes).await;
    assert!(reads_changes(&second), "{second:?}");
    assert_eq!((second.counts.seen, second.counts.removed), (400, 0));
}

#[tokio::test]
async fn sheets_without_a_date_in_the_table_are_read() {
    let site = Site::scanned(usize::MAX, &[ON]).await;
    let mut rows = rows(&site.site);
    for row in &mut rows {
        row[0] = Value::Null;
    }
    site.send_first_page(&page(&rows));
    let second = site.scan(Reads::Changes).await;
    let why = second.why().unwrap();
    assert!(why.contains("latest modification date"), "{why}");
    assert_eq!((second.counts.seen, second.counts.removed), (400, 0));
}

/// What a truncated table lacks is not gone, even if counts are not verified.
#[tokio::test]
async fn a_truncated_table_leads_to_a_full_scan() {
    for settings in [&[ON][..], &[ON, UNVERIFIED]] {
        let site = Site::scanned(usize::MAX, settings).await;
        let rows = rows(&site.site);
        site.send_first_page(&page(&rows[..390]));
        let fault = Fault::body(page(&[]).to_string()).on(TABLE);
        site.site
            .fail(fault.when(|request| request.parameter("skip").as_deref() == Some("390")));
        let second = site.scan(Reads::Changes).await;
        let why = second.why().unwrap();
        assert!(why.contains("390 ids of sheets were read"), "{why}");
        assert_eq!((second.counts.seen, second.counts.removed), (400, 0));
    }
}

#[tokio::test]
async fn a_table_needs_the_number_of_sheets() {
    let site = Site::scanned(usize::MAX, &[ON, UNVERIFIED]).await;
    site.site
        .fail(Fault::status(404).on("/qrs/app/object/count"));
    let second = site.scan(Reads::Changes).await;
    let why = second.why().unwrap();
    assert!(why.contains("sheets could not be counted"), "{why}");
    assert!(site.site.requests_of(TABLE).is_empty());
}

#[tokio::test]
async fn a_table_without_an_end_leads_to_a_full_scan() {
    let site = Site::scanned(usize::MAX, &[ON]).await;
    let all = page(&rows(&site.site)).to_string();
    site.site.fail(Fault::body(all).on(TABLE));
    let second = site.scan(Reads::Changes).await;
    let why = second.why().unwrap();
    assert!(why.contains("does not end"), "{why}");
}

/// While the pages are read, a sheet is removed and another is added, so that the number of rows is right, and the only sheet of
/// an app slips from one page to the page before it.
#[tokio::test]
async fn a_sheet_that_slips_between_two_pages_is_not_gone() {
    let site = Site::scanned(usize::MAX, &[ON]).await;
    site.site.edit(|content| {
        let app = content.app_named("App 3").unwrap().to_owned();
        let others = content
            .sheets()
            .filter(|sheet| sheet["app"]["id"] == app.as_str());
        let ids: Vec<_> = others
            .map(|sheet| sheet["id"].as_str().unwrap().to_owned())
            .collect();
        for id in &ids[1..] {
            content.remove(id);
        }
    });
    site.scan(Reads::Everything).await;
    let mut table = rows(&site.site);
    let removed = site.site.edit(|content| {
        let removed = content.sheet_named("Sheet 2 of app 5").unwrap().to_owned();
        content.remove(&removed);
        let app = content.app_named("App 7").unwrap().to_owned();
        content.add_sheet(&app, "New");
        removed
    });
    let is_slipped = |row: &[Value; 3]| {
        let content = site.site.content();
        row[2] == content.app_named("App 3").unwrap()
    };
    let added = rows(&site.site);
    let added = added
        .iter()
        .find(|row| !table.iter().any(|old| old[1] == row[1]));
    let added = added.unwrap().clone();
    assert!(table.iter().any(|row| row[1] == removed.as_str()));
    table.retain(|row| !is_slipped(row));
    table.push(added);
    site.send_first_page(&page(&table));
    let second = site.scan(Reads::Changes).await;
    let why = second.why().unwrap();
    assert!(why.contains("382 sheets were read"), "{why}");
    let third = site.scan(Reads::Everything).await;
    let counts = third.counts;
    assert_eq!((counts.added, counts.removed, counts.returned), (0, 0, 0));
}
