//! The HTML pages.

use askama::Template;
use axum::{
    extract::Path,
    response::{Html, IntoResponse, Response},
};

use crate::{assets, errors::ErrorPage, links::Links, request::PageRequest};

pub(crate) mod home;
pub(crate) mod item;

/// What all pages have in common: the values of `layout.html`.
pub(crate) struct Layout {
    pub(crate) title: String,
    pub(crate) links: Links,
    pub(crate) nav: Nav,
    /// The text of the search field.
    pub(crate) search: String,
    /// Whether the page offers to sign out.
    pub(crate) has_session: bool,
}

/// The entry of the navigation that a page belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Nav {
    None,
    Home,
}

/// The result of a handler of a page.
pub(crate) type PageResult = Result<String, ErrorPage>;

impl Layout {
    pub(crate) fn new(request: &PageRequest, title: &str, nav: Nav) -> Self {
        Self {
            title: title.to_owned(),
            links: request.web.links.clone(),
            nav,
            search: request.query.get("q").unwrap_or_default().to_owned(),
            has_session: request.visitor.has_session,
        }
    }
}

/// The response of a handler: the page, or an error page.
pub(crate) fn respond(request: &PageRequest, page: PageResult) -> Response {
    match page {
        Ok(html) => Html(html).into_response(),
        Err(error) => error_page(request, error),
    }
}

/// Renders a template.
pub(crate) fn rendered(template: &impl Template) -> PageResult {
    Ok(template.render()?)
}

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorTemplate<'a> {
    layout: Layout,
    text: &'a str,
}

/// The page about an error.
pub(crate) fn error_page(request: &PageRequest, error: ErrorPage) -> Response {
    let template = ErrorTemplate {
        layout: Layout::new(request, &error.title, Nav::None),
        text: &error.text,
    };
    match template.render() {
        Ok(html) => (error.status, Html(html)).into_response(),
        Err(_) => error.into_response(),
    }
}

/// The page of an unknown address.
pub(crate) async fn not_found(request: PageRequest) -> Response {
    error_page(&request, ErrorPage::not_found())
}

/// An embedded file.
pub(crate) async fn asset(
    Path((hash, name)): Path<(String, String)>,
    request: PageRequest,
) -> Response {
    let asset = assets::response(&hash, &name);
    asset.unwrap_or_else(|| error_page(&request, ErrorPage::not_found()))
}
