//! What writes do to what is there.

use serde_json::{Value, json};

use super::{Generation, Refused, State, json_patch, schema, step, version};

/// The fields that a `PUT` replaces, also with nothing.
const REPLACED: [&str; 6] = [
    "sourceUrl",
    "project",
    "chartType",
    "lifeCycle",
    "sourceHash",
    "charts",
];

impl State {
    pub(super) fn put(&mut self, of: &str, body: &Value) -> Result<Value, Refused> {
        schema::check_shape(of, body)?;
        self.refuse_poison(body, 0)?;
        self.check_references(of, body)?;
        let fqn = schema::qualified(of, body);
        let key = (of.to_owned(), fqn.clone());
        let charts = body["charts"].as_array().cloned().unwrap_or_default();
        let charts: Vec<_> = charts
            .iter()
            .map(|fqn| self.reference(fqn.as_str().unwrap()))
            .collect();
        let mut sent = body.clone();
        if of == "dashboards" {
            sent["charts"] = json!(charts);
        }
        let entity = match self.entities.get(&key).cloned() {
            None => self.created(&fqn, sent),
            Some(mut former) => {
                if former["deleted"] == true {
                    self.revive_charts(&former);
                    if of == "services" {
                        self.revive_service(&fqn);
                    }
                }
                self.merge(of, &mut former, &sent);
                step(&mut former);
                former
            }
        };
        self.entities.insert(key, entity.clone());
        Ok(entity)
    }

    fn created(&mut self, fqn: &str, mut entity: Value) -> Value {
        self.ids += 1;
        entity["id"] = json!(format!("00000000-0000-0000-0000-{:012}", self.ids));
        entity["fullyQualifiedName"] = json!(fqn);
        entity["version"] = json!(0.1);
        entity["deleted"] = json!(false);
        for list in ["tags", "owners"] {
            if entity[list].is_null() {
                entity[list] = json!([]);
            }
        }
        entity
    }

    /// What a `PUT` of a bot does to an entity.
    fn merge(&self, of: &str, former: &mut Value, sent: &Value) {
        former["deleted"] = json!(false);
        if former["description"]
            .as_str()
            .unwrap_or_default()
            .is_empty()
        {
            former["description"] = sent["description"].clone();
        }
        let has_name = former["displayName"].is_string();
        if self.generation == Generation::Old || !has_name {
            former["displayName"] = sent["displayName"].clone();
        }
        let owners = sent["owners"]
            .as_array()
            .filter(|owners| !owners.is_empty());
        let is_owned = former["owners"]
            .as_array()
            .is_some_and(|owners| !owners.is_empty());
        if let Some(owners) = owners.filter(|_| self.generation == Generation::New || !is_owned) {
            former["owners"] = json!(owners);
        }
        for label in sent["tags"].as_array().into_iter().flatten() {
            let tags = former["tags"].as_array_mut().unwrap();
            if tags.iter().all(|own| own["tagFQN"] != label["tagFQN"]) {
                tags.push(label.clone());
            }
        }
        if matches!(of, "charts" | "dashboards") {
            for field in REPLACED {
                former[field] = sent[field].clone();
            }
            former
                .as_object_mut()
                .unwrap()
                .retain(|_, value| !value.is_null());
        }
    }

