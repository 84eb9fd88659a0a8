//! `/`: is all well, what changed, what needs a person.

use askama::Template;
use axum::response::Response;

use super::{Layout, Nav, PageResult, rendered, respond};
use crate::{live::Live, request::PageRequest, texts};

#[derive(Template)]
#[template(path = "home.html")]
struct Home {
    layout: Layout,
    live: Live,
}

pub(crate) async fn show(request: PageRequest) -> Response {
    let page = page(&request).await;
    respond(&request, page)
}

async fn page(request: &PageRequest) -> PageResult {
    let live = request.web.live().await?;
    rendered(&Home {
        layout: Layout::new(request, texts::PRODUCT, Nav::Home),
        live,
    })
}
