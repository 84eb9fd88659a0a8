//! All pages of a small store with texts that are hard to show, on a server and as files.

use std::collections::BTreeMap;

use catalog_store::scratch::{Scratch, patient};

use super::*;
use crate::{
    live::{ExplainedEntry, Live, LiveState},
    state::ContainerRoute,
    store::browse::BrowseSettings,
};

/// A name that must not become HTML.
const HOSTILE: &str = "\"><script>alert(1)</script> /catalog-of-files/ =\"/catalog-of-files/x\"";

struct Nothing;

impl LiveState for Nothing {
    fn live(&self) -> Live {
        Live::default()
    }

    fn explain(&self, _key: &str) -> Result<Vec<ExplainedEntry>, String> {
        Ok(Vec::new())
    }
}

#[derive(Default)]
struct Files(BTreeMap<String, String>);

impl SiteFiles for Files {
    fn write(&mut self, path: &str, content: &[u8]) -> io::Result<()> {
        let text = String::from_utf8_lossy(content).into_owned();
        let former = self.0.insert(path.to_owned(), text);
        assert!(former.is_none(), "{path} is written twice");
        Ok(())
    }
}

fn web(scratch: &Scratch) -> CatalogWeb {
    let browser = Browser::open(scratch.location(), patient()).unwrap();
    let folders = vec![
        ContainerRoute {
            path: "folders",
            kind: "folder",
        },
        ContainerRoute {
            path: "shelves",
            kind: "shelf",
        },
    ];
    CatalogWeb::new(Arc::new(browser), Arc::new(Nothing), folders)
}

async fn scanned() -> Scratch {
    let scratch = Scratch::new();
    let long = "x".repeat(5_000);
    let items = [
        ("a/b?c#d%", HOSTILE),
        ("long", long.as_str()),
        ("rtl", "\u{202e}مبيعات"),
        ("empty", ""),
        ("gone", "Gone"),
    ];
    scratch.scan(0, &items).await;
    scratch.scan(1, &items[..4]).await;
    scratch
}

async fn shown(web: &CatalogWeb, address: &str) -> (u16, String) {
    let response = response(request(web, address)).await;
    let status = response.status().as_u16();
    let body = to_bytes(response.into_body(), MAX_PAGE_BYTES)
        .await
        .unwrap();
    (status, String::from_utf8(body.into()).unwrap())
}

const PAGES: [&str; 14] = [
    "/",
    "/search",
    "/search?q=alert",
    "/search?q=%22%3E%3Cscript%3E",
    "/folders",
    "/shelves",
    "/owners",
    "/changes",
    "/scans",
    "/connections",
    "/quality",
    "/quality/without-description",
    "/quality/stale?days=7",
    "/items/c/a%2Fb%3Fc%23d%25",
];

#[tokio::test(flavor = "multi_thread")]
async fn all_pages_show_hostile_texts_as_texts() {
    let scratch = scanned().await;
    let web = web(&scratch);
    for page in PAGES {
        let (status, html) = shown(&web, page).await;
        assert_eq!(status, 200, "{page}: {html}");
        assert!(!html.contains("<script>"), "{page}: {html}");
        assert!(html.contains("<h1"), "{page} has no heading");
    }
    let (_, item) = shown(&web, "/items/c/a%2Fb%3Fc%23d%25").await;
    assert!(item.contains("&#60;script&#62;alert(1)"), "{item}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_leads_to_items_that_are_gone() {
    let scratch = scanned().await;
    let web = web(&scratch);
    let (_, html) = shown(&web, "/search?q=gone").await;
    assert!(html.contains("1 item that is gone matches"), "{html}");
    assert!(html.contains("state=gone"), "{html}");
    // Without facets, the list has the whole width.
    assert!(html.contains("class=\"search alone\""), "{html}");
    let (_, html) = shown(&web, "/search?q=gone&state=gone").await;
    assert!(html.contains("/items/c/gone"), "{html}");
    let (_, html) = shown(&web, "/search?q=revnue").await;
    assert!(!html.contains("gone matches"), "{html}");
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_of_changes_lead_to_lists_of_items_only() {
    let scratch = scanned().await;
    let web = web(&scratch);
    let (_, html) = shown(&web, "/changes?entity=item").await;
    assert!(html.contains("/items/c/gone"), "{html}");
    assert!(html.contains("<span class=\"muted small\">item"), "{html}");
    let (_, html) = shown(&web, "/changes?entity=container").await;
    assert!(!html.contains("/items/c/gone"), "{html}");
    let (_, html) = shown(&web, "/changes?entity=item&kind=added").await;
    for file in ["/feed.atom", "/changes.csv"] {
        assert!(
            html.contains(&format!("{file}?entity=item&#38;kind=added")),
            "{html}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn addresses_that_are_not_valid_are_errors_that_help() {
    let scratch = scanned().await;
    let web = web(&scratch);
    for (address, status) in [
        ("/items/c/unknown", 404),
        ("/folders/c/unknown", 404),
        ("/quality/unknown", 404),
        ("/nowhere", 404),
        ("/search?sort=sideways", 400),
        ("/search?state=new", 400),
        ("/search?cursor=zz", 400),
        ("/search?limit=0", 400),
        ("/changes?kind=x", 400),
        ("/changes?entity=x", 400),
        ("/owners?show=x", 400),
        ("/quality?days=0", 400),
        ("/quality/stale?days=99999999999", 400),
    ] {
        let (found, html) = shown(&web, address).await;
        assert_eq!(found, status, "{address}");
        assert!(html.contains("href=\"/search\""), "{address} leads nowhere");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_does_not_exist_yet_is_no_error_of_the_home_page() {
    let folder = tempfile::tempdir().unwrap();
    let browser = Browser::open(folder.path().join("none.db"), BrowseSettings::default());
    let web = CatalogWeb::new(Arc::new(browser.unwrap()), Arc::new(Nothing), Vec::new());
    let (status, html) = shown(&web, "/").await;
    assert_eq!(status, 200);
    assert!(html.contains(crate::texts::ENGLISH.empty_store), "{html}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_link_between_files_leads_to_a_file() {
    let scratch = scanned().await;
    let mut files = Files::default();
    let written = write_static_site(&web(&scratch), &mut files).await.unwrap();
    assert_eq!(written.items, 4);
    let pages = files.0.iter().filter(|(path, _)| path.ends_with(".html"));
    for (path, html) in pages {
        for attribute in ["href=\"", "src=\"", "action=\""] {
            for part in html.split(attribute).skip(1) {
                let link = part.split('"').next().unwrap_or_default();
                let target = file_of(path, link);
                let is_inside = target.is_none_or(|target| files.0.contains_key(&target));
                assert!(is_inside, "{path} leads to {link}");
            }
        }
    }
}

/// The file that a link in a file leads to. `None` if it leads to another site, or to a part of the page.
fn file_of(path: &str, link: &str) -> Option<String> {
    if link.starts_with(['#']) || link.contains(':') {
        return None;
    }
    let mut parts: Vec<_> = path.split('/').collect();
    parts.pop();
    let link = link.split(['?', '#']).next().unwrap_or_default();
    for part in link.split('/') {
        match part {
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}
