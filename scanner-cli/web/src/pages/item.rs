//! `/items/KEY`: everything that is known about an item.

use askama::Template;
use axum::response::Response;

use super::{Layout, Nav, PageResult, rendered, respond};
use crate::{errors::ErrorPage, request::PageRequest};

#[derive(Template)]
#[template(path = "item.html")]
struct Item {
    layout: Layout,
    key: String,
}

pub(crate) async fn show(request: PageRequest) -> Response {
    let page = page(&request).await;
    respond(&request, page)
}

async fn page(request: &PageRequest) -> PageResult {
    let key = request.key_after("/items/")?;
    let found = request.web.browse(move |browser| browser.entry(&key));
    let found = found.await?.ok_or_else(ErrorPage::not_found)?;
    let key = found.entry.key;
    rendered(&Item {
        layout: Layout::new(request, &key, Nav::None),
        key,
    })
}
