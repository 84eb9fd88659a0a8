//! The content of the fake site: streams, users, apps and objects as raw JSON in their full form.

mod administration;
mod files;
mod records;
mod sample;

use std::{collections::BTreeMap, sync::LazyLock};

use serde_json::{Value, json};

use super::schema::Entity;
pub(super) use administration::required;

/// The records of a site in their full form, as in `/qrs/app/full`.
///
/// The lists are public, so a test can change them in any way. The functions here cover common changes. The ids that they
/// return are the same in every run.
///
/// ```
/// # use qrs_fake_site::Content;
/// # use serde_json::json;
/// let mut content = Content::empty();
/// let finance = content.add_stream("Finance");
/// let app = content.add_app("Sales");
/// content.publish(&app, &finance);
/// let sheet = content.add_sheet(&app, "Overview");
/// content.set(&sheet, "approved", json!(false));
/// content.rename(&app, "Sales and returns");
/// assert_eq!(content.objects[0]["app"]["name"], "Sales and returns");
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Content {
    /// The records of `/qrs/stream/full`.
    pub streams: Vec<Value>,
    /// The records of `/qrs/user/full`.
    pub users: Vec<Value>,
    /// The records of `/qrs/app/full`.
    pub apps: Vec<Value>,
    /// The records of `/qrs/app/object/full`: sheets and all other objects of apps.
    pub objects: Vec<Value>,
    /// The record of `/qrs/license`, or null.
    pub license: Value,
    /// All other records.
    administration: BTreeMap<Entity, Vec<Value>>,
    /// Number of records added and changed so far, so that no id and no date is used twice.
    added: u64,
}

impl Content {
    /// An empty site. Only the user `INTERNAL\sa_repository` exists, who owns what is added.
    pub fn empty() -> Self {
        let mut content = Self {
            streams: Vec::new(),
            users: Vec::new(),
            apps: Vec::new(),
            objects: Vec::new(),
            license: Value::Null,
            administration: BTreeMap::new(),
            added: 0,
        };
        content.add_user("INTERNAL", "sa_repository", "sa_repository");
        content
    }

    /// The sample site: a dozen apps with all edge cases that real sites are known to have.
    ///
    /// Its data is in `src/content/*.json`.
    pub fn sample() -> Self {
        /// Built once for each process: most tests have such a site, and it takes longer than copying it.
        static SAMPLE: LazyLock<Content> = LazyLock::new(sample::content);
        SAMPLE.clone()
    }

    /// A large site without edge cases: `apps` published apps with `sheets` base sheets each.
    ///
    /// A sheet takes about 5 KB of memory.
    pub fn generated(apps: usize, sheets: usize) -> Self {
        let mut content = Self::empty();
        let stream = content.add_stream("Everyone");
        // All apps before all sheets, because publishing looks at every record there is.
        let mut ids = Vec::with_capacity(apps);
        for app in 1..=apps {
            let id = content.add_app(&format!("App {app}"));
            content.publish(&id, &stream);
            ids.push(id);
        }
        for (app, id) in ids.iter().enumerate() {
            for sheet in 1..=sheets {
                content.add_sheet(id, &format!("Sheet {sheet} of app {}", app + 1));
            }
        }
        content
    }

    /// Adds a stream and returns its id.
    pub fn add_stream(&mut self, name: &str) -> String {
        let owner = self.first_user();
        let stream = records::stream(self.next_seed(), name, &owner);
        push(&mut self.streams, stream)
    }

    /// Adds a user without attributes and returns its id (not its `userId`).
    pub fn add_user(&mut self, directory: &str, user_id: &str, name: &str) -> String {
        let user = records::user(self.next_seed(), directory, user_id, name);
        push(&mut self.users, user)
    }

    /// Adds an unpublished app, owned by the first user, and returns its id.
    pub fn add_app(&mut self, name: &str) -> String {
        let owner = self.first_user();
        let app = records::app(self.next_seed(), name, &owner);
        push(&mut self.apps, app)
    }

    /// Adds a sheet to an app and returns its QRS id. It is a base sheet if the app is published.
    ///
    /// # Panics
    /// If the app does not exist.
    pub fn add_sheet(&mut self, app: &str, name: &str) -> String {
        self.add_object(app, "sheet", name)
    }

