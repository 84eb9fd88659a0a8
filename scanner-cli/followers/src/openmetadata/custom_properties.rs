//! The custom properties of charts and dashboards: which ones the catalog has defined, and what it refuses.
//!
//! Whether an administrator lets the account define them or not: items are delivered, with those properties that the
//! catalog has.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use catalog_model::{Feed, FollowError, follower::Acknowledgement};
use serde_json::{Value, json};

use super::{
    api::Api,
    mapping::{EntityType, Mapped, extension::CustomProperty},
};
use crate::{
    remote::CallError,
    sync::{Content, Note, Outcome, Part, Target, acknowledge, notes},
};

/// Maximum number of entities whose custom properties are refused before no more are sent.
const MAX_REFUSED: u64 = 100;

/// The type of all values.
const VALUE_TYPE: &str = "string";

/// Which custom properties can be sent in this delivery.
#[derive(Debug, Default)]
pub(super) struct CustomProperties {
    usable: BTreeMap<(EntityType, String), bool>,
    types: BTreeMap<EntityType, Option<Type>>,
    value_type: Option<String>,
    may_not_define: bool,
    /// Why one could not be defined.
    reason: Option<String>,
    refusals: Refusals,
}

/// A type of entities in the catalog.
#[derive(Debug)]
struct Type {
    id: String,
    defined: BTreeSet<String>,
}

/// What the catalog has refused to store.
#[derive(Debug, Default)]
struct Refusals(Mutex<Refused>);

#[derive(Debug, Default)]
struct Refused {
    entities: u64,
    /// Why, the first time.
    reason: Option<String>,
    /// Whether no more are sent.
    is_stopped: bool,
    /// Whether the account may not write them.
    is_denied: bool,
    /// Whether the catalog no longer has a property that was defined.
    is_outdated: bool,
}

impl CustomProperties {
    /// Leaves those properties of an entity that the catalog has, after the missing ones were defined.
    pub(super) async fn define(
        &mut self,
        (feed, api): (&dyn Feed, &Api),
        server: &str,
        mapped: &mut Mapped,
    ) -> Result<(), FollowError> {
        let of = mapped.of;
        let names = mapped.extension.properties.keys();
        let is_new = |name: &&String| !self.usable.contains_key(&(of, (*name).clone()));
        let new: Vec<_> = names.filter(is_new).cloned().collect();
        let keys: Vec<_> = new.iter().map(|name| note_key(of, name)).collect();
        let noted = notes::<Note>(feed, &keys).await?;
        let mut defined = Acknowledgement::default();
        for (name, note) in new.into_iter().zip(noted) {
            let is_noted = note.is_some_and(|note| note.server == server) && !feed.is_full();
            let property = &mapped.extension.properties[&name];
            let is_usable = is_noted || self.define_one(api, of, &name, property).await?;
            if is_usable && !is_noted {
                let note = Note {
                    server: server.to_owned(),
                    content: Content::Stored("1".to_owned()),
                    ..Note::default()
                };
                defined = defined.with_note(note_key(of, &name), note.text());
            }
            self.usable.insert((of, name), is_usable);
        }
        acknowledge(feed, defined).await?;
        let usable = &self.usable;
        let is_usable = |name: &String| usable.get(&(of, name.clone())) == Some(&true);
        mapped
            .extension
            .properties
            .retain(|name, _| is_usable(name));
        Ok(())
    }

    /// Lines for people about what is missing.
    pub(super) fn notices(&self, api: &Api) -> Vec<String> {
        let mut notices = Vec::new();
        let undefined = self
            .usable
            .values()
            .filter(|is_usable| !**is_usable)
            .count();
        if undefined > 0 {
            let properties = match undefined {
                1 => "1 custom property is".to_owned(),
                count => format!("{count} custom properties are"),
            };
            let reason = self.reason.as_deref().unwrap_or("unknown reason");
            notices.push(format!(
                "{properties} missing in OpenMetadata and were not sent: {reason}; define them as an administrator, or \
                 allow it to the owner of `token`"
            ));
        }
        if let Some(reason) = api.unread_extension() {
            notices.push(format!(
                "no custom properties were sent, since the server does not show them: {reason}"
            ));
        }
        let refused = self.refusals.lock();
        if let Some(reason) = &refused.reason {
            let entities = match (refused.is_stopped, refused.entities) {
                (true, _) => "charts and dashboards".to_owned(),
                (false, 1) => "1 chart or dashboard".to_owned(),
                (false, count) => format!("{count} charts and dashboards"),
            };
            notices.push(format!(
                "{entities} were delivered without custom properties: {reason}"
            ));
        }
        notices
    }

    /// Whether the next delivery may write what is missing. What the account may not write will be missing then, too.
    pub(super) fn is_incomplete(&self) -> bool {
        let refused = self.refusals.lock();
        let is_refused = refused.entities > 0 && !refused.is_denied;
        is_refused || self.usable.values().any(|is_usable| !is_usable)
    }

    /// The keys of notes that are outdated: the next delivery defines these properties again.
    pub(super) fn outdated(&self) -> Vec<String> {
        let all = self
            .usable
            .keys()
            .filter(|_| self.refusals.lock().is_outdated);
        all.map(|(of, name)| note_key(*of, name)).collect()
    }

