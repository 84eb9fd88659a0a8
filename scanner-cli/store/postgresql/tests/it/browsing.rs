//! The same random scans into a store on SQLite and into one in PostgreSQL: people find, count and read the same in both.

use std::collections::BTreeSet;

use catalog_model::{AccountStatus, ItemState};
use catalog_store::{
    Store, StoreLocation,
    browse::{BrowseFilter, BrowseSettings, Browser, Condition, EntityScope, Sort},
};
use jiff::SignedDuration;

use crate::{random::Random, server::new_store};

mod answers;
mod library;

use answers::{changes, entries, faceted, numbers, others, owners, searched};
use library::{ending, library, run};

const CODES: [&str; 2] = ["c", "d"];
/// What is searched: words, beginnings of words, phrases, keys, ids, and texts without words.
const SEARCHES: [&str; 24] = [
    "",
    "sales",
    "sal",
    "SALES cost",
    "\"sales costs\"",
    "ubeRblick",
    "über",
    "売上",
    "上高",
    "plan",
    "plan-2024",
    "\"2024 sales\"",
    "o'neill",
    "größ",
    "naive",
    "a",
    "\\",
    "*",
    "c/b1/p3",
    "id-c/b1/p3",
    "https://host/book/b1/page/p3",
    "b1",
    "mailto:ada@example.com",
    "shelf",
];

fn settings() -> BrowseSettings {
    BrowseSettings {
        tag_properties: vec!["tags".to_owned()],
        status_property: Some("page_status".to_owned()),
        time_limit: std::time::Duration::from_secs(60),
        ..BrowseSettings::default()
    }
}

/// Filters, each with something else.
fn filters() -> Vec<BrowseFilter> {
    let all = BrowseFilter::default;
    let list = |texts: &[&str]| {
        texts
            .iter()
            .map(|text| (*text).to_owned())
            .collect::<Vec<_>>()
    };
    let books = EntityScope::Containers("book".to_owned());
    let mut filters = vec![
        all(),
        BrowseFilter {
            scope: EntityScope::Everything,
            states: ItemState::ALL.to_vec(),
            ..all()
        },
        BrowseFilter {
            scope: books,
            ..all()
        },
        BrowseFilter {
            connections: list(&["d", "none"]),
            ..all()
        },
        BrowseFilter {
            containers: list(&["c/shelf:s1", "c/book:b1", "c/book:b2"]),
            ..all()
        },
        BrowseFilter {
            owners: list(&["c/EXT\\ada", "d/EXT\\bob"]),
            ..all()
        },
        BrowseFilter {
            tags: list(&["sales", "größer"]),
            ..all()
        },
        BrowseFilter {
            statuses: list(&["Überblick", "a"]),
            states: vec![ItemState::Gone],
            ..all()
        },
        BrowseFilter {
            states: vec![ItemState::Excluded, ItemState::Unreadable],
            ..all()
        },
    ];
    filters.extend(conditions().map(|condition| BrowseFilter {
        scope: EntityScope::Everything,
        conditions: vec![condition],
        ..all()
    }));
    filters
}

fn conditions() -> [Condition; 8] {
    [
        Condition::WithoutDescription,
        Condition::WithoutAddress,
        Condition::OwnerStatus(AccountStatus::Removed),
        Condition::WithoutProperty("page_status".to_owned()),
        Condition::WithProperty("refreshed".to_owned()),
        Condition::OutsideOf("shelf".to_owned()),
        Condition::DateBefore {
            property: "refreshed".to_owned(),
            before: 4_000,
        },
        Condition::SharesItems,
    ]
}

/// Asks both, and compares the answers.
fn same<T: std::fmt::Debug>(browsers: &[Browser; 2], what: &str, ask: impl Fn(&Browser) -> T) {
    let [one, other] = browsers;
    let [one, other] = [one, other].map(|browser| format!("{:#?}", ask(browser)));
    let mut lines = one.lines().zip(other.lines());
    let differs = lines.find(|(one, other)| one != other);
    assert!(one == other, "{what}\n{differs:#?}");
}

fn compare(browsers: &[Browser; 2], random: &mut Random, keys: &BTreeSet<String>, when: &str) {
    for browser in browsers {
        browser.update().unwrap();
    }
    for text in SEARCHES {
        let filters = filters();
        let filter = &filters[random.below(filters.len() as u64) as usize];
        let sort = [
            None,
            Some(Sort::Name),
            Some(Sort::Key),
            Some(Sort::Changed),
            Some(Sort::FirstSeen),
        ];
        let sort = sort[random.below(5) as usize];
        same(
            browsers,
            &format!("{when}: `{text}` by {sort:?}"),
            |browser| searched(browser, text, &BrowseFilter::default(), sort),
        );
        same(
            browsers,
            &format!("{when}: `{text}` by {sort:?} with {filter:?}"),
            |browser| {
                (
                    searched(browser, text, filter, sort),
                    faceted(browser, text, filter),
                )
            },
        );
    }
    for filter in filters() {
        same(browsers, &format!("{when}: {filter:?}"), |browser| {
            let text = faceted(browser, "", &filter);
            (browser.count("", &filter).unwrap(), text)
        });
    }
    same(browsers, &format!("{when}: changes"), changes);
    same(browsers, &format!("{when}: owners"), owners);
    same(browsers, &format!("{when}: other lists"), others);
    same(browsers, &format!("{when}: numbers"), numbers);
    same(browsers, &format!("{when}: entries"), |browser| {
        entries(browser, keys)
    });
}

#[tokio::test]
async fn people_find_the_same_on_sqlite_and_in_postgresql() {
    compare_random_scans(0..2).await;
}

#[tokio::test]
#[ignore = "takes minutes; `cargo xtask full` runs it"]
async fn people_find_the_same_after_more_scans() {
    compare_random_scans(2..8).await;
}

/// Runs random scans with these seeds, and compares what people find after each.
async fn compare_random_scans(seeds: std::ops::Range<u64>) {
    for seed in seeds {
        let mut random = Random(seed * 104_729 + 3);
        let folder = tempfile::tempdir().unwrap();
        let sqlite = StoreLocation::from(folder.path().join("catalog.db"));
        let postgresql = new_store();
        let keep = SignedDuration::from_hours(24 * 365);
        let stores = [&sqlite, &postgresql].map(|location| Store::open(location, keep).unwrap());
        let browsers =
            [sqlite, postgresql].map(|location| Browser::open(location, settings()).unwrap());
        let mut keys = BTreeSet::new();
        for number in 0..8 {
            let code = CODES[random.below(2) as usize];
            let library = library(&mut random, code);
            let containers = library.shelves.iter().chain(&library.books);
            keys.extend(containers.map(|container| container.key.to_string()));
            keys.extend(library.pages.iter().map(|page| page.item.key.to_string()));
            let statement = ending(&mut random);
            for store in &stores {
                run(store, (code, number), &library, &statement).await;
            }
            let when = format!("seed {seed}, scan {number} of `{code}`, {statement:?}");
            compare(&browsers, &mut random, &keys, &when);
        }
    }
}
