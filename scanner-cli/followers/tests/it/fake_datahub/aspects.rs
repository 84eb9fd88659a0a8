//! Which aspects an entity may have, and what they must contain.

use serde_json::Value;

use super::Step;

/// The fields that an aspect must have, each with what it is.
const REQUIRED: [(&str, &str, &[&str]); 21] = [
    ("container", "containerProperties", &["name"]),
    ("container", "container", &["container"]),
    ("container", "subTypes", &["typeNames"]),
    ("container", "dataPlatformInstance", &["platform"]),
    ("container", "browsePathsV2", &["path"]),
    ("container", "status", &["removed"]),
    ("container", "globalTags", &["tags"]),
    ("container", "ownership", &["owners"]),
    (
        "dashboard",
        "dashboardInfo",
        &["title", "description", "lastModified"],
    ),
    ("dashboard", "container", &["container"]),
    ("dashboard", "subTypes", &["typeNames"]),
    ("dashboard", "dataPlatformInstance", &["platform"]),
    ("dashboard", "browsePathsV2", &["path"]),
    ("dashboard", "status", &["removed"]),
    ("dashboard", "globalTags", &["tags"]),
    ("dashboard", "ownership", &["owners"]),
    (
        "dataPlatformInstance",
        "dataPlatformInstanceProperties",
        &["name"],
    ),
    ("dataPlatformInstance", "ownership", &["owners"]),
    ("tag", "ownership", &["owners"]),
    ("tag", "tagProperties", &["name"]),
    ("tag", "status", &["removed"]),
];

/// Whether entities of this type have this aspect.
pub(super) fn exists(of: &str, aspect: &str) -> bool {
    let mut all = REQUIRED.iter();
    all.any(|(known_of, known, _)| *known_of == of && *known == aspect)
}

/// Whether a server accepts this.
pub(super) fn check(step: &Step) -> Result<(), String> {
    check_urn(&step.of, &step.urn)?;
    let known = REQUIRED
        .iter()
        .find(|(of, aspect, _)| *of == step.of && *aspect == step.aspect);
    let Some((.., required)) = known else {
        return Err(format!("unknown aspect {} of {}", step.aspect, step.of));
    };
    if step.is_patch {
        let is_keyed = step.value["arrayPrimaryKeys"]
            .as_object()
            .is_some_and(|keys| !keys.is_empty());
        return match step.value["patch"].is_array() && is_keyed {
            true => Ok(()),
            false => Err("a patch without keys".to_owned()),
        };
    }
    match required
        .iter()
        .find(|field| step.value.get(**field).is_none_or(Value::is_null))
    {
        Some(field) => Err(format!("/{field} :: field is required")),
        None if has_null(&step.value) => Err("null is not allowed".to_owned()),
        None => Ok(()),
    }
}

/// Whether this says which run wrote an aspect.
pub(super) fn is_of_a_run(metadata: &Value) -> bool {
    let id = metadata["runId"].as_str().unwrap_or_default();
    id.starts_with("scanner-cli-") && metadata["lastObserved"].as_i64().is_some()
}

/// The urns that must be in the catalog already.
pub(super) fn references(step: &Step) -> Vec<String> {
    let urn = |value: &Value| value.as_str().map(str::to_owned);
    match (step.aspect.as_str(), step.is_patch) {
        ("container", false) => urn(&step.value["container"]).into_iter().collect(),
        ("browsePathsV2", false) => {
            let path = step.value["path"].as_array().into_iter().flatten();
            let urns = path.filter_map(|entry| urn(&entry["urn"]));
            urns.filter(|urn| urn.starts_with("urn:li:container:"))
                .collect()
        }
        ("globalTags", false) => {
            let tags = step.value["tags"].as_array().into_iter().flatten();
            tags.filter_map(|tag| urn(&tag["tag"])).collect()
        }
        ("globalTags", true) => {
            let operations = step.value["patch"].as_array().into_iter().flatten();
            let added = operations.filter(|operation| operation["op"] == "add");
            added
                .filter_map(|operation| urn(&operation["value"]["tag"]))
                .collect()
        }
        _ => Vec::new(),
    }
}

fn check_urn(of: &str, urn: &str) -> Result<(), String> {
    let Some(id) = urn.strip_prefix(&format!("urn:li:{of}:")) else {
        return Err(format!("{urn} is no urn of a {of}"));
    };
    let parts: Vec<&str> = match of {
        "dashboard" => vec![second(id, "(qlik-sense,").ok_or_else(|| two(urn))?],
        "dataPlatformInstance" => {
            let platform = "(urn:li:dataPlatform:qlik-sense,";
            vec![second(id, platform).ok_or_else(|| two(urn))?]
        }
        _ => vec![id],
    };
    let length: usize = urn
        .bytes()
        .map(
            |byte| match byte.is_ascii_alphanumeric() || b".-*_ ".contains(&byte) {
                true => 1,
                false => 3,
            },
        )
        .sum();
    let is_odd = |part: &&str| {
        part.is_empty() || part.trim() != *part || part.contains([',', '(', ')', '\u{241f}'])
    };
    if length > 512 || parts.iter().any(is_odd) {
        return Err(format!("{urn} is not valid"));
    }
    Ok(())
}

/// The second part of an id of two parts.
fn second<'a>(id: &'a str, first: &str) -> Option<&'a str> {
    id.strip_prefix(first)?.strip_suffix(')')
}

fn two(urn: &str) -> String {
    format!("{urn} has not two parts")
}

fn has_null(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(values) => values.iter().any(has_null),
        Value::Object(fields) => fields.values().any(has_null),
        _ => false,
    }
}
