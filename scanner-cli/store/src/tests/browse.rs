//! The reading interface for people.

use super::*;
use crate::browse::{BrowseSettings, Browser, PageRequest, SearchRequest};

#[tokio::test]
async fn items_are_found_by_words_of_their_names_in_pages() {
    let scratch = Scratch::new();
    let items = [("a", "Sales East"), ("b", "Sales West"), ("d", "Costs")];
    scratch.scan(0, &items).await;
    let browser = Browser::open(&scratch.path(), BrowseSettings::default()).unwrap();
    let mut request = SearchRequest {
        text: "sales".to_owned(),
        page: PageRequest {
            limit: 1,
            cursor: None,
        },
        ..SearchRequest::default()
    };
    let mut keys = Vec::new();
    loop {
        let page = browser.search(&request).unwrap();
        assert_eq!(page.total, 2);
        keys.extend(page.hits.into_iter().map(|hit| hit.entry.key));
        request.page.cursor = page.next;
        if request.page.cursor.is_none() {
            break;
        }
    }
    assert_eq!(keys, ["c/a", "c/b"]);
    assert_eq!(browser.entry("c/d").unwrap().unwrap().history.len(), 1);
    assert!(browser.entry("c/x").unwrap().is_none());
}
