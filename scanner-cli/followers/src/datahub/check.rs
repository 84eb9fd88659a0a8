//! A check of the way to DataHub, of the token and of what its owner may do.

use catalog_model::{FollowError, Stage, follower::Example};
use serde_json::json;

use super::{
    api::Api,
    mapping::{EntityType, Hierarchy, Mapping, Shared, status},
};
use crate::{
    product::PLATFORM,
    remote::{
        CallError, RemoteSettings,
        check::{CATALOG_STAGES, MAPPING, PERMISSIONS, SERVER, Seen, StageError, Stages, TOKEN},
        sample::describe,
    },
};

/// The version of an aspect that no entity has. A write on this condition is authorized as any other, but stores
/// nothing.
const IMPOSSIBLE_VERSION: &str = "999999999";

/// The id of the entities that the probe names. Where a server ignores its condition, they are hidden.
const PROBE: &str = "scanner-cli-permission-probe";

/// Checks a server.
pub(super) async fn check(
    remote: &RemoteSettings,
    mapping: &Mapping,
    example: Option<&Example>,
) -> Vec<Stage> {
    let api = Api::new(remote.server.clone(), remote.parallel);
    let mut stages = Stages::way(remote).await;
    stages.then(SERVER, server(&api)).await;
    stages.then(TOKEN, token(&api)).await;
    stages.then(PERMISSIONS, permissions(&api)).await;
    let mapped = async { describe(example, |example| sample(mapping, example)) };
    stages.then(MAPPING, mapped).await;
    stages.all(&CATALOG_STAGES)
}

async fn server(api: &Api) -> Result<Seen, FollowError> {
    let version = api.version().await?;
    Ok(Seen::ok(format!("DataHub {version}")))
}

async fn token(api: &Api) -> Result<Seen, StageError> {
    match api.whoami().await {
        Ok(owner) => Ok(Seen::ok(owner)),
        // A gateway may not pass GraphQL. The next stage needs the token as well.
        Err(CallError::Refused { status, .. }) => Ok(Seen::doubtful(
            format!("GraphQL does not answer (status {status}), so the token was not tested here"),
            "the next stage shows whether the token is accepted".to_owned(),
        )),
        Err(error) => Err(error.into()),
    }
}

/// Whether the owner of the token may write each type of entities. Nothing is stored.
async fn permissions(api: &Api) -> Result<Seen, StageError> {
    let container = format!("urn:li:container:{PROBE}");
    let dashboard = format!("urn:li:dashboard:({PLATFORM},{PROBE})");
    let tag = format!("urn:li:tag:{PROBE}");
    for (of, urn) in [
        (EntityType::Container, container),
        (EntityType::Dashboard, dashboard),
        (EntityType::Tag, tag),
    ] {
        let entity = json!([{
            "urn": urn,
            "status": {
                "value": status(true).value(),
                "headers": { "If-Version-Match": IMPOSSIBLE_VERSION },
            },
        }]);
        match api.probe(of, &entity).await {
            // Only a write that is allowed gets as far as its condition.
            Ok(_) | Err(CallError::Refused { status: 412, .. }) => {}
            Err(CallError::Refused {
                status: 400 | 422,
                message,
            }) => {
                return Ok(Seen::doubtful(
                    format!("permissions could not be tested: {message}"),
                    "see whether the first delivery succeeds",
                ));
            }
            Err(CallError::Refused {
                status: 404 | 405, ..
            }) => {
                return Ok(Seen::doubtful(
                    "OpenAPI does not answer, so Rest.li will be used; permissions were not tested"
                        .to_owned(),
                    "see whether the first delivery succeeds".to_owned(),
                ));
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(Seen::ok("containers, dashboards and tags can be written"))
}

/// Describes an item as it would be delivered.
fn sample(mapping: &Mapping, example: &Example) -> Result<String, String> {
    let mut hierarchy = Hierarchy::new(&example.connection);
    hierarchy.add(&example.containers);
    let mapped = mapping.dashboard(&example.item, &hierarchy);
    let mapped = mapped.map_err(|error| error.to_string())?;
    let names = |urns: Option<Vec<String>>| match urns.unwrap_or_default().join("`, `") {
        names if names.is_empty() => "none".to_owned(),
        names => format!("`{names}`"),
    };
    Ok(format!(
        "the dashboard `{}`; owners: {}; tags: {}",
        mapped.urn,
        names(mapped.shared(Shared::Owners)),
        names(mapped.shared(Shared::Tags))
    ))
}
