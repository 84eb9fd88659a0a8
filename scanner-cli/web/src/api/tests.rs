//! The answers of the API against their description.

use std::{collections::BTreeSet, sync::Arc};

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Request, StatusCode, header},
};
use catalog_store::{
    browse::Browser,
    scratch::{Scratch, patient},
};
use hyper::service::Service as _;
use hyper_util::service::TowerToHyperService;
use jsonschema::Validator;
use serde_json::{Value, json};

use super::openapi;
use crate::{
    CatalogWeb, ContainerRoute,
    live::{ExplainedEntry, Live, LiveConnection, LiveFollower, LiveState},
    router,
};

const ROUTES: [ContainerRoute; 1] = [ContainerRoute {
    path: "folders",
    kind: "folder",
}];

struct FixedState;

impl LiveState for FixedState {
    fn live(&self) -> Live {
        Live {
            connections: vec![LiveConnection {
                code: Some("c".to_owned()),
                state: "valid".to_owned(),
                next_scan: Some(jiff::Timestamp::UNIX_EPOCH),
                ..LiveConnection::default()
            }],
            followers: vec![LiveFollower {
                name: "f".to_owned(),
                kind: "ndjson".to_owned(),
                state: "behind".to_owned(),
                ..LiveFollower::default()
            }],
            ..Live::default()
        }
    }

    fn explain(&self, _key: &str) -> Result<Vec<ExplainedEntry>, String> {
        Ok(Vec::new())
    }
}

async fn catalog() -> (Scratch, Router) {
    let scratch = Scratch::new();
    scratch
        .scan(0, &[("a", "A"), ("b", "B"), ("x/y ü", "C")])
        .await;
    scratch.scan(1, &[("a", "A2"), ("x/y ü", "C")]).await;
    let browser = Browser::open(scratch.location(), patient()).unwrap();
    let web = CatalogWeb::new(Arc::new(browser), Arc::new(FixedState), ROUTES.to_vec());
    (scratch, router(web))
}

