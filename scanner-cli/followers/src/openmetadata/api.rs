//! The requests to a server, as it answers them. Older servers accept one entity at a time.

use std::sync::{
    OnceLock,
    atomic::{AtomicBool, Ordering},
};

use catalog_model::FollowError;
use outbound_http::{Method, Url};
use serde_json::{Value, json};

use super::{
    mapping::{EntityType, name::in_path},
    state::State,
};
use crate::remote::{Answer, Call, CallError, Server};

/// Maximum number of entities of a request.
pub(super) const MAX_ENTITIES: usize = 50;

/// Maximum number of bytes of a request: gateways usually allow a megabyte.
pub(super) const MAX_BYTES: usize = 900_000;

/// A server.
#[derive(Debug)]
pub(super) struct Api {
    server: Server,
    /// What paths begin with, below the URL.
    prefix: &'static str,
    /// Whether the server accepts only one entity at a time.
    is_single: AtomicBool,
    /// Whether custom properties are delivered.
    has_extension: bool,
    /// Why the server does not show them.
    unread_extension: OnceLock<String>,
}

/// An entity of a bulk request.
pub(super) struct BulkEntity<'a> {
    /// Its fully qualified name.
    pub(super) fqn: &'a str,
    pub(super) name: &'a str,
    /// The body.
    pub(super) json: &'a str,
}

/// What became of an entity of a bulk request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Row {
    Stored,
    /// The server refuses it, with this status and message.
    Failed(u16, String),
    /// The answer does not mention it.
    Missing,
}

impl Api {
    /// The server at a URL with or without `/api`.
    pub(super) fn new(server: Server, url: &Url) -> Self {
        let path = url.path().trim_end_matches('/');
        let prefix = match path {
            _ if path.ends_with("/api/v1") => "",
            _ if path.ends_with("/api") => "v1/",
            _ => "api/v1/",
        };
        Self {
            server,
            prefix,
            is_single: AtomicBool::new(false),
            has_extension: false,
            unread_extension: OnceLock::new(),
        }
    }

    /// The same server, whose entities are read with their custom properties.
    pub(super) fn with_extension(self, has_extension: bool) -> Self {
        Self {
            has_extension,
            ..self
        }
    }

    /// Why the server does not show custom properties; `None` if it does.
    pub(super) fn unread_extension(&self) -> Option<&str> {
        self.unread_extension.get().map(String::as_str)
    }

    /// Whether what is written is recorded instead of sent.
    pub(super) fn is_dry_run(&self) -> bool {
        self.server.is_recording()
    }

    /// Whether this is a dry run, and the server does not answer.
    pub(super) fn is_silent(&self) -> bool {
        self.server.is_unreached()
    }

    /// The version of the server. This asks for no token.
    pub(super) async fn version(&self) -> Result<String, FollowError> {
        let hint =
            "write the URL of the server, such as `https://openmetadata.example.com:8585/api`";
        let not_found = |message: String| FollowError::Target {
            message,
            hint: Some(hint.to_owned()),
            source: None,
        };
        let answer = match self.read("system/version").await {
            Ok(answer) => answer,
            Err(CallError::Refused { status, .. }) => {
                return Err(not_found(format!(
                    "`system/version` is not found below `url` (status {status})"
                )));
            }
            Err(error) => return Err(error.ended("the server's version cannot be read")),
        };
        match answer.json["version"].as_str() {
            Some(version) => Ok(version.to_owned()),
            None => Err(not_found(
                "`url` is not that of an OpenMetadata server".to_owned(),
            )),
        }
    }

    /// Asks with the token who its owner is.
    pub(super) async fn whoami(&self) -> Result<String, CallError> {
        let answer = self.read("users/loggedInUser").await?;
        let name = answer.json["name"].as_str();
        Ok(name.unwrap_or("accepted").to_owned())
    }

    /// What the owner of the token may do with entities of a type.
    pub(super) async fn permissions(&self, resource: &str) -> Result<Answer, CallError> {
        self.read(&format!("permissions/{resource}")).await
    }

    /// An entity, also if it is soft-deleted; `None` if there is none.
    pub(super) async fn get(&self, of: EntityType, fqn: &str) -> Result<Option<State>, CallError> {
        let fields = match of {
            EntityType::Chart => "owners,tags",
            EntityType::Dashboard => "owners,tags,charts",
        };
        if !self.has_extension || self.unread_extension().is_some() {
            return self.get_fields(of, fqn, fields).await;
        }
        match self
            .get_fields(of, fqn, &format!("{fields},extension"))
            .await
        {
            Err(CallError::Refused {
                status: 400,
                message,
            }) => {
                let found = self.get_fields(of, fqn, fields).await?;
                // Another request may have found the same.
                let _ = self.unread_extension.set(message);
                Ok(found)
            }
            read => read,
        }
    }

