//! The pages of the service: `/healthz`, `/readyz` and `/metrics`. They read what the service publishes, and the store;
//! nothing here can change anything.

use std::{
    net::{Ipv6Addr, SocketAddr},
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
use catalog_model::Settings;
use tokio::net::TcpListener;

mod bounded;
mod last_scans;
mod metrics;

use self::{bounded::Bounded, last_scans::LastScans};
use crate::{
    home::Home,
    service::{Phase, Snapshot, Snapshots},
};

const LISTEN: &str = "http.listen";
/// A loop that goes round each second has stopped, if it did not for so long.
const LIVELY: Duration = Duration::from_secs(30);
/// As Prometheus names its text format.
const METRICS: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Reads the address to listen on; what is wrong with it, `settings` notes.
pub(crate) fn address(settings: &mut Settings) -> Option<SocketAddr> {
    let text = settings.text(LISTEN)?.value;
    let address = socket_address(text.trim());
    if address.is_none() {
        let message = format!("`{LISTEN}` must be an IP address and a port, not `{text}`");
        let hint = format!("write `{LISTEN} = \"127.0.0.1:9464\"`, or `\"[::1]:9464\"`");
        settings.refuse(LISTEN, message, hint);
    }
    address
}

/// An IPv6 address may stand bare: what follows its last colon is the port.
fn socket_address(text: &str) -> Option<SocketAddr> {
    let bare = || {
        let (address, port) = text.rsplit_once(':')?;
        let address: Ipv6Addr = address.parse().ok()?;
        Some((address, port.parse().ok()?).into())
    };
    text.parse().ok().or_else(bare)
}

/// What the pages are made of.
pub(crate) struct Pages {
    snapshots: Snapshots,
    last_scans: LastScans,
}

impl Pages {
    pub(crate) fn new(home: Home, snapshots: Snapshots) -> Self {
        Self {
            snapshots,
            last_scans: LastScans::of(home.store()),
        }
    }

    fn now(&self) -> Arc<Snapshot> {
        Arc::clone(&self.snapshots.borrow())
    }
}

/// Answers who comes to `listener`, until it is aborted.
pub(crate) async fn serve(listener: TcpListener, pages: Pages) {
    let router = Router::new()
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .route("/metrics", get(page_of_metrics))
        .fallback(nothing)
        .with_state(Arc::new(pages));
    // It says of itself that it never ends.
    let _ = axum::serve(Bounded::new(listener), router).await;
}

async fn healthz(State(pages): State<Arc<Pages>>) -> (StatusCode, String) {
    health(&pages.now(), Instant::now())
}

async fn readyz(State(pages): State<Arc<Pages>>) -> (StatusCode, &'static str) {
    match pages.now().phase {
        Phase::Beginning => (
            StatusCode::SERVICE_UNAVAILABLE,
            "the files have not been looked at yet\n",
        ),
        Phase::Ready => (StatusCode::OK, "ready\n"),
        Phase::Ending => (StatusCode::SERVICE_UNAVAILABLE, "the scanner ends\n"),
    }
}

async fn page_of_metrics(State(pages): State<Arc<Pages>>) -> impl IntoResponse {
    let last_scans = pages.last_scans.read().await;
    let page = metrics::page(&pages.now(), last_scans.as_deref());
    ([(header::CONTENT_TYPE, METRICS)], page)
}

async fn nothing() -> (StatusCode, &'static str) {
    (
        StatusCode::NOT_FOUND,
        "there are /healthz, /readyz and /metrics\n",
    )
}

fn health(snapshot: &Snapshot, now: Instant) -> (StatusCode, String) {
    let silent = now.saturating_duration_since(snapshot.ticked);
    if silent <= LIVELY {
        let overdue = snapshot.poll.as_ref().and_then(|poll| poll.overdue(now));
        return match overdue {
            Some(overdue) => (StatusCode::SERVICE_UNAVAILABLE, format!("{overdue}\n")),
            None => (StatusCode::OK, "alive\n".to_owned()),
        };
    }
    let seconds = silent.as_secs();
    let text = format!("the scanner has done nothing for {seconds} seconds\n");
    (StatusCode::SERVICE_UNAVAILABLE, text)
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    #[test]
    fn an_ipv6_address_to_listen_on_may_stand_bare() {
        for (text, expected) in [
            ("[::1]:9464", Some("[::1]:9464")),
            ("::1:9464", Some("[::1]:9464")),
            (":::9464", Some("[::]:9464")),
            ("127.0.0.1:9464", Some("127.0.0.1:9464")),
            ("::1", None),
            ("127.0.0.1", None),
            ("[::1]", None),
            ("localhost:9464", None),
        ] {
            let address = socket_address(text).map(|address| address.to_string());
            assert_eq!(address.as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn a_loop_that_stands_still_is_not_healthy() {
        let snapshot = Snapshot::beginning(None, Timestamp::UNIX_EPOCH);
        let after = |seconds| health(&snapshot, snapshot.ticked + Duration::from_secs(seconds));
        assert_eq!(after(30).0, StatusCode::OK);
        let (status, text) = after(31);
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
        assert!(text.contains("31 seconds"), "{text}");
    }
}
