//! Deliveries as records for programs: `follow --format ndjson`.

use std::collections::BTreeMap;

use catalog_model::{
    FollowError,
    follower::{Delivered, Planned, Refusal},
    with_causes,
};
use serde::Serialize;

use super::DeliveryRun;

/// How a delivery to a follower ended.
#[derive(Serialize)]
pub struct DeliveryRecord<'a> {
    follower: &'a str,
    /// `complete`, `partial`, `failed` or `interrupted`.
    outcome: &'static str,
    /// Whether nothing was written.
    dry_run: bool,
    delivered: Vec<DeliveredRecord<'a>>,
    refused: Vec<RefusedRecord<'a>>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    notices: &'a [String],
    /// Whether the catalog could not be reached, so that the dry run assumed it to be empty.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    assumed_empty: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<&'a str>,
}

/// What was written for one connection.
#[derive(Serialize)]
struct DeliveredRecord<'a> {
    connection: &'a str,
    items: u64,
    target: &'a str,
}

/// An item or container that the catalog refuses.
#[derive(Serialize)]
struct RefusedRecord<'a> {
    key: &'a str,
    message: &'a str,
}

/// Something that a delivery would write.
#[derive(Default, Serialize)]
pub struct PlannedRecord<'a> {
    follower: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    method: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    headers: Option<BTreeMap<&'a str, &'a str>>,
    /// The body as it would be sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    items: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    statement: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rows: Option<u64>,
}

impl<'a> DeliveryRecord<'a> {
    /// The record of a delivery.
    #[must_use]
    pub fn new(run: &'a DeliveryRun) -> Self {
        let delivery = run.outcome.as_ref().ok();
        let error = run.outcome.as_ref().err();
        let assumed = delivery.and_then(|one| one.assumed_empty.as_ref());
        let delivered = delivery.map(|one| one.delivered.iter());
        let refused = delivery.map(|one| one.refused.iter());
        Self {
            follower: run.follower.as_str(),
            outcome: match (error, run.is_complete()) {
                (Some(error), _) if error.is_stopped() => "interrupted",
                (Some(_), _) => "failed",
                (None, false) => "partial",
                (None, true) => "complete",
            },
            dry_run: false,
            delivered: delivered
                .into_iter()
                .flatten()
                .map(DeliveredRecord::new)
                .collect(),
            refused: refused
                .into_iter()
                .flatten()
                .map(RefusedRecord::new)
                .collect(),
            notices: delivery.map_or(&[], |one| &one.notices),
            assumed_empty: assumed.is_some(),
            error: error
                .map(|error| with_causes(error))
                .or_else(|| assumed.cloned()),
            hint: error.and_then(FollowError::hint),
        }
    }

    /// The record of a dry run, whose `delivered` is what would be written.
    #[must_use]
    pub fn of_dry_run(run: &'a DeliveryRun) -> Self {
        Self {
            dry_run: true,
            ..Self::new(run)
        }
    }
}

impl<'a> DeliveredRecord<'a> {
    fn new(delivered: &'a Delivered) -> Self {
        Self {
            connection: delivered.connection.as_str(),
            items: delivered.items,
            target: &delivered.target,
        }
    }
}

impl<'a> RefusedRecord<'a> {
    fn new(refusal: &'a Refusal) -> Self {
        Self {
            key: refusal.key.as_str(),
            message: &refusal.message,
        }
    }
}

impl<'a> PlannedRecord<'a> {
    /// The record of something that a delivery to this follower would write.
    #[must_use]
    pub fn new(follower: &'a str, planned: &'a Planned) -> Self {
        let record = Self {
            follower,
            ..Self::default()
        };
        match planned {
            Planned::Request {
                method,
                url,
                headers,
                body,
            } => {
                let headers = headers.iter();
                let headers = headers.map(|(name, value)| (name.as_str(), value.as_str()));
                Self {
                    method: Some(method),
                    url: Some(url),
                    headers: Some(headers.collect()),
                    body: body.as_deref(),
                    ..record
                }
            }
            Planned::File { path, items } => Self {
                file: Some(path),
                items: Some(*items),
                ..record
            },
            Planned::Statement { target, text, rows } => Self {
                target: Some(target),
                statement: Some(text),
                rows: Some(*rows),
                ..record
            },
            _ => record,
        }
    }
}
