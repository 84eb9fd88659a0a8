//! The service of a connection in the catalog, and the server that has it.

use catalog_model::{FollowError, follower::FeedConnection};
use outbound_http::Url;
use serde_json::Value;

use super::{
    api::Api,
    mapping::{self, name},
};

/// The service of the connection that is delivered.
pub(super) struct Service {
    pub(super) connection: FeedConnection,
    /// The fully qualified name.
    pub(super) fqn: String,
    /// Not known until something is sent.
    state: Option<ServiceState>,
    /// The version that the catalog last had.
    pub(super) version: Option<String>,
    /// Whether this delivery has restored it.
    pub(super) is_restored: bool,
}

/// What the catalog has of a service.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum ServiceState {
    /// Nothing.
    Absent,
    /// It was created in this delivery, so the catalog has nothing of the connection.
    Created,
    /// It is soft-deleted.
    Deleted,
    /// It is there, and the catalog may have anything of the connection.
    Present,
}

impl Service {
    /// The service of this connection, which was not read yet.
    pub(super) fn new(connection: &FeedConnection) -> Self {
        Self {
            connection: connection.clone(),
            fqn: name::qualified(&[&name::service(&connection.code)]),
            state: None,
            version: None,
            is_restored: false,
        }
    }

    /// Whether the catalog has it, and shows it.
    pub(super) fn is_there(&self) -> bool {
        let state = self.state;
        state.is_some_and(|state| matches!(state, ServiceState::Created | ServiceState::Present))
    }

    /// Whether the catalog has the service. It is read once.
    pub(super) async fn state(&mut self, api: &Api) -> Result<ServiceState, FollowError> {
        if let Some(state) = self.state {
            return Ok(state);
        }
        let name = name::in_path(&self.fqn);
        let path = format!("services/dashboardServices/name/{name}?include=all");
        let found = api.find(&path).await;
        let found = found.map_err(|error| error.ended("the service cannot be read"))?;
        self.version = found.as_ref().and_then(|answer| version(&answer.json));
        let state = match found {
            None => ServiceState::Absent,
            Some(answer) if answer.json["deleted"] == true => ServiceState::Deleted,
            Some(_) => ServiceState::Present,
        };
        self.state = Some(state);
        Ok(state)
    }

    /// Creates or restores the service, unless it is there.
    pub(super) async fn create(&mut self, api: &Api) -> Result<ServiceState, FollowError> {
        let state = self.state(api).await?;
        let after = match state {
            ServiceState::Absent => ServiceState::Created,
            ServiceState::Deleted => ServiceState::Present,
            ServiceState::Created | ServiceState::Present => return Ok(state),
        };
        let body = mapping::service(&self.connection);
        let created = api.put("services/dashboardServices", &body).await;
        let created = created.map_err(|error| error.ended("the service cannot be created"))?;
        self.version = version(&created.json);
        self.is_restored = state == ServiceState::Deleted;
        self.state = Some(after);
        Ok(after)
    }
}

/// The version of an entity. Each change of it, such as a soft deletion, has another one.
fn version(entity: &Value) -> Option<String> {
    let version = entity.get("version")?;
    (!version.is_null()).then(|| version.to_string())
}

/// What identifies a server: its URL with or without the path of the API is the same one.
pub(super) fn server_of(url: &Url) -> &str {
    let url = url.as_str().trim_end_matches('/');
    let url = url.strip_suffix("/v1").unwrap_or(url);
    url.strip_suffix("/api").unwrap_or(url)
}
