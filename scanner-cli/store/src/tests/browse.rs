//! The reading interface for people.

use std::collections::BTreeSet;

use catalog_model::{
    AccountStatus, Container, ContainerKind, CustomProperty, Instant, Origin, PropertyDefinition,
    PropertyKind, PropertyValue, follower::EntityKind,
};

use super::*;
use crate::{
    ChangeKind,
    browse::{
        BrowseError, BrowseFilter, BrowseSettings, Browser, ChangesRequest, Condition, EntityScope,
        FacetsRequest, IndexState, OwnerCondition, OwnerSort, OwnersRequest, PageRequest,
        ScansRequest, SearchPage, SearchRequest, Sort, Subject,
    },
};

mod paging;

const BOOK: ContainerKind = ContainerKind {
    id: "book",
    label: "Book",
};
const SHELF: ContainerKind = ContainerKind {
    id: "shelf",
    label: "Shelf",
};

fn settings() -> BrowseSettings {
    BrowseSettings {
        properties: vec![PropertyDefinition {
            name: "page_status",
            label: "Status",
            kind: PropertyKind::Text,
        }],
        tag_properties: vec!["tags".to_owned()],
        status_property: Some("page_status".to_owned()),
        ..BrowseSettings::default()
    }
}

fn code() -> ConnectionCode {
    ConnectionCode::new("c").unwrap()
}

fn shelf(id: &str, name: &str) -> Container {
    Container::new(&code(), SHELF, id, name).unwrap()
}

