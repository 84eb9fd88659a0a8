//! The description of the API: `/api/v1/openapi.json`.

use axum::response::Response;
use serde_json::{Map, Value, json};

use super::{
    PREFIX,
    entries::{FACETS, PARAMETERS},
    lists::{OF_CHANGES, OF_QUALITY},
    respond,
};
use crate::{
    request::PageRequest,
    requests::{CHANGE_KINDS, ENTITIES, outcomes_of_scans},
    state::ContainerRoute,
    store::browse::Sort,
};

mod schemas;

/// `/openapi.json`.
pub(super) async fn show(request: PageRequest) -> Response {
    respond(Ok(document(
        request.web.links.base(),
        &request.web.containers,
    )))
}

/// An address that every catalog has: path, summary, schema, and parameters in the path and after the `?`.
type Operation = (
    &'static str,
    &'static str,
    &'static str,
    &'static [(&'static str, &'static str)],
    &'static [&'static str],
);

const OPERATIONS: [Operation; 11] = [
    ("/items", "A page of items", "Items", &[], &PARAMETERS),
    (
        "/items/{key}",
        "An item with its history",
        "Entry",
        &[("key", KEY)],
        &[],
    ),
    (
        "/facets",
        "The values of a list, with counts",
        "Facets",
        &[],
        FACETS,
    ),
    (
        "/changes",
        "A page of changes, the newest first",
        "Changes",
        &[],
        &OF_CHANGES,
    ),
    (
        "/scans",
        "A page of scans, the newest first",
        "Scans",
        &[],
        &["connection", "outcome", "limit", "cursor"],
    ),
    (
        "/owners",
        "A page of owners",
        "Owners",
        &[],
        &["q", "connection", "show", "sort", "limit", "cursor"],
    ),
    (
        "/quality",
        "The lists of what lacks something",
        "Quality",
        &[],
        &["days"],
    ),
    (
        "/quality/{list}",
        "A page of one of these lists",
        "Items",
        &[("list", "The id of the list.")],
        &OF_QUALITY,
    ),
    ("/connections", "The connections", "Connections", &[], &[]),
    ("/followers", "The followers", "Followers", &[], &[]),
    (
        "/summary",
        "The numbers of the first page",
        "Summary",
        &[],
        &[],
    ),
];

/// The document, with addresses below `base` and those of these containers.
pub(super) fn document(base: &str, containers: &[ContainerRoute]) -> Value {
    let mut paths = Map::new();
    let mut add = |path: &str, operation: Value| {
        paths.insert(path.to_owned(), json!({ "get": operation }));
    };
    for (path, summary, schema, in_path, in_query) in OPERATIONS {
        let in_path = in_path
            .iter()
            .map(|(name, about)| path_parameter(name, about));
        let in_query = in_query.iter().map(|name| parameter_at(path, name));
        add(
            path,
            operation(summary, schema, in_path.chain(in_query).collect()),
        );
    }
    for route in containers {
        let path = route.path;
        let list = schemas::page_of(path, "Record");
        let searched = PARAMETERS.map(parameter).to_vec();
        add(
            &format!("/{path}"),
            with_schema(&format!("A page of {path}"), list, searched),
        );
        let parameters = vec![
            path_parameter("code", "The code of the connection."),
            path_parameter("id", "The source's own id."),
        ];
        let summary = format!("One of the {path}, with its history");
        add(
            &format!("/{path}/{{code}}/{{id}}"),
            operation(&summary, "Entry", parameters),
        );
    }
    json!({
        "openapi": "3.1.0",
        "info": { "title": "Catalog", "version": "1", "description": ABOUT },
        "servers": [{ "url": format!("{base}{PREFIX}") }],
        "paths": paths,
        "components": {
            "schemas": schemas::all(),
            "securitySchemes": {
                "token": { "type": "http", "scheme": "bearer" },
                "basic": { "type": "http", "scheme": "basic" },
            },
        },
        "security": [{}, { "token": [] }, { "basic": [] }],
    })
}

const ABOUT: &str = "Read-only. Pages of lists end with `next`: pass it as `cursor`, with the same other parameters; \
     `null` is the last page. Answers have an `ETag`. Fields without a value are left out.";
