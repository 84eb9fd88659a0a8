//! The same random scans into a store on SQLite and into one in PostgreSQL: people find, count and read the same in both.

use std::collections::BTreeSet;

use catalog_model::{
    AccountStatus, ChangeKind, Completeness, ConnectionCode, Contact, Contacts, Container,
    ContainerKind, CustomProperty, Instant, ItemKey, ItemState, Origin, Place, Precedence,
    Properties, PropertyValue, SourceId, Visualization,
    filter::{FilterRule, RuleId},
    follower::EntityKind,
};
use catalog_store::{
    Beginning, Closing, Store, StoreLocation, StoreScan,
    browse::{
        BrowseFilter, BrowseSettings, Browser, ChangeRow, ChangesRequest, Condition, EntityScope,
        Facet, FacetsRequest, IndexState, OwnerCondition, OwnerSort, OwnersRequest, PageRequest,
        ScansRequest, SearchRequest, Sort,
    },
    fuse::Removals,
};
use jiff::{SignedDuration, Timestamp};

use crate::{random::Random, server::new_store};

const SHELF: ContainerKind = ContainerKind {
    id: "shelf",
    label: "Shelf",
};
const BOOK: ContainerKind = ContainerKind {
    id: "book",
    label: "Book",
};
const CODES: [&str; 2] = ["c", "d"];
const WORDS: [&str; 12] = [
    "sales",
    "Sales",
    "costs",
    "Überblick",
    "uberblick",
    "売上高",
    "plan-2024",
    "O'Neill",
    "größer",
    "naïve",
    "a",
    "\\back",
];
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

/// What a source has.
struct Library {
    shelves: Vec<Container>,
    books: Vec<Container>,
    pages: Vec<Page>,
}

struct Page {
    item: Visualization,
    decision: u64,
}

fn text(random: &mut Random, most: u64) -> String {
    let count = 1 + random.below(most);
    let words = (0..count).map(|_| WORDS[random.below(WORDS.len() as u64) as usize]);
    words.collect::<Vec<_>>().join(" ")
}

fn owner(random: &mut Random) -> Contacts {
    let (name, status) = match random.below(5) {
        0 => return Contacts::Unknown,
        1 => return Contacts::Known(Vec::new()),
        2 => ("ada", AccountStatus::Active),
        3 => ("bob", AccountStatus::Removed),
        _ => ("Chloé", AccountStatus::Inactive),
    };
    Contacts::Known(vec![Contact {
        role: "owner".into(),
        email: (name != "bob").then(|| format!("{name}@example.com")),
        name: Some(name.to_owned()),
        account: Some(format!("EXT\\{name}")),
        status: Some(status),
        email_since: 1,
    }])
}

fn library(random: &mut Random, code: &str) -> Library {
    let code_of = ConnectionCode::new(code).unwrap();
    let container = |kind, id: &str, name: &str| Container::new(&code_of, kind, id, name).unwrap();
    let shelves = (0..3).filter(|_| !random.one_in(8)).collect::<Vec<_>>();
    let shelves = shelves.into_iter().map(|number| {
        let name = if random.one_in(4) {
            text(random, 2)
        } else {
            format!("Shelf {number}")
        };
        container(SHELF, &format!("s{number}"), &name)
    });
    let shelves = shelves.collect();
    let books = (0..6).filter(|_| !random.one_in(10)).collect::<Vec<_>>();
    let books = books.into_iter().map(|number| {
        let name = if random.one_in(3) {
            text(random, 2)
        } else {
            format!("Book {number}")
        };
        let shelf = random.below(4);
        Container {
            parent: (shelf < 3)
                .then(|| Container::key_of(&code_of, SHELF, &format!("s{shelf}")).unwrap()),
            refreshed: Instant::from_unix_millis(random.below(9) as i64 * 1_000).ok(),
            description: random.one_in(2).then(|| text(random, 3)),
            contacts: owner(random),
            tags: vec![text(random, 1)],
            custom_properties: vec![CustomProperty {
                name: "Department".to_owned(),
                value: text(random, 1),
            }],
            ..container(BOOK, &format!("b{number}"), &name)
        }
    });
    let books = books.collect();
    let mut pages = Vec::new();
    for number in 0..40_u64 {
        if random.one_in(7) {
            continue;
        }
        let book = number % 6;
        let mut properties = Properties::default();
        let tags = (0..random.below(3)).map(|_| text(random, 1)).collect();
        properties.put("tags", PropertyValue::Tags(tags));
        if !random.one_in(3) {
            properties.put("page_status", PropertyValue::Text(text(random, 1)));
        }
        let item = Visualization {
            key: ItemKey::new([code, &format!("b{book}"), &format!("p{}", number / 2)]).unwrap(),
            container: Some(Container::key_of(&code_of, BOOK, &format!("b{book}")).unwrap()),
            label: vec!["way".to_owned(), "name".to_owned()],
            name: if random.one_in(20) {
                String::new()
            } else {
                text(random, 3)
            },
            description: random.one_in(2).then(|| text(random, 30)),
            contacts: owner(random),
            catalog: None,
            precedence: Precedence::default(),
            properties,
        };
        pages.push(Page {
            item,
            decision: random.below(24),
        });
    }
    Library {
        shelves,
        books,
        pages,
    }
}

