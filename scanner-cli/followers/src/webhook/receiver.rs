//! The receiver of events: one signed request at a time, so that the events of an item arrive in their order.

use async_trait::async_trait;
use catalog_model::{Feed, FollowError};
use outbound_http::{HeaderMap, HeaderValue, Method};

use super::{event::Event, settings::WebhookSettings, signature::Key};
use crate::{
    remote::{Call, CallError, Server},
    sync::{Outcome, Part, Target, hash},
};

/// The type of a batch of events.
const BATCH: &str = "application/cloudevents-batch+json";

/// Sends events.
pub(super) struct Receiver<'a> {
    server: Server,
    url: String,
    key: Option<&'a Key>,
    feed: &'a dyn Feed,
}

impl<'a> Receiver<'a> {
    pub(super) fn new(settings: &'a WebhookSettings, server: Server, feed: &'a dyn Feed) -> Self {
        Self {
            server,
            url: settings.url.to_string(),
            key: settings.key.as_ref(),
            feed,
        }
    }

    /// The headers that depend on the time: a receiver refuses a request that is too old.
    fn headers_of_try(&self, id: &str, body: &[u8]) -> Vec<(&'static str, String)> {
        let timestamp = self.feed.now().as_unix_millis().div_euclid(1000);
        let mut headers = vec![("webhook-timestamp", timestamp.to_string())];
        if let Some(key) = self.key {
            headers.push(("webhook-signature", key.sign(id, timestamp, body)));
        }
        headers
    }
}

#[async_trait]
impl Target for Receiver<'_> {
    type Entry = Event;

    fn size(&self, event: &Event) -> usize {
        event.json.len() + 1
    }

    async fn send(&self, events: &[Event], part: Part) -> Result<Vec<Outcome>, CallError> {
        let texts: Vec<_> = events.iter().map(|event| event.json.as_str()).collect();
        let body = format!("[{}]", texts.join(","));
        // The same events have the same id, so that the receiver recognizes a request that comes again.
        let id = format!("msg_{}", hash(&[&body]));
        let mut call = Call::write(Method::POST, &self.url)
            .header("Content-Type", BATCH)
            .header("webhook-id", id.clone())
            .header("Idempotency-Key", id.clone())
            .body(body.clone());
        if self.server.is_recording() {
            call.headers.extend(
                (self.headers_of_try(&id, body.as_bytes()).into_iter())
                    .map(|(name, value)| (name, value.into())),
            );
        }
        let of_each_try = || {
            let headers = self.headers_of_try(&id, body.as_bytes()).into_iter();
            let valid = headers.filter_map(|(name, value)| {
                let value = HeaderValue::try_from(value).ok()?;
                Some((name.parse().ok()?, value))
            });
            valid.collect::<HeaderMap>()
        };
        let server = match part {
            Part::Whole => self.server.clone(),
            Part::OfRefused => self.server.hasty(),
        };
        let error = match server.post(&call, &of_each_try).await {
            Ok(()) => return Ok(vec![Outcome::Stored; events.len()]),
            Err(error) => error,
        };
        match error {
            CallError::TooLarge
            | CallError::Refused {
                status: 400 | 422, ..
            } => Err(error),
            CallError::Refused { status, message } => {
                Err(CallError::Ended(unusable(status, message)))
            }
            ended => Err(ended),
        }
    }
}

/// The end of a delivery by a status that does not concern the content.
fn unusable(status: u16, message: String) -> FollowError {
    let message = format!("the webhook does not accept events (status {status}): {message}");
    let hint = match status {
        404 | 405 => "check `url`; the receiver must accept POST there",
        410 => "the receiver wants no more events: remove the follower, or set a new `url`",
        415 => "the receiver must accept `application/cloudevents-batch+json`",
        _ => "see the receiver's log",
    };
    let hint = Some(hint.to_owned());
    match status {
        410 => FollowError::Rejected { message, hint },
        _ => FollowError::Target {
            message,
            hint,
            source: None,
        },
    }
}
