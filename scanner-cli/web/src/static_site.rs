//! The catalog as files: pages with relative links and a search index, which open from a folder without a server.
//!
//! The pages are those of the server. Their links begin with a mark, which is replaced by the way from one file to the other.
//! Only one page, and a part of the search index, is in memory at a time.

use std::{io, sync::Arc};

use axum::{body::to_bytes, http::Uri, response::Response};
use catalog_model::ItemState;

use crate::{
    assets,
    errors::ErrorPage,
    links::Links,
    pages,
    query::Query,
    request::{PageRequest, Visitor},
    state::CatalogWeb,
    store::browse::{
        BrowseError, BrowseFilter, Browser, EntityScope, OwnersRequest, PageRequest as Paging,
        SearchPage, SearchRequest, Sort,
    },
    views::Described,
};

mod documents;
mod files;
mod index;
mod rewrite;
#[cfg(test)]
mod tests;
mod words;

use documents::Documents;
use files::{file_of_container, file_of_item, file_of_owner};
use rewrite::Rewritten;

/// What links begin with until they are replaced. No text of a page can contain it in an attribute, because quotes of texts
/// are escaped.
const MARK: &str = "/catalog-of-files";
/// Maximum number of pages of a list of changes or scans, the newest first.
const MAX_HISTORY_PAGES: usize = 20;
/// Maximum number of pages of any other list.
const MAX_PAGES: usize = 100_000;
/// Number of entries that are read at once.
const BATCH: usize = 500;
/// Maximum size of a page in bytes.
const MAX_PAGE_BYTES: usize = 64 << 20;

/// Where the files of a site are written.
pub trait SiteFiles {
    /// Writes a file. The path is relative, and contains `/`.
    ///
    /// # Errors
    /// If the file cannot be written.
    fn write(&mut self, path: &str, content: &[u8]) -> io::Result<()>;
}

/// Why a site could not be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StaticSiteError {
    /// The store cannot be read.
    #[error("cannot read the catalog")]
    Store(#[from] BrowseError),
    /// A file cannot be written.
    #[error("cannot write `{path}`")]
    File {
        /// The file, relative to the folder of the site.
        path: String,
        /// The error of the system.
        source: io::Error,
    },
    /// A page cannot be made.
    #[error("cannot make the page `{path}`: {reason}")]
    Page {
        /// The address of the page on a server.
        path: String,
        /// What is wrong.
        reason: String,
    },
}

/// What was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StaticSite {
    /// Number of items.
    pub items: u64,
    /// Number of files.
    pub files: u64,
}

/// Writes the catalog as files. `index.html` is the first page.
///
/// # Errors
/// If the store cannot be read, or a file cannot be written.
pub async fn write_static_site(
    web: &CatalogWeb,
    files: &mut (dyn SiteFiles + Send),
) -> Result<StaticSite, StaticSiteError> {
    let mut writer = Writer {
        web: CatalogWeb {
            links: Links::for_files(MARK, web.now()),
            ..web.clone()
        },
        files,
        written: StaticSite::default(),
    };
    // Pages would otherwise lack what is not in the index yet.
    writer.read(Browser::update).await?;
    writer.assets()?;
    writer.fixed_pages().await?;
    writer.entries().await?;
    writer.owners().await?;
    Ok(writer.written)
}

/// Writes pages.
struct Writer<'a> {
    web: CatalogWeb,
    files: &'a mut (dyn SiteFiles + Send),
    written: StaticSite,
}

/// An address on the server, and the file that it becomes. Further pages of a list have numbers.
struct PageFile {
    /// The path and parameters, without the cursor.
    address: String,
    /// The file without `.html`.
    stem: String,
    max_pages: usize,
}

impl PageFile {
    fn new(address: impl Into<String>, stem: impl Into<String>) -> Self {
        Self {
            address: address.into(),
            stem: stem.into(),
            max_pages: MAX_PAGES,
        }
    }
}

