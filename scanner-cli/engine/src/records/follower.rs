//! Followers as records.

use catalog_model::FollowerName;
use serde::Serialize;

use super::Record;
use crate::{delivery::next_retry, shown_time::instant, store::Cursor};

/// A follower.
#[derive(Serialize)]
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
}

impl FollowerRecord {
    /// The record of a follower at this position; `last` is the number of the last change of the store.
    #[must_use]
    pub fn new(name: &FollowerName, cursor: Cursor, last: i64) -> Self {
        Self {
            follower: name.to_string(),
            position: cursor.reached,
            next_retry: next_retry(&cursor).map(instant),
            behind: cursor.reached.map(|reached| (last - reached).max(0)),
            followed: cursor.followed.map(instant),
            failures: cursor.failures,
            error: cursor.error,
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
    ];
}
