//! The pages and the API have the same bodies over both kinds of stores.

use std::sync::Arc;

use catalog_model::{
    AccountStatus, Completeness, ConnectionCode, Contact, Contacts, Container, ContainerKind,
    Instant, ItemKey, Origin, Precedence, Properties, PropertyDefinition, PropertyKind,
    PropertyValue, SourceId, Visualization,
};
use catalog_store::{
    Beginning, Closing, Store, StoreLocation,
    browse::{BrowseSettings, Browser},
    fuse::Removals,
};
use catalog_web::ContainerRoute;
use jiff::{SignedDuration, Timestamp};

use crate::{
    server::new_store,
    site::{Client, Served},
};

const BOOK: ContainerKind = ContainerKind {
    id: "book",
    label: "Book",
};
const ROUTES: [ContainerRoute; 1] = [ContainerRoute {
    path: "books",
    kind: "book",
}];
/// All addresses of the catalog, and what readers do there.
const PATHS: [&str; 57] = [
    "/",
    "/search",
    "/search?q=sales",
    "/search?q=%C3%BCber&state=present&state=gone",
    "/search?q=%22page+of%22&sort=changed",
    "/search?q=p7",
    "/search?q=nothing",
    "/search?connection=c&sort=key",
    "/search?limit=10&sort=first_seen",
    "/search.csv",
    "/items/c/b1/p1",
    "/items/c/b1/p3",
    "/items/c/none",
    "/books",
    "/books?q=book",
    "/books.csv",
    "/books/c/b1",
    "/books/c/b2?q=sales",
    "/books/c/none",
    "/owners",
    "/owners?q=ada",
    "/owners.csv",
    "/changes",
    "/changes?kind=removed",
    "/changes?entity=container",
    "/changes.csv",
    "/scans",
    "/scans?outcome=complete",
    "/scans.csv",
    "/connections",
    "/quality",
    "/quality/without-description",
    "/quality/without-description.csv",
    "/quality/unknown",
    "/feed.atom",
    "/api/v1/items",
    "/api/v1/items?limit=7",
    "/api/v1/items?q=sales&connection=c&state=present&state=gone",
    "/api/v1/items?q=page&limit=3&sort=key",
    "/api/v1/items/c/b1/p1",
    "/api/v1/items/c/none",
    "/api/v1/books",
    "/api/v1/books/c/b1",
    "/api/v1/facets?q=sales",
    "/api/v1/facets",
    "/api/v1/changes",
    "/api/v1/changes?limit=4",
    "/api/v1/changes?since=2023-11-15",
    "/api/v1/scans",
    "/api/v1/owners",
    "/api/v1/owners?limit=1",
    "/api/v1/quality",
    "/api/v1/quality/without-address",
    "/api/v1/connections",
    "/api/v1/followers",
    "/api/v1/summary",
    "/api/v1/items?limit=0",
];

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

fn owner(name: &str, status: AccountStatus) -> Contacts {
    Contacts::Known(vec![Contact {
        role: "owner".into(),
        email: (name != "bob").then(|| format!("{name}@example.com")),
        name: Some(name.to_owned()),
        account: Some(format!("EXT\\{name}")),
        status: Some(status),
        email_since: 1,
    }])
}

fn book(number: u64) -> Container {
    Container {
        refreshed: Instant::from_unix_millis(1_000 * number as i64).ok(),
        description: (number != 2).then(|| format!("About book {number}")),
        contacts: owner("ada", AccountStatus::Active),
        tags: vec!["paper".to_owned()],
        ..Container::new(
            &code(),
            BOOK,
            &format!("b{number}"),
            format!("Book <{number}>"),
        )
        .unwrap()
    }
}