/// Status, content type and body of an answer.
async fn ask(router: &Router, path: &str) -> (StatusCode, String, String) {
    let request = Request::builder().uri(path).body(Body::empty()).unwrap();
    let service = TowerToHyperService::new(router.clone());
    let response = service.call(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap();
    let kind = parts.headers.get(header::CONTENT_TYPE);
    let kind = kind.map(|kind| kind.to_str().unwrap().to_owned());
    let body = String::from_utf8(body.to_vec()).unwrap();
    (parts.status, kind.unwrap_or_default(), body)
}

async fn json_of(router: &Router, path: &str) -> Value {
    let (status, kind, body) = ask(router, path).await;
    assert_eq!(
        (status, kind.as_str()),
        (StatusCode::OK, "application/json"),
        "{path}: {body}"
    );
    serde_json::from_str(&body).unwrap()
}

/// Checks an answer against the schema of a path in the document.
fn validator(document: &Value, path: &str) -> Validator {
    let schema = &document["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]
        ["schema"];
    assert!(schema.is_object(), "no schema for {path}");
    let mut schema = schema.clone();
    schema["components"] = document["components"].clone();
    jsonschema::validator_for(&schema).unwrap()
}

#[tokio::test]
async fn answers_are_as_described() {
    let (_scratch, router) = catalog().await;
    let document = json_of(&router, "/api/v1/openapi.json").await;
    assert_eq!(document, openapi::document("", &ROUTES));
    let mut checked = BTreeSet::new();
    for (path, address) in [
        ("/items", "/api/v1/items"),
        (
            "/items",
            "/api/v1/items?q=a&connection=c&state=present&state=gone&limit=1",
        ),
        ("/items/{key}", "/api/v1/items/c/a"),
        ("/items/{key}", "/api/v1/items/c/x%2Fy%20%C3%BC"),
        ("/folders", "/api/v1/folders"),
        ("/facets", "/api/v1/facets?q=a"),
        ("/changes", "/api/v1/changes?limit=2"),
        ("/changes", "/api/v1/changes?days=7"),
        ("/scans", "/api/v1/scans"),
        ("/owners", "/api/v1/owners"),
        ("/quality", "/api/v1/quality"),
        ("/quality/{list}", "/api/v1/quality/without-description"),
        ("/connections", "/api/v1/connections"),
        ("/followers", "/api/v1/followers"),
        ("/summary", "/api/v1/summary"),
    ] {
        let answer = json_of(&router, address).await;
        let errors: Vec<_> = validator(&document, path)
            .iter_errors(&answer)
            .map(|error| error.to_string())
            .collect();
        assert!(errors.is_empty(), "{address}: {errors:?}\n{answer:#}");
        checked.insert(path);
    }
    let described = document["paths"].as_object().unwrap().keys();
    let missed: Vec<_> = described
        .filter(|path| !checked.contains(path.as_str()))
        .collect();
    assert_eq!(
        missed,
        ["/folders/{code}/{id}"],
        "the store of the test has no container"
    );
}

#[tokio::test]
async fn an_item_is_its_export_line_with_state_and_dates() {
    let (_scratch, router) = catalog().await;
    let items = json_of(&router, "/api/v1/items?sort=key").await;
    let first = &items["items"][0];
    for (field, expected) in [
        ("key", "c/a"),
        ("id", "/app=a"),
        ("type", "visualization"),
        ("name", "A2"),
        ("state", "present"),
        ("first_seen", "2023-11-14T22:13:20.000Z"),
        ("last_seen", "2023-11-15T22:13:20.000Z"),
    ] {
        assert_eq!(first[field], expected, "{first:#}");
    }
    assert_eq!(items["next"], Value::Null);
    let item = json_of(&router, "/api/v1/items/c/a").await;
    assert_eq!(item["history"][0]["change"], "changed");
}

#[tokio::test]
async fn all_pages_together_have_each_item_once() {
    let (_scratch, router) = catalog().await;
    let mut keys = Vec::new();
    let mut next = String::new();
    loop {
        let page = json_of(
            &router,
            &format!("/api/v1/items?limit=1&state=present&state=gone{next}"),
        )
        .await;
        keys.extend(
            page["items"]
                .as_array()
                .unwrap()
                .iter()
                .map(|item| item["key"].to_string()),
        );
        match page["next"].as_str() {
            Some(cursor) => {
                let cursor: String =
                    url::form_urlencoded::byte_serialize(cursor.as_bytes()).collect();
                next = format!("&cursor={cursor}");
            }
            None => break,
        }
    }
    assert_eq!(keys.len(), 3);
    assert_eq!(keys.iter().collect::<BTreeSet<_>>().len(), 3);
}

#[tokio::test]
async fn errors_are_problem_details() {
    let (_scratch, router) = catalog().await;
    for (path, expected) in [
        ("/api/v1/items?limit=0", 400),
        ("/api/v1/items?limit=1001", 400),
        ("/api/v1/items?limit=many", 400),
        ("/api/v1/items?state=lost", 400),
        ("/api/v1/items?cursor=rubbish", 400),
        ("/api/v1/items?conection=c", 400),
        ("/api/v1/changes?kind=none", 400),
        ("/api/v1/changes?since=yesterday", 400),
        ("/api/v1/changes?days=-1", 400),
        ("/api/v1/changes?entity=app", 400),
        ("/api/v1/scans?outcome=none", 400),
        ("/api/v1/items/c/unknown", 404),
        ("/api/v1/items/c//a", 400),
        ("/api/v1/quality/unknown", 404),
        ("/api/v1/unknown", 404),
        ("/api/v2", 404),
    ] {
        let (status, kind, body) = ask(&router, path).await;
        assert_eq!(status.as_u16(), expected, "{path}: {body}");
        assert_eq!(kind, "application/problem+json", "{path}");
        let problem: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(problem["status"], json!(expected));
        assert!(
            problem["detail"]
                .as_str()
                .is_some_and(|detail| !detail.is_empty())
        );
    }
}

#[tokio::test]
async fn changes_have_a_type_and_are_limited_in_time() {
    let (_scratch, router) = catalog().await;
    for (parameters, expected) in [
        ("", 5),
        ("?days=1", 0),
        ("?entity=item", 5),
        ("?entity=container", 0),
        ("?days=36500", 5),
        ("?since=2023-11-15", 2),
        ("?since=2023-11-14T22:13:20Z", 5),
        ("?since=2023-11-14T22:13:20Z&days=1", 0),
    ] {
        let answer = json_of(&router, &format!("/api/v1/changes{parameters}")).await;
        let changes = answer["changes"].as_array().unwrap();
        assert_eq!(changes.len(), expected, "{parameters}");
        assert!(changes.iter().all(|one| one["type"] == "visualization"));
    }
}

#[tokio::test]
async fn lists_are_downloaded_with_safe_cells() {
    let scratch = Scratch::new();
    scratch.scan(0, &[("a", "=1+2"), ("b", "x,\"y\"")]).await;
    let browser = Browser::open(scratch.location(), patient()).unwrap();
    let web = CatalogWeb::new(Arc::new(browser), Arc::new(FixedState), ROUTES.to_vec());
    let router = router(web);
    for path in [
        "/search.csv",
        "/quality/without-description.csv",
        "/changes.csv",
        "/changes.csv?entity=item",
    ] {
        let (status, kind, body) = ask(&router, path).await;
        assert_eq!(
            (status, kind.as_str()),
            (StatusCode::OK, "text/csv; charset=utf-8"),
            "{path}"
        );
        assert!(body.starts_with('\u{feff}'));
        assert!(
            body.contains(",'=1+2,") && body.contains("\"x,\"\"y\"\"\""),
            "{path}: {body}"
        );
        assert_eq!(body.lines().count(), 3, "{body}");
    }
    for path in ["/owners.csv", "/scans.csv", "/folders.csv"] {
        assert_eq!(ask(&router, path).await.0, StatusCode::OK, "{path}");
    }
    assert_eq!(
        ask(&router, "/quality/unknown.csv").await.0,
        StatusCode::NOT_FOUND
    );
    assert_eq!(
        ask(&router, "/search.csv?state=lost").await.0,
        StatusCode::BAD_REQUEST
    );
}

#[tokio::test]
async fn the_feed_has_stable_ids() {
    let (_scratch, router) = catalog().await;
    let (status, kind, feed) = ask(&router, "/feed.atom").await;
    assert_eq!(status, StatusCode::OK);
    assert!(kind.starts_with("application/atom+xml"));
    let ids: Vec<_> = feed
        .split("<id>")
        .skip(1)
        .map(|rest| rest.split('<').next().unwrap())
        .collect();
    assert_eq!(ids.len(), ids.iter().collect::<BTreeSet<_>>().len());
    assert!(
        ids[0].starts_with("urn:x-catalog:changes:") && ids[0].len() > 30,
        "{ids:?}"
    );
    let store = ids[0].rsplit(':').next().unwrap();
    assert!(ids[1].contains(store), "{ids:?}");
    assert!(
        ids[1].starts_with("urn:x-catalog:change:") && ids.len() == 6,
        "{ids:?}"
    );
    assert_eq!(ask(&router, "/feed.atom").await.2, feed);
    assert!(feed.contains("<title>Item added: A2</title>"), "{feed}");
    assert!(!feed.contains("<summary></summary>"), "{feed}");
    let containers = ask(&router, "/feed.atom?entity=container").await.2;
    assert!(
        containers.contains("<feed") && !containers.contains("<entry>"),
        "{containers}"
    );
    let removed = ask(&router, "/feed.atom?kind=removed").await.2;
    assert!(removed.contains(&format!("{}:kind=removed</id>", ids[0])));
    for path in [
        "/feed.atom?foo=7",
        "/search.csv?foo=7",
        "/changes.csv?foo=7",
    ] {
        assert_eq!(
            ask(&router, path).await.0,
            StatusCode::BAD_REQUEST,
            "{path}"
        );
    }
    assert_eq!(feed.matches("<updated>").count(), 6);
}
