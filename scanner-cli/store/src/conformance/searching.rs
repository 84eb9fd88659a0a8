//! Searches, filters, and facets.

use std::{
    collections::BTreeSet,
    thread,
    time::{Duration, Instant},
};

use catalog_model::{AccountStatus, ItemState};

use super::library::{BOOK, book, find, keys, page, select, settings, shelf};
use crate::{
    browse::{
        BrowseError, BrowseFilter, BrowseSettings, Browser, Condition, EntityScope, FacetsRequest,
        IndexState, PageRequest, SearchRequest,
    },
    scratch::Scratch,
};

pub async fn words_are_found_in_all_texts_and_those_in_names_come_first() {
    let scratch = Scratch::library().await;
    let browser = scratch.browser();
    for (text, found) in [
        ("sales", &["c/b1/p1", "c/b2/p1", "c/b1/p2"][..]),
        ("SAL over", &["c/b1/p1", "c/b2/p1"]),
        ("\"overview sales\"", &[]),
        ("\"sales overview\"", &["c/b1/p1", "c/b2/p1"]),
        // Without diacritics, and in containers, owners, and tags.
        ("uber anderungen", &["c/b3/p9"]),
        ("yearly", &["c/b1/p2", "c/b1/p1"]),
        ("finance", &["c/b1/p2", "c/b1/p1", "c/b2/p1"]),
        ("bob", &["c/b3/p9"]),
        ("grosser", &[]),
        (
            "groß",
            &["c/b1/p2", "c/b3/p8", "c/b1/p1", "c/b3/p9", "c/b2/p1"],
        ),
        ("売上", &["c/b3/p8"]),
        ("の推", &["c/b3/p8"]),
        ("上売", &[]),
        ("nothing", &[]),
        ("*", &[]),
    ] {
        let page = find(&browser, text);
        assert_eq!(page.total, found.len() as u64, "{text}");
        assert_eq!(
            keys(&page).into_iter().collect::<BTreeSet<_>>(),
            found.iter().copied().collect(),
            "{text}"
        );
        assert_eq!(page.index, IndexState::Current);
        if text == "sales" {
            assert_eq!(keys(&page), found);
        }
    }
}

pub async fn the_columns_of_a_large_index_are_loaded_while_requests_go_on() {
    let scratch = Scratch::library().await;
    scratch.browser().update().unwrap();
    let settings = BrowseSettings {
        max_loaded_by_request: 1,
        ..settings()
    };
    let browser = Browser::open(scratch.location(), settings).unwrap();
    assert_eq!(find(&browser, "sales").total, 3);
    for (day, id, name) in [(1, "n1", "First"), (2, "n2", "Second")] {
        scratch
            .scan_library(day, &[], &[page("b1", id, name)])
            .await;
        browser.update().unwrap();
        let end = Instant::now() + Duration::from_secs(60);
        while find(&browser, name).total == 0 {
            assert!(Instant::now() < end, "`{name}` is not found");
            thread::sleep(Duration::from_millis(50));
        }
    }
}

pub async fn pasted_keys_and_ids_find_what_they_name_first() {
    let scratch = Scratch::library().await;
    let mut pages = vec![
        page("b1", "p1", "Sales overview"),
        page("b2", "p2-ab", "p1 c/b1/p1 id-c/b1/p1"),
        page("b2", "p3", "b1"),
    ];
    pages[2].description = Some("ada@example.com".to_owned());
    let books = [
        shelf("s1", "Finance shelf"),
        book("b1", "Yearly report", Some("s1"), 1_000),
        book("b2", "Copy of report", Some("s1"), 5_000),
    ];
    scratch.scan_library(1, &books, &pages).await;
    let browser = scratch.browser();
    let first = |text: &str| {
        let page = find(&browser, text);
        page.hits.first().map(|hit| hit.entry.key.clone())
    };
    for (text, key) in [
        // The whole key, the last part of it, and the id in the source.
        ("c/b1/p1", "c/b1/p1"),
        (" p1\n", "c/b1/p1"),
        ("P2-AB", "c/b2/p2-ab"),
        ("id-c/b1/p1", "c/b1/p1"),
        ("\"c/b1/p1\"", "c/b1/p1"),
        // Addresses of the item, also with more behind the id.
        ("https://host/read/book/b2/page/p3", "c/b2/p3"),
        (
            "https://host/read/book/b2/page/p3/state/open?x=1",
            "c/b2/p3",
        ),
        // It is gone, which is what the reader wants to know.
        ("c/b3/p9", "c/b3/p9"),
        // The address of an owner.
        ("<ada@example.com>", "c/b2/p3"),
        ("mailto:ada@example.com", "c/b2/p3"),
    ] {
        assert_eq!(first(text).as_deref(), Some(key), "{text}");
    }
    for text in ["b1", "c/book:b1", "https://host/read/book/b1"] {
        let found = browser.named_containers(text).unwrap();
        let found: Vec<_> = found.iter().map(|hit| hit.entry.key.as_str()).collect();
        assert_eq!(found, ["c/book:b1"], "{text}");
        assert!(keys(&find(&browser, text)).contains(&"c/b1/p1"), "{text}");
    }
    assert!(browser.named_containers("sales").unwrap().is_empty());
    let filter = BrowseFilter {
        connections: vec!["other".to_owned()],
        ..BrowseFilter::default()
    };
    assert_eq!(browser.count("c/b1/p1", &filter).unwrap(), 0);
}