impl Writer<'_> {
    fn write(&mut self, path: &str, content: &[u8]) -> Result<(), StaticSiteError> {
        self.written.files += 1;
        let written = self.files.write(path, content);
        written.map_err(|source| StaticSiteError::File {
            path: path.to_owned(),
            source,
        })
    }

    fn assets(&mut self) -> Result<(), StaticSiteError> {
        for (name, content) in assets::all() {
            self.write(&format!("assets/{name}"), content)?;
        }
        Ok(())
    }

    /// The pages with fixed addresses.
    async fn fixed_pages(&mut self) -> Result<(), StaticSiteError> {
        let mut fixed = vec![
            PageFile::new("/", "index"),
            PageFile::new("/owners?limit=500", "owners"),
            PageFile::new("/connections", "connections"),
            PageFile::new("/quality", "quality"),
            PageFile::new("/search-files", "search"),
        ];
        for (path, stem) in [
            ("/changes?limit=200", "changes"),
            ("/scans?limit=200", "scans"),
        ] {
            fixed.push(PageFile {
                max_pages: MAX_HISTORY_PAGES,
                ..PageFile::new(path, stem)
            });
        }
        for route in self.web.containers.iter() {
            fixed.push(PageFile::new(
                format!("/{}?limit=200", route.path),
                route.path,
            ));
        }
        let request = request(&self.web, "/quality");
        let lists =
            pages::quality::lists(&request).map_err(|error| page_error("/quality", &error))?;
        for list in lists {
            let stem = format!("quality-{}", list.id);
            fixed.push(PageFile::new(
                format!("/quality/{}?limit=200", list.id),
                stem,
            ));
        }
        for page in fixed {
            self.list(&page).await?;
        }
        Ok(())
    }

    /// The pages of all items and containers, and the search index.
    async fn entries(&mut self) -> Result<(), StaticSiteError> {
        let mut documents = Documents::default();
        let mut cursor = None;
        loop {
            let page = self.batch(cursor).await?;
            let asked = request(&self.web, "/");
            let views = asked.views();
            for hit in &page.hits {
                let href = views.entry(&hit.entry);
                let Some(address) = href.strip_prefix(MARK) else {
                    continue;
                };
                let file = match hit.entry.is_item() {
                    true => file_of_item(address),
                    false => file_of_container(address),
                };
                let stem = file.trim_end_matches(".html").to_owned();
                if ItemState::EXISTING.contains(&hit.entry.state) {
                    self.written.items += u64::from(hit.entry.is_item());
                    documents.add(&views, &hit.entry, &file);
                }
                self.list(&PageFile::new(address, stem)).await?;
                while let Some((path, content)) = documents.take_file() {
                    self.write(&path, content.as_bytes())?;
                }
            }
            match page.next {
                Some(next) => cursor = Some(next),
                None => break,
            }
        }
        documents.end();
        while let Some((path, content)) = documents.take_file() {
            self.write(&path, content.as_bytes())?;
        }
        Ok(())
    }

    /// The next items and containers, sorted by key.
    async fn batch(&self, cursor: Option<String>) -> Result<SearchPage, StaticSiteError> {
        let wanted = SearchRequest {
            filter: BrowseFilter {
                scope: EntityScope::Everything,
                // Changes lead to items that are gone, too.
                states: ItemState::ALL.to_vec(),
                ..BrowseFilter::default()
            },
            sort: Some(Sort::Key),
            page: Paging {
                limit: BATCH,
                cursor,
            },
            ..SearchRequest::default()
        };
        self.read(move |browser| browser.search(&wanted)).await
    }

    async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Browser) -> Result<T, BrowseError> + Send + 'static,
    ) -> Result<T, StaticSiteError> {
        let browser = Arc::clone(&self.web.browser);
        let ended = tokio::task::spawn_blocking(move || read(&browser)).await;
        let ended = ended.map_err(|error| StaticSiteError::Page {
            path: "/".to_owned(),
            reason: error.to_string(),
        })?;
        Ok(ended?)
    }

    /// The items of each owner.
    async fn owners(&mut self) -> Result<(), StaticSiteError> {
        let mut cursor = None;
        loop {
            let wanted = OwnersRequest {
                page: Paging {
                    limit: BATCH,
                    cursor,
                },
                ..OwnersRequest::default()
            };
            let page = self.read(move |browser| browser.owners(&wanted)).await?;
            for owner in &page.entries {
                let query = [("owner", owner.id.as_str())];
                let href = self.web.links.with_query("/search", &query);
                let address = href.strip_prefix(MARK).unwrap_or_default();
                let file = file_of_owner(&owner.id);
                let stem = file.trim_end_matches(".html").to_owned();
                self.list(&PageFile::new(format!("{address}&limit=200"), stem))
                    .await?;
            }
            match page.next {
                Some(next) => cursor = Some(next),
                None => return Ok(()),
            }
        }
    }

    /// Writes a page, and the further pages of its list.
    async fn list(&mut self, page: &PageFile) -> Result<(), StaticSiteError> {
        let mut address = page.address.clone();
        for number in 1..=page.max_pages {
            let html = self.html(&address).await?;
            let file = numbered(&page.stem, number);
            let next = (number < page.max_pages).then(|| numbered(&page.stem, number + 1));
            let first = numbered(&page.stem, 1);
            let Rewritten { html, cursor } =
                rewrite::page(&html, MARK, (&file, &first, next.as_deref()));
            self.write(&file, html.as_bytes())?;
            let Some(cursor) = cursor.filter(|_| next.is_some()) else {
                break;
            };
            let joint = if page.address.contains('?') { '&' } else { '?' };
            address = format!("{}{joint}cursor={cursor}", page.address);
        }
        Ok(())
    }

    /// The page that a server would send.
    async fn html(&self, address: &str) -> Result<String, StaticSiteError> {
        let response = response(request(&self.web, address)).await;
        let status = response.status();
        let body = to_bytes(response.into_body(), MAX_PAGE_BYTES).await;
        let html = body
            .ok()
            .and_then(|body| String::from_utf8(body.into()).ok());
        match html {
            Some(html) if status.is_success() => Ok(html),
            _ => Err(StaticSiteError::Page {
                path: address.to_owned(),
                reason: status.to_string(),
            }),
        }
    }
}

