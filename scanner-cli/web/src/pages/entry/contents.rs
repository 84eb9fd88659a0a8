//! What a container contains.

use catalog_model::ContainerKind;

use crate::{
    address::Address,
    parts::{Hit, Link, Pages},
    store::browse::{
        BrowseEntry, BrowseError, BrowseFilter, Browser, FacetValue, FacetsRequest, SearchPage,
        SearchRequest,
    },
    views::{self, Views},
};

/// Maximum number of containers that are listed.
const MAX_CONTAINERS: usize = 200;

/// The contents as a part of a page.
pub(super) struct Contents {
    pub(super) title: String,
    pub(super) all: Option<Link>,
    pub(super) groups: Vec<Group>,
    pub(super) hits: Vec<Hit>,
    pub(super) pages: Pages,
}

/// A container in it.
pub(super) struct Group {
    pub(super) name: String,
    pub(super) href: String,
    pub(super) detail: String,
}

/// What the store has in a container.
pub(super) struct Found {
    total: u64,
    /// The containers directly or indirectly in it, of all kinds but those around it.
    containers: Vec<(ContainerKind, Vec<FacetValue>)>,
    /// The items, unless containers hold them.
    items: Option<SearchPage>,
    /// The cursor of the page of items.
    cursor: Option<String>,
}

/// Finds what is in a container.
pub(super) fn find(
    browser: &Browser,
    entry: &BrowseEntry,
    mut wanted: SearchRequest,
) -> Result<Found, BrowseError> {
    let filter = BrowseFilter {
        containers: vec![entry.key.clone()],
        ..BrowseFilter::default()
    };
    let facets = browser.facets(&FacetsRequest {
        text: String::new(),
        filter: filter.clone(),
        max_values: MAX_CONTAINERS,
    })?;
    let is_inside = |kind: &ContainerKind| {
        let around = entry.containers.iter().map(|around| around.kind);
        own_kind(entry) != Some(*kind) && !around.into_iter().any(|around| around == *kind)
    };
    let inside = facets.containers.into_iter();
    let inside: Vec<_> = inside
        .filter(|(kind, facet)| is_inside(kind) && !facet.values.is_empty())
        .map(|(kind, facet)| (kind, facet.values))
        .collect();
    let items = match inside.is_empty() {
        true => {
            wanted.text = String::new();
            wanted.filter = filter;
            Some(browser.search(&wanted)?)
        }
        false => None,
    };
    Ok(Found {
        cursor: wanted.page.cursor,
        total: facets.total,
        containers: inside,
        items,
    })
}

fn own_kind(entry: &BrowseEntry) -> Option<ContainerKind> {
    match &entry.subject {
        crate::store::browse::Subject::Container(container) => Some(container.kind),
        crate::store::browse::Subject::Item(_) => None,
    }
}

/// The contents as a part of a page.
pub(super) fn view(
    views: &Views<'_>,
    entry: &BrowseEntry,
    address: &Address,
    found: &Found,
) -> Contents {
    let t = views.t;
    let items = found.items.as_ref();
    let hits = items.map(|page| page.hits.as_slice()).unwrap_or_default();
    let next = items.and_then(|page| page.next.as_deref());
    let groups = found.containers.iter();
    let groups = groups.flat_map(|(kind, values)| values.iter().map(|value| (*kind, value)));
    Contents {
        title: format!("{}: {}", t.inside, views.items(found.total)),
        all: (found.total > 0 && !views.is_file()).then(|| {
            Link::new(
                views.words.say(t.show_all_inside),
                views.search("container", &entry.key),
            )
        }),
        groups: groups
            .map(|(kind, value)| group(views, kind, value))
            .collect(),
        hits: hits.iter().map(|hit| inner(views, hit)).collect(),
        pages: views.pages(address, next, found.cursor.as_deref()),
    }
}

/// An item without the containers around it, which are on the page already.
fn inner(views: &Views<'_>, hit: &crate::store::browse::SearchHit) -> Hit {
    let mut hit = views::hit(views, hit);
    hit.place.clear();
    hit
}

fn group(views: &Views<'_>, kind: ContainerKind, value: &FacetValue) -> Group {
    Group {
        name: views.named(&value.label),
        href: views.container(&value.value),
        detail: format!("{}, {}", kind.label, views.items(value.count)),
    }
}
