//! What people ask, and the answers as text.

use std::collections::BTreeSet;

use catalog_model::{AccountStatus, ChangeKind, follower::EntityKind};
use catalog_store::browse::{
    BrowseFilter, Browser, ChangeRow, ChangesRequest, Facet, FacetsRequest, IndexState,
    OwnerCondition, OwnerSort, OwnersRequest, PageRequest, ScansRequest, SearchRequest, Sort,
};

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

pub(super) fn searched(
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

pub(super) fn faceted(browser: &Browser, text: &str, filter: &BrowseFilter) -> String {
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

pub(super) fn changes(browser: &Browser) -> Vec<BTreeSet<String>> {
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

/// Lists of owners.
pub(super) fn owners(browser: &Browser) -> Vec<String> {
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
    lists
}

/// Scans, copies, and what a text names.
pub(super) fn others(browser: &Browser) -> Vec<String> {
    let mut lists = Vec::new();
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
        let scans = scans.iter();
        let scans = scans.map(|scan| (scan.id, &scan.outcome, &scan.reasons, scan.counts.seen));
        lists.push(format!("{:?}", scans.collect::<Vec<_>>()));
    }
    let groups = walk(1, |page| {
        let page = browser.duplicates("book", &page).unwrap();
        (page.entries, page.next)
    });
    lists.push(format!("{groups:?}"));
    for text in ["b1", "c/book:b2", "https://host/s1", "sales"] {
        lists.push(format!("{:?}", browser.named_containers(text).unwrap()));
    }
    lists
}

/// Numbers over time, and those of the first page.
pub(super) fn numbers(browser: &Browser) -> Vec<String> {
    let of_one = browser.days(&["c".to_owned()], 1_700_050_000_000);
    let summary = browser.summary(1_700_000_000_000).unwrap();
    let connections = summary.connections.iter().map(|one| {
        let last = one.last_scan.as_ref().map(|scan| scan.id);
        format!(
            "{:?} {last:?} {:?} {} {:?}",
            one.connection, one.last_complete, one.items, one.changes
        )
    });
    let connections: Vec<_> = connections.collect();
    vec![
        format!("{:?}", browser.days(&[], 0).unwrap()),
        format!("{:?}", of_one.unwrap()),
        format!("{:?}", browser.series(Some("c"), 0, 4).unwrap()),
        format!(
            "{} {:?} {connections:?} {:?} {} {} {}",
            summary.items,
            summary.containers,
            summary.changes,
            summary.without_description,
            summary.without_address,
            summary.lost_owners
        ),
    ]
}

pub(super) fn entries(browser: &Browser, keys: &BTreeSet<String>) -> Vec<String> {
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
