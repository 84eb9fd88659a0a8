//! Followers as records.

use catalog_model::follower::{ConfiguredFollower, Refusal};
use serde::Serialize;

use super::Record;
use crate::{
    delivery::{DisabledFollower, is_failing, next_retry},
    shown_time::instant,
    store::{Catalog, Cursor, FeedFollower, StoreError},
};

/// A follower.
#[derive(Clone, Serialize)]
pub struct FollowerRecord {
    /// Its name.
    pub follower: String,
    /// The last change that it has delivered.
    #[serde(skip_serializing_if = "Option::is_none")]
    position: Option<i64>,
    /// Number of changes that it has not delivered yet; not set before it has delivered all items.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub behind: Option<i64>,
    /// When it last delivered something.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub followed: Option<String>,
    /// How often it has failed since then.
    pub failures: i64,
    /// When the service retries it, if it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_retry: Option<String>,
    /// Its last error, if it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Since when the oldest change waits that it has not delivered yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waiting_since: Option<String>,
    /// Number of items that it has written to its catalog.
    pub sent: i64,
    /// Number of items and containers that its catalog refuses.
    pub refused: i64,
    /// The first of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub refusals: Vec<RefusalRecord>,
    /// When it last delivered everything.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_success: Option<String>,
    /// Its state in one word.
    pub state: FollowerCondition,
    /// The id of its kind.
    pub kind: String,
    /// Where it delivers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
}

/// The state of a follower in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FollowerCondition {
    /// Its settings disable it.
    Disabled,
    /// Its last delivery failed.
    Failing,
    /// It has not delivered all items yet.
    New,
    /// It has not delivered all changes yet.
    Behind,
    /// It has delivered everything.
    UpToDate,
}

/// An item or container that a catalog refuses.
#[derive(Clone, Serialize)]
pub struct RefusalRecord {
    /// Its key.
    pub key: String,
    /// The message of the catalog.
    pub message: String,
}

impl From<&Refusal> for RefusalRecord {
    fn from(refusal: &Refusal) -> Self {
        Self {
            key: refusal.key.to_string(),
            message: refusal.message.clone(),
        }
    }
}

impl FollowerRecord {
    /// Reads the record of a follower; `last` is the number of the last final change of the store. Without a running
    /// service, nothing retries a follower at a certain time.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn read(
        catalog: &Catalog,
        configured: &ConfiguredFollower,
        last: i64,
        is_service_running: bool,
    ) -> Result<Self, StoreError> {
        let follower = &FeedFollower::new(configured);
        let cursor = catalog.cursor(follower)?;
        let waiting = catalog.waiting_since(cursor.reached.unwrap_or(0))?;
        let refusals = catalog.refusals(&follower.name)?;
        Ok(Self {
            follower: follower.name.to_string(),
            position: cursor.reached,
            next_retry: next_retry(&cursor)
                .filter(|_| is_service_running)
                .map(instant),
            behind: cursor.behind(last),
            followed: cursor.followed.map(instant),
            failures: cursor.failures,
            waiting_since: waiting.map(instant),
            sent: cursor.sent,
            refused: cursor.refused,
            refusals: refusals.iter().map(RefusalRecord::from).collect(),
            last_success: cursor.succeeded.map(instant),
            state: FollowerCondition::new(&cursor, last),
            kind: configured.kind.clone(),
            target: configured.follower.target(),
            error: cursor.error,
        })
    }

    /// The record of a follower that is disabled.
    #[must_use]
    pub fn disabled(follower: &DisabledFollower) -> Self {
        Self {
            follower: follower.name.clone(),
            position: None,
            behind: None,
            followed: None,
            failures: 0,
            next_retry: None,
            error: None,
            waiting_since: None,
            sent: 0,
            refused: 0,
            refusals: Vec::new(),
            last_success: None,
            state: FollowerCondition::Disabled,
            kind: follower.kind.clone(),
            target: None,
        }
    }
}

impl FollowerCondition {
    /// The state of a follower at this position; `last` is the number of the last final change of the store.
    #[must_use]
    pub fn new(cursor: &Cursor, last: i64) -> Self {
        match cursor.behind(last) {
            _ if is_failing(cursor) => Self::Failing,
            None => Self::New,
            Some(0) => Self::UpToDate,
            Some(_) => Self::Behind,
        }
    }
}

impl Record for FollowerRecord {
    const FIELDS: &'static [&'static str] = &[
        "follower",
        "position",
        "behind",
        "followed",
        "failures",
        "next_retry",
        "error",
        "waiting_since",
        "sent",
        "refused",
        "refusals",
        "last_success",
        "state",
        "kind",
        "target",
    ];
}
