//! `/items/KEY`: everything that is known about an item.

use askama::Template;
use axum::response::Response;

use super::{Layout, Nav, PageResult, rendered, respond};
use crate::{errors::ErrorPage, request::PageRequest, store::Catalog};

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
    let path = request.web.store.clone();
    let found = request.web.blocking(move || {
        let Some(catalog) = Catalog::open(&path)? else {
            return Err(ErrorPage::not_found());
        };
        let item = catalog.item(&key)?;
        let item = item.map(|item| (item.key, item.item.name));
        item.ok_or_else(ErrorPage::not_found)
    });
    let (key, name) = found.await?;
    rendered(&Item {
        layout: Layout::new(request, &name, Nav::None),
        key,
    })
}
