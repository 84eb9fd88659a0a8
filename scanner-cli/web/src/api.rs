//! The JSON API: `/api/v1`. Errors are problem details (RFC 9457).

use axum::{
    Router,
    http::{HeaderValue, StatusCode, header},
    middleware,
    response::{IntoResponse, Response},
    routing::get,
};
use serde_json::{Value, json};

use crate::{
    errors::ErrorPage,
    request::PageRequest,
    requests,
    state::{CatalogWeb, ContainerRoute},
};

mod entries;
mod lists;
mod openapi;
mod records;
mod state;
#[cfg(test)]
mod tests;

pub(crate) use self::records::{change_record, item_record, kind_of, owner_record, scan_record};
use crate::caching::validated;

/// The content type of problem details.
const PROBLEM: HeaderValue = HeaderValue::from_static("application/problem+json");
/// The path of the API.
const PREFIX: &str = "/api/v1";

/// The addresses of the API.
pub(crate) fn router(web: &CatalogWeb) -> Router<CatalogWeb> {
    let at = |path: &str| format!("{PREFIX}{path}");
    let mut router = Router::new()
        .route(&at("/openapi.json"), get(openapi::show))
        .route(&at("/items"), get(entries::items))
        .route(&at("/items/{*key}"), get(entries::item))
        .route(&at("/facets"), get(entries::facets))
        .route(&at("/changes"), get(lists::changes))
        .route(&at("/scans"), get(lists::scans))
        .route(&at("/owners"), get(lists::owners))
        .route(&at("/quality"), get(lists::quality))
        .route(&at("/quality/{list}"), get(lists::quality_list))
        .route(&at("/connections"), get(state::connections))
        .route(&at("/followers"), get(state::followers))
        .route(&at("/summary"), get(state::summary));
    for &ContainerRoute { path, kind } in web.containers.iter() {
        let list = move |request: PageRequest| entries::containers(request, path, kind);
        let one = move |request: PageRequest| entries::container(request, path, kind);
        router = router
            .route(&at(&format!("/{path}")), get(list))
            .route(&at(&format!("/{path}/{{code}}/{{*id}}")), get(one));
    }
    router
        .route("/api", get(unknown))
        .route("/api/{*rest}", get(unknown))
        .layer(middleware::from_fn(validated))
}

async fn unknown() -> Response {
    respond(Err(ErrorPage::not_found()))
}

/// The answer, or the problem.
fn respond(answer: Result<Value, ErrorPage>) -> Response {
    match answer {
        Ok(value) => {
            let json = HeaderValue::from_static("application/json");
            ([(header::CONTENT_TYPE, json)], format!("{value}\n")).into_response()
        }
        Err(error) => problem(&error),
    }
}

/// The problem details of an error.
fn problem(error: &ErrorPage) -> Response {
    // A page about an empty store is no error, but an answer without data is.
    let status = match error.status {
        StatusCode::OK => StatusCode::SERVICE_UNAVAILABLE,
        status => status,
    };
    let body = json!({
        "type": "about:blank",
        "title": status.canonical_reason().unwrap_or_default(),
        "status": status.as_u16(),
        "detail": error.text,
    });
    (
        status,
        [(header::CONTENT_TYPE, PROBLEM)],
        format!("{body}\n"),
    )
        .into_response()
}

/// Refuses parameters that have no effect.
fn check_names(request: &PageRequest, names: &[&str]) -> Result<(), ErrorPage> {
    requests::check_names(&request.query, names)
}
