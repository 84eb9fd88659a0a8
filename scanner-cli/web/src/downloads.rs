//! Lists as CSV: what is shown, and all following pages of it. Rows are read in pages while the client reads.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use axum::{
    body::{Body, Bytes},
    http::{HeaderName, HeaderValue, header},
    response::{IntoResponse, Response},
};
use catalog_followers::csv_cell::safe_value;
use http_body::Frame;
use serde_json::Value;
use tokio::sync::mpsc;

use crate::{
    api,
    errors::ErrorPage,
    pages,
    query::Query,
    request::PageRequest,
    requests,
    store::browse::{BrowseError, Browser, EntityScope, SearchRequest},
};

/// Number of rows that are read at once.
const ROWS: usize = 500;
/// Number of pages of rows that wait for the client.
const WAITING: usize = 2;
/// The columns of items and containers before their properties.
const FIRST_COLUMNS: [&str; 11] = [
    "key",
    "state",
    "type",
    "label",
    "name",
    "description",
    "contacts",
    "first_seen",
    "last_seen",
    "gone_since",
    "connection",
];
/// The columns of containers after these.
const OF_CONTAINERS: [&str; 11] = [
    "source_id",
    "parent",
    "owner",
    "owner_email",
    "link",
    "creation_date",
    "modification_date",
    "publish_date",
    "reload_date",
    "tags",
    "custom_properties",
];
const OF_CHANGES: [&str; 11] = [
    "time",
    "change",
    "key",
    "name",
    "label",
    "fields",
    "rule",
    "connection",
    "scan",
    "id",
    "type",
];
const OF_OWNERS: [&str; 7] = [
    "connection",
    "owner",
    "name",
    "email",
    "status",
    "items",
    "id",
];
const OF_SCANS: [&str; 14] = [
    "connection",
    "scan",
    "started",
    "ended",
    "outcome",
    "items",
    "added",
    "changed",
    "removed",
    "returned",
    "unreadable",
    "excluded",
    "bytes",
    "reasons",
];

/// Reads a page of rows after a cursor. Returns the rows and the next cursor.
type Read = Box<
    dyn Fn(&Browser, Option<String>) -> Result<(Vec<Value>, Option<String>), BrowseError> + Send,
>;

/// `/search.csv`.
pub(crate) async fn search(request: PageRequest) -> Response {
    answered(&request, request.web.words.items, searched(&request.query)).await
}

/// `/PATH.csv`: the containers of a kind.
pub(crate) async fn containers(request: PageRequest, path: &'static str, kind: &str) -> Response {
    let search = searched(&request.query).map(|mut search| {
        search.filter.scope = EntityScope::Containers(kind.to_owned());
        search
    });
    answered(&request, path, search).await
}

/// `/quality/LIST` and `/quality/LIST.csv`.
pub(crate) async fn quality(request: PageRequest) -> Response {
    let id = request.parts_after("/quality/").join("/");
    let Some(id) = id.strip_suffix(".csv") else {
        return pages::quality::list(request).await;
    };
    let search = pages::quality::lists(&request).and_then(|lists| {
        let list = lists.into_iter().find(|list| list.id == id);
        let list = list.ok_or_else(ErrorPage::not_found)?;
        let mut search = searched(&request.query)?;
        list.select(&mut search.filter);
        Ok(search)
    });
    answered(&request, id, search).await
}

fn searched(query: &Query) -> Result<SearchRequest, ErrorPage> {
    check_names(query, &requests::SEARCH)?;
    requests::search(query, ROWS)
}

/// Refuses parameters that have no effect. All pages of a list are sent, so its own ones have none, but are harmless.
fn check_names(query: &Query, names: &[&str]) -> Result<(), ErrorPage> {
    let names: Vec<_> = names.iter().copied().chain(["limit", "cursor"]).collect();
    requests::check_names(query, &names)
}

async fn answered(
    request: &PageRequest,
    name: &str,
    search: Result<SearchRequest, ErrorPage>,
) -> Response {
    let mut search = match search {
        Ok(search) => search,
        Err(error) => return error.into_response(),
    };
    let properties = &request.web.browser.settings().properties;
    let own: Vec<_> = match &search.filter.scope {
        EntityScope::Items => properties.iter().map(|property| property.name).collect(),
        _ => OF_CONTAINERS.to_vec(),
    };
    let columns = FIRST_COLUMNS.into_iter().chain(own).collect();
    search.page.limit = ROWS;
    search.page.cursor = None;
    let read: Read = Box::new(move |browser, cursor| {
        let mut search = search.clone();
        search.page.cursor = cursor;
        let found = browser.search(&search)?;
        let rows = found.hits.iter().map(|hit| api::item_record(&hit.entry));
        Ok((rows.collect(), found.next))
    });
    download(request, name, columns, read).await
}