/// How a scan ends.
fn ending(random: &mut Random) -> Result<Completeness, String> {
    match random.below(8) {
        0 => Err("broken".to_owned()),
        1 => Ok(Completeness::Partial(vec!["some".to_owned()])),
        _ => Ok(Completeness::Complete),
    }
}

fn see(scan: &mut StoreScan, library: &Library) {
    for container in library.shelves.iter().chain(&library.books) {
        scan.container(container).unwrap();
    }
    for page in &library.pages {
        let id = SourceId(format!("id-{}", page.item.key));
        let record = (Precedence::default(), Some(&id));
        let rule = FilterRule {
            id: RuleId(0),
            name: "rule".to_owned(),
            place: Place::new("a.conf", 9, 3),
            text: String::new(),
        };
        match page.decision {
            0 => scan.excluded(&page.item.key, record, &rule),
            1 => scan.undecided(&page.item.key, record),
            2 => scan.unreadable(&id),
            _ => scan.item(&page.item, &Origin::from(Some(id))).unwrap(),
        }
    }
}

async fn run(
    store: &Store,
    (code, number): (&str, i64),
    library: &Library,
    statement: &Result<Completeness, String>,
) {
    let time = Timestamp::from_second(1_700_000_000 + number * 7_200).unwrap();
    let beginning = Beginning {
        code: ConnectionCode::new(code).unwrap(),
        name: format!("Connection {code}"),
        key_parts: vec!["book", "page"],
        revisions: Vec::new(),
        time,
    };
    let mut scan = store.begin(beginning).await.unwrap();
    see(&mut scan, library);
    let closing = Closing {
        statement: statement.clone(),
        time,
        site_version: None,
        bytes: 7,
        removals: Removals::Accepted,
        advice: String::new(),
    };
    scan.close(closing).await.unwrap();
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
    let with = |condition| BrowseFilter {
        scope: EntityScope::Everything,
        conditions: vec![condition],
        ..all()
    };
    let books = EntityScope::Containers("book".to_owned());
    vec![
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
        with(Condition::WithoutDescription),
        with(Condition::WithoutAddress),
        with(Condition::OwnerStatus(AccountStatus::Removed)),
        with(Condition::WithoutProperty("page_status".to_owned())),
        with(Condition::WithProperty("refreshed".to_owned())),
        with(Condition::OutsideOf("shelf".to_owned())),
        with(Condition::DateBefore {
            property: "refreshed".to_owned(),
            before: 4_000,
        }),
        with(Condition::SharesItems),
    ]
}

/// All pages of a list.
fn walk<T>(limit: usize, mut page: impl FnMut(PageRequest) -> (Vec<T>, Option<String>)) -> Vec<T> {
    let (mut all, mut cursor) = (Vec::new(), None);
    loop {
        let (entries, next) = page(PageRequest { limit, cursor });
        assert!(entries.len() <= limit);
        all.extend(entries);
        cursor = next;
        if cursor.is_none() {
            return all;
        }
    }
}

fn searched(
    browser: &Browser,
    text: &str,
    filter: &BrowseFilter,
    sort: Option<Sort>,
) -> Vec<String> {
    let mut total = 0;
    let hits = walk(7, |page| {
        let request = SearchRequest {
            text: text.to_owned(),
            filter: filter.clone(),
            sort,
            page,
            has_highlights: true,
        };
        let page = browser.search(&request).unwrap();
        assert_eq!(page.index, IndexState::Current);
        total = page.total;
        (page.hits, page.next)
    });
    assert_eq!(total, hits.len() as u64);
    let hits = hits.iter();
    hits.map(|hit| format!("{:?} {:?} {:?}", hit.entry, hit.items, hit.highlights))
        .collect()
}

/// The values of a facet. Which of equally frequent ones comes first does not matter.
fn values(facet: &Facet) -> BTreeSet<String> {
    facet
        .values
        .iter()
        .map(|value| format!("{value:?}"))
        .collect()
}

fn faceted(browser: &Browser, text: &str, filter: &BrowseFilter) -> String {
    let request = FacetsRequest {
        text: text.to_owned(),
        filter: filter.clone(),
        max_values: 100,
    };
    let facets = browser.facets(&request).unwrap();
    let containers = facets.containers.iter();
    let containers: Vec<_> = containers
        .map(|(kind, facet)| (kind.id, values(facet)))
        .collect();
    let others = [
        &facets.connections,
        &facets.owners,
        &facets.tags,
        &facets.statuses,
        &facets.states,
    ];
    format!("{} {containers:?} {:?}", facets.total, others.map(values))
}

/// A change without its position, which depends on the order of the comparison.
fn change(row: &ChangeRow) -> String {
    format!(
        "{} {} {} {} {} {:?} {:?} {:?} {:?} {:?}",
        row.scan,
        row.time,
        row.connection,
        row.key,
        row.name,
        row.containers,
        row.entity,
        row.kind,
        row.fields,
        row.rule
    )
}