fn page(number: u64, day: i64) -> Visualization {
    let book = number % 3;
    let mut properties = Properties::default();
    let status = if number.is_multiple_of(2) {
        "published"
    } else {
        "private"
    };
    properties.put("page_status", PropertyValue::Text(status.to_owned()));
    let tags = vec![format!("tag {}", number % 4), "größer".to_owned()];
    properties.put("tags", PropertyValue::Tags(tags));
    let is_changed = day > 0 && number.is_multiple_of(5);
    Visualization {
        key: ItemKey::new(["c", &format!("b{book}"), &format!("p{number}")]).unwrap(),
        container: Some(Container::key_of(&code(), BOOK, &format!("b{book}")).unwrap()),
        label: vec![format!("Book {book}"), format!("Page {number}")],
        name: match number % 4 {
            0 => format!("Sales & costs {number}"),
            1 => format!("Über page {number}"),
            _ => format!("Page of {number}{}", if is_changed { " (new)" } else { "" }),
        },
        description: (!number.is_multiple_of(3))
            .then(|| format!("Sales of day {}", if is_changed { day } else { 0 })),
        contacts: match number % 3 {
            0 => owner("ada", AccountStatus::Active),
            1 => owner("bob", AccountStatus::Removed),
            _ => Contacts::Unknown,
        },
        catalog: None,
        precedence: Precedence::default(),
        properties,
    }
}

/// Two scans: the second one changes some pages, and does not see others.
pub(crate) async fn fill(location: &StoreLocation) {
    let store = Store::open(location, SignedDuration::from_hours(24 * 365)).unwrap();
    for day in 0..2 {
        let time = Timestamp::from_second(1_700_000_000 + day * 86_400).unwrap();
        let beginning = Beginning {
            code: code(),
            name: "Connection".to_owned(),
            key_parts: vec!["book", "page"],
            revisions: Vec::new(),
            time,
        };
        let mut scan = store.begin(beginning).await.unwrap();
        for number in 0..(3 - u64::from(day > 0)) {
            scan.container(&book(number)).unwrap();
        }
        for number in 0..40_u64 {
            if day == 0 || !number.is_multiple_of(7) {
                let page = page(number, day);
                let id = SourceId(format!("id-{}", page.key));
                scan.item(&page, &Origin::from(Some(id))).unwrap();
            }
        }
        let closing = Closing {
            statement: Ok(Completeness::Complete),
            time,
            site_version: Some("1.0".to_owned()),
            bytes: 4_711,
            removals: Removals::Accepted,
            advice: String::new(),
        };
        scan.close(closing).await.unwrap();
    }
}

/// Minimum number of hexadecimal digits in a cursor.
const CURSOR_DIGITS: usize = 60;

/// A body without the id of the store, which is random, and without cursors, which contain the state of its index.
fn neutral(browser: &Arc<Browser>, body: &str) -> String {
    let body = body.replace(&browser.store_id().unwrap(), "STORE");
    let words = body.split_inclusive(|char: char| !char.is_ascii_hexdigit());
    let words = words.map(|word| match word.len() {
        CURSOR_DIGITS.. => "CURSOR",
        _ => word,
    });
    words.collect()
}

#[test]
fn pages_and_the_api_have_the_same_bodies_over_both_kinds_of_stores() {
    let folder = tempfile::tempdir().unwrap();
    let stores = [
        StoreLocation::from(folder.path().join("catalog.db")),
        new_store(),
    ];
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    for store in &stores {
        runtime.block_on(fill(store));
    }
    let [sqlite, postgresql] =
        stores.map(|store| Served::start(store, settings(), &ROUTES).unwrap());
    for served in [&sqlite, &postgresql] {
        served.browser.update().unwrap();
    }
    let [mut one, mut other] =
        [&sqlite, &postgresql].map(|served| Client::connect(served.address).unwrap());
    let mut bodies = 0;
    for path in PATHS {
        let (status, body) = one.get(path).unwrap();
        let expected = (status, neutral(&sqlite.browser, &body));
        let (status, body) = other.get(path).unwrap();
        let found = (status, neutral(&postgresql.browser, &body));
        let lines = expected.1.lines().zip(found.1.lines());
        let differs = lines.filter(|(one, other)| one != other).take(3);
        let differs: Vec<_> = differs.collect();
        assert!(
            expected == found,
            "{path}: {} {} {differs:#?}",
            expected.0,
            found.0
        );
        bodies += usize::from(status == 200);
    }
    assert!(bodies > 49, "{bodies}");
}
