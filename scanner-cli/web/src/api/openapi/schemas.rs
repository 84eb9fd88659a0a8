//! The schemas of answers.

use serde_json::{Map, Value, json};

/// A schema of an object: fields with their types, and which of them are always there.
fn object(fields: &[(&str, Value)], required: &[&str]) -> Value {
    let properties: Map<_, _> = fields
        .iter()
        .map(|(name, schema)| ((*name).to_owned(), schema.clone()))
        .collect();
    json!({ "type": "object", "properties": properties, "required": required })
}

fn text() -> Value {
    json!({ "type": "string" })
}

fn time() -> Value {
    json!({ "type": "string", "format": "date-time" })
}

fn number() -> Value {
    json!({ "type": "integer" })
}

fn list(of: &Value) -> Value {
    json!({ "type": "array", "items": of })
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

/// A page of a list with this name.
pub(super) fn page_of(name: &str, schema: &str) -> Value {
    let next = json!({ "type": ["string", "null"] });
    object(
        &[(name, list(&reference(schema))), ("next", next)],
        &[name, "next"],
    )
}

/// All schemas by name.
pub(super) fn all() -> Value {
    let mut all = entries();
    all.extend(values());
    all.extend(events());
    all.extend(states());
    all.extend(summaries());
    Value::Object(all)
}

fn entries() -> Map<String, Value> {
    let record_fields = [
        ("key", text()),
        ("type", text()),
        ("label", text()),
        ("name", text()),
        ("description", text()),
        ("connection", text()),
        (
            "state",
            json!({ "enum": catalog_model::ItemState::ALL.map(|state| state.word()) }),
        ),
        ("first_seen", time()),
        ("last_seen", time()),
        ("gone_since", time()),
    ];
    let record = object(
        &record_fields,
        &[
            "key",
            "type",
            "label",
            "name",
            "connection",
            "state",
            "first_seen",
            "last_seen",
        ],
    );
    let entry = [
        ("last_read", time()),
        ("people", list(&json!({ "type": "object" }))),
        ("containers", list(&json!({ "type": "object" }))),
        ("followers", list(&json!({ "type": "object" }))),
        ("history", list(&reference("Change"))),
    ];
    let entry = object(
        &entry,
        &["last_read", "people", "containers", "followers", "history"],
    );
    Map::from_iter([
        ("Record".to_owned(), record),
        ("Items".to_owned(), page_of("items", "Record")),
        (
            "Entry".to_owned(),
            json!({ "allOf": [reference("Record"), entry] }),
        ),
    ])
}

fn values() -> Map<String, Value> {
    let value = object(
        &[("value", text()), ("label", text()), ("count", number())],
        &["value", "label", "count"],
    );
    let facet = object(
        &[("values", list(&value)), ("more", number())],
        &["values", "more"],
    );
    let names = ["connection", "owner", "tag", "status", "state"];
    let mut facets: Vec<_> = names.map(|name| (name, reference("Facet"))).to_vec();
    facets.push(("total", number()));
    facets.push((
        "container",
        json!({ "type": "object", "additionalProperties": reference("Facet") }),
    ));
    let required: Vec<_> = facets.iter().map(|(name, _)| *name).collect();
    let owner = [
        ("id", text()),
        ("connection", text()),
        ("owner", text()),
        ("name", text()),
        ("email", text()),
        ("status", text()),
        ("items", number()),
    ];
    let lists = object(
        &[
            ("id", text()),
            ("title", text()),
            ("about", text()),
            ("count", number()),
        ],
        &["id", "title", "about", "count"],
    );
    Map::from_iter([
        ("Facet".to_owned(), facet),
        ("Facets".to_owned(), object(&facets, &required)),
        (
            "Owner".to_owned(),
            object(&owner, &["id", "connection", "items"]),
        ),
        ("Owners".to_owned(), page_of("owners", "Owner")),
        (
            "Quality".to_owned(),
            object(&[("lists", list(&lists))], &["lists"]),
        ),
    ])
}

fn events() -> Map<String, Value> {
    let change = [
        ("id", text()),
        ("seq", number()),
        ("time", time()),
        ("scan", number()),
        ("connection", text()),
        ("change", text()),
        ("entity", json!({ "enum": ["item", "container"] })),
        ("type", text()),
        ("key", text()),
        ("name", text()),
        ("label", text()),
        ("fields", list(&text())),
        ("values", list(&json!({ "type": "object" }))),
        ("rule", text()),
    ];
    let change = object(
        &change,
        &[
            "id",
            "seq",
            "time",
            "scan",
            "connection",
            "change",
            "entity",
            "type",
            "key",
        ],
    );
    let counts = [
        "items",
        "added",
        "changed",
        "removed",
        "returned",
        "unreadable",
        "excluded",
        "bytes",
    ];
    let mut scan = vec![
        ("scan", number()),
        ("connection", text()),
        ("started", time()),
        ("ended", time()),
        ("outcome", text()),
        ("site_version", text()),
        ("reasons", list(&text())),
    ];
    scan.extend(counts.map(|name| (name, number())));
    let scan = object(&scan, &["scan", "connection", "started", "outcome"]);
    Map::from_iter([
        ("Change".to_owned(), change),
        ("Changes".to_owned(), page_of("changes", "Change")),
        ("Scan".to_owned(), scan),
        ("Scans".to_owned(), page_of("scans", "Scan")),
    ])
}

fn states() -> Map<String, Value> {
    let kinds = ["added", "changed", "removed", "returned", "excluded"];
    let counts = object(&kinds.map(|kind| (kind, number())), &kinds);
    let connection = [
        ("code", text()),
        ("name", text()),
        ("file", text()),
        (
            "state",
            json!({ "enum": ["valid", "error", "disabled", "removed", "unknown"] }),
        ),
        ("error", text()),
        ("scanning", json!({ "type": "boolean" })),
        ("next_scan", time()),
        ("items", number()),
        ("changes_since_yesterday", reference("Counts")),
        ("last_scan", reference("Scan")),
        ("last_complete", time()),
    ];
    let follower = [
        ("follower", text()),
        ("kind", text()),
        ("target", text()),
        (
            "state",
            json!({ "enum": ["disabled", "failing", "new", "behind", "up_to_date"] }),
        ),
        ("error", text()),
        ("behind", number()),
        ("delivered", time()),
        ("last_success", time()),
        ("sent", number()),
        ("refused", number()),
    ];
    let connections = object(
        &[("connections", list(&reference("Connection")))],
        &["connections"],
    );
    let followers = object(
        &[("followers", list(&reference("Follower")))],
        &["followers"],
    );
    Map::from_iter([
        ("Counts".to_owned(), counts),
        (
            "Connection".to_owned(),
            object(&connection, &["state", "scanning"]),
        ),
        ("Connections".to_owned(), connections),
        (
            "Follower".to_owned(),
            object(&follower, &["follower", "kind", "state"]),
        ),
        ("Followers".to_owned(), followers),
    ])
}

fn summaries() -> Map<String, Value> {
    let numbers = [
        "items",
        "without_description",
        "without_address",
        "lost_owners",
    ];
    let mut summary = numbers.map(|name| (name, number())).to_vec();
    summary.push(("scanner", json!({ "type": "object" })));
    summary.push(("containers", json!({ "type": "object" })));
    summary.push(("changes_since_yesterday", reference("Counts")));
    let required: Vec<_> = summary.iter().map(|(name, _)| *name).collect();
    let problem = [
        ("type", text()),
        ("title", text()),
        ("status", number()),
        ("detail", text()),
    ];
    let always = ["type", "title", "status", "detail"];
    Map::from_iter([
        ("Summary".to_owned(), object(&summary, &required)),
        ("Problem".to_owned(), object(&problem, &always)),
    ])
}
