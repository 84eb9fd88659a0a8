//! JSON Schemas of connection files and `conf/application.conf` in their JSON form, for editors.
//!
//! They are made from the declarations of settings. A file that the scanner reads without errors and warnings matches its
//! schema. The opposite does not hold: a schema does not read the files that settings name, and it cannot know that one
//! setting excludes another. As in JSON, names are nested and not dotted, and there are no variables.

use catalog_model::{
    ConnectorRegistry, FollowerRegistry,
    follower::SETTINGS as SHARED_SETTINGS,
    settings::{DeclarationGroup, Need},
};
use serde_json::{Value, json};

mod tree;
mod types;

use self::tree::{Openness, Tree, requirements};
use crate::{application_file, connection_file};

/// The dialect that most editors support.
const DIALECT: &str = "http://json-schema.org/draft-07/schema#";

/// The blocks of `conf/application.conf` that only this scanner uses.
const OWN_BLOCKS: [&str; 3] = ["http", "store", "encryption"];

/// The schema of connection files.
#[must_use]
pub fn of_connections(connectors: &ConnectorRegistry) -> Value {
    let known = connectors.ids().filter_map(|id| connectors.get(id));
    let mut schemas: Vec<_> = known
        .map(|connector| of_connector(&connector.id().to_string(), connector.settings()))
        .collect();
    let mut schema = match schemas.len() {
        1 => schemas.remove(0),
        _ => json!({ "anyOf": schemas }),
    };
    schema["$schema"] = json!(DIALECT);
    schema["title"] = json!("Connection file of the scanner");
    schema
}

fn of_connector(id: &str, settings: &[DeclarationGroup]) -> Value {
    let common = [DeclarationGroup::always(connection_file::SETTINGS)];
    let mut groups = common.to_vec();
    groups.extend(settings);
    let mut schema = Tree::new(&groups).schema(&|_| Openness::Closed);
    let connector = &mut schema["properties"]["connector_id"];
    *connector = json!({ "description": connector["description"], "enum": [id] });
    schema["required"] = json!(["name", "code"]);
    unless_disabled(schema, requirements(&groups))
}

/// The schema of `conf/application.conf`. Unknown settings are allowed, because other programs use the same file.
#[must_use]
pub fn of_application(followers: &FollowerRegistry) -> Value {
    let openness = |block: &str| match OWN_BLOCKS.iter().any(|own| block.starts_with(own)) {
        true => Openness::Closed,
        false => Openness::Open,
    };
    let mut schema = Tree::new(application_file::GROUPS).schema(&openness);
    schema["properties"]["followers"]["type"] = json!(["array", "null"]);
    schema["properties"]["followers"]["items"] = of_followers(followers);
    schema["$schema"] = json!(DIALECT);
    schema["title"] = json!("conf/application.conf of the scanner");
    schema
}

/// The schema of one follower: that of its kind.
fn of_followers(registry: &FollowerRegistry) -> Value {
    let kinds: Vec<_> = registry.ids().collect();
    let by_kind = registry.kinds().map(|kind| {
        let mut groups = vec![DeclarationGroup::always(SHARED_SETTINGS)];
        groups.extend(kind.settings());
        let schema = Tree::new(&groups).schema(&|_| Openness::Closed);
        let schema = unless_disabled(schema, requirements(&groups));
        json!({ "if": { "properties": { "kind": { "const": kind.id() } } }, "then": schema })
    });
    let by_kind: Vec<_> = by_kind.collect();
    json!({
        "type": "object",
        "required": ["kind"],
        "properties": { "kind": { "enum": kinds } },
        "allOf": by_kind,
    })
}

/// Adds requirements that hold only if the file or block is enabled.
fn unless_disabled(mut schema: Value, requirements: Value) -> Value {
    schema["if"] = json!({
        "required": ["enabled"],
        "properties": { "enabled": { "enum": [false, "false", "no", "off"] } },
    });
    schema["then"] = json!({});
    schema["else"] = requirements;
    schema
}

/// Whether a setting must be set.
fn is_mandatory(need: Need) -> bool {
    need == Need::Mandatory
}