pub async fn hits_are_marked_in_their_texts() {
    let scratch = Scratch::library().await;
    let browser = scratch.browser();
    let shown = |text: &str| {
        let page = find(&browser, text);
        let marked = page.hits[0].highlights.iter().map(|highlight| {
            let parts = highlight.parts.iter().map(|part| match part.is_hit {
                true => format!("[{}]", part.text),
                false => part.text.clone(),
            });
            format!("{}: {}", highlight.field, parts.collect::<String>())
        });
        marked.collect::<Vec<_>>()
    };
    assert_eq!(
        shown("cost"),
        [
            "name: [Costs]",
            "description: All <b>[costs]</b> of the salesmen"
        ]
    );
    assert_eq!(shown("売上"), ["name: [売上]高の推移"]);
    assert_eq!(shown("loose uber")[1], "containers: [Loose]");
}

/// Texts that mean something to SQLite, or are unusual.
const HOSTILE: &[&str] = &[
    "\"",
    "\"\"\"",
    "'",
    "a\"b",
    "(",
    ")",
    "a OR",
    "NOT",
    "AND AND",
    "NEAR(a b, 3",
    "name:",
    "name : x",
    "{name}:x",
    "-a",
    "^a",
    "a + b",
    "*",
    "a*b",
    "a**",
    "\u{0}",
    "a\u{0}b",
    "\u{1f}",
    "\u{2}",
    "%",
    "_",
    "; DROP TABLE doc",
    "\\",
    "a\nb",
    "🦀",
    "\u{202e}abc",
    "ﷺ",
    "é\u{301}",
    "ー",
    "\u{fffd}",
];

pub async fn no_text_is_a_syntax_error() {
    let scratch = Scratch::library().await;
    let browser = scratch.browser();
    for text in HOSTILE {
        for text in [
            (*text).to_owned(),
            format!("{text} sales"),
            format!("sales{text}"),
            format!("\"{text}"),
        ] {
            find(&browser, &text);
            let facets = FacetsRequest {
                text,
                filter: BrowseFilter::default(),
                max_values: 5,
            };
            browser.facets(&facets).unwrap();
        }
    }
    let long = SearchRequest {
        text: "word ".repeat(1_000),
        ..SearchRequest::default()
    };
    let answer = browser.search(&long);
    assert!(matches!(answer, Err(BrowseError::InvalidRequest(_))));
}

