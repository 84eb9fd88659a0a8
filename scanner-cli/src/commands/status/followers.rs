//! The followers in the status.

use catalog_model::counted;
use scan_engine::delivery::next_retry;
use serde::Serialize;

use crate::{listing::instant, printable::Page, status::FollowerStatus};

/// A follower.
#[derive(Serialize)]
pub(super) struct ShownFollower {
    follower: String,
    /// Number of changes that it has not delivered yet; null before it has delivered all items.
    behind: Option<i64>,
    followed: Option<String>,
    failures: i64,
    /// When the service retries it, if it failed.
    next_retry: Option<String>,
    error: Option<String>,
}

impl ShownFollower {
    pub(super) fn of(status: &FollowerStatus) -> Self {
        let cursor = &status.cursor;
        Self {
            follower: status.name.to_string(),
            behind: status.behind,
            followed: cursor.followed.map(instant),
            failures: cursor.failures,
            next_retry: next_retry(cursor).map(instant),
            error: cursor.error.clone(),
        }
    }

    pub(super) fn add(&self, text: &mut Page) {
        let state = match self.behind {
            None => "nothing delivered yet".to_owned(),
            Some(0) => "up to date".to_owned(),
            Some(behind) => {
                let changes = counted(behind.unsigned_abs(), "change");
                format!("{changes} behind")
            }
        };
        let followed = self.followed.as_ref();
        let followed = followed.map(|time| format!(", last delivery {time}"));
        let retry = self.next_retry.as_ref();
        let retry = retry.map(|time| format!(", next retry {time}"));
        writeln!(
            text,
            "follower {}: {state}{}{}",
            self.follower,
            followed.unwrap_or_default(),
            retry.unwrap_or_default()
        );
        if let Some(error) = &self.error {
            writeln!(text, "  {:10} {error}", "error");
        }
    }
}
