//! A check of the way to a webhook. Nothing tells whether it accepts events but an event, so little is ever ok.

use catalog_model::{FollowError, FollowerName, Stage};
use outbound_http::Method;

use super::settings::WebhookSettings;
use crate::{
    product::SCANNER,
    remote::{
        Call,
        check::{Seen, StageError, Stages, WAY},
    },
};

const SERVER: &str = "server";
const TOKEN: &str = "token";
const SIGNATURE: &str = "signature";
const EVENTS: &str = "events";

/// All stages, in their order.
pub(super) const STAGES: [&str; 8] = [
    WAY[0], WAY[1], WAY[2], WAY[3], SERVER, TOKEN, SIGNATURE, EVENTS,
];

/// Checks a webhook with a request that no receiver takes for an event.
pub(super) async fn check(name: &FollowerName, settings: &WebhookSettings) -> Vec<Stage> {
    let hint = format!("run `scanner-cli follow {name}`");
    let mut stages = Stages::way(&settings.remote).await;
    let mut status = 0;
    stages.then(SERVER, server(settings, &mut status)).await;
    stages
        .then(TOKEN, async { token(settings, status, &hint) })
        .await;
    stages.then(SIGNATURE, async { signature(settings) }).await;
    stages.then(EVENTS, async { events(settings, &hint) }).await;
    stages.all(&STAGES)
}

/// Whether a server answers that does not fail, and does not send elsewhere.
async fn server(settings: &WebhookSettings, found: &mut u16) -> Result<Seen, StageError> {
    let call = Call::read(Method::OPTIONS, settings.url.as_str());
    let (status, location) = settings.remote.server.probe(&call).await?;
    *found = status;
    let seen = format!("a server answers OPTIONS with status {status}");
    let failed = |message: String, hint: &str| {
        Err(StageError {
            message,
            hint: Some(hint.to_owned()),
        })
    };
    match status {
        300..=399 => {
            let to = location.map_or_else(String::new, |to| format!(" to `{to}`"));
            failed(
                format!("{seen}{to}"),
                "check `url`: redirects are not followed",
            )
        }
        410 => failed(seen, "the receiver wants no more events: set a new `url`"),
        501 => Ok(Seen::ok(seen)),
        500..=599 => failed(seen, "see the receiver's log"),
        404 => Ok(Seen::doubtful(
            seen,
            "check the path of `url`; a receiver that accepts only POST may answer like this",
        )),
        _ => Ok(Seen::ok(seen)),
    }
}

fn token(settings: &WebhookSettings, status: u16, hint: &str) -> Result<Seen, StageError> {
    match (settings.has_token, status) {
        (_, 401) => Err(StageError {
            message: "the webhook rejects the credentials (status 401)".to_owned(),
            hint: Some(settings.remote.server.advice().unauthorized.to_owned()),
        }),
        (_, 403) => Ok(Seen::doubtful(
            "the webhook forbids OPTIONS (status 403); the token was not tested",
            hint,
        )),
        (false, _) => Ok(Seen::ok("not set")),
        (true, _) => Ok(Seen::doubtful(
            "not tested: only a delivery can show whether the webhook accepts it",
            hint,
        )),
    }
}

fn signature(settings: &WebhookSettings) -> Result<Seen, FollowError> {
    Ok(match settings.key {
        Some(_) => Seen::ok("requests are signed (v1)"),
        None => Seen::doubtful(
            "requests are not signed",
            "set `secret`, so that the receiver can verify the sender",
        ),
    })
}

fn events(settings: &WebhookSettings, hint: &str) -> Result<Seen, FollowError> {
    let groups = [
        (
            settings.events.item,
            "item.added, .changed, .removed, .returned",
        ),
        (settings.events.scan, "scan.ended"),
    ];
    let groups = groups.into_iter().filter(|(is_sent, _)| *is_sent);
    let names: Vec<_> = groups
        .map(|(_, name)| format!("{SCANNER}.{name}"))
        .collect();
    let seen = format!(
        "{}: not tested, because only a delivery can show whether the webhook accepts events",
        names.join("; ")
    );
    Ok(Seen::doubtful(seen, hint))
}
