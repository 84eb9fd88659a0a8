//! The state of connections and followers, and the numbers of the first page.

use std::collections::BTreeMap;

use axum::response::Response;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    check_names,
    records::{Record, counts_record, opt_time, scan_record},
    respond,
};
use crate::{
    errors::ErrorPage,
    live::{LiveConnection, LiveFollower},
    request::PageRequest,
    store::browse::{BrowseError, ConnectionOverview},
};

/// The changes since yesterday are counted.
const RECENT: i64 = 24 * 60 * 60 * 1_000;

/// `/connections`.
pub(super) async fn connections(request: PageRequest) -> Response {
    let list = async {
        check_names(&request, &[])?;
        let since = request.web.now().as_millisecond() - RECENT;
        let stored = request
            .web
            .browse(move |browser| match browser.connections(since) {
                // Connections whose first scan has not run yet are shown nevertheless.
                Err(BrowseError::NoStore) => Ok(Vec::new()),
                found => found,
            });
        let stored = stored.await?;
        let stored: BTreeMap<_, _> = stored
            .into_iter()
            .map(|overview| (overview.connection.code.clone(), overview))
            .collect();
        let live = request.web.live().await?;
        Ok(json!({ "connections": merged(&live.connections, stored) }))
    };
    respond(list.await)
}

/// The connections of the program, and those that are only in the store.
fn merged(live: &[LiveConnection], mut stored: BTreeMap<String, ConnectionOverview>) -> Vec<Value> {
    let mut connections = Vec::new();
    for connection in live {
        let overview = connection
            .code
            .as_ref()
            .and_then(|code| stored.remove(code));
        connections.push(connection_record(Some(connection), overview.as_ref()));
    }
    let only_stored = stored.values();
    connections.extend(only_stored.map(|overview| connection_record(None, Some(overview))));
    connections
}

fn connection_record(
    live: Option<&LiveConnection>,
    overview: Option<&ConnectionOverview>,
) -> Value {
    let stored = overview.map(|overview| &overview.connection);
    let code = live.and_then(|live| live.code.as_deref());
    let name = live.and_then(|live| live.name.as_deref());
    let state = live.map_or("removed", |live| live.state.as_str());
    Record::default()
        .with("code", code.or(stored.map(|stored| stored.code.as_str())))
        .with("name", name.or(stored.map(|stored| stored.name.as_str())))
        .with("file", live.and_then(|live| live.file.as_deref()))
        .with("state", state)
        .with("error", live.and_then(|live| live.error.as_deref()))
        .with("warning", live.and_then(|live| live.warning.as_deref()))
        .with("scanning", live.is_some_and(|live| live.is_scanning))
        .with("next_scan", text(live.and_then(|live| live.next_scan)))
        .with("retry", live.and_then(|live| live.retry))
        .with("schedule", live.and_then(|live| live.schedule.as_deref()))
        .with("items", overview.map(|overview| overview.items))
        .with(
            "changes_since_yesterday",
            overview.map(|overview| counts_record(&overview.changes)),
        )
        .with(
            "last_scan",
            overview
                .and_then(|overview| overview.last_scan.as_ref())
                .map(scan_record),
        )
        .with(
            "last_complete",
            opt_time(overview.and_then(|overview| overview.last_complete)),
        )
        .end()
}

fn text(time: Option<Timestamp>) -> Option<String> {
    time.map(|time| format!("{time:.3}"))
}

/// `/followers`.
pub(super) async fn followers(request: PageRequest) -> Response {
    let list = async {
        check_names(&request, &[])?;
        let live = request.web.live().await?;
        let followers: Vec<_> = live.followers.iter().map(follower_record).collect();
        Ok::<_, ErrorPage>(json!({ "followers": followers }))
    };
    respond(list.await)
}

fn follower_record(follower: &LiveFollower) -> Value {
    Record::default()
        .with("follower", follower.name.as_str())
        .with("kind", follower.kind.as_str())
        .with("target", follower.target.as_deref())
        .with("state", follower.state.as_str())
        .with("error", follower.error.as_deref())
        .with("behind", follower.behind)
        .with("waiting_since", text(follower.waiting_since))
        .with("delivered", text(follower.delivered))
        .with("last_success", text(follower.last_success))
        .with("failures", follower.failures)
        .with("next_retry", text(follower.next_retry))
        .with("sent", follower.sent)
        .with("refused", follower.refused)
        .end()
}

/// `/summary`: is all well, what changed, what needs a person.
pub(super) async fn summary(request: PageRequest) -> Response {
    let summary = async {
        check_names(&request, &[])?;
        let since = request.web.now().as_millisecond() - RECENT;
        let live = request.web.live().await?;
        let found = request
            .web
            .browse(move |browser| browser.summary(since))
            .await?;
        let containers = found.containers.iter();
        let containers = containers.map(|(kind, count)| (kind.id.to_owned(), json!(count)));
        let scanner = Record::default()
            .with("name", live.scanner.as_deref())
            .with("version", live.version.as_str())
            .with("running", live.is_running)
            .with("started", text(live.started))
            .with("error", live.error.as_deref())
            .end();
        Ok(json!({
            "scanner": scanner,
            "items": found.items,
            "containers": Value::Object(containers.collect()),
            "changes_since_yesterday": counts_record(&found.changes),
            "without_description": found.without_description,
            "without_address": found.without_address,
            "lost_owners": found.lost_owners,
        }))
    };
    respond(summary.await)
}
