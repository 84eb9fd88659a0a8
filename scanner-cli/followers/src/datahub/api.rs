//! The requests to a server. Newer servers have OpenAPI; where only Rest.li answers, that is used.

use std::sync::atomic::{AtomicBool, Ordering};

use catalog_model::FollowError;
use futures_util::{FutureExt, StreamExt, stream};
use outbound_http::Method;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Serialize, Serializer, ser::SerializeMap};
use serde_json::{Value, json, value::RawValue};

use super::{
    echo::Echo,
    mapping::{Aspect, Aspects, EntityType, Run},
};
use crate::{
    json_text::ascii_json,
    remote::{Answer, Call, CallError, Server},
    sync::Part,
};

/// Maximum number of entities of a request.
pub(super) const MAX_ENTITIES: usize = 25;

/// Maximum number of bytes of a request: gateways usually allow a megabyte.
pub(super) const MAX_BYTES: usize = 900_000;

/// A server.
#[derive(Debug)]
pub(super) struct Api {
    server: Server,
    /// Whether only Rest.li answers.
    is_restli: AtomicBool,
    parallel: usize,
}

/// How aspects are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    /// As a whole.
    Replace,
    /// With a patch.
    Patch,
}

/// An entity with the aspects that are written.
pub(super) struct Write<'a> {
    pub(super) urn: &'a str,
    pub(super) aspects: &'a Aspects,
    pub(super) run: &'a Run,
    /// The same as [`openapi_entity`].
    pub(super) json: &'a str,
}

impl Api {
    pub(super) fn new(server: Server, parallel: usize) -> Self {
        Self {
            server,
            is_restli: AtomicBool::new(false),
            parallel,
        }
    }

    /// Whether this is a dry run, and the server does not answer.
    pub(super) fn is_silent(&self) -> bool {
        self.server.is_unreached()
    }

    /// Whether what is written is recorded instead of sent.
    pub(super) fn is_recording(&self) -> bool {
        self.server.is_recording()
    }

    /// Whether only Rest.li answers, as far as that is known.
    fn is_restli(&self) -> bool {
        self.is_restli.load(Ordering::Relaxed)
    }

    /// The version of the server. This asks for no token.
    pub(super) async fn version(&self) -> Result<String, FollowError> {
        let hint = "write the URL of the metadata service, such as `https://datahub.example.com:8080` or \
                    `https://datahub.example.com:9002/api/gms`";
        let not_found = |message: String| FollowError::Target {
            message,
            hint: Some(hint.to_owned()),
            source: None,
        };
        let answer = match self.server.send(&Call::read(Method::GET, "config")).await {
            Ok(answer) => answer,
            Err(CallError::Refused { status, .. }) => {
                return Err(not_found(format!(
                    "`config` is not found below `url` (status {status})"
                )));
            }
            Err(CallError::Page(error)) => return Err(not_found(error.to_string())),
            Err(error) => return Err(error.ended("the server's version cannot be read")),
        };
        if answer.json["noCode"] != "true" && answer.json["noCode"] != true {
            let message = "`url` is not that of a DataHub metadata service";
            return Err(not_found(message.to_owned()));
        }
        let version = answer.json["versions"]["acryldata/datahub"]["version"].as_str();
        Ok(version.unwrap_or("unknown").to_owned())
    }

    /// Asks with the token who its owner is.
    pub(super) async fn whoami(&self) -> Result<String, CallError> {
        let query = json!({ "query": "{me{corpUser{urn}}}" });
        let call = Call::read(Method::POST, "api/graphql").json(&query);
        let answer = self.server.send(&call).await?;
        let urn = answer.json["data"]["me"]["corpUser"]["urn"].as_str();
        Ok(urn.unwrap_or("accepted").to_owned())
    }

    /// Writes an entity only to learn whether that is allowed.
    pub(super) async fn probe(&self, of: EntityType, entity: &Value) -> Result<Answer, CallError> {
        let path = format!("openapi/v3/entity/{}?async=false", of.name());
        let call = Call::write(Method::POST, path).json(entity);
        self.server.send(&call).await
    }

