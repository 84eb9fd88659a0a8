//! Random shelves, books and pages of a source, and scans of it.

use catalog_model::{
    AccountStatus, Completeness, ConnectionCode, Contact, Contacts, Container, ContainerKind,
    CustomProperty, Instant, ItemKey, Origin, Place, Precedence, Properties, PropertyValue,
    SourceId, Visualization,
    filter::{FilterRule, RuleId},
};
use catalog_store::{Beginning, Closing, Store, StoreScan, fuse::Removals};
use jiff::Timestamp;

use crate::random::Random;

const SHELF: ContainerKind = ContainerKind {
    id: "shelf",
    label: "Shelf",
};
const BOOK: ContainerKind = ContainerKind {
    id: "book",
    label: "Book",
};
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

/// What a source has.
pub(super) struct Library {
    pub(super) shelves: Vec<Container>,
    pub(super) books: Vec<Container>,
    pub(super) pages: Vec<Page>,
}

pub(super) struct Page {
    pub(super) item: Visualization,
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

pub(super) fn library(random: &mut Random, code: &str) -> Library {
    let some = |random: &mut Random, count: u64, one_in: u64| -> Vec<u64> {
        (0..count).filter(|_| !random.one_in(one_in)).collect()
    };
    let code_of = ConnectionCode::new(code).unwrap();
    let shelves = some(random, 3, 8).into_iter().map(|number| {
        let name = match random.one_in(4) {
            true => text(random, 2),
            false => format!("Shelf {number}"),
        };
        Container::new(&code_of, SHELF, &format!("s{number}"), &name).unwrap()
    });
    let shelves = shelves.collect();
    let books = some(random, 6, 10).into_iter();
    let books = books.map(|number| book(random, &code_of, number)).collect();
    let pages = some(random, 40, 7).into_iter();
    Library {
        shelves,
        books,
        pages: pages.map(|number| page(random, code, number)).collect(),
    }
}

fn book(random: &mut Random, code: &ConnectionCode, number: u64) -> Container {
    let name = match random.one_in(3) {
        true => text(random, 2),
        false => format!("Book {number}"),
    };
    let shelf = random.below(4);
    Container {
        parent: (shelf < 3).then(|| Container::key_of(code, SHELF, &format!("s{shelf}")).unwrap()),
        refreshed: Instant::from_unix_millis(random.below(9) as i64 * 1_000).ok(),
        description: random.one_in(2).then(|| text(random, 3)),
        contacts: owner(random),
        tags: vec![text(random, 1)],
        custom_properties: vec![CustomProperty {
            name: "Department".to_owned(),
            value: text(random, 1),
        }],
        ..Container::new(code, BOOK, &format!("b{number}"), &name).unwrap()
    }
}

fn page(random: &mut Random, code: &str, number: u64) -> Page {
    let book = format!("b{}", number % 6);
    let mut properties = Properties::default();
    let tags = (0..random.below(3)).map(|_| text(random, 1)).collect();
    properties.put("tags", PropertyValue::Tags(tags));
    if !random.one_in(3) {
        properties.put("page_status", PropertyValue::Text(text(random, 1)));
    }
    let container = ItemKey::new([code, &format!("book:{book}")]).unwrap();
    let item = Visualization {
        key: ItemKey::new([code, &book, &format!("p{}", number / 2)]).unwrap(),
        container: Some(container),
        label: vec!["way".to_owned(), "name".to_owned()],
        name: match random.one_in(20) {
            true => String::new(),
            false => text(random, 3),
        },
        description: random.one_in(2).then(|| text(random, 30)),
        contacts: owner(random),
        catalog: None,
        precedence: Precedence::default(),
        properties,
    };
    Page {
        item,
        decision: random.below(24),
    }
}

/// How a scan ends.
pub(super) fn ending(random: &mut Random) -> Result<Completeness, String> {
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

pub(super) async fn run(
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
