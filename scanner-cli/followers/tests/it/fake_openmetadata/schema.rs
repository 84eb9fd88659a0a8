//! What a server accepts of an entity.

use serde_json::Value;

use super::{Refused, State, people::USERS};

/// The fields that may be in a body, by type; the first ones must.
fn fields(of: &str) -> (&'static [&'static str], &'static [&'static str]) {
    match of {
        "charts" => (
            &["name", "service"],
            &[
                "displayName",
                "description",
                "chartType",
                "sourceUrl",
                "lifeCycle",
                "tags",
                "owners",
                "sourceHash",
            ],
        ),
        "dashboards" => (
            &["name", "service"],
            &[
                "displayName",
                "description",
                "sourceUrl",
                "project",
                "charts",
                "tags",
                "owners",
                "sourceHash",
            ],
        ),
        "services" => (
            &["name", "serviceType"],
            &["displayName", "description", "connection"],
        ),
        "classifications" => (&["name", "description"], &["displayName"]),
        _ => (&["name", "description", "classification"], &["displayName"]),
    }
}

/// Whether the body has the fields that it must have, and no others.
pub(super) fn check_shape(of: &str, body: &Value) -> Result<(), Refused> {
    let Some(object) = body.as_object() else {
        return Err((400, "Unable to process JSON".to_owned()));
    };
    let (required, optional) = fields(of);
    if let Some(field) = required.iter().find(|field| !object.contains_key(**field)) {
        return Err((400, format!("[{field} must not be null]")));
    }
    let is_known =
        |field: &&String| required.contains(&field.as_str()) || optional.contains(&field.as_str());
    if let Some(field) = object.keys().find(|field| !is_known(field)) {
        return Err((
            400,
            format!("Unrecognized field \"{field}\" (class), not marked as ignorable"),
        ));
    }
    check_name(body["name"].as_str().unwrap_or_default())?;
    let hash = body["sourceHash"].as_str().unwrap_or_default();
    match hash.len() <= 32 {
        true => Ok(()),
        false => Err((400, "[sourceHash size must be between 1 and 32]".to_owned())),
    }
}

fn check_name(name: &str) -> Result<(), Refused> {
    let is_odd = |char: char| matches!(char, '\n' | '\r' | '"');
    match name.is_empty()
        || name.chars().count() > 256
        || name.contains("::")
        || name.contains(is_odd)
    {
        true => Err((400, format!("Invalid name {name}"))),
        false => Ok(()),
    }
}

/// The fully qualified name of an entity. The service of a chart is one already.
pub(super) fn qualified(of: &str, body: &Value) -> String {
    let text = |field: &str| body[field].as_str().unwrap_or_default();
    let name = match text("name").contains('.') {
        true => format!("\"{}\"", text("name")),
        false => text("name").to_owned(),
    };
    match of {
        "charts" | "dashboards" => format!("{}.{name}", text("service")),
        "tags" => format!("{}.{name}", text("classification")),
        _ => name,
    }
}

impl State {
    /// Whether everything that an entity refers to is there.
    pub(super) fn check_references(&self, of: &str, entity: &Value) -> Result<(), Refused> {
        let missing = |of: &str, fqn: &str| (404, format!("{of} instance for {fqn} not found"));
        let lacks = |of: &str, fqn: &str| {
            let found = self.entities.get(&(of.to_owned(), fqn.to_owned()));
            found.is_none_or(|entity| entity["deleted"] == true)
        };
        let list = |field: &str| entity[field].as_array().cloned().unwrap_or_default();
        if matches!(of, "charts" | "dashboards")
            && lacks("services", entity["service"].as_str().unwrap_or_default())
        {
            return Err(missing("dashboardService", &entity["service"].to_string()));
        }
        for label in list("tags") {
            let tag = label["tagFQN"].as_str().unwrap_or_default();
            let is_whole = ["source", "labelType", "state"]
                .iter()
                .all(|field| label[*field].is_string());
            if !is_whole || (tag.starts_with("QlikSense.") && lacks("tags", tag)) {
                return Err(missing("tag", tag));
            }
        }
        let owners = list("owners");
        if owners.len() > 5 {
            return Err((400, "Only up to 5 owners are allowed".to_owned()));
        }
        let is_team = |owner: &&Value| owner["type"] == "team";
        if owners.len() > 1 && owners.iter().any(|owner| is_team(&owner)) {
            return Err((400, "Team and user owners".to_owned()));
        }
        for owner in owners.iter().filter(|owner| !is_team(owner)) {
            if USERS.iter().all(|(id, ..)| owner["id"] == *id) {
                return Err(missing("user", &owner["id"].to_string()));
            }
        }
        for chart in list("charts") {
            let fqn = chart.as_str().or(chart["fullyQualifiedName"].as_str());
            let fqn = fqn.unwrap_or_default();
            if lacks("charts", fqn) {
                return Err(missing("chart", fqn));
            }
        }
        Ok(())
    }
}
