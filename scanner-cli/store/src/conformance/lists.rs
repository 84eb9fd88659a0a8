//! Entries, owners, changes, and scans.

use catalog_model::{AccountStatus, ChangeKind, Container, ItemState, follower::EntityKind};

use super::library::{book, find, page, select, shelf};
use crate::{
    browse::{
        BrowseFilter, ChangesRequest, OwnerCondition, OwnerSort, OwnersRequest, ScansRequest,
        Subject,
    },
    scratch::{Scratch, at},
};

pub async fn an_entry_has_everything_that_is_known() {
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

pub async fn a_process_indexes_items_with_the_names_of_containers_that_another_one_has_indexed() {
    let scratch = Scratch::library().await;
    let (one, other) = (scratch.browser(), scratch.browser());
    one.update().unwrap();
    let books = [
        shelf("s1", "Finance shelf"),
        book("b1", "Renamed", Some("s1"), 1_000),
    ];
    let pages = ["p1", "p2"].map(|id| page("b1", id, "Sales overview"));
    scratch.scan_library(1, &books, &pages).await;
    other.update().unwrap();
    let mut changed = pages;
    changed[0].description = Some("New".to_owned());
    scratch.scan_library(2, &books, &changed).await;
    one.update().unwrap();
    for browser in [&one, &other] {
        assert_eq!(find(browser, "renamed").total, 2);
        assert_eq!(find(browser, "yearly").total, 0);
    }
}

pub async fn owners_are_listed_with_their_items() {
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

pub async fn changes_and_scans_are_listed_and_counted() {
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
    let since = |day| {
        let request = ChangesRequest {
            since: Some(at(day).as_millisecond()),
            ..ChangesRequest::default()
        };
        browser.changes(&request).unwrap().entries.len()
    };
    assert_eq!([0, 1, 3, 4].map(since), [18, 9, 9, 0]);
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

pub async fn what_a_container_holds_is_found_by_the_new_names_of_all_containers_around_it() {
    let scratch = Scratch::library().await;
    let browser = scratch.browser();
    assert_eq!(find(&browser, "finance").total, 3);
    let pages = [
        page("b1", "p1", "Sales overview"),
        page("b2", "p1", "Sales overview (copy)"),
    ];
    let books = |first: &str| {
        [
            book("b1", "Yearly report", Some(first), 1_000),
            book("b2", "Copy of report", Some("s1"), 5_000),
        ]
    };
    let with = |shelves: &[Container], books: [Container; 2]| [shelves, &books].concat();
    // The shelf has another name.
    let containers = with(&[shelf("s1", "Archive")], books("s1"));
    scratch.scan_library(1, &containers, &pages).await;
    assert_eq!(find(&browser, "finance").total, 0);
    assert_eq!(find(&browser, "archive").total, 2);
    // A book is on another shelf.
    let shelves = [shelf("s1", "Archive"), shelf("s2", "Window")];
    scratch
        .scan_library(2, &with(&shelves, books("s2")), &pages)
        .await;
    assert_eq!(find(&browser, "archive").total, 1);
    assert_eq!(find(&browser, "window").total, 1);
    let held = BrowseFilter {
        containers: vec!["c/shelf:s2".to_owned()],
        ..BrowseFilter::default()
    };
    assert_eq!(select(&browser, held), ["c/b1/p1"]);
}
