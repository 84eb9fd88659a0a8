//! Items and containers: lists, single ones, and facets.

use axum::response::Response;
use serde_json::{Value, json};

use super::{
    check_names,
    records::{detail_record, facet_record, item_record},
    respond,
};
use crate::{
    errors::ErrorPage,
    request::PageRequest,
    requests,
    store::browse::{EntityScope, FacetsRequest, SearchPage, SearchRequest},
};

/// Number of entries of a page, unless the request says another one.
pub(super) const LIMIT: usize = 50;
/// Maximum number of values of a facet.
const MAX_VALUES: usize = 100;

/// The parameters of lists of items.
pub(super) const PARAMETERS: [&str; 10] = [
    "q",
    "connection",
    "container",
    "owner",
    "tag",
    "status",
    "state",
    "sort",
    "limit",
    "cursor",
];

/// The parameters of `/facets`: the same without an order and pages.
pub(super) const FACETS: &[&str] = PARAMETERS.split_at(7).0;

/// `/items`.
pub(super) async fn items(request: PageRequest) -> Response {
    respond(listed(&request, "items", |_| {}).await)
}

/// `/PATH`: the containers of a kind.
pub(super) async fn containers(
    request: PageRequest,
    path: &'static str,
    kind: &'static str,
) -> Response {
    let scope = |search: &mut SearchRequest| {
        search.filter.scope = EntityScope::Containers(kind.to_owned());
    };
    respond(listed(&request, path, scope).await)
}

async fn listed(
    request: &PageRequest,
    name: &str,
    select: impl FnOnce(&mut SearchRequest),
) -> Result<Value, ErrorPage> {
    check_names(request, &PARAMETERS)?;
    let mut search = requests::search(&request.query, LIMIT)?;
    select(&mut search);
    let found = request.web.browse(move |browser| browser.search(&search));
    Ok(page(name, &found.await?))
}

/// A page of a list of items or containers.
pub(super) fn page(name: &str, found: &SearchPage) -> Value {
    let hits = found.hits.iter().map(|hit| item_record(&hit.entry));
    json!({ name: hits.collect::<Vec<_>>(), "next": found.next })
}

/// `/items/KEY`.
pub(super) async fn item(request: PageRequest) -> Response {
    let detail = async {
        check_names(&request, &[])?;
        let key = request.key_after("/api/v1/items/")?;
        one(&request, key).await
    };
    respond(detail.await)
}

/// `/PATH/CODE/ID`.
pub(super) async fn container(request: PageRequest, path: &'static str, kind: &str) -> Response {
    let detail = async {
        check_names(&request, &[])?;
        let mut parts = request.parts_after(&format!("/api/v1/{path}/")).into_iter();
        let code = parts.next().unwrap_or_default();
        // A slash of an id may have been decoded by a proxy.
        let id = parts.collect::<Vec<_>>().join("/");
        let kind = kind.to_owned();
        let found = request
            .web
            .browse(move |browser| browser.container(&code, &kind, &id));
        let found = found.await?.ok_or_else(ErrorPage::not_found)?;
        Ok(detail_record(
            &found,
            &request.web.links,
            &request.web.containers,
        ))
    };
    respond(detail.await)
}

async fn one(request: &PageRequest, key: String) -> Result<Value, ErrorPage> {
    let found = request.web.browse(move |browser| browser.entry(&key));
    let found = found.await?.ok_or_else(ErrorPage::not_found)?;
    Ok(detail_record(
        &found,
        &request.web.links,
        &request.web.containers,
    ))
}

/// `/facets`: the values that the items of a list have.
pub(super) async fn facets(request: PageRequest) -> Response {
    let facets = async {
        check_names(&request, FACETS)?;
        let search = requests::search(&request.query, LIMIT)?;
        let facets = FacetsRequest {
            text: search.text,
            filter: search.filter,
            max_values: MAX_VALUES,
        };
        let found = request.web.browse(move |browser| browser.facets(&facets));
        let found = found.await?;
        let containers = found.containers.iter();
        let containers = containers.map(|(kind, facet)| (kind.id.to_owned(), facet_record(facet)));
        Ok(json!({
            "total": found.total,
            "connection": facet_record(&found.connections),
            "container": Value::Object(containers.collect()),
            "owner": facet_record(&found.owners),
            "tag": facet_record(&found.tags),
            "status": facet_record(&found.statuses),
            "state": facet_record(&found.states),
        }))
    };
    respond(facets.await)
}
