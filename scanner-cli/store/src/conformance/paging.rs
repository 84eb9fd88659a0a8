//! Pages while the store changes: what is there during the whole walk occurs exactly once.

use std::collections::BTreeMap;

use catalog_model::Visualization;

use super::library::{self, keys, page};
use crate::{
    browse::{
        BrowseError, BrowseFilter, BrowseSettings, Browser, ChangesRequest, OwnersRequest,
        PageRequest, ScansRequest, SearchRequest, Sort,
    },
    scratch::Scratch,
};

/// A small pseudo-random sequence (xorshift), so that each failure can be repeated.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}

type Library = BTreeMap<u64, Visualization>;

fn random_page(random: &mut Random, number: u64) -> Visualization {
    let words = ["sales", "costs", "Sales", "plan", "überblick"];
    let mut word = || words[random.below(5) as usize];
    let name = format!("{} {}", word(), word());
    let mut page = page(&format!("b{}", number % 3), &format!("p{number}"), &name);
    page.description = Some(word().to_owned());
    page
}

/// Changes, removes and adds some items, but none of `stable`.
fn disturb(random: &mut Random, library: &mut Library, stable: u64) {
    for _ in 0..random.below(6) {
        let number = stable + random.below(40);
        match random.below(3) {
            0 => drop(library.remove(&number)),
            _ => {
                let page = random_page(random, number);
                library.insert(number, page);
            }
        }
    }
}

async fn walk(seed: u64, sort: Sort, text: &str, settings: BrowseSettings) {
    let mut random = Random(seed * 2 + 1);
    let stable = 30;
    let scratch = Scratch::new();
    let mut library: Library = (0..stable + 20)
        .map(|number| (number, random_page(&mut random, number)))
        .collect();
    let books = [0, 1, 2].map(|book| library::book(&format!("b{book}"), "Book", None, 0));
    let pages = |library: &Library| library.values().cloned().collect::<Vec<_>>();
    scratch.scan_library(0, &books, &pages(&library)).await;
    let browser = Browser::open(scratch.location(), settings).unwrap();
    let all = SearchRequest {
        text: text.to_owned(),
        sort: Some(sort),
        page: PageRequest {
            limit: 1_000,
            cursor: None,
        },
        ..SearchRequest::default()
    };
    let is_stable = |key: &str| key.rsplit_once("/p").unwrap().1.parse::<u64>().unwrap() < stable;
    let found = library::search(&browser, &all);
    let mut expected: Vec<_> = keys(&found)
        .into_iter()
        .filter(|key| is_stable(key))
        .map(str::to_owned)
        .collect();
    let mut request = SearchRequest {
        page: PageRequest {
            limit: 1 + random.below(7) as usize,
            cursor: None,
        },
        ..all
    };
    let (mut seen, mut day) = (Vec::new(), 1);
    loop {
        let page = library::search(&browser, &request);
        seen.extend(
            keys(&page)
                .into_iter()
                .filter(|key| is_stable(key))
                .map(str::to_owned),
        );
        request.page.cursor = page.next;
        if request.page.cursor.is_none() {
            break;
        }
        disturb(&mut random, &mut library, stable);
        scratch.scan_library(day, &books, &pages(&library)).await;
        day += 1;
    }
    if sort != Sort::Key && sort != Sort::Name && sort != Sort::Relevance {
        // Equal times: the order of the ids.
        expected.sort();
        seen.sort();
    }
    assert_eq!(seen, expected, "seed {seed}, {sort:?}, `{text}`");
}

pub async fn no_item_is_lost_or_found_twice_while_the_store_changes() {
    for seed in 1..4 {
        for sort in Sort::ALL {
            for text in ["", "sales"] {
                walk(seed, sort, text, library::settings()).await;
            }
        }
    }
}

pub async fn no_item_is_lost_while_the_columns_of_a_large_index_are_older_than_the_store() {
    let cases = Sort::ALL
        .into_iter()
        .flat_map(|sort| [4, 5, 6].map(|seed| (seed, sort)));
    for (seed, sort) in cases {
        let settings = BrowseSettings {
            max_loaded_by_request: 1,
            ..library::settings()
        };
        walk(seed, sort, "", settings).await;
    }
}

pub async fn a_cursor_belongs_to_one_list() {
    let scratch = Scratch::library().await;
    let browser = scratch.browser();
    let first = SearchRequest {
        page: PageRequest {
            limit: 2,
            cursor: None,
        },
        ..SearchRequest::default()
    };
    let cursor = browser.search(&first).unwrap().next;
    let next = SearchRequest {
        page: PageRequest {
            limit: 3,
            cursor: cursor.clone(),
        },
        ..first.clone()
    };
    assert_eq!(
        browser.search(&next).unwrap().hits.len(),
        3,
        "the limit may change"
    );
    for other in [
        SearchRequest {
            text: "sales".to_owned(),
            ..next.clone()
        },
        SearchRequest {
            sort: Some(Sort::Key),
            ..next.clone()
        },
        SearchRequest {
            filter: BrowseFilter {
                tags: vec!["blue".to_owned()],
                ..BrowseFilter::default()
            },
            ..next.clone()
        },
    ] {
        let answer = browser.search(&other);
        assert!(
            matches!(answer, Err(BrowseError::InvalidCursor)),
            "{other:?}"
        );
    }
    for limit in [0, 1_001] {
        let page = PageRequest {
            limit,
            cursor: None,
        };
        let answer = browser.search(&SearchRequest {
            page,
            ..first.clone()
        });
        assert!(matches!(answer, Err(BrowseError::InvalidRequest(_))));
    }
}

pub async fn other_lists_are_read_in_pages_too() {
    let scratch = Scratch::library().await;
    for day in 1..5 {
        let name = format!("Name {day}");
        scratch
            .scan_library(day, &[], &[page("b1", "p1", &name)])
            .await;
    }
    let browser = scratch.browser();
    let mut changes = ChangesRequest::default();
    changes.page.limit = 4;
    let (mut seqs, mut scans) = (Vec::new(), Vec::new());
    loop {
        let page = browser.changes(&changes).unwrap();
        seqs.extend(page.entries.into_iter().map(|change| change.seq));
        changes.page.cursor = page.next;
        if changes.page.cursor.is_none() {
            break;
        }
        scratch.scan_library(9, &[], &[page_named("during")]).await;
    }
    assert!(seqs.is_sorted_by(|one, next| one > next));
    assert_eq!(seqs.len(), 9 + 8 + 4);
    let mut request = ScansRequest::default();
    request.page.limit = 2;
    loop {
        let page = browser.scans(&request).unwrap();
        scans.extend(page.entries.into_iter().map(|scan| scan.id));
        request.page.cursor = page.next;
        if request.page.cursor.is_none() {
            break;
        }
    }
    assert!(scans.is_sorted_by(|one, next| one > next) && scans.len() > 5);
    let mut owners = OwnersRequest::default();
    owners.page.limit = 1;
    let page = browser.owners(&owners).unwrap();
    assert_eq!((page.entries.len(), page.next), (1, None));
}

fn page_named(name: &str) -> Visualization {
    page("b1", "p1", name)
}
