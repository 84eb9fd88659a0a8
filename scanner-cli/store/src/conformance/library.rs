//! A small library that people browse: pages in books, and books on shelves.

use std::time::Duration;

use catalog_model::{
    AccountStatus, ConnectionCode, Contact, Contacts, Container, ContainerKind, CustomProperty,
    Instant, ItemKey, Origin, Properties, PropertyDefinition, PropertyKind, PropertyValue,
    SourceId, Visualization,
};

use super::close;
use crate::{
    browse::{BrowseError, BrowseFilter, BrowseSettings, Browser, SearchPage, SearchRequest, Sort},
    scratch::{Scratch, item, patient},
};

pub(crate) const BOOK: ContainerKind = ContainerKind {
    id: "book",
    label: "Book",
};
pub(crate) const SHELF: ContainerKind = ContainerKind {
    id: "shelf",
    label: "Shelf",
};

pub(crate) fn settings() -> BrowseSettings {
    BrowseSettings {
        properties: vec![PropertyDefinition {
            name: "page_status",
            label: "Status",
            kind: PropertyKind::Text,
        }],
        tag_properties: vec!["tags".to_owned()],
        status_property: Some("page_status".to_owned()),
        ..patient()
    }
}

pub(crate) fn code() -> ConnectionCode {
    ConnectionCode::new("c").unwrap()
}

pub(crate) fn shelf(id: &str, name: &str) -> Container {
    Container::new(&code(), SHELF, id, name).unwrap()
}

pub(crate) fn book(id: &str, name: &str, shelf: Option<&str>, refreshed: i64) -> Container {
    Container {
        parent: shelf.map(|id| Container::key_of(&code(), SHELF, id).unwrap()),
        refreshed: Instant::from_unix_millis(refreshed).ok(),
        description: Some(format!("About {name}")),
        contacts: owner("EXT\\ada", Some("ada@example.com"), AccountStatus::Active),
        tags: vec!["paper".to_owned()],
        custom_properties: vec![CustomProperty {
            name: "Department".to_owned(),
            value: "Finance".to_owned(),
        }],
        ..Container::new(&code(), BOOK, id, name).unwrap()
    }
}

pub(crate) fn owner(account: &str, email: Option<&str>, status: AccountStatus) -> Contacts {
    Contacts::Known(vec![Contact {
        role: "owner".into(),
        email: email.map(str::to_owned),
        name: Some(account.trim_start_matches("EXT\\").to_owned()),
        account: Some(account.to_owned()),
        status: Some(status),
        email_since: 1,
    }])
}

/// An item in a book.
pub(crate) fn page(book: &str, id: &str, name: &str) -> Visualization {
    let mut properties = Properties::default();
    properties.put("page_status", PropertyValue::Text("published".to_owned()));
    let tags = vec!["blue".to_owned(), "größer".to_owned()];
    properties.put("tags", PropertyValue::Tags(tags));
    Visualization {
        key: ItemKey::new(["c", book, id]).unwrap(),
        container: Some(Container::key_of(&code(), BOOK, book).unwrap()),
        properties,
        ..item(
            "x",
            name,
            owner("EXT\\ada", Some("ada@example.com"), AccountStatus::Active),
        )
    }
}

impl Scratch {
    pub(crate) fn browser(&self) -> Browser {
        Browser::open(self.location(), settings()).unwrap()
    }

    pub(crate) async fn scan_library(
        &self,
        day: i64,
        containers: &[Container],
        pages: &[Visualization],
    ) {
        let mut scan = self.begin(day).await;
        for container in containers {
            scan.container(container).unwrap();
        }
        for page in pages {
            scan.item(
                page,
                &Origin::from(Some(SourceId(format!("id-{}", page.key)))),
            )
            .unwrap();
        }
        close(scan, day).await.unwrap();
    }

    /// Two books on a shelf and one without, with a few pages.
    pub(crate) async fn library() -> Self {
        let scratch = Self::new();
        let mut pages = vec![
            page("b1", "p1", "Sales overview"),
            page("b1", "p2", "Costs"),
            page("b2", "p1", "Sales overview (copy)"),
            page("b3", "p9", "Über Änderungen"),
            page("b3", "p8", "売上高の推移"),
        ];
        pages[1].description = Some("All <b>costs</b> of the salesmen".to_owned());
        pages[3].contacts = owner("EXT\\bob", None, AccountStatus::Removed);
        let containers = [
            shelf("s1", "Finance shelf"),
            book("b1", "Yearly report", Some("s1"), 1_000),
            book("b2", "Copy of report", Some("s1"), 5_000),
            book("b3", "Loose", None, 9_000),
        ];
        scratch.scan_library(0, &containers, &pages).await;
        scratch
    }
}

pub(crate) fn keys(page: &SearchPage) -> Vec<&str> {
    page.hits.iter().map(|hit| hit.entry.key.as_str()).collect()
}

pub(crate) fn find(browser: &Browser, text: &str) -> SearchPage {
    let request = SearchRequest {
        text: text.to_owned(),
        has_highlights: true,
        ..SearchRequest::default()
    };
    search(browser, &request)
}

/// Searches, again while the columns of a large index are being loaded.
pub(crate) fn search(browser: &Browser, request: &SearchRequest) -> SearchPage {
    let end = std::time::Instant::now() + Duration::from_secs(60);
    loop {
        match browser.search(request) {
            Err(BrowseError::Loading) if std::time::Instant::now() < end => {}
            answer => return answer.unwrap(),
        }
    }
}

pub(crate) fn select(browser: &Browser, filter: BrowseFilter) -> Vec<String> {
    let request = SearchRequest {
        filter,
        sort: Some(Sort::Key),
        ..SearchRequest::default()
    };
    let page = browser.search(&request).unwrap();
    assert_eq!(page.total, page.hits.len() as u64);
    keys(&page).into_iter().map(str::to_owned).collect()
}