    /// Returns whether the catalog has the property.
    async fn define_one(
        &mut self,
        api: &Api,
        of: EntityType,
        name: &str,
        property: &CustomProperty,
    ) -> Result<bool, FollowError> {
        self.load(api, of).await?;
        let Some(Some(of)) = self.types.get(&of) else {
            return Ok(false);
        };
        if of.defined.contains(name) {
            return Ok(true);
        }
        let Some(value_type) = self.value_type.as_ref().filter(|_| !self.may_not_define) else {
            return Ok(false);
        };
        let body = json!({
            "name": name,
            "description": property.description,
            "propertyType": { "id": value_type, "type": "type" },
        });
        match api.put(&format!("metadata/types/{}", of.id), &body).await {
            Ok(_) => Ok(true),
            Err(error) => {
                self.may_not_define |= matches!(error, CallError::Denied { .. });
                self.refused(error, "a custom property cannot be defined")?;
                Ok(false)
            }
        }
    }

    /// Reads which properties a type has.
    async fn load(&mut self, api: &Api, of: EntityType) -> Result<(), FollowError> {
        if self.types.contains_key(&of) {
            return Ok(());
        }
        if self.value_type.is_none() {
            let found = self.type_named(api, VALUE_TYPE).await?;
            self.value_type = found["id"].as_str().map(str::to_owned);
        }
        let found = self.type_named(api, of.name()).await?;
        let found = found["id"].as_str().map(|id| Type {
            id: id.to_owned(),
            defined: names(&found["customProperties"]),
        });
        self.types.insert(of, found);
        Ok(())
    }

    /// A type of the catalog; `null` if it cannot be read.
    async fn type_named(&mut self, api: &Api, name: &str) -> Result<Value, FollowError> {
        match api.type_named(name).await {
            Ok(found) => Ok(found),
            Err(error) => {
                self.refused(error, "the custom properties cannot be read")?;
                Ok(Value::Null)
            }
        }
    }

    fn refused(&mut self, error: CallError, what: &str) -> Result<(), FollowError> {
        let reason = reason(error, what)?;
        self.reason.get_or_insert(reason);
        Ok(())
    }
}

/// Why something was refused. Only what ends every request ends the delivery.
fn reason(error: CallError, what: &str) -> Result<String, FollowError> {
    match error {
        CallError::Refused { status, message } => Ok(format!("{message} (status {status})")),
        CallError::Denied {
            status: 403,
            is_json: true,
            error,
        } => Ok(error.to_string()),
        CallError::TooLarge => Ok("the request is too large (status 413)".to_owned()),
        error => Err(error.ended(what)),
    }
}

fn names(list: &Value) -> BTreeSet<String> {
    let list = list.as_array().into_iter().flatten();
    let names = list.filter_map(|property| property["name"].as_str());
    names.map(str::to_owned).collect()
}

fn note_key(of: EntityType, name: &str) -> String {
    format!("property:{}:{name}", of.name())
}

impl Refusals {
    fn lock(&self) -> MutexGuard<'_, Refused> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the account may not do for one entity, it may not do for others; the same for a property that the server
    /// does not know.
    fn add(&self, reason: &str, is_denied: bool) {
        let mut refused = self.lock();
        refused.entities += 1;
        refused.is_denied |= is_denied;
        refused.is_outdated |= reason.contains("custom field");
        refused.is_stopped |= is_denied || refused.is_outdated || refused.entities >= MAX_REFUSED;
        refused.reason.get_or_insert_with(|| reason.to_owned());
    }
}

/// Writes the custom properties of entities that the catalog has.
pub(super) struct Extensions<'a> {
    pub(super) api: &'a Api,
    pub(super) of: EntityType,
    pub(super) custom: &'a CustomProperties,
}

/// A change of the custom properties of an entity.
pub(super) struct ExtensionChange<'a> {
    pub(super) fqn: &'a str,
    pub(super) operations: &'a [Value],
}

#[async_trait]
impl<'a> Target for Extensions<'a> {
    type Entry = ExtensionChange<'a>;

    fn size(&self, _entry: &ExtensionChange<'a>) -> usize {
        1
    }

    /// A refused entry is one that the catalog has without its custom properties.
    async fn send(
        &self,
        entries: &[ExtensionChange<'a>],
        _part: Part,
    ) -> Result<Vec<Outcome>, CallError> {
        let refusals = &self.custom.refusals;
        let mut outcomes = Vec::with_capacity(entries.len());
        for entry in entries {
            if refusals.lock().is_stopped || self.api.unread_extension().is_some() {
                outcomes.push(Outcome::Refused(String::new()));
                continue;
            }
            let operations = entry.operations;
            let sent = self.api.patch(self.of, entry.fqn, operations, None).await;
            outcomes.push(match sent {
                Ok(()) => Outcome::Stored,
                Err(error) => {
                    let is_denied = matches!(error, CallError::Denied { .. });
                    let reason = reason(error, "custom properties cannot be written");
                    let reason = reason.map_err(CallError::Ended)?;
                    refusals.add(&reason, is_denied);
                    Outcome::Refused(reason)
                }
            });
        }
        Ok(outcomes)
    }
}
