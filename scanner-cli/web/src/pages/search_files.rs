//! The search page of a catalog that is a folder of files. A script searches the index next to it.

use askama::Template;
use axum::response::Response;

use super::{Frame, Nav, rendered, respond};
use crate::request::PageRequest;

#[derive(Template)]
#[template(path = "search_files.html")]
struct SearchFiles {
    frame: Frame,
    script: String,
}

/// The page.
pub(crate) async fn show(request: PageRequest) -> Response {
    let links = &request.web.links;
    let page = rendered(&SearchFiles {
        frame: Frame::new(&request, request.views().t.search, &Nav::Items),
        script: links.asset("files.js"),
    });
    respond(&request, page)
}
