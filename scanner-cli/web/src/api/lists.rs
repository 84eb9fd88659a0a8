//! Lists of changes, scans and owners, and the lists of stewards.

use axum::response::Response;
use serde_json::json;

use super::{
    check_names,
    entries::{LIMIT, PARAMETERS, page},
    records::{change_record, owner_record, scan_record},
    respond,
};
use crate::{errors::ErrorPage, pages::quality as quality_pages, request::PageRequest, requests};

/// The parameters of a list of `/quality`.
pub(super) const OF_QUALITY: [&str; 11] = {
    let mut names = ["days"; 11];
    names.split_at_mut(10).0.copy_from_slice(&PARAMETERS);
    names
};

/// The parameters of `/changes`.
pub(super) const OF_CHANGES: [&str; 8] = [
    "connection",
    "kind",
    "scan",
    "days",
    "since",
    "entity",
    "limit",
    "cursor",
];

/// `/changes`, the newest first.
pub(super) async fn changes(request: PageRequest) -> Response {
    let list = async {
        check_names(&request, &OF_CHANGES)?;
        let mut changes = requests::changes(&request.query, LIMIT)?;
        requests::limit_to_days(&mut changes, &request.query, request.web.now())?;
        let found = request.web.browse(move |browser| browser.changes(&changes));
        let found = found.await?;
        let entries: Vec<_> = found.entries.iter().map(change_record).collect();
        Ok(json!({ "changes": entries, "next": found.next }))
    };
    respond(list.await)
}

/// `/scans`, the newest first.
pub(super) async fn scans(request: PageRequest) -> Response {
    let list = async {
        check_names(&request, &["connection", "outcome", "limit", "cursor"])?;
        let scans = requests::scans(&request.query, LIMIT)?;
        let found = request.web.browse(move |browser| browser.scans(&scans));
        let found = found.await?;
        let entries: Vec<_> = found.entries.iter().map(scan_record).collect();
        Ok(json!({ "scans": entries, "next": found.next }))
    };
    respond(list.await)
}

/// `/owners`.
pub(super) async fn owners(request: PageRequest) -> Response {
    let list = async {
        check_names(
            &request,
            &["q", "connection", "show", "sort", "limit", "cursor"],
        )?;
        let owners = requests::owners(&request.query, LIMIT)?;
        let found = request.web.browse(move |browser| browser.owners(&owners));
        let found = found.await?;
        let entries: Vec<_> = found.entries.iter().map(owner_record).collect();
        Ok(json!({ "owners": entries, "next": found.next }))
    };
    respond(list.await)
}

/// `/quality`: the lists of stewards with their numbers of entries.
pub(super) async fn quality(request: PageRequest) -> Response {
    let lists = async {
        check_names(&request, &["days"])?;
        let lists = quality_pages::lists(&request)?;
        let counted = quality_pages::counts(&request, lists).await?;
        let counted = counted.iter().map(|(list, count)| {
            json!({
                "id": list.id,
                "title": list.title,
                "about": list.about,
                "count": count,
            })
        });
        Ok(json!({ "lists": counted.collect::<Vec<_>>() }))
    };
    respond(lists.await)
}

/// `/quality/LIST`.
pub(super) async fn quality_list(request: PageRequest) -> Response {
    let list = async {
        check_names(&request, &OF_QUALITY)?;
        let id = request.parts_after("/api/v1/quality/").join("/");
        let mut lists = quality_pages::lists(&request)?.into_iter();
        let list = lists.find(|list| list.id == id);
        let list = list.ok_or_else(ErrorPage::not_found)?;
        let mut search = requests::search(&request.query, LIMIT)?;
        list.select(&mut search.filter);
        let found = request.web.browse(move |browser| browser.search(&search));
        Ok(page("items", &found.await?))
    };
    respond(list.await)
}
