//! The monitoring pages of a program that only shows a catalog.

use axum::{Router, http::StatusCode, routing::get};

/// Pages for health checks. There are no numbers for Prometheus, because nothing is scanned.
pub fn without_service() -> Router {
    let unknown = (StatusCode::NOT_FOUND, "unknown page\n");
    Router::new()
        .route("/healthz", get(async || "alive\n"))
        .route("/readyz", get(async || "ready\n"))
        .fallback(async move || unknown)
}
