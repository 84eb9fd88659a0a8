//! The sample site: expands the short notes in the JSON files of this folder to full records.
//!
//! A note has only what is special about a record; `with` sets any property of the full form, known or unknown.

mod administration;

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Content, id, records};
use crate::schema::Entity;

/// Builds the site. Ids depend on the order of the notes: append rather than insert.
pub(super) fn content() -> Content {
    const WELL_FORMED: &str = "the tests check the notes of the sample site";
    let streams: Vec<String> =
        serde_json::from_str(include_str!("streams.json")).expect(WELL_FORMED);
    let users: Vec<UserNote> = serde_json::from_str(include_str!("users.json")).expect(WELL_FORMED);
    let apps: Vec<AppNote> = serde_json::from_str(include_str!("apps.json")).expect(WELL_FORMED);

    let mut content = Content::empty();
    for name in &streams {
        content.add_stream(name);
    }
    for user in users {
        user.add_to(&mut content);
    }
    for app in apps {
        app.add_to(&mut content);
    }
    administration::add_to(&mut content);
    content
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct UserNote {
    user_id: String,
    directory: String,
    name: String,
    /// Pairs of a type and a value.
    #[serde(default)]
    attributes: Vec<(String, String)>,
    #[serde(default)]
    with: Map<String, Value>,
}

impl UserNote {
    fn add_to(self, content: &mut Content) {
        let user = content.add_user(&self.directory, &self.user_id, &self.name);
        let attribute = |(kind, value): &(String, String)| {
            json!({
                "id": records::guid(content.next_seed()),
                "attributeType": kind,
                "attributeValue": value,
                "externalId": "",
                "schemaPath": "UserAttribute",
            })
        };
        let attributes = self.attributes.iter().map(attribute).collect();
        content.set(&user, "attributes", attributes);
        set_all(content, &user, self.with);
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct AppNote {
    name: String,
    /// A `userId`.
    owner: String,
    /// The name of the stream, if the app is published.
    stream: Option<String>,
    #[serde(default)]
    tags: Vec<String>,
    #[serde(default)]
    custom_properties: BTreeMap<String, String>,
    #[serde(default)]
    sheets: Vec<SheetNote>,
    /// Names by object type.
    #[serde(default)]
    objects: BTreeMap<String, Vec<String>>,
    /// The names of its copies.
    #[serde(default)]
    copies: Vec<String>,
    /// The app is visible only in its objects.
    #[serde(default)]
    unlisted: bool,
    #[serde(default)]
    with: Map<String, Value>,
}

impl AppNote {
    fn add_to(self, content: &mut Content) {
        let app = content.add_app(&self.name);
        set_owner(content, &app, &self.owner);
        if let Some(stream) = &self.stream {
            let stream = named(&content.streams, "name", stream);
            let stream = id(stream).to_owned();
            content.publish(&app, &stream);
        }
        content.set(&app, "tags", tags(&self.tags));
        let properties = self.custom_properties.iter().map(custom_property);
        let properties = properties.collect();
        content.set(&app, "customProperties", properties);
        set_all(content, &app, self.with);

        for sheet in self.sheets {
            sheet.add_to(content, &app);
        }
        for (object_type, names) in &self.objects {
            for name in names {
                content.add_object(&app, object_type, name);
            }
        }
        for copy in &self.copies {
            content.copy_app(&app, copy);
        }
        if self.unlisted {
            content.apps.retain(|listed| id(listed) != app);
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct SheetNote {
    name: String,
    #[serde(default)]
    state: SheetState,
    /// A `userId`, if it is not the app's owner.
    owner: Option<String>,
    #[serde(default)]
    tags: Vec<String>,
    #[serde(default)]
    with: Map<String, Value>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
enum SheetState {
    /// A base sheet if the app is published; otherwise an unpublished sheet.
    #[default]
    AsTheApp,
    Community,
    Private,
}

impl SheetNote {
    fn add_to(self, content: &mut Content, app: &str) {
        let sheet = content.add_sheet(app, &self.name);
        if let Some(owner) = &self.owner {
            set_owner(content, &sheet, owner);
        }
        match self.state {
            SheetState::AsTheApp => {}
            SheetState::Community => content.set(&sheet, "approved", json!(false)),
            SheetState::Private => {
                content.set(&sheet, "approved", json!(false));
                content.set(&sheet, "published", json!(false));
                content.set(&sheet, "publishTime", json!("1753-01-01T00:00:00Z"));
            }
        }
        content.set(&sheet, "tags", tags(&self.tags));
        set_all(content, &sheet, self.with);
    }
}

fn set_all(content: &mut Content, id: &str, properties: Map<String, Value>) {
    for (key, value) in properties {
        content.set(id, &key, value);
    }
}

fn set_owner(content: &mut Content, id: &str, user_id: &str) {
    let owner = Entity::User.condense(named(&content.users, "userId", user_id));
    let name = records::who(&owner);
    content.set(id, "owner", owner);
    content.set(id, "modifiedByUserName", name);
}

fn named<'a>(records: &'a [Value], key: &str, name: &str) -> &'a Value {
    let mut records = records.iter();
    let found = records.find(|record| record[key] == name);
    found.expect("a note names streams and users that there are")
}

/// A tag's id is derived from its name, because the same tag is the same record everywhere.
fn tags(names: &[String]) -> Value {
    let tag = |name: &String| json!({"id": guid_of(name), "name": name, "privileges": null});
    names.iter().map(tag).collect()
}

fn custom_property((name, value): (&String, &String)) -> Value {
    json!({
        "id": guid_of(&format!("{name}={value}")),
        "createdDate": records::date(2022, name.len() as u64),
        "modifiedDate": records::date(2024, value.len() as u64),
        "modifiedByUserName": r"INTERNAL\sa_repository",
        "value": value,
        "definition": {
            "id": guid_of(name),
            "name": name,
            "valueType": "Text",
            "choiceValues": [],
            "privileges": null,
        },
        "schemaPath": "CustomPropertyValue",
    })
}

fn guid_of(name: &str) -> String {
    let seed = name.bytes().fold(1 << 40, |seed: u64, byte| {
        seed.wrapping_mul(31).wrapping_add(u64::from(byte))
    });
    records::guid(seed)
}