    pub(super) fn patch(
        &mut self,
        of: &str,
        fqn: &str,
        operations: &Value,
        condition: Option<&str>,
    ) -> Result<Value, Refused> {
        let key = (of.to_owned(), fqn.to_owned());
        let Some(former) = self
            .entities
            .get(&key)
            .filter(|entity| entity["deleted"] != true)
        else {
            return Err((404, format!("{of} instance for {fqn} not found")));
        };
        if condition.is_some_and(|condition| condition != version(former)) {
            return Err((412, "The version does not match".to_owned()));
        }
        let former = former.clone();
        self.refuse_poison(&former, 0)?;
        let mut patched = former.clone();
        let unguarded = json_patch::apply(&mut patched, operations)?;
        if unguarded && condition.is_none() {
            self.violation("a removal by index without a condition");
        }
        for field in [
            "id",
            "name",
            "fullyQualifiedName",
            "service",
            "version",
            "deleted",
        ] {
            if patched[field] != former[field] {
                return Err((400, format!("{field} is readonly")));
            }
        }
        if self.denies_names && patched["displayName"] != former["displayName"] {
            let message = "Principal: CatalogPrincipal{name='qlik-bot'} operation EditDisplayName denied by role \
                           IngestionBotRole, policy IngestionBotPolicy, rule DisplayName-Deny";
            return Err((403, message.to_owned()));
        }
        if patched["extension"] != former["extension"] {
            if self.denies_extension {
                let message = "Principal: CatalogPrincipal{name='qlik-bot'} operations [EditCustomFields] not allowed";
                return Err((403, message.to_owned()));
            }
            if self.has_no_extension {
                return Err((400, "Unrecognized field \"extension\"".to_owned()));
            }
            self.check_extension(of, &patched)?;
        }
        let mut checked = patched.clone();
        checked.as_object_mut().unwrap().remove("charts");
        self.check_references(of, &checked)?;
        if patched != former {
            step(&mut patched);
        }
        self.entities.insert(key, patched.clone());
        Ok(patched)
    }

    pub(crate) fn delete(&mut self, of: &str, fqn: &str) -> Result<Value, Refused> {
        let key = (of.to_owned(), fqn.to_owned());
        let Some(entity) = self
            .entities
            .get_mut(&key)
            .filter(|entity| entity["deleted"] != true)
        else {
            return Err((404, format!("{of} instance for {fqn} not found")));
        };
        entity["deleted"] = json!(true);
        step(entity);
        let deleted = entity.clone();
        if of == "dashboards" && self.generation == Generation::New {
            for chart in deleted["charts"].as_array().into_iter().flatten() {
                let fqn = chart["fullyQualifiedName"].as_str().unwrap().to_owned();
                self.edit("charts", &fqn, |chart| chart["deleted"] = json!(true));
            }
        }
        Ok(deleted)
    }

    pub(super) fn restore(&mut self, of: &str, body: &Value) -> Result<Value, Refused> {
        let mut all = self.entities.iter_mut().filter(|((own, _), _)| own == of);
        let Some((_, entity)) = all.find(|(_, entity)| entity["id"] == body["id"]) else {
            return Err((404, format!("{of} instance for {} not found", body["id"])));
        };
        entity["deleted"] = json!(false);
        step(entity);
        let entity = entity.clone();
        self.revive_charts(&entity);
        Ok(entity)
    }

    /// Deletes a service with everything in it.
    pub(crate) fn delete_service(&mut self, fqn: &str) {
        self.edit("services", fqn, |service| service["deleted"] = json!(true));
        self.mark_children(fqn, true);
    }

    /// Brings back a service with everything in it, no matter how it was deleted.
    pub(crate) fn revive_service(&mut self, fqn: &str) {
        self.edit("services", fqn, |service| service["deleted"] = json!(false));
        self.mark_children(fqn, false);
    }

    fn mark_children(&mut self, service: &str, is_deleted: bool) {
        let prefix = format!("{service}.");
        for ((_, fqn), entity) in &mut self.entities {
            if fqn.starts_with(&prefix) && entity["deleted"] != is_deleted {
                entity["deleted"] = json!(is_deleted);
                step(entity);
            }
        }
    }

    /// What is brought back brings back its children, no matter how they were deleted.
    fn revive_charts(&mut self, entity: &Value) {
        if self.generation == Generation::Old {
            return;
        }
        for chart in entity["charts"].as_array().into_iter().flatten() {
            let fqn = chart["fullyQualifiedName"].as_str().unwrap().to_owned();
            self.edit("charts", &fqn, |chart| chart["deleted"] = json!(false));
        }
    }
}
