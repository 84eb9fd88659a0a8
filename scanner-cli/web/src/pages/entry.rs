//! `/items/KEY` and `/PATH/CODE/ID`: everything that is known about an item or a container.

use askama::Template;
use axum::response::Response;
use catalog_model::{Contacts, ItemState};

use super::{Frame, Nav, PageResult, rendered, respond};
use crate::{
    address::Address,
    errors::ErrorPage,
    live::ExplainedEntry,
    parts::{Badge, ChangeRow, Fact, Link, Person},
    request::PageRequest,
    requests,
    store::browse::{BrowseEntry, EntryDetail, Subject},
    texts::capitalized,
    views::{self, Described, Views},
};

mod catalogs;
mod contents;
mod facts;

use catalogs::CatalogState;
use contents::{Contents, Found};

/// Number of items in the list of a container, and maximum number of containers in it.
const LIMIT: usize = 100;

#[derive(Template)]
#[template(path = "thing.html")]
struct Thing {
    frame: Frame,
    crumbs: Vec<Link>,
    kind: String,
    name: String,
    state: Badge,
    summary: Option<String>,
    open: Option<Link>,
    links: Vec<Link>,
    description: Option<String>,
    inside: Option<Contents>,
    facts: Vec<Fact>,
    why: Option<Why>,
    history: Vec<ChangeRow>,
    people: Vec<Person>,
    dates: Vec<Fact>,
    catalogs: Vec<CatalogState>,
    key: String,
    json: Option<String>,
}

/// Why an item or container is, or is not, here.
struct Why {
    title: &'static str,
    lines: Vec<String>,
    /// All that is known, one name and value on each line.
    text: Option<String>,
}

/// `/items/KEY`.
pub(crate) async fn item(request: PageRequest) -> Response {
    let page = match request.key_after("/items/") {
        Ok(key) => page(&request, key, &Nav::Items).await,
        Err(error) => Err(error),
    };
    respond(&request, page)
}

/// `/PATH/CODE/ID`.
pub(crate) async fn container(request: PageRequest, path: &'static str, kind: &str) -> Response {
    let mut parts = request.parts_after(&format!("/{path}/")).into_iter();
    let code = parts.next().unwrap_or_default();
    // A slash of an id may have been decoded by a proxy.
    let id = parts.collect::<Vec<_>>().join("/");
    let key = catalog_model::ItemKey::new([code.as_str(), &format!("{kind}:{id}")]);
    let page = match key {
        Ok(key) if !id.is_empty() => page(&request, key.to_string(), &Nav::Containers(path)).await,
        _ => Err(ErrorPage::not_found()),
    };
    respond(&request, page)
}

async fn page(request: &PageRequest, key: String, nav: &Nav) -> PageResult {
    let wanted = requests::search(&request.query, LIMIT)?;
    let searched = key.clone();
    let found = request
        .web
        .browse(move |browser| {
            let Some(detail) = browser.entry(&searched)? else {
                return Ok(None);
            };
            let inside = match &detail.entry.subject {
                Subject::Item(_) => None,
                Subject::Container(_) => Some(contents::find(browser, &detail.entry, wanted)?),
            };
            Ok(Some((detail, inside)))
        })
        .await?;
    let Some((detail, inside)) = found else {
        return Err(ErrorPage::not_found());
    };
    let explained = explained(request, key).await;
    rendered(&template(request, nav, &detail, (inside, explained)))
}

/// What the program says about it. A page without that is better than none.
async fn explained(request: &PageRequest, key: String) -> Vec<ExplainedEntry> {
    let live = std::sync::Arc::clone(&request.web.live);
    let explained = request.web.blocking(move || Ok(live.explain(&key))).await;
    explained.ok().and_then(Result::ok).unwrap_or_default()
}

fn template(
    request: &PageRequest,
    nav: &Nav,
    detail: &EntryDetail,
    (inside, explained): (Option<Found>, Vec<ExplainedEntry>),
) -> Thing {
    let views = request.views();
    let entry = &detail.entry;
    let name = views.named(entry.name());
    let address = Address::new(request.path(), &request.query, &requests::SEARCH);
    let history = detail.history.iter();
    Thing {
        frame: Frame::new(request, &name, nav),
        crumbs: crumbs(&views, entry),
        kind: kind(&views, entry),
        state: views.state(entry.state),
        summary: None,
        open: facts::open(&views, detail),
        links: views.on_server(links(&views, entry)),
        description: entry.description().map(str::to_owned),
        inside: inside.map(|found| contents::view(&views, entry, &address, &found)),
        facts: facts::properties(&views, detail),
        why: Some(why(&views, entry, &explained)),
        history: history
            .map(|row| views::change(&views, row, views::About::ThePage))
            .collect(),
        people: people(&views, entry.contacts()),
        dates: facts::dates(&views, detail),
        catalogs: catalogs::states(&views, detail, &explained),
        key: entry.key.clone(),
        json: (entry.is_item() && !views.is_file()).then(|| views.links.api_item(&entry.key)),
        name,
    }
}

fn crumbs(views: &Views<'_>, entry: &BrowseEntry) -> Vec<Link> {
    let connection = &entry.connection;
    let first = Link::new(
        &connection.name,
        views.search("connection", &connection.code),
    );
    let mut crumbs = vec![first];
    crumbs.extend(views.place(&entry.containers));
    crumbs.retain(|crumb| !crumb.href.is_empty());
    crumbs
}

/// The word for what it is: the label of the kind, or the name of the last part of the key.
fn kind(views: &Views<'_>, entry: &BrowseEntry) -> String {
    match &entry.subject {
        Subject::Item(_) => match entry.connection.key_parts.last() {
            Some(part) => capitalized(part),
            None => views.t.item.to_owned(),
        },
        Subject::Container(container) => container.kind.label.to_owned(),
    }
}

fn links(views: &Views<'_>, entry: &BrowseEntry) -> Vec<Link> {
    match &entry.subject {
        Subject::Item(_) => Vec::new(),
        Subject::Container(_) => vec![Link::new(
            views.words.say(views.t.show_all_inside),
            views.search("container", &entry.key),
        )],
    }
}

fn people(views: &Views<'_>, contacts: &Contacts) -> Vec<Person> {
    match contacts {
        Contacts::Known(contacts) => contacts.iter().map(|known| views.person(known)).collect(),
        Contacts::Unknown => Vec::new(),
    }
}

fn why(views: &Views<'_>, entry: &BrowseEntry, explained: &[ExplainedEntry]) -> Why {
    let t = views.t;
    let (title, line) = match entry.state {
        ItemState::Present => (t.why_here, t.why_present),
        ItemState::Unreadable => (t.why_here, t.why_unreadable),
        ItemState::Excluded => (t.why_not_here, t.why_excluded),
        _ => (t.why_not_here, t.why_gone),
    };
    let lines = explained.iter().flat_map(|entry| &entry.lines);
    let text: Vec<_> = lines
        .map(|(name, value)| format!("{name}: {value}"))
        .collect();
    Why {
        title,
        lines: vec![line.to_owned()],
        text: (!text.is_empty()).then(|| text.join("\n")),
    }
}