fn numbered(stem: &str, number: usize) -> String {
    match number {
        1 => format!("{stem}.html"),
        number => format!("{stem}-{number}.html"),
    }
}

fn page_error(path: &str, error: &ErrorPage) -> StaticSiteError {
    StaticSiteError::Page {
        path: path.to_owned(),
        reason: error.text.clone(),
    }
}

/// The request for a page, as if it came from a browser.
fn request(web: &CatalogWeb, address: &str) -> PageRequest {
    let uri: Uri = address.parse().unwrap_or_default();
    PageRequest {
        web: web.clone(),
        query: Query::new(uri.query().unwrap_or_default()),
        visitor: Visitor::default(),
        uri,
        origin: String::new(),
    }
}

/// The response to it.
async fn response(request: PageRequest) -> Response {
    let path = request.uri.path().to_owned();
    match path.as_str() {
        "/" => pages::home::show(request).await,
        "/search" => pages::search::show(request).await,
        "/search-files" => pages::search_files::show(request).await,
        "/owners" => pages::owners::show(request).await,
        "/changes" => pages::changes::show(request).await,
        "/scans" => pages::scans::show(request).await,
        "/connections" => pages::connections::show(request).await,
        "/quality" => pages::quality::show(request).await,
        path if path.starts_with("/items/") => pages::entry::item(request).await,
        path if path.starts_with("/quality/") => pages::quality::list(request).await,
        path => container(request, path).await,
    }
}

async fn container(request: PageRequest, path: &str) -> Response {
    let first = path.trim_start_matches('/').split('/').next();
    let routes = Arc::clone(&request.web.containers);
    let route = routes.iter().find(|route| Some(route.path) == first);
    match route {
        Some(route) if path.trim_start_matches('/') == route.path => {
            pages::search::containers(request, route.path, route.kind).await
        }
        Some(route) => pages::entry::container(request, route.path, route.kind).await,
        None => pages::not_found(request).await,
    }
}