    async fn get_fields(
        &self,
        of: EntityType,
        fqn: &str,
        fields: &str,
    ) -> Result<Option<State>, CallError> {
        let path = format!(
            "{}/name/{}?fields={fields}&include=all",
            of.path(),
            in_path(fqn)
        );
        match self.find(&path).await? {
            None => Ok(None),
            Some(answer) => match State::read(answer) {
                Some(state) => Ok(Some(state)),
                None => Err(CallError::Ended(unexpected("with an entity"))),
            },
        }
    }

    /// What is at a path, also if it is soft-deleted; `None` if nothing is.
    pub(super) async fn find(&self, path: &str) -> Result<Option<Answer>, CallError> {
        match self.read(path).await {
            Ok(answer) => Ok(Some(answer)),
            Err(CallError::Refused { status: 404, .. }) => Ok(None),
            // A dry run also works without a server: the catalog is then assumed to be empty.
            Err(_) if self.is_silent() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The users that a search finds.
    pub(super) async fn search(&self, query: &str) -> Result<Vec<Value>, CallError> {
        let query = in_path(query);
        let path = format!("search/query?q={query}&index=user_search_index&size=10");
        let answer = self.read(&path).await?;
        match answer.json["hits"]["hits"].as_array() {
            Some(hits) => Ok(hits.iter().map(|hit| hit["_source"].clone()).collect()),
            None => Err(CallError::Ended(unexpected("with users"))),
        }
    }

    /// Creates entities, or updates them. `None` if the server accepts only one at a time.
    pub(super) async fn bulk(
        &self,
        of: EntityType,
        entities: &[BulkEntity<'_>],
    ) -> Result<Option<Vec<Row>>, CallError> {
        if self.is_single.load(Ordering::Relaxed) {
            return Ok(None);
        }
        let query = "bulk?async=false&overrideMetadata=false";
        let path = format!("{}{}/{query}", self.prefix, of.path());
        let call = Call::write(Method::PUT, path).header("Accept", "application/json");
        let call = call.json_texts(entities.iter().map(|entity| entity.json));
        match self.server.send(&call).await {
            Ok(answer) if answer.is_recorded() => Ok(Some(vec![Row::Stored; entities.len()])),
            Ok(answer) => match rows(&answer.json, entities) {
                Some(rows) => Ok(Some(rows)),
                None => Err(CallError::Ended(unexpected(
                    "with the result of a bulk request",
                ))),
            },
            Err(CallError::Refused {
                status: 404 | 405, ..
            }) => {
                self.is_single.store(true, Ordering::Relaxed);
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Creates or updates what is at a path.
    pub(super) async fn put(&self, path: &str, body: &Value) -> Result<Answer, CallError> {
        let call = Call::write(Method::PUT, format!("{}{path}", self.prefix));
        let call = call.header("Accept", "application/json").json(body);
        entity(self.server.send(&call).await?)
    }

    /// A type of entities or values, with its custom properties.
    pub(super) async fn type_named(&self, name: &str) -> Result<Value, CallError> {
        let path = format!("metadata/types/name/{name}?fields=customProperties");
        match self.read(&path).await {
            Ok(answer) => Ok(answer.json),
            Err(_) if self.is_silent() => Ok(json!({ "id": format!("id-of-{name}") })),
            Err(error) => Err(error),
        }
    }

    /// Changes an entity, if it is still the version that was read.
    pub(super) async fn patch(
        &self,
        of: EntityType,
        fqn: &str,
        operations: &[Value],
        version: Option<&str>,
    ) -> Result<(), CallError> {
        let path = format!("{}{}/name/{}", self.prefix, of.path(), in_path(fqn));
        let body = json!(operations).to_string();
        let mut call = Call::write(Method::PATCH, path)
            .header("Accept", "application/json")
            .header("Content-Type", "application/json-patch+json")
            .body(body);
        if let Some(version) = version {
            call = call.header("If-Match", version.to_owned());
        }
        entity(self.server.send(&call).await?).map(drop)
    }

    /// Changes nothing of an entity, only to learn whether that is allowed.
    pub(super) async fn probe(&self, of: EntityType, fqn: &str) -> Result<(), CallError> {
        let path = format!("{}{}/name/{}", self.prefix, of.path(), in_path(fqn));
        let call = Call::write(Method::PATCH, path)
            .header("Accept", "application/json")
            .header("Content-Type", "application/json-patch+json")
            .body("[]");
        self.server.send(&call).await.map(drop)
    }

    /// Soft-deletes an entity. One that is not there is deleted already.
    pub(super) async fn delete(&self, of: EntityType, fqn: &str) -> Result<(), CallError> {
        let path = format!(
            "{}{}/name/{}?hardDelete=false",
            self.prefix,
            of.path(),
            in_path(fqn)
        );
        match self.server.send(&Call::write(Method::DELETE, path)).await {
            Ok(_) | Err(CallError::Refused { status: 404, .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Brings back an entity that was soft-deleted.
    pub(super) async fn restore(&self, of: EntityType, id: &str) -> Result<(), CallError> {
        let path = format!("{}/restore", of.path());
        let sent = self.put(&path, &json!({ "id": id })).await;
        sent.map(drop)
    }

    async fn read(&self, path: &str) -> Result<Answer, CallError> {
        let call = Call::read(Method::GET, format!("{}{path}", self.prefix));
        let call = call.header("Accept", "application/json");
        if self.is_silent() {
            return Err(CallError::Ended(unexpected("before")));
        }
        self.server.send(&call).await
    }
}

/// The answer, if it is an entity.
fn entity(answer: Answer) -> Result<Answer, CallError> {
    let is_entity = answer.json.get("id").is_some() || answer.json.get("name").is_some();
    match answer.is_recorded() || is_entity {
        true => Ok(answer),
        false => Err(CallError::Ended(unexpected("with the entity"))),
    }
}

/// What became of each entity, by fully qualified name. `None` if this is no result of a bulk request.
fn rows(json: &Value, entities: &[BulkEntity<'_>]) -> Option<Vec<Row>> {
    json["status"].as_str()?;
    let listed = |name: &str| json[name].as_array().map(Vec::as_slice).unwrap_or_default();
    let (failed, stored) = (listed("failedRequest"), listed("successRequest"));
    let number = |name: &str| json[name].as_u64();
    let all_passed = failed.is_empty()
        && json["status"] == "success"
        && number("numberOfRowsFailed").unwrap_or(0) == 0
        && number("numberOfRowsPassed").is_some_and(|passed| passed >= entities.len() as u64);
    let row = |BulkEntity { fqn, name, .. }: &BulkEntity<'_>| {
        let is_it = |row: &&Value| match &row["request"] {
            Value::String(request) => request == *fqn || request == *name,
            Value::Object(request) => request.get("name").is_some_and(|own| own == *name),
            _ => false,
        };
        if let Some(row) = failed.iter().find(is_it) {
            let status = row["status"]
                .as_u64()
                .and_then(|status| status.try_into().ok());
            let message = row["message"].as_str().unwrap_or("no reason is given");
            return Row::Failed(status.unwrap_or(500), message.to_owned());
        }
        match all_passed || stored.iter().any(|row| is_it(&row)) {
            true => Row::Stored,
            false => Row::Missing,
        }
    };
    Some(entities.iter().map(row).collect())
}

fn unexpected(what: &str) -> FollowError {
    FollowError::Target {
        message: format!("the server did not answer {what}"),
        hint: Some(
            "check `url`; a gateway in front of the server may answer instead of it".to_owned(),
        ),
        source: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(answer: &Value, expected: Option<[Row; 2]>) {
        let entities = [("s.a", "a"), ("s.b", "b")].map(|(fqn, name)| BulkEntity {
            fqn,
            name,
            json: "{}",
        });
        assert_eq!(rows(answer, &entities), expected.map(Vec::from), "{answer}");
    }

    #[test]
    fn a_row_is_stored_only_if_the_answer_says_so() {
        use Row::{Failed, Missing, Stored};
        let passed = |status: &str, passed: u64| json!({ "status": status, "numberOfRowsPassed": passed, "numberOfRowsFailed": 0 });
        check(&json!({}), None);
        check(&json!([]), None);
        check(&passed("success", 2), Some([Stored, Stored]));
        check(&passed("success", 1), Some([Missing, Missing]));
        let mut half = passed("partialSuccess", 1);
        half["successRequest"] = json!([{ "request": "s.a" }, { "request": "s.a" }]);
        check(&half, Some([Stored, Missing]));
        half["failedRequest"] = json!([{ "request": "s.b", "message": "no", "status": 400 }]);
        check(&half, Some([Stored, Failed(400, "no".to_owned())]));
    }
}