    /// Adds an object of any type to an app and returns its QRS id.
    ///
    /// # Panics
    /// If the app does not exist.
    pub fn add_object(&mut self, app: &str, object_type: &str, name: &str) -> String {
        let seed = self.next_seed();
        let app = self.record(Entity::App, app).expect("the app exists");
        let object = records::object(seed, app, object_type, name);
        push(&mut self.objects, object)
    }

    /// Copies an app with its objects, like *Duplicate* in the hub, and returns the id of the copy.
    ///
    /// The copy is unpublished. Its objects have new QRS ids, and the `engineObjectId`s of the original.
    ///
    /// # Panics
    /// If the app does not exist.
    pub fn copy_app(&mut self, app: &str, name: &str) -> String {
        let original = self.record(Entity::App, app).expect("the app exists");
        let mut copy = original.clone();
        copy["id"] = json!(records::guid(self.next_seed()));
        copy["name"] = json!(name);
        records::unpublish(&mut copy);
        let embedded = Entity::App.condense(&copy);
        let id = push(&mut self.apps, copy);
        for object in self.objects_of(app) {
            let mut object = object.clone();
            object["id"] = json!(records::guid(self.next_seed()));
            object["app"] = embedded.clone();
            object["published"] = json!(false);
            object["approved"] = json!(false);
            object["publishTime"] = json!(records::NEVER);
            self.objects.push(object);
        }
        id
    }

    /// Publishes an app and all its objects to a stream.
    ///
    /// # Panics
    /// If the app or the stream does not exist.
    pub fn publish(&mut self, app: &str, stream: &str) {
        let stream = self.get(stream).expect("the stream exists");
        let stream = Entity::Stream.condense(stream);
        let time = json!(records::date(2023, self.next_seed()));
        for (key, value) in [("stream", stream), ("published", json!(true))] {
            self.set(app, key, value);
        }
        self.set(app, "publishTime", time.clone());
        for object in self.objects_of(app) {
            let id = id(&object).to_owned();
            self.set(&id, "published", json!(true));
            self.set(&id, "approved", json!(true));
            self.set(&id, "publishTime", time.clone());
        }
    }

    /// The record with this id, whatever its kind.
    pub fn get(&self, id: &str) -> Option<&Value> {
        // Objects last: a site may have hundreds of thousands.
        let others = Entity::ALL
            .into_iter()
            .filter(|entity| *entity != Entity::Object);
        let mut lists = others.chain([Entity::Object]);
        lists.find_map(|entity| self.record(entity, id))
    }

    /// The id of the first app with this name.
    pub fn app_named(&self, name: &str) -> Option<&str> {
        self.apps.iter().find(|app| app["name"] == name).map(id)
    }

    /// The QRS id of the first sheet with this name, in any app.
    pub fn sheet_named(&self, name: &str) -> Option<&str> {
        self.sheets().find(|sheet| sheet["name"] == name).map(id)
    }

    /// All objects that are sheets.
    pub fn sheets(&self) -> impl Iterator<Item = &Value> {
        let objects = self.objects.iter();
        objects.filter(|object| object["objectType"] == "sheet")
    }

    /// Sets one property of the record with this id, and of its copies in other records.
    ///
    /// # Panics
    /// If the record does not exist.
    pub fn set(&mut self, id: &str, key: &str, value: Value) {
        let mut found = false;
        for record in self.records_mut() {
            if record["id"] == id {
                record[key] = value.clone();
                found = true;
            } else {
                set_embedded(record, id, key, &value);
            }
        }
        assert!(found, "no record has the id {id}");
    }

    /// Renames the record with this id, and its copies in other records.
    ///
    /// # Panics
    /// If the record does not exist.
    pub fn rename(&mut self, id: &str, name: &str) {
        self.set(id, "name", json!(name));
    }

    /// Removes the record with this id. With an app, its objects are removed. Returns whether it existed.
    pub fn remove(&mut self, id: &str) -> bool {
        let before = self.records_mut().count();
        self.objects.retain(|object| object["app"]["id"] != id);
        for list in self.lists_mut() {
            list.retain(|record| record["id"] != id);
        }
        self.records_mut().count() < before
    }

