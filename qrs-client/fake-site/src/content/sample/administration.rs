//! What administrators of the sample site work with: tags, tasks, connections, nodes, rules, the licence.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::content::Content;
use crate::schema::Entity;

/// Adds the records. The tags and the custom properties are those of the apps.
pub(super) fn add_to(content: &mut Content) {
    for tag in distinct(content, "tags", |tag| tag) {
        content.add(Entity::Tag, tag);
    }
    for definition in distinct(content, "customProperties", |value| &value["definition"]) {
        content.add(Entity::CustomPropertyDefinition, definition);
    }
    for (name, path) in [
        ("Sales files", r"\\files\sales\"),
        ("Archive", r"D:\Archive\"),
    ] {
        let connection = json!({"name": name, "connectionstring": path, "type": "folder"});
        content.add(Entity::DataConnection, connection);
    }
    let apps = ["Sales Overview", "Sales Overview(1)"];
    let apps = apps.map(|name| content.app_named(name).unwrap_or_default().to_owned());
    content.add_task(&apps[0], "Reload Sales Overview");
    let manual = content.add_task(&apps[1], "Reload by hand");
    content.set(&manual, "enabled", json!(false));
    content.add(Entity::Extension, json!({"name": "acme-gauge"}));
    content.add(Entity::ContentLibrary, json!({"name": "Logos"}));
    for (name, is_central) in [("Central", true), ("Scheduler", false)] {
        let host = format!("{}.acme.example", name.to_lowercase());
        let node = json!({"name": name, "hostName": host, "isCentral": is_central});
        content.add(Entity::Node, node);
    }
    let scanner = json!({
        "name": "Scanner reads", "resourceFilter": "App_*,App.Object_*,Stream_*,User_*", "actions": 2,
        "rule": r#"((user.userDirectory="ACME" and user.userId="scanner"))"#,
    });
    content.add(Entity::SystemRule, scanner);
    content.license = json!({
        "serial": "1234567890123456", "name": "ACME", "organization": "ACME", "product": 4, "isExpired": false,
        "isInvalid": false, "schemaPath": "License",
    });
}

/// The distinct records below a property of all apps, by their ids.
fn distinct(content: &Content, property: &str, part: impl Fn(&Value) -> &Value) -> Vec<Value> {
    let all = content.apps.iter().chain(&content.objects);
    let lists = all.filter_map(|record| record[property].as_array());
    let parts = lists.flatten().map(part);
    let by_id: BTreeMap<_, _> = parts
        .map(|part| (part["id"].to_string(), part.clone()))
        .collect();
    by_id.into_values().collect()
}