    /// Whether the catalog has an aspect of an entity, asked over Rest.li.
    pub(super) async fn has(&self, urn: &str, aspect: &str) -> Result<bool, FollowError> {
        let urn = utf8_percent_encode(urn, NON_ALPHANUMERIC);
        let path = format!("entitiesV2/{urn}?aspects=List({aspect})");
        let call = Call::read(Method::GET, path).header("X-RestLi-Protocol-Version", "2.0.0");
        match self.server.send(&call).await {
            Ok(answer) => Ok(answer.json["aspects"].get(aspect).is_some()),
            Err(error) if is_closed(&error) => Ok(false),
            Err(error) => Err(error.ended("an entity cannot be read")),
        }
    }

    /// These entities with these aspects, as far as the catalog has them. `None` if the server does not let them be
    /// read.
    pub(super) async fn read(
        &self,
        of: EntityType,
        urns: &[&str],
        aspects: &[&str],
    ) -> Result<Option<Echo>, FollowError> {
        if self.is_restli() {
            return Ok(None);
        }
        if self.server.is_unreached() {
            return Ok(Some(Echo::default()));
        }
        // Boxed: the compiler does not see that the futures of a closure may be sent to another thread.
        let mut requests = Vec::new();
        for urns in urns.chunks(MAX_ENTITIES) {
            requests.push(self.read_batch(of, urns, aspects).boxed());
        }
        let mut requests = stream::iter(requests).buffer_unordered(self.parallel);
        let mut found = Echo::default();
        while let Some(read) = requests.next().await {
            match read {
                Ok(Some(echo)) => found.extend(echo),
                Ok(None) => return Ok(None),
                // A dry run also works without a server: the catalog is then assumed to be empty.
                Err(_) if self.server.is_unreached() => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Some(found))
    }

    async fn read_batch(
        &self,
        of: EntityType,
        urns: &[&str],
        aspects: &[&str],
    ) -> Result<Option<Echo>, FollowError> {
        let wanted: Vec<_> = urns.iter().map(|urn| Wanted { urn, aspects }).collect();
        let path = format!("openapi/v3/entity/{}/batchGet", of.name());
        let call = Call::read(Method::POST, path).json(&wanted);
        match self.server.send_for::<Box<RawValue>>(&call).await {
            Ok(answer) => match Echo::read(&answer.json) {
                Some(echo) => Ok(Some(echo)),
                None => Err(unexpected(
                    "`batchGet` did not answer with a list of entities",
                )),
            },
            Err(error) if is_closed(&error) => Ok(None),
            Err(error) => Err(error.ended("entities cannot be read")),
        }
    }

    /// Writes aspects of entities of one type. Returns the entities that the server answers with; `None` if it answers
    /// with none, which is so over Rest.li and in a dry run.
    pub(super) async fn write(
        &self,
        (of, verb): (EntityType, Verb),
        entities: &[Write<'_>],
        part: Part,
    ) -> Result<Option<Echo>, CallError> {
        let server = match part {
            Part::Whole => self.server.clone(),
            Part::OfRefused => self.server.hasty(),
        };
        if self.is_restli() {
            return restli(&server, (of, verb), entities).await.map(|()| None);
        }
        match openapi(&server, (of, verb), entities).await {
            Ok(answer) if answer.is_recorded() => Ok(None),
            Ok(answer) => match (answer.status, Echo::read(&answer.json)) {
                (202, _) => Err(CallError::Ended(unexpected(
                    "the server only queues what is written (status 202)",
                ))),
                (_, Some(echo)) => Ok(Some(echo)),
                (_, None) => Err(CallError::Ended(unexpected(
                    "the server did not answer with a list of entities",
                ))),
            },
            Err(closed) if is_closed(&closed) => {
                match restli(&server, (of, verb), entities).await {
                    // Both are closed: the first answer says why.
                    Err(other) if is_closed(&other) => Err(CallError::Ended(
                        closed.ended("neither OpenAPI nor Rest.li accepts what is written"),
                    )),
                    written => {
                        self.is_restli.store(true, Ordering::Relaxed);
                        written.map(|()| None)
                    }
                }
            }
            Err(error) => Err(error),
        }
    }
}

async fn openapi(
    server: &Server,
    (of, verb): (EntityType, Verb),
    entities: &[Write<'_>],
) -> Result<Answer<Box<RawValue>>, CallError> {
    let method = match verb {
        Verb::Replace => Method::POST,
        Verb::Patch => Method::PATCH,
    };
    let entities = entities.iter().map(|entity| entity.json);
    // Without `async=false` the server only queues what is written, and loses a bad record in a log.
    let path = format!("openapi/v3/entity/{}?async=false", of.name());
    server
        .send_for(&Call::write(method, path).json_texts(entities))
        .await
}

/// An entity of OpenAPI as JSON.
pub(super) fn openapi_entity(urn: &str, aspects: &Aspects, run: &Run) -> String {
    // A structure of texts and values can be written.
    serde_json::to_string(&Entity { urn, aspects, run }).unwrap_or_default()
}

struct Entity<'a> {
    urn: &'a str,
    aspects: &'a Aspects,
    run: &'a Run,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Written<'a> {
    value: &'a Aspect,
    system_metadata: &'a Aspect,
}

impl Serialize for Entity<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut entity = serializer.serialize_map(Some(1 + self.aspects.len()))?;
        entity.serialize_entry("urn", self.urn)?;
        for (name, value) in self.aspects {
            let system_metadata = self.run.metadata();
            let aspect = Written {
                value,
                system_metadata,
            };
            entity.serialize_entry(name, &aspect)?;
        }
        entity.end()
    }
}

/// An entity that is read.
struct Wanted<'a> {
    urn: &'a str,
    /// The names of aspects.
    aspects: &'a [&'a str],
}