fn book(id: &str, name: &str, shelf: Option<&str>, refreshed: i64) -> Container {
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

fn owner(account: &str, email: Option<&str>, status: AccountStatus) -> Contacts {
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
fn page(book: &str, id: &str, name: &str) -> Visualization {
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
    fn browser(&self) -> Browser {
        Browser::open(&self.path(), settings()).unwrap()
    }

    async fn scan_library(&self, day: i64, containers: &[Container], pages: &[Visualization]) {
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
    async fn library() -> Self {
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

fn keys(page: &SearchPage) -> Vec<&str> {
    page.hits.iter().map(|hit| hit.entry.key.as_str()).collect()
}

fn find(browser: &Browser, text: &str) -> SearchPage {
    let request = SearchRequest {
        text: text.to_owned(),
        ..SearchRequest::default()
    };
    browser.search(&request).unwrap()
}

fn select(browser: &Browser, filter: BrowseFilter) -> Vec<String> {
    let request = SearchRequest {
        filter,
        sort: Some(Sort::Key),
        ..SearchRequest::default()
    };
    let page = browser.search(&request).unwrap();
    assert_eq!(page.total, page.hits.len() as u64);
    keys(&page).into_iter().map(str::to_owned).collect()
}

#[tokio::test]
async fn words_are_found_in_all_texts_and_those_in_names_come_first() {
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

#[tokio::test]
async fn pasted_keys_and_ids_find_what_they_name_first() {
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

#[tokio::test]
async fn hits_are_marked_in_their_texts() {
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

#[tokio::test]
async fn no_text_is_a_syntax_error() {
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

#[tokio::test]
async fn values_of_a_filter_select_items() {
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

#[tokio::test]
async fn conditions_select_items_and_containers() {
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

#[tokio::test]
async fn facets_count_values_and_ignore_their_own_filter() {
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

#[tokio::test]
async fn an_entry_has_everything_that_is_known() {
    let scratch = Scratch::library().await;
    let browser = scratch.browser();
    let mut changed = page("b1", "p1", "Sales overview");
    changed.description = Some("New".to_owned());
    let books = [
        shelf("s1", "Finance shelf"),
        book("b1", "Renamed", Some("s1"), 1_000),
    ];
    scratch.scan_library(1, &books, &[changed]).await;
    let entry = browser.entry("c/b1/p1").unwrap().unwrap();
    let containers: Vec<_> = entry
        .entry
        .containers
        .iter()
        .map(|one| one.name.as_str())
        .collect();
    assert_eq!(containers, ["Finance shelf", "Renamed"]);
    assert_eq!(entry.properties[0].label, "Status");
    let history: Vec<_> = entry.history.iter().map(|change| change.kind).collect();
    assert_eq!(history, [ChangeKind::Changed, ChangeKind::Added]);
    assert_eq!(entry.history[0].fields[0].new.as_deref(), Some("New"));
    let held = browser.container("c", "book", "b1").unwrap().unwrap();
    assert_eq!(held.items, Some(1));
    assert!(matches!(held.entry.subject, Subject::Container(_)));
    assert!(browser.entry("c/none").unwrap().is_none());
    // Items of a renamed container are found by its new name alone.
    assert_eq!(find(&browser, "renamed").total, 1);
    assert_eq!(find(&browser, "yearly").total, 0);
    // Gone items are found with this state only.
    assert_eq!(find(&browser, "costs").total, 0);
    let gone = BrowseFilter {
        states: vec![ItemState::Gone],
        ..BrowseFilter::default()
    };
    assert_eq!(select(&browser, gone).len(), 4);
}

#[tokio::test]
async fn owners_are_listed_with_their_items() {
    let scratch = Scratch::library().await;
    let browser = scratch.browser();
    let owners = |condition, sort| {
        let request = OwnersRequest {
            condition,
            sort,
            ..OwnersRequest::default()
        };
        let page = browser.owners(&request).unwrap();
        let owners = page.entries.into_iter();
        owners
            .map(|owner| (owner.name.unwrap(), owner.items))
            .collect::<Vec<_>>()
    };
    let (ada, bob) = (("ada".to_owned(), 4), ("bob".to_owned(), 1));
    let both = [ada, bob.clone()];
    assert_eq!(owners(OwnerCondition::Any, OwnerSort::Items), both);
    assert_eq!(owners(OwnerCondition::Any, OwnerSort::Name), both);
    let bob = [bob];
    let removed = OwnerCondition::Statuses(vec![AccountStatus::Removed]);
    for condition in [OwnerCondition::WithoutAddress, removed] {
        assert_eq!(owners(condition, OwnerSort::Name), bob);
    }
}

#[tokio::test]
async fn changes_and_scans_are_listed_and_counted() {
    let scratch = Scratch::library().await;
    let browser = scratch.browser();
    scratch
        .scan_library(3, &[], &[page("b1", "p1", "Renamed")])
        .await;
    let changes = |kinds: &[ChangeKind], entities| {
        let request = ChangesRequest {
            kinds: kinds.to_vec(),
            entities,
            ..ChangesRequest::default()
        };
        browser.changes(&request).unwrap().entries
    };
    assert_eq!(changes(&[], None).len(), 9 + 1 + 4 + 4);
    let changed = changes(&[ChangeKind::Changed], Some(EntityKind::Item));
    assert_eq!(changed.len(), 1);
    assert_eq!(changed[0].fields[0].old.as_deref(), Some("Sales overview"));
    assert_eq!(
        changes(&[ChangeKind::Removed], Some(EntityKind::Container)).len(),
        4
    );
    let days = browser.days(&[], 0).unwrap();
    let days: Vec<_> = days
        .iter()
        .map(|day| (day.counts.added, day.counts.removed))
        .collect();
    assert_eq!(days, [(0, 4), (5, 0)]);
    let scans = browser.scans(&ScansRequest::default()).unwrap();
    assert_eq!(scans.entries.len(), 2);
    assert_eq!(scans.entries[0].counts.removed, 4);
    assert_eq!(browser.series(Some("c"), 0, 10).unwrap().len(), 2);
    assert_eq!(browser.series(None, 0, 1).unwrap()[0].items, 1);
    let summary = browser.summary(at(2).as_millisecond()).unwrap();
    assert_eq!(
        (
            summary.items,
            summary.changes.removed,
            summary.changes.added
        ),
        (1, 4, 0)
    );
    assert_eq!(summary.connections[0].items, 1);
    assert!(!summary.connections[0].is_failing());
}

#[tokio::test]
async fn an_item_that_can_be_read_again_has_its_state_again() {
    let scratch = Scratch::new();
    scratch.scan(0, &[("a", "A"), ("b", "B")]).await;
    let browser = scratch.browser();
    let unreadable = BrowseFilter {
        states: vec![ItemState::Unreadable],
        ..BrowseFilter::default()
    };
    assert!(select(&browser, unreadable.clone()).is_empty());
    let mut scan = scratch.begin(1).await;
    see(&mut scan, "a", "A", Contacts::Unknown);
    scan.unreadable(&SourceId("id-b".to_owned()));
    close(scan, 1).await.unwrap();
    browser.update().unwrap();
    assert_eq!(select(&browser, unreadable.clone()), ["c/b"]);
    scratch.scan(2, &[("a", "A"), ("b", "B")]).await;
    browser.update().unwrap();
    assert!(select(&browser, unreadable).is_empty());
    assert_eq!(browser.count("", &BrowseFilter::default()).unwrap(), 2);
}

#[tokio::test]
async fn items_of_a_failed_first_scan_and_of_a_running_one_are_not_found() {
    let scratch = Scratch::new();
    let mut scan = scratch.begin(0).await;
    see(&mut scan, "a", "A", Contacts::Unknown);
    scan.flush().await.unwrap();
    let browser = scratch.browser();
    browser.update().unwrap();
    assert_eq!(find(&browser, "").total, 0);
    close(scan, 0).await.unwrap();
    assert_eq!(find(&browser, "").total, 1);
}

#[tokio::test]
async fn a_forgotten_connection_leaves_no_index() {
    let scratch = Scratch::library().await;
    let browser = scratch.browser();
    find(&browser, "sales");
    let index = scratch.path().with_extension("index");
    assert!(index.exists());
    drop(browser);
    let (
        path,
        Scratch {
            folder: kept,
            store,
        },
    ) = (scratch.path(), scratch);
    drop(store);
    crate::forget(&path, "c").unwrap();
    assert!(!index.exists());
    let browser = Browser::open(&path, settings()).unwrap();
    assert_eq!(find(&browser, "").total, 0);
    drop(kept);
}

#[tokio::test]
async fn a_store_that_does_not_exist_yet_is_an_error_of_the_request() {
    let folder = tempfile::tempdir().unwrap();
    let browser = Browser::open(&folder.path().join("catalog.db"), settings()).unwrap();
    let found = browser.search(&SearchRequest::default());
    assert!(matches!(found, Err(BrowseError::NoStore)), "{found:?}");
}

#[tokio::test]
async fn an_index_that_cannot_be_written_is_in_a_temporary_folder() {
    let scratch = Scratch::library().await;
    // No database can be created in its place.
    std::fs::create_dir(scratch.path().with_extension("index")).unwrap();
    assert_eq!(find(&scratch.browser(), "sales").total, 3);
}

#[tokio::test]
async fn an_index_that_is_no_database_is_created_again() {
    let scratch = Scratch::library().await;
    let index = scratch.path().with_extension("index");
    std::fs::write(
        index,
        "no database, but long enough to be read as one".repeat(100),
    )
    .unwrap();
    assert_eq!(find(&scratch.browser(), "sales").total, 3);
}

#[tokio::test]
async fn an_update_that_was_killed_is_continued() {
    let scratch = Scratch::new();
    let keys: Vec<_> = (0..50).map(|number| format!("k{number}")).collect();
    let items: Vec<_> = keys.iter().map(|key| (key.as_str(), "Name")).collect();
    scratch.scan(0, &items).await;
    scratch.browser().update().unwrap();
    let index = rusqlite::Connection::open(scratch.path().with_extension("index")).unwrap();
    index
        .execute_batch(
            "DELETE FROM search WHERE rowid > 16; DELETE FROM doc WHERE id > 16; DELETE FROM event; \
             DELETE FROM hour; DELETE FROM meta WHERE name IN ('position', 'last_scan'); \
             INSERT INTO meta VALUES ('pass', 16)",
        )
        .unwrap();
    let browser = scratch.browser();
    assert_eq!(find(&browser, "name").total, 50);
    let days = browser.days(&[], 0).unwrap();
    assert_eq!(days[0].counts.added, 50);
    let sql = "SELECT count(*) FROM search WHERE search MATCH 'name'";
    let found: i64 = index.query_row(sql, [], |row| row.get(0)).unwrap();
    assert_eq!(found, 50);
}

#[tokio::test]
async fn a_restored_store_has_a_new_index() {
    let scratch = Scratch::library().await;
    let browser = scratch.browser();
    assert_eq!(find(&browser, "sales").total, 3);
    let backup = scratch.folder.path().join("catalog.backup");
    crate::back_up(&scratch.path(), &backup).unwrap();
    scratch
        .scan_library(1, &[], &[page("b1", "p1", "Other")])
        .await;
    assert_eq!(find(&browser, "other").total, 1);
    let (
        path,
        Scratch {
            folder: kept,
            store,
        },
    ) = (scratch.path(), scratch);
    drop(store);
    drop(browser);
    crate::restore(&path, &backup).unwrap();
    let browser = Browser::open(&path, settings()).unwrap();
    browser.update().unwrap();
    assert_eq!(find(&browser, "other").total, 0);
    assert_eq!(find(&browser, "sales").total, 3);
    drop(browser);
    drop(kept);
}

#[tokio::test]
async fn requests_do_not_wait_for_a_transaction_of_a_scan() {
    let scratch = Scratch::library().await;
    let browser = scratch.browser();
    let version = browser.version().unwrap();
    let writer = rusqlite::Connection::open(scratch.path()).unwrap();
    writer
        .execute_batch("BEGIN IMMEDIATE; UPDATE item SET state = 3; DELETE FROM change")
        .unwrap();
    // Uncommitted changes are not seen, and no request fails.
    assert_eq!(find(&browser, "sales").total, 3);
    browser.update().unwrap();
    assert_eq!(browser.version().unwrap(), version);
    assert_eq!(browser.entry("c/b1/p1").unwrap().unwrap().history.len(), 1);
    writer.execute_batch("ROLLBACK").unwrap();
}
