//! A check of the way to OpenMetadata, of the token and of what its owner may do.

use catalog_model::{FollowError, Stage, follower::Example};
use serde_json::Value;

use super::{
    api::Api,
    mapping::{self, EntityType, name},
    patch::Wanted,
};
use crate::remote::{
    CallError, RemoteSettings,
    check::{CATALOG_STAGES, MAPPING, PERMISSIONS, SERVER, Seen, StageError, Stages, TOKEN},
    sample::describe,
};

/// The oldest version that has all fields that are sent.
const OLDEST: (u32, u32) = (1, 5);

/// The types that are written, and the operations that this needs.
const RESOURCES: [&str; 5] = [
    "dashboardService",
    "classification",
    "tag",
    "chart",
    "dashboard",
];
const OPERATIONS: [&str; 3] = ["Create", "EditAll", "Delete"];

/// What the role of OpenMetadata's own bots denies. Without it, names stay as they are.
const RENAME: &str = "EditDisplayName";
const RENAMED: [&str; 2] = ["chart", "dashboard"];

/// What custom properties are defined in.
const TYPE: &str = "type";

const WRITABLE: &str = "services, tags, charts and dashboards can be written";

/// The name of an entity that does not exist.
const PROBE: &str = "scanner-cli-permission-probe.none";

/// Checks a server.
pub(super) async fn check(
    remote: &RemoteSettings,
    has_custom_properties: bool,
    example: Option<&Example>,
) -> Vec<Stage> {
    let api = Api::new(remote.server.clone(), &remote.url);
    let mut stages = Stages::way(remote).await;
    stages.then(SERVER, server(&api)).await;
    stages.then(TOKEN, token(&api)).await;
    stages
        .then(PERMISSIONS, permissions(&api, has_custom_properties))
        .await;
    stages
        .then(MAPPING, async { describe(example, sample) })
        .await;
    stages.all(&CATALOG_STAGES)
}

async fn server(api: &Api) -> Result<Seen, FollowError> {
    let version = api.version().await?;
    let mut numbers = version.split('.').map_while(|number| number.parse().ok());
    let known = numbers.next().zip(numbers.next());
    let text = format!("OpenMetadata {version}");
    Ok(match known {
        Some(known) if known >= OLDEST => Seen::ok(text),
        _ => Seen::doubtful(
            text,
            format!(
                "versions before {}.{} are not supported",
                OLDEST.0, OLDEST.1
            ),
        ),
    })
}

async fn token(api: &Api) -> Result<Seen, CallError> {
    Ok(Seen::ok(api.whoami().await?))
}

/// Whether the owner of the token may write. Nothing is stored: the change is of nothing, and of an entity that does not
/// exist.
async fn permissions(api: &Api, has_custom_properties: bool) -> Result<Seen, StageError> {
    let (mut unread, mut may_not_rename) = (None, false);
    for resource in RESOURCES {
        match api.permissions(resource).await {
            Ok(answer) => {
                let denied = |operation: &str| is_denied(&answer.json, operation);
                if let Some(operation) = OPERATIONS.into_iter().find(|operation| denied(operation))
                {
                    return Err(not_allowed(operation, resource));
                }
                may_not_rename |= RENAMED.contains(&resource) && denied(RENAME);
                if !answer.json["permissions"].is_array() {
                    unread = Some(resource);
                }
            }
            Err(CallError::Refused { .. }) => unread = Some(resource),
            Err(error) => return Err(error.into()),
        }
    }
    match api.probe(EntityType::Chart, PROBE).await {
        // A server refuses an owner without rights before it looks for the chart.
        Ok(())
        | Err(CallError::Refused {
            status: 400..=499, ..
        }) => {}
        Err(error) => return Err(error.into()),
    }
    if has_custom_properties
        && let Ok(answer) = api.permissions(TYPE).await
        && is_denied(&answer.json, "EditAll")
    {
        return Ok(Seen::doubtful(
            WRITABLE,
            "the owner of `token` may not define custom properties: only those are delivered that an administrator has \
             defined",
        ));
    }
    match unread {
        None if may_not_rename => Ok(Seen::doubtful(
            WRITABLE,
            "display names stay when sheets and apps are renamed: the owner of `token` may not do `EditDisplayName`",
        )),
        None => Ok(Seen::ok(WRITABLE)),
        Some(resource) => Ok(Seen::doubtful(
            format!("the server does not say what is allowed for `{resource}`"),
            "see whether the first delivery succeeds",
        )),
    }
}

/// Whether an operation is denied.
fn is_denied(json: &Value, operation: &str) -> bool {
    let all = json["permissions"].as_array().into_iter().flatten();
    let mut own = all.filter(|own| own["operation"] == operation);
    own.any(|own| matches!(own["access"].as_str(), Some("deny" | "notAllow")))
}

fn not_allowed(operation: &str, resource: &str) -> StageError {
    StageError {
        message: format!("the owner of `token` may not do `{operation}` with `{resource}`"),
        hint: Some("give the bot a role that allows this".to_owned()),
    }
}

/// Describes an item as it would be delivered.
fn sample(example: &Example) -> Result<String, String> {
    let service = mapping::service(&example.connection);
    let item_part = example.connection.key_parts.last();
    let mapped = mapping::chart(&example.item, item_part.map_or("item", String::as_str));
    let owners = Some(Vec::new());
    let service = service["name"].as_str().unwrap_or_default().to_owned();
    let body = Wanted { mapped, owners }.create(&service);
    let own = body["name"].as_str().unwrap_or_default();
    if !name::is_valid(own) {
        return Err(format!("`{own}` is not a valid name"));
    }
    let tags = body["tags"].as_array().into_iter().flatten();
    let tags: Vec<_> = tags.filter_map(|tag| tag["tagFQN"].as_str()).collect();
    let tags = match tags.is_empty() {
        true => "none".to_owned(),
        false => format!("`{}`", tags.join("`, `")),
    };
    Ok(format!("the chart `{service}.{own}`; tags: {tags}"))
}