impl Serialize for Wanted<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        /// `{}`.
        #[derive(Serialize)]
        struct Whole {}
        let mut entity = serializer.serialize_map(Some(1 + self.aspects.len()))?;
        entity.serialize_entry("urn", self.urn)?;
        for name in self.aspects {
            entity.serialize_entry(name, &Whole {})?;
        }
        entity.end()
    }
}

async fn restli(
    server: &Server,
    (of, verb): (EntityType, Verb),
    entities: &[Write<'_>],
) -> Result<(), CallError> {
    let proposals = entities
        .iter()
        .flat_map(|entity| entity.proposals(of, verb));
    // `async` is a text there.
    let body = json!({ "proposals": proposals.collect::<Vec<_>>(), "async": "false" });
    let call = Call::write(Method::POST, "aspects?action=ingestProposalBatch")
        .header("X-RestLi-Protocol-Version", "2.0.0")
        .json(&body);
    // Batches are made for OpenAPI; these texts in texts are longer.
    if entities.len() > 1
        && call
            .body
            .as_ref()
            .is_some_and(|body| body.len() > MAX_BYTES)
    {
        return Err(CallError::TooLarge);
    }
    server.send(&call).await.map(drop)
}

impl Write<'_> {
    /// As proposals of Rest.li. Their values are bytes there, so they may contain only ASCII.
    fn proposals(&self, of: EntityType, verb: Verb) -> impl Iterator<Item = Value> {
        let (change, content_type) = match verb {
            Verb::Replace => ("UPSERT", "application/json"),
            Verb::Patch => ("PATCH", "application/json-patch+json"),
        };
        self.aspects.iter().map(move |(name, value)| {
            json!({
                "entityType": of.name(),
                "entityUrn": self.urn,
                "changeType": change,
                "aspectName": name,
                "aspect": { "value": ascii_json(value), "contentType": content_type },
                "systemMetadata": self.run.metadata(),
            })
        })
    }
}

/// Whether a server or a gateway in front of it does not have these paths.
fn is_closed(error: &CallError) -> bool {
    match error {
        CallError::Refused { status, .. } => matches!(status, 404 | 405),
        CallError::Denied {
            status, is_json, ..
        } => *status == 403 && !is_json,
        _ => false,
    }
}

fn unexpected(message: &str) -> FollowError {
    FollowError::Target {
        message: message.to_owned(),
        hint: Some(
            "check `url`; a gateway in front of the server may answer instead of it".to_owned(),
        ),
        source: None,
    }
}