fn list(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

fn held_by(keys: &[&str]) -> BrowseFilter {
    BrowseFilter {
        containers: list(keys),
        ..BrowseFilter::default()
    }
}

pub async fn values_of_a_filter_select_items() {
    let scratch = Scratch::library().await;
    let browser = scratch.browser();
    let check = |filter: BrowseFilter, found: &[&str]| {
        assert_eq!(select(&browser, filter.clone()), found, "{filter:?}");
    };
    let all = BrowseFilter::default;
    check(held_by(&["c/shelf:s1"]), &["c/b1/p1", "c/b1/p2", "c/b2/p1"]);
    let books = ["c/book:b1", "c/book:b3"];
    check(
        held_by(&books),
        &["c/b1/p1", "c/b1/p2", "c/b3/p8", "c/b3/p9"],
    );
    check(held_by(&["c/book:b2", "c/shelf:s1"]), &["c/b2/p1"]);
    check(held_by(&["c/book:none"]), &[]);
    let owners = list(&["c/EXT\\bob"]);
    check(BrowseFilter { owners, ..all() }, &["c/b3/p9"]);
    let blue = BrowseFilter {
        tags: list(&["none", "blue"]),
        connections: list(&["c"]),
        ..all()
    };
    check(
        blue,
        &["c/b1/p1", "c/b1/p2", "c/b2/p1", "c/b3/p8", "c/b3/p9"],
    );
    let connections = list(&["other"]);
    check(
        BrowseFilter {
            connections,
            ..all()
        },
        &[],
    );
    let statuses = list(&["private"]);
    check(BrowseFilter { statuses, ..all() }, &[]);
    let states = vec![ItemState::Gone];
    check(BrowseFilter { states, ..all() }, &[]);
    let scope = EntityScope::Containers("none".to_owned());
    check(BrowseFilter { scope, ..all() }, &[]);
    let scope = EntityScope::Everything;
    let everything = BrowseFilter { scope, ..all() };
    assert_eq!(browser.count("", &everything).unwrap(), 9);
}

pub async fn conditions_select_items_and_containers() {
    let scratch = Scratch::library().await;
    let browser = scratch.browser();
    let check = |scope: EntityScope, condition: Condition, found: &[&str]| {
        let filter = BrowseFilter {
            scope,
            conditions: vec![condition],
            ..BrowseFilter::default()
        };
        assert_eq!(select(&browser, filter.clone()), found, "{filter:?}");
    };
    let items = |condition, found: &[&str]| check(EntityScope::Items, condition, found);
    let books = |condition, found: &[&str]| {
        check(EntityScope::Containers("book".to_owned()), condition, found);
    };
    let name = |name: &str| name.to_owned();
    let described = ["c/b1/p1", "c/b2/p1", "c/b3/p8", "c/b3/p9"];
    items(Condition::WithoutDescription, &described);
    items(Condition::WithoutAddress, &["c/b3/p9"]);
    items(Condition::OwnerStatus(AccountStatus::Removed), &["c/b3/p9"]);
    items(Condition::OutsideOf(name("shelf")), &["c/b3/p8", "c/b3/p9"]);
    items(Condition::WithoutProperty(name("page_status")), &[]);
    items(Condition::WithProperty(name("none")), &[]);
    let stale = Condition::DateBefore {
        property: name("refreshed"),
        before: 6_000,
    };
    books(stale, &["c/book:b1", "c/book:b2"]);
    books(Condition::SharesItems, &["c/book:b1", "c/book:b2"]);
    books(Condition::OutsideOf(name("shelf")), &["c/book:b3"]);
    let groups = browser.duplicates("book", &PageRequest::default());
    let groups = groups.unwrap().entries;
    assert_eq!((groups.len(), groups[0].shared_items), (1, 1));
}

pub async fn facets_count_values_and_ignore_their_own_filter() {
    let scratch = Scratch::library().await;
    let browser = scratch.browser();
    let request = FacetsRequest {
        text: "sales".to_owned(),
        filter: BrowseFilter {
            containers: vec!["c/book:b2".to_owned()],
            ..BrowseFilter::default()
        },
        max_values: 10,
    };
    let facets = browser.facets(&request).unwrap();
    assert_eq!(facets.total, 1);
    let counts = |facet: &crate::browse::Facet| {
        let values = facet.values.iter();
        values
            .map(|value| (value.label.clone(), value.count, value.is_selected))
            .collect::<Vec<_>>()
    };
    assert_eq!(facets.containers[0].0, BOOK);
    assert_eq!(
        counts(&facets.containers[0].1),
        [
            ("Yearly report".to_owned(), 2, false),
            ("Copy of report".to_owned(), 1, true)
        ]
    );
    assert_eq!(
        counts(&facets.containers[1].1),
        [("Finance shelf".to_owned(), 1, false)]
    );
    assert_eq!(counts(&facets.owners), [("ada".to_owned(), 1, false)]);
    assert_eq!(
        counts(&facets.connections),
        [("Connection".to_owned(), 1, false)]
    );
    assert_eq!(
        counts(&facets.statuses),
        [("published".to_owned(), 1, false)]
    );
    assert_eq!(counts(&facets.states), [("present".to_owned(), 1, false)]);
    let one = browser
        .facets(&FacetsRequest {
            max_values: 1,
            ..request
        })
        .unwrap();
    assert_eq!(one.containers[0].1.more, 1);
    assert_eq!(
        one.containers[0].1.values.len(),
        2,
        "the most frequent and the selected one"
    );
}
