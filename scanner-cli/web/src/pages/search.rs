//! `/search`, the lists of containers and the lists of `/quality`: facets, order, hits, pages.

use askama::Template;
use axum::response::Response;

use super::{Frame, Nav, PageResult, rendered, respond};
use crate::{
    address::Address,
    parts::{Banner, Choice, Empty, FacetEntry, Hit, Link, Pages},
    quality::QualityList,
    request::PageRequest,
    requests,
    store::browse::{EntityScope, Facet, Facets, FacetsRequest, SearchPage, SearchRequest, Sort},
    texts::{capitalized, counted, number},
    views::{self, Views},
};

mod elsewhere;

use elsewhere::{containers_of, hidden_links, hidden_states};

/// Number of hits of a page.
const LIMIT: usize = 25;
/// Maximum number of values of a facet, and how many of them are shown at first.
const MAX_VALUES: usize = 30;
const FIRST_VALUES: usize = 6;

#[derive(Template)]
#[template(path = "search.html")]
struct Search {
    frame: Frame,
    notice: Option<Banner>,
    about: Option<About>,
    facets: Vec<FacetGroup>,
    total: String,
    sorts: Vec<Link>,
    csv: Option<String>,
    chips: Vec<Chip>,
    clear: String,
    hits: Vec<Hit>,
    empty: Empty,
    /// Links to matching items that the list does not contain because of their states.
    hidden: Vec<Link>,
    pages: Pages,
}

/// What a list is about.
struct About {
    title: String,
    text: String,
}

struct FacetGroup {
    label: String,
    entries: Vec<FacetEntry>,
    more: Vec<FacetEntry>,
}

/// A filter that is in use. Following it removes the filter.
struct Chip {
    label: String,
    text: String,
    href: String,
}

/// A list and what it is called.
struct List {
    path: String,
    nav: Nav,
    about: Option<About>,
    request: SearchRequest,
}

/// `/search`.
pub(crate) async fn show(request: PageRequest) -> Response {
    let list = requests::search(&request.query, LIMIT).map(|search| List {
        path: "/search".to_owned(),
        nav: Nav::Items,
        about: None,
        request: search,
    });
    let page = match list {
        Ok(list) => page(&request, list).await,
        Err(error) => Err(error),
    };
    respond(&request, page)
}

/// The containers of one kind: `/PATH`.
pub(crate) async fn containers(request: PageRequest, path: &'static str, kind: &str) -> Response {
    let list = requests::search(&request.query, LIMIT).map(|mut search| {
        search.filter.scope = EntityScope::Containers(kind.to_owned());
        List {
            path: format!("/{path}"),
            nav: Nav::Containers(path),
            about: Some(About {
                title: capitalized(path),
                text: request
                    .web
                    .words
                    .say(crate::texts::ENGLISH.containers_about),
            }),
            request: search,
        }
    });
    let page = match list {
        Ok(list) => page(&request, list).await,
        Err(error) => Err(error),
    };
    respond(&request, page)
}

/// A list of `/quality`.
pub(crate) async fn quality(request: PageRequest, quality: QualityList) -> Response {
    let list = requests::search(&request.query, LIMIT).map(|mut search| {
        quality.select(&mut search.filter);
        List {
            path: format!("/quality/{}", quality.id),
            nav: Nav::Quality,
            about: Some(About {
                title: quality.title,
                text: quality.about,
            }),
            request: search,
        }
    });
    let page = match list {
        Ok(list) => page(&request, list).await,
        Err(error) => Err(error),
    };
    respond(&request, page)
}

async fn page(request: &PageRequest, list: List) -> PageResult {
    let search = SearchRequest {
        has_highlights: true,
        ..list.request.clone()
    };
    let is_search = list.path == "/search" && search.page.cursor.is_none();
    let (found, facets, hidden) = request
        .web
        .browse(move |browser| {
            let facets = FacetsRequest {
                text: search.text.clone(),
                filter: search.filter.clone(),
                max_values: MAX_VALUES,
            };
            let mut found = browser.search(&search)?;
            if is_search {
                found
                    .hits
                    .splice(..0, containers_of(browser, &search, &found)?);
            }
            let hidden = hidden_states(browser, &search)?;
            Ok((found, browser.facets(&facets)?, hidden))
        })
        .await?;
    let mut page = template(request, list, &found, &facets);
    page.hidden = hidden_links(request, &hidden);
    rendered(&page)
}

fn template(request: &PageRequest, list: List, found: &SearchPage, facets: &Facets) -> Search {
    let views = request.views();
    let address = Address::new(&list.path, &request.query, &requests::SEARCH);
    let (groups, chips) = groups(&views, &address, facets);
    let title = list.about.as_ref().map(|about| about.title.clone());
    let title = title.unwrap_or_else(|| match list.request.text.as_str() {
        "" => views.words.say(views.t.everything),
        text => text.to_owned(),
    });
    let kept = address.clone().without_any("q");
    let is_search = list.path == "/search";
    let frame = Frame::new(request, &title, &list.nav);
    let frame = match is_search {
        true => frame.keeping(kept.parameters().to_vec()),
        false => frame,
    };
    Search {
        notice: views.index(found.index),
        total: total(&views, &list.request, found.total),
        sorts: views.on_server(sorts(&views, &address, &list.request)),
        csv: (!found.hits.is_empty() && !views.is_file()).then(|| views.csv(&address)),
        clear: address
            .clone()
            .only(&["q", "sort", "days"])
            .href(views.links),
        hits: found
            .hits
            .iter()
            .map(|hit| views::hit(&views, hit))
            .collect(),
        empty: empty(&views, &address, !chips.is_empty()),
        hidden: Vec::new(),
        pages: views.pages(&address, found.next.as_deref(), request.query.get("cursor")),
        facets: views.on_server(groups),
        chips,
        about: list.about,
        frame,
    }
}