fn changed(browser: &Browser, request: &ChangesRequest) -> BTreeSet<String> {
    let rows = walk(9, |page| {
        let page = browser
            .changes(&ChangesRequest {
                page,
                ..request.clone()
            })
            .unwrap();
        (page.entries, page.next)
    });
    assert!(rows.is_sorted_by(|one, next| one.seq > next.seq));
    let scans: BTreeSet<_> = rows.iter().map(change).collect();
    assert_eq!(scans.len(), rows.len(), "each change is listed once");
    scans
}

fn changes(browser: &Browser) -> Vec<BTreeSet<String>> {
    let all = ChangesRequest::default;
    let time = 1_700_000_000_000 + 4 * 7_200_000;
    let requests = [
        all(),
        ChangesRequest {
            connections: vec!["d".to_owned()],
            ..all()
        },
        ChangesRequest {
            kinds: vec![ChangeKind::Removed, ChangeKind::Returned],
            ..all()
        },
        ChangesRequest {
            kinds: vec![ChangeKind::Excluded],
            ..all()
        },
        ChangesRequest {
            entities: Some(EntityKind::Container),
            ..all()
        },
        ChangesRequest {
            scan: Some(3),
            entities: Some(EntityKind::Item),
            ..all()
        },
        ChangesRequest {
            since: Some(time),
            ..all()
        },
        ChangesRequest {
            until: Some(time),
            since: Some(time - 7_200_000),
            ..all()
        },
    ];
    requests
        .iter()
        .map(|request| changed(browser, request))
        .collect()
}

fn listed(browser: &Browser) -> Vec<String> {
    let mut lists = Vec::new();
    for sort in [OwnerSort::Name, OwnerSort::Items] {
        for (condition, text) in [
            (OwnerCondition::Any, ""),
            (OwnerCondition::Any, "CHLO"),
            (OwnerCondition::WithoutAddress, ""),
            (OwnerCondition::Statuses(vec![AccountStatus::Inactive]), "a"),
        ] {
            let owners = walk(2, |page| {
                let page = browser.owners(&OwnersRequest {
                    connections: Vec::new(),
                    text: text.to_owned(),
                    condition: condition.clone(),
                    sort,
                    page,
                });
                let page = page.unwrap();
                (page.entries, page.next)
            });
            lists.push(format!("{owners:?}"));
        }
    }
    for outcome in ["", "complete", "failed"] {
        let outcomes = Some(outcome.to_owned()).filter(|outcome| !outcome.is_empty());
        let scans = walk(3, |page| {
            let page = browser.scans(&ScansRequest {
                connections: Vec::new(),
                outcomes: outcomes.clone().into_iter().collect(),
                page,
            });
            let page = page.unwrap();
            (page.entries, page.next)
        });
        let scans = scans
            .iter()
            .map(|scan| (scan.id, &scan.outcome, &scan.reasons, scan.counts.seen));
        lists.push(format!("{:?}", scans.collect::<Vec<_>>()));
    }
    let groups = walk(1, |page| {
        let page = browser.duplicates("book", &page).unwrap();
        (page.entries, page.next)
    });
    lists.push(format!("{groups:?}"));
    lists.push(format!("{:?}", browser.days(&[], 0).unwrap()));
    lists.push(format!(
        "{:?}",
        browser.days(&["c".to_owned()], 1_700_050_000_000).unwrap()
    ));
    lists.push(format!("{:?}", browser.series(Some("c"), 0, 4).unwrap()));
    for text in ["b1", "c/book:b2", "https://host/s1", "sales"] {
        lists.push(format!("{:?}", browser.named_containers(text).unwrap()));
    }
    let summary = browser.summary(1_700_000_000_000).unwrap();
    let connections = summary.connections.iter().map(|one| {
        let last = one.last_scan.as_ref().map(|scan| scan.id);
        format!(
            "{:?} {last:?} {:?} {} {:?}",
            one.connection, one.last_complete, one.items, one.changes
        )
    });
    lists.push(format!(
        "{} {:?} {:?} {:?} {} {} {}",
        summary.items,
        summary.containers,
        connections.collect::<Vec<_>>(),
        summary.changes,
        summary.without_description,
        summary.without_address,
        summary.lost_owners
    ));
    lists
}

fn entries(browser: &Browser, keys: &BTreeSet<String>) -> Vec<String> {
    let entries = keys.iter().map(|key| {
        let found = browser.entry(key).unwrap();
        let found = found.map(|detail| {
            // Changes of one item are in one order.
            let history: Vec<_> = detail.history.iter().map(change).collect();
            format!(
                "{:?} {:?} {:?} {history:?}",
                detail.entry, detail.items, detail.properties
            )
        });
        format!("{key} {found:?}")
    });
    entries.collect()
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
    same(browsers, &format!("{when}: lists"), listed);
    same(browsers, &format!("{when}: entries"), |browser| {
        entries(browser, keys)
    });
}

#[tokio::test]
async fn people_find_the_same_on_sqlite_and_in_postgresql() {
    for seed in 0..4 {
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
