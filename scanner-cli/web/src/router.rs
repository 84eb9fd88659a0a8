//! The addresses of the catalog. They are stable: docs/catalog-page.md lists them.

use axum::{Router, middleware, routing::get};

use crate::{
    api,
    caching::validated,
    downloads, feed, pages,
    request::PageRequest,
    state::{CatalogWeb, ContainerRoute},
};

/// The pages and the API of a catalog, without a server's checks of who may see them.
pub fn router(web: CatalogWeb) -> Router {
    let mut router = Router::new()
        .route("/", get(pages::home::show))
        .route("/search", get(pages::search::show))
        .route("/items/{*key}", get(pages::entry::item))
        .route("/owners", get(pages::owners::show))
        .route("/changes", get(pages::changes::show))
        .route("/scans", get(pages::scans::show))
        .route("/connections", get(pages::connections::show))
        .route("/quality", get(pages::quality::show))
        .route("/quality/{list}", get(downloads::quality))
        .route("/search.csv", get(downloads::search))
        .route("/changes.csv", get(downloads::changes))
        .route("/owners.csv", get(downloads::owners))
        .route("/scans.csv", get(downloads::scans))
        .route(
            "/feed.atom",
            get(feed::show).layer(middleware::from_fn(validated)),
        )
        .route("/assets/{hash}/{name}", get(pages::asset));
    for route in web.containers.iter() {
        router = router.merge(containers(route));
    }
    let router = router.merge(api::router(&web));
    router.fallback(pages::not_found).with_state(web)
}

/// The list of the containers of one kind, and the page of each.
fn containers(route: &ContainerRoute) -> Router<CatalogWeb> {
    let &ContainerRoute { path, kind } = route;
    let list = move |request: PageRequest| pages::search::containers(request, path, kind);
    let csv = move |request: PageRequest| downloads::containers(request, path, kind);
    let one = move |request: PageRequest| pages::entry::container(request, path, kind);
    Router::new()
        .route(&format!("/{path}"), get(list))
        .route(&format!("/{path}.csv"), get(csv))
        .route(&format!("/{path}/{{code}}/{{*id}}"), get(one))
}
