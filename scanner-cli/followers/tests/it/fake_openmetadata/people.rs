//! Users, and a search that finds more than it was asked for.

use serde_json::{Value, json};

use super::{Reply, decoded, refuse};

/// Ids, names and addresses.
pub(crate) const USERS: [(&str, &str, &str); 7] = [
    (
        "11111111-0000-0000-0000-000000000001",
        "ann",
        "Ann@example.com",
    ),
    (
        "11111111-0000-0000-0000-000000000002",
        "joann",
        "joann@example.com",
    ),
    (
        "11111111-0000-0000-0000-000000000003",
        "ann.lee",
        "ann.lee@corp.example",
    ),
    (
        "11111111-0000-0000-0000-000000000004",
        "bob",
        "bob@example.com",
    ),
    (
        "11111111-0000-0000-0000-000000000005",
        "carl",
        "carl@example.com",
    ),
    (
        "11111111-0000-0000-0000-000000000006",
        "dora",
        "dora@example.com",
    ),
    (
        "11111111-0000-0000-0000-000000000007",
        "emil",
        "emil@example.com",
    ),
];

fn user((id, name, email): (&str, &str, &str)) -> Value {
    json!({ "id": id, "name": name, "email": email, "deleted": false })
}

pub(super) fn by_name(name: &str) -> Reply {
    // A name with a dot is quoted.
    let name = match (name.contains('.'), name.strip_prefix('"')) {
        (true, Some(inner)) => inner.trim_end_matches('"'),
        (true, None) => "",
        (false, _) => name,
    };
    match USERS.into_iter().find(|(_, own, _)| *own == name) {
        Some(found) => Reply::Json(200, user(found)),
        None => refuse((404, format!("user instance for {name} not found"))),
    }
}

pub(super) fn search(query: &str, is_late: bool) -> Reply {
    let query = query.split('&').find_map(|word| word.strip_prefix("q="));
    let query = decoded(query.unwrap_or_default());
    let wanted = query
        .strip_prefix("email.keyword:\"")
        .and_then(|rest| rest.strip_suffix('"'));
    let Some(wanted) = wanted else {
        return refuse((400, format!("cannot parse {query}")));
    };
    let local = wanted.split('@').next().unwrap_or_default();
    // The best hit is the wrong one.
    let hits = USERS
        .into_iter()
        .rev()
        .filter(|(_, name, _)| name.contains(local) && !is_late);
    let hits: Vec<_> = hits
        .map(|found| json!({ "_source": user(found) }))
        .collect();
    Reply::Json(200, json!({ "hits": { "hits": hits } }))
}