    /// The records of one kind.
    pub fn records(&self, entity: Entity) -> &[Value] {
        match entity {
            Entity::App => &self.apps,
            Entity::Object => &self.objects,
            Entity::Stream => &self.streams,
            Entity::User => &self.users,
            other => self.administration.get(&other).map_or(&[], Vec::as_slice),
        }
    }

    /// The record of one kind with this id.
    pub(super) fn record(&self, entity: Entity, id: &str) -> Option<&Value> {
        let mut records = self.records(entity).iter();
        records.find(|record| record["id"] == id)
    }

    fn list_mut(&mut self, entity: Entity) -> &mut Vec<Value> {
        match entity {
            Entity::App => &mut self.apps,
            Entity::Object => &mut self.objects,
            Entity::Stream => &mut self.streams,
            Entity::User => &mut self.users,
            other => self.administration.entry(other).or_default(),
        }
    }

    fn objects_of(&self, app: &str) -> Vec<Value> {
        let objects = self.objects.iter();
        let objects = objects.filter(|object| object["app"]["id"] == app);
        objects.cloned().collect()
    }

    fn first_user(&self) -> Value {
        self.users
            .first()
            .map_or(Value::Null, |user| Entity::User.condense(user))
    }

    fn lists_mut(&mut self) -> impl Iterator<Item = &mut Vec<Value>> {
        let lists = [
            &mut self.streams,
            &mut self.users,
            &mut self.apps,
            &mut self.objects,
        ];
        lists.into_iter().chain(self.administration.values_mut())
    }

    fn records_mut(&mut self) -> impl Iterator<Item = &mut Value> {
        self.lists_mut().flatten()
    }

    fn next_seed(&mut self) -> u64 {
        self.added += 1;
        self.added
    }
}

fn push(list: &mut Vec<Value>, record: Value) -> String {
    let id = id(&record).to_owned();
    list.push(record);
    id
}

fn id(record: &Value) -> &str {
    record["id"].as_str().unwrap_or_default()
}

/// Sets `key` in every record below `value` that has both this id and this key.
fn set_embedded(value: &mut Value, id: &str, key: &str, new: &Value) {
    let Value::Object(properties) = value else {
        return;
    };
    if properties.get("id").is_some_and(|found| found == id)
        && let Some(old) = properties.get_mut(key)
    {
        *old = new.clone();
    }
    for property in properties.values_mut() {
        set_embedded(property, id, key, new);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn renaming_a_record_renames_its_copies_in_other_records() {
        let mut content = Content::generated(2, 2);
        let app = content.app_named("App 1").unwrap().to_owned();
        let stream = id(&content.streams[0]).to_owned();
        content.rename(&app, "First");
        content.rename(&stream, "All");

        let names: Vec<_> = content
            .sheets()
            .map(|sheet| &sheet["app"]["name"])
            .collect();
        assert_eq!(names, ["First", "First", "App 2", "App 2"]);
        assert_eq!(content.objects[0]["app"]["stream"]["name"], "All");
        assert_eq!(content.apps[1]["stream"]["name"], "All");
    }

    #[test]
    fn a_copy_keeps_only_the_engine_ids() {
        let mut content = Content::generated(1, 2);
        let app = content.app_named("App 1").unwrap().to_owned();
        content.copy_app(&app, "App 1(1)");

        assert_eq!(content.apps[1]["stream"], Value::Null);
        for (original, copy) in [(0, 2), (1, 3)] {
            let [original, copy] = [original, copy].map(|at| &content.objects[at]);
            assert_eq!(original["engineObjectId"], copy["engineObjectId"]);
            assert_ne!(original["id"], copy["id"]);
            assert_eq!(copy["app"]["name"], "App 1(1)");
            assert_eq!(copy["published"], false);
        }
    }

    #[test]
    fn removing_an_app_removes_its_objects() {
        let mut content = Content::generated(2, 3);
        let app = content.app_named("App 1").unwrap().to_owned();
        assert!(content.remove(&app));
        assert!(!content.remove(&app));
        assert_eq!((content.apps.len(), content.objects.len()), (1, 3));
    }
}
