//! `/owners`: who owns what.

use askama::Template;
use axum::response::Response;

use super::{Frame, Nav, PageResult, changes::day_before, rendered, respond};
use crate::{
    address::Address,
    parts::{Badge, Choice, Link, Pages, Person, Table, TableColumn, Value},
    request::PageRequest,
    requests,
    store::browse::{ConnectionOverview, OwnerRow},
    texts::number,
    views::Views,
};

/// Number of owners of a page.
const LIMIT: usize = 100;
const PARAMETERS: [&str; 4] = ["q", "connection", "show", "sort"];

#[derive(Template)]
#[template(path = "listing.html")]
struct Owners {
    frame: Frame,
    heading: &'static str,
    about: &'static str,
    links: Vec<Link>,
    choices: Vec<Choice>,
    search: Option<SearchBox>,
    table: Table,
    pages: Pages,
}

/// A field that searches in the list.
struct SearchBox {
    action: String,
    label: &'static str,
    query: String,
    kept: Vec<(String, String)>,
}

/// `/owners`.
pub(crate) async fn show(request: PageRequest) -> Response {
    let page = page(&request).await;
    respond(&request, page)
}

async fn page(request: &PageRequest) -> PageResult {
    let wanted = requests::owners(&request.query, LIMIT)?;
    let since = day_before(request.web.now());
    let (found, connections) = request
        .web
        .browse(move |browser| Ok((browser.owners(&wanted)?, browser.connections(since)?)))
        .await?;
    let views = request.views();
    let address = Address::new("/owners", &request.query, &PARAMETERS);
    rendered(&Owners {
        frame: Frame::new(request, views.t.owners, &Nav::Owners),
        heading: views.t.owners,
        about: views.t.owners_about,
        links: views.on_server(vec![Link::new(views.t.csv, views.csv(&address)).download()]),
        choices: views.on_server(vec![choice(&views, &address), sorts(&views, &address)]),
        search: (!views.is_file()).then(|| SearchBox {
            action: views.links.to("/owners"),
            label: views.t.owners_search,
            query: request.query.get("q").unwrap_or_default().to_owned(),
            kept: address.clone().without_any("q").parameters().to_vec(),
        }),
        table: table(&views, &found.entries, &connections),
        pages: views.pages(&address, found.next.as_deref(), request.query.get("cursor")),
    })
}

fn choice(views: &Views<'_>, address: &Address) -> Choice {
    let t = views.t;
    let entries = [
        (t.owners_all, ""),
        (t.owners_without, "without_address"),
        (t.owners_inactive, "lost"),
    ];
    let entry = |(text, value): (&str, &str)| {
        let all = address.clone().without_any("show");
        let (target, is_current) = match value {
            "" => (all.clone(), all == *address),
            value => (all.with("show", value), address.has("show", value)),
        };
        Link::new(text, target.href(views.links)).current(is_current)
    };
    Choice {
        label: t.owners,
        entries: entries.map(entry).into(),
    }
}

fn sorts(views: &Views<'_>, address: &Address) -> Choice {
    let t = views.t;
    let by_name = address.has("sort", "name");
    let entries = [
        (t.sort_by_items, "items", !by_name),
        (t.sort_by_name, "name", by_name),
    ];
    let entry = |(text, word, is_current): (&str, &str, bool)| {
        let target = address.clone().set("sort", word);
        Link::new(text, target.href(views.links)).current(is_current)
    };
    Choice {
        label: t.sort_by,
        entries: entries.map(entry).into(),
    }
}

fn table(views: &Views<'_>, owners: &[OwnerRow], connections: &[ConnectionOverview]) -> Table {
    let t = views.t;
    Table {
        label: t.owners.to_owned(),
        columns: vec![
            TableColumn::new(t.owner),
            TableColumn::number(t.items),
            TableColumn::new(t.owner_status),
            TableColumn::new(t.connection),
        ],
        rows: owners
            .iter()
            .map(|owner| row(views, owner, connections))
            .collect(),
        empty: t.no_owners,
    }
}

fn row(views: &Views<'_>, owner: &OwnerRow, connections: &[ConnectionOverview]) -> Vec<Value> {
    let mut known = connections.iter().map(|overview| &overview.connection);
    let connection = known.find(|known| known.code == owner.connection);
    let connection = connection.map_or(&owner.connection, |known| &known.name);
    let name = owner.name.clone().or_else(|| owner.account.clone());
    let person = Person {
        name: name.unwrap_or_else(|| views.t.unknown.to_owned()),
        account: owner.account.clone().filter(|_| owner.name.is_some()),
        mail: owner.email.clone(),
        without_mail: Some(views.t.owner_without_address),
        badge: Badge::default(),
        items: None,
    };
    vec![
        Value::Person(person),
        Value::Link(Link::new(
            number(owner.items),
            views.search("owner", &owner.id),
        )),
        Value::Badge(views.account_or_active(owner.status)),
        Value::Text(connection.clone()),
    ]
}