fn total(views: &Views<'_>, request: &SearchRequest, total: u64) -> String {
    let items = match request.filter.scope {
        EntityScope::Items => views.items(total),
        _ => counted(views.t.number_of_entries, total),
    };
    match request.text.as_str() {
        "" => items,
        text => {
            let found = views.t.found_for.replacen("{}", &items, 1);
            found.replacen("{query}", text, 1)
        }
    }
}

fn sorts(views: &Views<'_>, address: &Address, request: &SearchRequest) -> Vec<Link> {
    let t = views.t;
    let default = match request.text.is_empty() {
        true => Sort::Name,
        false => Sort::Relevance,
    };
    let current = request.sort.unwrap_or(default);
    let all = [
        (Sort::Relevance, t.sort_relevance),
        (Sort::Name, t.sort_name),
        (Sort::Changed, t.sort_changed),
        (Sort::FirstSeen, t.sort_first_seen),
    ];
    let shown = all
        .into_iter()
        .filter(|(sort, _)| *sort != Sort::Relevance || !request.text.is_empty());
    shown
        .map(|(sort, text)| {
            let address = address.clone().set("sort", sort.word());
            Link::new(text, address.href(views.links)).current(sort == current)
        })
        .collect()
}

/// The facets, and the values that the filter selects.
fn groups(views: &Views<'_>, address: &Address, facets: &Facets) -> (Vec<FacetGroup>, Vec<Chip>) {
    let t = views.t;
    let containers = facets.containers.iter();
    let containers = containers.map(|(kind, facet)| ("container", kind.label.to_owned(), facet));
    let others = [
        ("owner", t.facet_owner.to_owned(), &facets.owners),
        ("tag", t.facet_tag.to_owned(), &facets.tags),
        ("status", t.facet_status.to_owned(), &facets.statuses),
        ("state", t.facet_state.to_owned(), &facets.states),
        (
            "connection",
            t.facet_connection.to_owned(),
            &facets.connections,
        ),
    ];
    let mut groups = Vec::new();
    let mut chips = Vec::new();
    for (name, label, facet) in containers.chain(others) {
        chips.extend(selected(views, address, (name, &label), facet));
        // One value is no choice.
        if facet.values.len() > 1 || facet.values.iter().any(|value| value.is_selected) {
            groups.push(group(views, address, (name, label), facet));
        }
    }
    (groups, chips)
}

fn group(
    views: &Views<'_>,
    address: &Address,
    (name, label): (&str, String),
    facet: &Facet,
) -> FacetGroup {
    let entry = |value: &crate::store::browse::FacetValue| {
        let address = match value.is_selected {
            true => address.clone().without(name, &value.value),
            false => address.clone().with(name, &value.value),
        };
        let text = facet_text(views, &value.label);
        let link = Link::new(text, address.href(views.links)).current(value.is_selected);
        FacetEntry {
            link: link.counted(number(value.count)),
        }
    };
    let mut entries: Vec<_> = facet.values.iter().map(entry).collect();
    let more = entries.split_off(entries.len().min(FIRST_VALUES));
    FacetGroup {
        label,
        entries,
        more,
    }
}

fn facet_text(views: &Views<'_>, label: &str) -> String {
    match label.trim() {
        "" => views.t.no_value.to_owned(),
        _ => label.to_owned(),
    }
}

fn selected(
    views: &Views<'_>,
    address: &Address,
    (name, label): (&str, &str),
    facet: &Facet,
) -> Vec<Chip> {
    let values = facet.values.iter().filter(|value| value.is_selected);
    values
        .map(|value| Chip {
            label: label.to_owned(),
            text: facet_text(views, &value.label),
            href: address
                .clone()
                .without(name, &value.value)
                .href(views.links),
        })
        .collect()
}

fn empty(views: &Views<'_>, address: &Address, has_filters: bool) -> Empty {
    let t = views.t;
    let mut links = Vec::new();
    if has_filters {
        let without = address.clone().only(&["q", "sort", "days"]);
        links.push(Link::new(
            t.search_without_filters,
            without.href(views.links),
        ));
    }
    links.push(Link::new(
        views.words.say(t.show_everything),
        views.links.to("/search"),
    ));
    Empty {
        title: t.no_hits.to_owned(),
        text: match has_filters {
            true => t.no_hits_filtered.to_owned(),
            false => t.no_hits_text.to_owned(),
        },
        links,
    }
}

/// The groups of choices of a list without facets: connections.
pub(crate) fn connection_choice(
    views: &Views<'_>,
    address: &Address,
    connections: &[(String, String)],
) -> Option<Choice> {
    if connections.len() < 2 {
        return None;
    }
    let all = address.clone().without_any("connection");
    let is_all = all == *address;
    let mut entries =
        vec![Link::new(views.t.all_connections, all.href(views.links)).current(is_all)];
    entries.extend(connections.iter().map(|(code, name)| {
        let is_current = address.has("connection", code);
        let address = address.clone().set("connection", code);
        Link::new(name, address.href(views.links)).current(is_current)
    }));
    Some(Choice {
        label: views.t.connection,
        entries,
    })
}
