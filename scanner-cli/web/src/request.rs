//! What a handler needs of a request.

use std::convert::Infallible;

use axum::{
    extract::FromRequestParts,
    http::{Uri, header, request::Parts},
};
use catalog_model::{InvalidKey, ItemKey};
use percent_encoding::percent_decode_str;

use crate::{errors::ErrorPage, query::Query, state::CatalogWeb, texts::ENGLISH, views::Views};

/// Who sent a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Visitor {
    /// Whether a cookie of the sign-in page came with it, so that the page offers to sign out.
    pub(crate) has_session: bool,
}

/// The scheme of the address of the server, `https` or `http`, as the server knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Scheme(pub(crate) &'static str);

/// A request for a page of the catalog.
#[derive(Clone)]
pub(crate) struct PageRequest {
    pub(crate) web: CatalogWeb,
    pub(crate) query: Query,
    pub(crate) visitor: Visitor,
    /// The address without the base path.
    pub(crate) uri: Uri,
    /// The scheme and the authority that the client used, such as `https://catalog.example.com`. Empty if unknown.
    pub(crate) origin: String,
}

impl FromRequestParts<CatalogWeb> for PageRequest {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, web: &CatalogWeb) -> Result<Self, Infallible> {
        Ok(Self {
            web: web.clone(),
            query: Query::new(parts.uri.query().unwrap_or_default()),
            visitor: parts.extensions.get().copied().unwrap_or_default(),
            uri: parts.uri.clone(),
            origin: origin(parts).unwrap_or_default(),
        })
    }
}

/// A reverse proxy that encrypts connections says so in `X-Forwarded-Proto`. The header has an effect only on the answer to
/// the request itself.
fn origin(parts: &Parts) -> Option<String> {
    let host = parts.headers.get(header::HOST)?.to_str().ok()?;
    let own = parts.extensions.get().map_or("http", |Scheme(own)| own);
    let forwarded = parts.headers.get("x-forwarded-proto");
    let is_https = forwarded.is_some_and(|scheme| scheme.as_bytes().eq_ignore_ascii_case(b"https"));
    let scheme = if is_https { "https" } else { own };
    Some(format!("{scheme}://{host}"))
}

impl PageRequest {
    /// What views are made with.
    pub(crate) fn views(&self) -> Views<'_> {
        Views {
            t: &ENGLISH,
            links: &self.web.links,
            containers: &self.web.containers,
            words: &self.web.words,
        }
    }

    /// The path without the base path.
    pub(crate) fn path(&self) -> &str {
        self.uri.path()
    }

    /// The decoded parts of the path after `prefix`, such as `/items/`. The path is not decoded before it is split: a part may
    /// contain an encoded slash.
    pub(crate) fn parts_after(&self, prefix: &str) -> Vec<String> {
        let path = self.uri.path();
        let rest = path.strip_prefix(prefix).unwrap_or_default();
        let decoded = |part| percent_decode_str(part).decode_utf8_lossy().into_owned();
        rest.split('/').map(decoded).collect()
    }

    /// The key of an item in the path after `prefix`, in its written form.
    pub(crate) fn key_after(&self, prefix: &str) -> Result<String, ErrorPage> {
        let parts = self.parts_after(prefix);
        let key = ItemKey::new(parts.iter().map(String::as_str));
        let invalid = |error: InvalidKey| ErrorPage::bad_request(error.to_string());
        key.map(|key| key.to_string()).map_err(invalid)
    }
}