const KEY: &str = "The key. Its parts are percent-encoded, its slashes are kept.";

fn operation(summary: &str, schema: &str, parameters: Vec<Value>) -> Value {
    let schema = json!({ "$ref": format!("#/components/schemas/{schema}") });
    with_schema(summary, schema, parameters)
}

fn with_schema(summary: &str, schema: Value, parameters: Vec<Value>) -> Value {
    json!({
        "summary": summary,
        "parameters": parameters,
        "responses": {
            "200": {
                "description": "The answer",
                "headers": { "ETag": { "schema": { "type": "string" } } },
                "content": { "application/json": { "schema": schema } },
            },
            "304": { "description": "The client has the current answer (`If-None-Match`)" },
            "default": {
                "description": "What is wrong (RFC 9457)",
                "content": {
                    "application/problem+json": {
                        "schema": { "$ref": "#/components/schemas/Problem" },
                    },
                },
            },
        },
    })
}

fn path_parameter(name: &str, description: &str) -> Value {
    json!({
        "name": name,
        "in": "path",
        "required": true,
        "description": description,
        "schema": { "type": "string" },
    })
}

/// A parameter after the `?`, whose meaning may depend on the address.
fn parameter_at(path: &str, name: &str) -> Value {
    let mut parameter = parameter(name);
    match (path, name) {
        ("/changes", "days") => {
            parameter["description"] = "Only changes of the last days.".into();
            parameter["schema"] = json!({ "type": "integer", "minimum": 0 });
        }
        ("/owners", "sort") => {
            parameter["schema"] = json!({ "enum": ["items", "name"], "default": "items" });
        }
        ("/owners", "q") => {
            parameter["description"] = "A part of the name, account or address.".into();
        }
        _ => {}
    }
    parameter
}

/// A parameter after the `?`. One without a limit of values may be repeated.
fn parameter(name: &str) -> Value {
    let text = json!({ "type": "string" });
    let texts = json!({ "type": "array", "items": text });
    let (description, schema) = match name {
        "q" => ("Words that must occur; a phrase in quotation marks.", text),
        "limit" => (
            "Number of entries.",
            json!({ "type": "integer", "minimum": 1, "maximum": 1000, "default": 50 }),
        ),
        "cursor" => ("The `next` of the page before.", text),
        "sort" => (
            "The order. Without one, the best match first with `q`, otherwise by name.",
            json!({ "enum": Sort::ALL.map(Sort::word) }),
        ),
        "days" => (
            "Number of days after which something is stale.",
            json!({ "type": "integer", "minimum": 1, "default": 90 }),
        ),
        "scan" => ("The number of a scan.", json!({ "type": "integer" })),
        "since" => (
            "Only changes at or after this time: a date (UTC) or an RFC 3339 time.",
            text,
        ),
        "entity" => (
            "Changes of items or of containers only.",
            json!({ "enum": ENTITIES.map(|(word, _)| word) }),
        ),
        "outcome" => {
            let outcomes = json!({ "type": "array", "items": { "enum": outcomes_of_scans() } });
            ("Outcomes of scans.", outcomes)
        }
        "tag" => ("Tags, as `/facets` has them.", texts),
        "status" => ("Values of the status, as `/facets` has them.", texts),
        "show" => (
            "Only these owners.",
            json!({ "enum": ["without_address", "lost"] }),
        ),
        "kind" => {
            let kinds = CHANGE_KINDS.map(|kind| kind.word());
            let kinds = json!({ "type": "array", "items": { "enum": kinds } });
            ("Kinds of changes.", kinds)
        }
        "state" => {
            let states = catalog_model::ItemState::ALL.map(|state| state.word());
            let states = json!({ "type": "array", "items": { "enum": states } });
            ("States. Without one, all that exist.", states)
        }
        "connection" => ("Codes of connections.", texts),
        "container" => ("Keys of containers that hold the items.", texts),
        "owner" => (
            "Ids of owners, as `/facets` and `/owners` have them.",
            texts,
        ),
        _ => ("Values.", texts),
    };
    json!({ "name": name, "in": "query", "description": description, "schema": schema })
}
