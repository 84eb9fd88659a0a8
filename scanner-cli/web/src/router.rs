//! The addresses of the catalog. They are stable: docs/catalog-page.md lists them.

use axum::{Router, routing::get};

use crate::{pages, state::CatalogWeb};

/// The pages and the API of a catalog, without a server's checks of who may see them.
pub fn router(web: CatalogWeb) -> Router {
    Router::new()
        .route("/", get(pages::home::show))
        .route("/items/{*key}", get(pages::item::show))
        .route("/assets/{hash}/{name}", get(pages::asset))
        .fallback(pages::not_found)
        .with_state(web)
}
