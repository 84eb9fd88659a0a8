//! Which run wrote an aspect: what DataHub keeps with it besides its value.

use catalog_model::{Instant, follower::FeedConnection};
use serde::Serialize;

use super::Aspect;

/// A run: the last scan of a connection. An administrator sees the aspects that it wrote, and can roll it back.
#[derive(Clone, Debug, Default)]
pub struct Run(Aspect);

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SystemMetadata<'a> {
    last_observed: i64,
    run_id: &'a str,
}

impl Run {
    /// The run that delivers what the last scan of a connection saw. `now` is the time of day.
    #[must_use]
    pub fn new(connection: &FeedConnection, now: Instant) -> Self {
        let (code, scan) = (&connection.code, connection.last_scan.as_ref());
        let id = match scan {
            Some(scan) => format!("scanner-cli-{code}-{}", scan.number),
            None => format!("scanner-cli-{code}"),
        };
        let observed = scan.map_or(now, |scan| scan.ended.unwrap_or(scan.started));
        Self(Aspect::new(&SystemMetadata {
            last_observed: observed.as_unix_millis(),
            run_id: &id,
        }))
    }

    /// The field `systemMetadata` of an aspect. It says nothing about the content, so it is no part of what is compared.
    #[must_use]
    pub fn metadata(&self) -> &Aspect {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use catalog_model::{ConnectionCode, ScanOutcome, follower::FeedScan};
    use serde_json::json;

    use super::*;

    #[test]
    fn a_run_is_the_last_scan_of_its_connection() {
        let at = |text: &str| text.parse::<Instant>().unwrap();
        let code = ConnectionCode::new("qlik-prod").unwrap();
        let connection = FeedConnection::new(code, "Prod", Vec::new());
        let now = at("2025-04-01T00:00:00.000Z");
        let run = Run::new(&connection, now);
        let expected =
            json!({ "lastObserved": 1_743_465_600_000_i64, "runId": "scanner-cli-qlik-prod" });
        assert_eq!(run.metadata().value(), expected);
        let started = at("1970-01-01T00:00:01.000Z");
        let scan = FeedScan::new(7, ScanOutcome::Complete, started);
        let run = Run::new(&connection.last_scan(scan), now);
        let expected = json!({ "lastObserved": 1_000, "runId": "scanner-cli-qlik-prod-7" });
        assert_eq!(run.metadata().value(), expected);
    }
}
