//! Apps as files. A real `.qvf` cannot be made here: this one has a mark of its own, and the app's records as JSON.

use serde_json::{Value, json};

use super::{Content, records};
use crate::schema::Entity;

/// How each file begins, so that no other file is accepted.
const MARK: &[u8] = b"\x00FAKE QVF\xff";

/// Number of bytes that stand for the data of an app.
const DATA_BYTES: usize = 50_000;

impl Content {
    /// An app as a file, as exporting it returns it; `None` if the app does not exist. The uploads of the fake site accept such
    /// files alone.
    pub fn app_file(&self, app: &str, with_data: bool) -> Option<Vec<u8>> {
        let record = self.record(Entity::App, app)?;
        let text = json!({"app": record, "objects": self.objects_of(app)}).to_string();
        let mut file = MARK.to_vec();
        file.extend_from_slice(text.as_bytes());
        file.push(0);
        if with_data {
            file.resize(file.len() + DATA_BYTES, 0xda);
        }
        Some(file)
    }

    /// Adds the app of a file under a name, owned by `user`, and returns its id; `None` if it is not such a file.
    pub(crate) fn add_app_file(&mut self, file: &[u8], name: &str, user: &Value) -> Option<String> {
        let rest = file.strip_prefix(MARK)?;
        let end = rest.iter().position(|byte| *byte == 0)?;
        let mut parts: Value = serde_json::from_slice(&rest[..end]).ok()?;
        let mut app = parts["app"].take();
        records::unpublish(&mut app);
        let known = app.as_object()?.clone();
        let mut record = self.new_record(Entity::App, known, user);
        record["id"] = json!(self.next_guid());
        record["name"] = json!(name);
        record["owner"] = user.clone();
        let id = self.insert(Entity::App, record);
        let embedded = Entity::App.condense(self.record(Entity::App, &id)?);
        for object in parts["objects"].as_array_mut()? {
            let mut object = object.take();
            object["id"] = json!(self.next_guid());
            object["app"] = embedded.clone();
            object["owner"] = user.clone();
            for (key, value) in [("published", json!(false)), ("approved", json!(false))] {
                object[key] = value;
            }
            self.insert(Entity::Object, object);
        }
        Some(id)
    }
}
