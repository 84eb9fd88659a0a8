//! Records of administrators, and changes as QRS makes them: ids, dates and names are set by the site.

use serde_json::{Map, Value, json};

use super::records::{self, NEVER};
use super::{Content, id, push};
use crate::schema::Entity;

impl Content {
    /// Adds a record of any kind and returns its id. Properties that are not given have the values of a new record.
    ///
    /// ```
    /// # use qrs_fake_site::{Content, Entity};
    /// # use serde_json::json;
    /// let mut content = Content::empty();
    /// let tag = content.add(Entity::Tag, json!({"name": "finance"}));
    /// assert_eq!(content.records(Entity::Tag)[0]["id"], tag.as_str());
    /// ```
    ///
    /// # Panics
    /// If `properties` is not an object.
    pub fn add(&mut self, entity: Entity, properties: Value) -> String {
        let properties = properties.as_object().cloned();
        let properties = properties.expect("a record is an object");
        let owner = self.first_user();
        let record = self.new_record(entity, properties, &owner);
        push(self.list_mut(entity), record)
    }

    /// Adds a task that reloads an app, and returns its id.
    ///
    /// # Panics
    /// If the app does not exist.
    pub fn add_task(&mut self, app: &str, name: &str) -> String {
        let app = self.get(app).expect("the app exists");
        let app = Entity::App.condense(app);
        self.add(Entity::ReloadTask, json!({"name": name, "app": app}))
    }

    /// The record that these properties make, as `user` creates it.
    pub(crate) fn new_record(
        &mut self,
        entity: Entity,
        properties: Map<String, Value>,
        user: &Value,
    ) -> Value {
        let seed = self.next_seed();
        let mut record = template(entity, seed, user);
        for (key, value) in properties {
            record[key] = value;
        }
        if record["id"].as_str().is_none_or(str::is_empty) {
            record["id"] = json!(records::guid(seed));
        }
        record
    }

    /// Keeps a new record, with the site's dates.
    pub(crate) fn insert(&mut self, entity: Entity, mut record: Value) -> String {
        let now = self.next_date();
        record["createdDate"] = json!(now);
        record["modifiedDate"] = json!(now);
        push(self.list_mut(entity), record)
    }

    /// Sets properties of a record, and its date of change. Copies of the record in other records change as well.
    pub(crate) fn change(&mut self, id: &str, properties: &Map<String, Value>, user: &Value) {
        for (key, value) in properties {
            self.set(id, key, value.clone());
        }
        let now = self.next_date();
        self.set(id, "modifiedDate", json!(now));
        self.set(id, "modifiedByUserName", records::who(user));
    }

    /// The date of a change: each is later than the one before.
    pub(crate) fn next_date(&mut self) -> String {
        records::date_of_change(self.next_seed())
    }

    /// A fresh GUID.
    pub(crate) fn next_guid(&mut self) -> String {
        records::guid(self.next_seed())
    }

    /// The user that a header's value names (`DIRECTORY\user`, or only a user id), in condensed form. If no user has that name,
    /// the first user.
    pub(crate) fn user_of(&self, header_value: &str) -> Value {
        let mut users = self.users.iter();
        let found = users.find(|user| {
            let whole = records::who(user);
            let names = [whole.as_str(), user["userId"].as_str()];
            names
                .into_iter()
                .flatten()
                .any(|name| name.eq_ignore_ascii_case(header_value))
        });
        found.map_or_else(|| self.first_user(), |user| Entity::User.condense(user))
    }

    /// The first record of this kind with this name.
    pub fn named(&self, entity: Entity, name: &str) -> Option<&str> {
        let mut records = self.records(entity).iter();
        records.find(|record| record["name"] == name).map(id)
    }
}

/// The properties that clients must set.
pub(crate) fn required(entity: Entity) -> &'static [&'static str] {
    match entity {
        Entity::User => &["userId", "userDirectory"],
        Entity::CustomPropertyDefinition => &["name", "valueType"],
        Entity::DataConnection => &["name", "connectionstring", "type"],
        Entity::ReloadTask => &["name", "app"],
        Entity::Node => &["name", "hostName"],
        Entity::SystemRule => &["name", "category", "rule", "resourceFilter"],
        _ => &["name"],
    }
}

/// A new record, without what makes it special.
fn template(entity: Entity, seed: u64, user: &Value) -> Value {
    match entity {
        Entity::Stream => return records::stream(seed, "", user),
        Entity::User => return records::user(seed, "", "", ""),
        Entity::App => return records::app(seed, "", user),
        _ => {}
    }
    let mut record = json!({
        "id": records::guid(seed),
        "createdDate": records::date(2022, seed),
        "modifiedDate": records::date(2024, seed),
        "modifiedByUserName": records::who(user),
    });
    let own = own_properties(entity, user);
    for (key, value) in own.as_object().into_iter().flatten() {
        record[key] = value.clone();
    }
    record["privileges"] = Value::Null;
    record["schemaPath"] = json!(entity.name());
    record
}

fn own_properties(entity: Entity, user: &Value) -> Value {
    match entity {
        Entity::CustomPropertyDefinition => json!({
            "name": "", "valueType": "Text", "description": "", "choiceValues": [], "objectTypes": [],
        }),
        Entity::DataConnection => json!({
            "customProperties": [], "owner": user, "name": "", "connectionstring": "", "type": "folder",
            "engineObjectId": "", "username": "", "password": "", "logOn": 0, "architecture": 0, "tags": [],
        }),
        Entity::ReloadTask => json!({
            "customProperties": [], "app": null, "name": "", "taskType": 0, "enabled": true,
            "taskSessionTimeout": 1440, "maxRetries": 0, "isManuallyTriggered": false, "tags": [],
            "operational": {"lastExecutionResult": null, "nextExecution": NEVER, "privileges": null},
        }),
        Entity::ExecutionResult => json!({
            "taskID": "", "executionID": "", "appID": "", "executingNodeName": "qlik.acme.example", "status": 0,
            "startTime": NEVER, "stopTime": NEVER, "duration": 0, "details": [], "scriptLogAvailable": false,
        }),
        Entity::Extension => json!({
            "customProperties": [], "owner": user, "name": "", "whiteList": "js;css;png", "references": [],
            "tags": [],
        }),
        Entity::ContentLibrary => json!({
            "customProperties": [], "owner": user, "name": "", "type": "media", "references": [], "tags": [],
        }),
        Entity::Node => json!({
            "customProperties": [], "name": "", "hostName": "", "isCentral": false, "nodePurpose": 0,
            "engineEnabled": true, "proxyEnabled": true, "schedulerEnabled": true, "printingEnabled": true,
            "roles": [], "tags": [],
        }),
        Entity::SystemRule => json!({
            "category": "Security", "subcategory": "", "type": "Custom", "name": "", "rule": "",
            "resourceFilter": "", "actions": 2, "comment": "", "disabled": false, "ruleContext": 0,
            "tags": [],
        }),
        _ => json!({"name": ""}),
    }
}
