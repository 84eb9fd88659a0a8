//! Types of entities, and the custom properties that are defined in them.

use serde_json::{Value, json};

use super::{Refused, Reply, State, refuse};

/// The types, with their ids.
const TYPES: [(&str, &str); 3] = [
    ("chart", "22222222-0000-0000-0000-000000000001"),
    ("dashboard", "22222222-0000-0000-0000-000000000002"),
    ("string", "22222222-0000-0000-0000-000000000003"),
];

impl State {
    pub(super) fn type_named(&self, name: &str, query: &str) -> Reply {
        let Some((_, id)) = TYPES.into_iter().find(|(own, _)| *own == name) else {
            return refuse((404, format!("type instance for {name} not found")));
        };
        let mut found = json!({ "id": id, "name": name, "category": "entity" });
        if query == "fields=customProperties" {
            let defined = self.defined.iter().filter(|(of, _)| of == name);
            let defined = defined.map(|(_, property)| {
                json!({ "name": property, "propertyType": { "id": TYPES[2].1, "type": "type" } })
            });
            found["customProperties"] = defined.collect();
        }
        Reply::Json(200, found)
    }

    pub(super) fn define(&mut self, id: &str, body: &Value) -> Result<Value, Refused> {
        if self.may_not_define {
            let message = "Principal: CatalogPrincipal{name='qlik-bot'} is not admin";
            return Err((403, message.to_owned()));
        }
        let Some((of, _)) = TYPES[..2].iter().find(|(_, own)| *own == id) else {
            return Err((404, format!("type instance for {id} not found")));
        };
        let text = |field: &str| body[field].as_str().unwrap_or_default();
        let fields: Vec<_> = body
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        if fields != ["description", "name", "propertyType"] || text("description").is_empty() {
            return Err((400, format!("the fields {fields:?}")));
        }
        let name = text("name");
        let is_camel = name.starts_with(|char: char| char.is_ascii_lowercase())
            && name.chars().all(|char| char.is_ascii_alphanumeric());
        if !is_camel || name.len() > 256 {
            return Err((400, format!("Invalid name {name}")));
        }
        if body["propertyType"] != json!({ "id": TYPES[2].1, "type": "type" }) {
            return Err((
                400,
                "Only field types can be used for custom properties".to_owned(),
            ));
        }
        self.refuse_poison(body, 0)?;
        self.defined.insert(((*of).to_owned(), name.to_owned()));
        Ok(json!({ "id": id, "name": of }))
    }

    /// Whether all custom properties of an entity are defined.
    pub(super) fn check_extension(&self, of: &str, entity: &Value) -> Result<(), Refused> {
        let of = of.trim_end_matches('s');
        for (name, value) in entity["extension"].as_object().into_iter().flatten() {
            if !self.defined.contains(&(of.to_owned(), name.clone())) {
                return Err((400, format!("Unknown custom field {name}")));
            }
            if !value.is_string() {
                return Err((400, format!("Custom field {name} has invalid JSON")));
            }
        }
        Ok(())
    }
}
