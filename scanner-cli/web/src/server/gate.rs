//! What each request passes before a page is made: limits, the base path, `Host`, methods, and the login.

use std::{net::IpAddr, time::Duration};

use axum::{
    Router,
    body::Body,
    http::{HeaderValue, Method, Request, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use hyper::service::Service as _;
use hyper_util::service::TowerToHyperService;
use tokio::time::timeout;

use super::{
    Site,
    headers::protected,
    host,
    login::{Login, Logins},
    refusal, sign_in,
};
use crate::request::{Scheme, Visitor};

/// The pages that health checks and Prometheus ask for.
const MONITORING: [&str; 3] = ["/healthz", "/readyz", "/metrics"];
const METRICS: &str = "/metrics";
/// What can be seen without a login: the sign-in page and its styles.
const ASSETS: &str = "/assets/";
/// The API, whose errors are problem details.
const API: &str = "/api/";
/// Maximum length of the address of a request, in bytes.
const MAX_URI_BYTES: usize = 8 * 1024;
/// How long a page may take until its response begins.
const PAGE_TIMEOUT: Duration = Duration::from_secs(30);

/// Answers a request of a client at an address.
pub(super) async fn answer(
    site: &Site,
    logins: &Logins,
    peer: IpAddr,
    mut request: Request<Body>,
) -> Response {
    let length = request
        .uri()
        .path_and_query()
        .map_or(0, |all| all.as_str().len());
    if length > MAX_URI_BYTES {
        return protected(refusal::plain(
            StatusCode::URI_TOO_LONG,
            "the address is too long",
        ));
    }
    if let Some(uri) = without_base(request.uri(), &site.settings.base_path) {
        *request.uri_mut() = uri;
    }
    let path = request.uri().path();
    let Some(catalog) = site
        .catalog
        .as_ref()
        .filter(|_| !MONITORING.contains(&path))
    else {
        return monitoring(site, logins, peer, request).await;
    };
    let is_api = path.starts_with(API);
    let response = catalog_page(site, catalog, logins, peer, request).await;
    protected(match is_api {
        true => refusal::as_problem(response).await,
        false => response,
    })
}

/// A monitoring page. `Host` is not checked: probes and Prometheus use any name.
async fn monitoring(
    site: &Site,
    logins: &Logins,
    peer: IpAddr,
    request: Request<Body>,
) -> Response {
    let needs_login = site.settings.metrics_need_login && request.uri().path() == METRICS;
    if let Some(auth) = site.settings.auth.as_ref().filter(|_| needs_login) {
        let login = logins.check(auth, request.headers(), peer);
        if !matches!(login, Login::Accepted | Login::Session) {
            return refusal::of_program(auth, login);
        }
    }
    ask(&site.monitoring, request).await
}

async fn catalog_page(
    site: &Site,
    catalog: &Router,
    logins: &Logins,
    peer: IpAddr,
    mut request: Request<Body>,
) -> Response {
    if !host::is_accepted(&request, &site.settings.hosts) {
        return refusal::plain(
            StatusCode::MISDIRECTED_REQUEST,
            "the name in the address is unknown to this server; an administrator can add it to `http.hosts`",
        );
    }
    if let Some(page) = sign_in::Page::of(site, &request) {
        return page.answer(site, logins, peer, request).await;
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        let allow = [(header::ALLOW, HeaderValue::from_static("GET, HEAD"))];
        let text = "the catalog is read-only";
        return (allow, refusal::plain(StatusCode::METHOD_NOT_ALLOWED, text)).into_response();
    }
    let scheme = match site.settings.tls {
        Some(_) => Scheme("https"),
        None => Scheme("http"),
    };
    request.extensions_mut().insert(scheme);
    let is_asset = request.uri().path().starts_with(ASSETS);
    if let Some(auth) = site.settings.auth.as_ref().filter(|_| !is_asset) {
        let login = logins.check(auth, request.headers(), peer);
        match login {
            Login::Accepted => {}
            Login::Session => {
                request
                    .extensions_mut()
                    .insert(Visitor { has_session: true });
            }
            login => return refusal::of_request(site, auth, login, &request),
        }
    }
    ask(catalog, request).await
}

/// Makes a page within a time limit.
async fn ask(router: &Router, request: Request<Body>) -> Response {
    let service = TowerToHyperService::new(router.clone());
    match timeout(PAGE_TIMEOUT, service.call(request)).await {
        Ok(Ok(response)) => response,
        Ok(Err(never)) => match never {},
        Err(_) => refusal::plain(
            StatusCode::GATEWAY_TIMEOUT,
            "the page took too long; try again later",
        ),
    }
}

/// The address without the base path, if it begins with it. A reverse proxy may remove the base path, or not.
fn without_base(uri: &Uri, base: &str) -> Option<Uri> {
    if base.is_empty() {
        return None;
    }
    let rest = uri.path_and_query()?.as_str().strip_prefix(base)?;
    let path = match rest.chars().next() {
        Some('/') => rest.to_owned(),
        None | Some('?') => format!("/{rest}"),
        Some(_) => return None,
    };
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(path.parse().ok()?);
    Uri::from_parts(parts).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_base_path_is_removed_only_as_whole_parts() {
        for (uri, expected) in [
            ("/catalog", Some("/")),
            ("/catalog/", Some("/")),
            ("/catalog?q=a", Some("/?q=a")),
            ("/catalog/items/a%2Fb?x=1", Some("/items/a%2Fb?x=1")),
            ("/catalogs", None),
            ("/items/catalog", None),
        ] {
            let found = without_base(&uri.parse().unwrap(), "/catalog");
            assert_eq!(
                found.map(|uri| uri.to_string()).as_deref(),
                expected,
                "{uri}"
            );
        }
        assert_eq!(without_base(&"/a".parse().unwrap(), ""), None);
    }
}
