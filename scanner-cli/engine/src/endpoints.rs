//! The monitoring pages of the service: `/healthz`, `/readyz` and `/metrics`. They only read the published snapshot and
//! the store.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    Router,
    extract::State,
    http::{StatusCode, header},
    response::IntoResponse,
    routing::get,
};

mod metrics;
mod stored_numbers;

use self::stored_numbers::StoreReader;
use crate::{
    home::Home,
    service_state::{Phase, Snapshot, Snapshots},
};

/// Time without a tick of the service's loop after which the service is unhealthy. The loop ticks each second.
const MAX_TICK_AGE: Duration = Duration::from_secs(30);
/// The content type of Prometheus' text format.
const METRICS_CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The data that the pages show.
pub struct Pages {
    snapshots: Snapshots,
    store: StoreReader,
}

impl Pages {
    /// The pages of a service that publishes `snapshots`.
    pub fn new(home: Home, snapshots: Snapshots) -> Self {
        Self {
            snapshots,
            store: StoreReader::new(home.store()),
        }
    }

    fn now(&self) -> Arc<Snapshot> {
        Arc::clone(&self.snapshots.borrow())
    }
}

/// The monitoring pages.
pub fn router(pages: Pages) -> Router {
    Router::new()
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics_page))
        .fallback(unknown_page)
        .with_state(Arc::new(pages))
}

async fn healthz(State(pages): State<Arc<Pages>>) -> (StatusCode, String) {
    health(&pages.now(), Instant::now())
}

async fn readyz(State(pages): State<Arc<Pages>>) -> (StatusCode, &'static str) {
    match pages.now().phase {
        Phase::Beginning => (
            StatusCode::SERVICE_UNAVAILABLE,
            "the files have not been read yet\n",
        ),
        Phase::Ready => (StatusCode::OK, "ready\n"),
        Phase::Ending => (StatusCode::SERVICE_UNAVAILABLE, "the service is stopping\n"),
    }
}

async fn metrics_page(State(pages): State<Arc<Pages>>) -> impl IntoResponse {
    let snapshot = pages.now();
    let stored = pages.store.read(&snapshot.followers).await;
    let page = metrics::page(&snapshot, stored.as_deref());
    ([(header::CONTENT_TYPE, METRICS_CONTENT_TYPE)], page)
}

async fn unknown_page() -> (StatusCode, &'static str) {
    (
        StatusCode::NOT_FOUND,
        "unknown page; the pages are /healthz, /readyz and /metrics\n",
    )
}

fn health(snapshot: &Snapshot, now: Instant) -> (StatusCode, String) {
    let tick_age = now.saturating_duration_since(snapshot.ticked);
    if tick_age <= MAX_TICK_AGE {
        let overdue = snapshot.poll.as_ref().and_then(|poll| poll.overdue(now));
        return match overdue {
            Some(overdue) => (StatusCode::SERVICE_UNAVAILABLE, format!("{overdue}\n")),
            None => (StatusCode::OK, "alive\n".to_owned()),
        };
    }
    let seconds = tick_age.as_secs();
    let text = format!("the service has not responded for {seconds} seconds\n");
    (StatusCode::SERVICE_UNAVAILABLE, text)
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    #[test]
    fn a_loop_that_does_not_tick_is_unhealthy() {
        let snapshot = Snapshot::beginning(None, Timestamp::UNIX_EPOCH);
        let after = |seconds| health(&snapshot, snapshot.ticked + Duration::from_secs(seconds));
        assert_eq!(after(30).0, StatusCode::OK);
        let (status, text) = after(31);
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
        assert!(text.contains("31 seconds"), "{text}");
    }
}