/// `/changes.csv`.
pub(crate) async fn changes(request: PageRequest) -> Response {
    let known = check_names(&request.query, &requests::CHANGES);
    let changes = known.and_then(|()| requests::changes(&request.query, ROWS));
    let changes = changes.and_then(|mut changes| {
        requests::limit_to_days(&mut changes, &request.query, request.web.now())?;
        Ok(changes)
    });
    let changes = match changes {
        Ok(changes) => changes,
        Err(error) => return error.into_response(),
    };
    let read: Read = Box::new(move |browser, cursor| {
        let mut changes = changes.clone();
        (changes.page.limit, changes.page.cursor) = (ROWS, cursor);
        let found = browser.changes(&changes)?;
        Ok((
            found.entries.iter().map(api::change_record).collect(),
            found.next,
        ))
    });
    download(&request, "changes", OF_CHANGES.to_vec(), read).await
}

/// `/owners.csv`.
pub(crate) async fn owners(request: PageRequest) -> Response {
    let known = check_names(&request.query, &requests::OWNERS);
    let owners = match known.and_then(|()| requests::owners(&request.query, ROWS)) {
        Ok(owners) => owners,
        Err(error) => return error.into_response(),
    };
    let read: Read = Box::new(move |browser, cursor| {
        let mut owners = owners.clone();
        (owners.page.limit, owners.page.cursor) = (ROWS, cursor);
        let found = browser.owners(&owners)?;
        Ok((
            found.entries.iter().map(api::owner_record).collect(),
            found.next,
        ))
    });
    download(&request, "owners", OF_OWNERS.to_vec(), read).await
}

/// `/scans.csv`.
pub(crate) async fn scans(request: PageRequest) -> Response {
    let known = check_names(&request.query, &requests::SCANS);
    let scans = match known.and_then(|()| requests::scans(&request.query, ROWS)) {
        Ok(scans) => scans,
        Err(error) => return error.into_response(),
    };
    let read: Read = Box::new(move |browser, cursor| {
        let mut scans = scans.clone();
        (scans.page.limit, scans.page.cursor) = (ROWS, cursor);
        let found = browser.scans(&scans)?;
        Ok((
            found.entries.iter().map(api::scan_record).collect(),
            found.next,
        ))
    });
    download(&request, "scans", OF_SCANS.to_vec(), read).await
}

/// Sends all pages. The first one is read before the response begins, so that an error is a response of its own.
async fn download(
    request: &PageRequest,
    name: &str,
    columns: Vec<&'static str>,
    read: Read,
) -> Response {
    let browser = Arc::clone(&request.web.browser);
    let (sender, parts) = mpsc::channel(WAITING);
    let started = request.web.blocking(move || {
        let (rows, next) = read(&browser, None)?;
        let mut first = String::from("\u{feff}");
        first.push_str(&csv_lines(&columns, &[columns_of(&columns)]));
        first.push_str(&csv_lines(&columns, &cells_of(&columns, &rows)));
        Ok((browser, read, columns, first, next))
    });
    let (browser, read, columns, first, mut next) = match started.await {
        Ok(started) => started,
        Err(error) => return error.into_response(),
    };
    tokio::task::spawn_blocking(move || {
        if sender.blocking_send(Ok(Bytes::from(first))).is_err() {
            return;
        }
        while next.is_some() {
            let part = match read(&browser, next.take()) {
                Ok((rows, more)) => {
                    next = more;
                    Ok(Bytes::from(csv_lines(&columns, &cells_of(&columns, &rows))))
                }
                // The connection is cut, so that the file does not look complete.
                Err(error) => Err(axum::Error::new(error)),
            };
            // The client may have closed the connection.
            if sender.blocking_send(part).is_err() {
                return;
            }
        }
    });
    let file = format!("attachment; filename=\"{name}.csv\"");
    let headers: [(HeaderName, HeaderValue); 2] = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("text/csv; charset=utf-8"),
        ),
        (
            header::CONTENT_DISPOSITION,
            HeaderValue::from_str(&file).unwrap_or(HeaderValue::from_static("attachment")),
        ),
    ];
    (headers, Body::new(Parts(parts))).into_response()
}

fn columns_of(columns: &[&str]) -> Vec<String> {
    columns.iter().map(|column| (*column).to_owned()).collect()
}

/// The cells of each row. Signs at which programs for tables begin formulas are made harmless.
fn cells_of(columns: &[&str], rows: &[Value]) -> Vec<Vec<String>> {
    let cells = |row: &Value| {
        let cells = columns.iter().map(|column| row.get(*column));
        cells
            .map(|cell| cell.map(safe_value).unwrap_or_default())
            .collect()
    };
    rows.iter().map(cells).collect()
}

fn csv_lines(columns: &[&str], rows: &[Vec<String>]) -> String {
    let mut builder = csv::WriterBuilder::new();
    let mut writer = builder
        .terminator(csv::Terminator::CRLF)
        .from_writer(Vec::with_capacity(rows.len() * columns.len() * 16));
    for row in rows {
        // A vector accepts everything.
        let _ = writer.write_record(row);
    }
    let bytes = writer.into_inner().unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The parts of a download, as they are read.
struct Parts(mpsc::Receiver<Result<Bytes, axum::Error>>);

impl http_body::Body for Parts {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let part = self.0.poll_recv(context);
        part.map(|part| part.map(|part| part.map(Frame::data)))
    }
}
