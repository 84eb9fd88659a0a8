//! `/`: is all well, what changed since yesterday, what needs a person.

use askama::Template;
use axum::response::Response;
use catalog_model::ChangeKind;

use super::{Frame, Nav, PageResult, changes::day_before, quality, rendered, respond};
use crate::{
    address::Address,
    live::Live,
    parts::{Badge, Banner, ChangeRow, Link, Tone, Value},
    quality::QualityList,
    request::PageRequest,
    store::browse::{
        self, ChangesRequest, ConnectionOverview, KindCounts, PageRequest as Paging, Summary,
    },
    texts::{capitalized, counted, number},
    views::{self, Views},
};

/// Number of changes of the home page.
const LATEST: usize = 8;

#[derive(Template)]
#[template(path = "home.html")]
struct Home {
    frame: Frame,
    banner: Banner,
    numbers: Vec<Number>,
    tasks: Vec<Task>,
    news: Vec<Link>,
    latest: Vec<ChangeRow>,
    all_changes: String,
    connections: Vec<ConnectionRow>,
    all_connections: String,
}

/// A number that leads to what it counts.
struct Number {
    count: String,
    text: String,
    href: String,
}

/// Something that needs a person.
struct Task {
    count: Option<String>,
    badge: Badge,
    text: String,
    detail: String,
    href: String,
}

struct ConnectionRow {
    name: String,
    href: String,
    state: Badge,
    last: Value,
    next: Value,
    items: String,
}

/// What the page is made of.
struct Known {
    summary: Summary,
    latest: Vec<browse::ChangeRow>,
    live: Live,
    lists: Vec<(QualityList, u64)>,
}

/// `/`.
pub(crate) async fn show(request: PageRequest) -> Response {
    let page = page(&request).await;
    respond(&request, page)
}

async fn page(request: &PageRequest) -> PageResult {
    let since = day_before(request.web.now());
    let (summary, latest) = request
        .web
        .browse(move |browser| {
            let changes = ChangesRequest {
                since: Some(since),
                page: Paging {
                    limit: LATEST,
                    cursor: None,
                },
                ..ChangesRequest::default()
            };
            Ok((browser.summary(since)?, browser.changes(&changes)?.entries))
        })
        .await?;
    let known = Known {
        summary,
        latest,
        live: request.web.live().await?,
        lists: quality::counts(request, quality::lists(request)?).await?,
    };
    rendered(&template(request, &known))
}

fn template(request: &PageRequest, known: &Known) -> Home {
    let views = request.views();
    let problems = super::problems::all(&views, &known.summary.connections, &known.live);
    let banner = banner(&views, known, problems.len());
    let mut tasks: Vec<_> = problems.into_iter().map(Task::from).collect();
    tasks.extend(known.lists.iter().filter_map(|list| task(&views, list)));
    let latest = known.latest.iter();
    Home {
        frame: Frame::new(request, views.t.brand, &Nav::Home),
        banner,
        numbers: numbers(&views, &known.summary),
        tasks,
        news: news(&views, &known.summary.changes),
        latest: latest
            .map(|row| views::change(&views, row, views::About::Anything))
            .collect(),
        all_changes: views.links.to("/changes"),
        connections: connections(&views, known),
        all_connections: views.links.to("/connections"),
    }
}

impl From<super::problems::Problem> for Task {
    fn from(problem: super::problems::Problem) -> Self {
        Self {
            count: None,
            badge: problem.badge,
            text: problem.text,
            detail: problem.detail,
            href: problem.href,
        }
    }
}

fn task(views: &Views<'_>, (list, count): &(QualityList, u64)) -> Option<Task> {
    (*count > 0).then(|| Task {
        count: Some(number(*count)),
        badge: Badge::default(),
        text: list.title.clone(),
        detail: String::new(),
        href: views.links.to(&format!("/quality/{}", list.id)),
    })
}

fn banner(views: &Views<'_>, known: &Known, problems: usize) -> Banner {
    let t = views.t;
    let connections = &known.summary.connections;
    let is_empty = connections.iter().all(|known| known.last_scan.is_none());
    let is_running = connections.iter().any(|known| known.is_running)
        || known.live.connections.iter().any(|known| known.is_scanning);
    let (tone, title, text) = match (problems, is_empty) {
        (0, true) if is_running => (Tone::Note, t.first_scan, t.first_scan_text.to_owned()),
        (0, true) => (Tone::Note, t.empty_store, t.empty_store_text.to_owned()),
        (0, false) if known.live.is_running => (Tone::Good, t.well, t.well_text.to_owned()),
        (0, false) => (Tone::Good, t.well, t.well_served.to_owned()),
        _ => {
            let text = counted(t.not_well_text, problems as u64);
            (Tone::Warning, t.not_well, text)
        }
    };
    Banner {
        tone,
        title: title.to_owned(),
        text,
        is_heading: true,
    }
}

fn numbers(views: &Views<'_>, summary: &Summary) -> Vec<Number> {
    let mut numbers = vec![Number {
        count: number(summary.items),
        text: views.words.items.to_owned(),
        href: views.links.to("/search"),
    }];
    for route in views.containers {
        let mut counts = summary.containers.iter();
        let count = counts.find(|(kind, _)| kind.id == route.kind);
        numbers.extend(count.map(|(_, count)| Number {
            count: number(*count),
            text: capitalized(route.path).to_lowercase(),
            href: views.links.to(&format!("/{}", route.path)),
        }));
    }
    numbers.push(Number {
        count: number(summary.changes.total()),
        text: views.t.changes_since_yesterday.to_owned(),
        href: views.links.to("/changes?days=1&entity=item"),
    });
    numbers
}

fn news(views: &Views<'_>, counts: &KindCounts) -> Vec<Link> {
    let kinds = [
        (ChangeKind::Added, counts.added),
        (ChangeKind::Changed, counts.changed),
        (ChangeKind::Removed, counts.removed),
        (ChangeKind::Returned, counts.returned),
        (ChangeKind::Excluded, counts.excluded),
    ];
    let some = kinds.into_iter().filter(|(_, count)| *count > 0);
    some.map(|(kind, count)| {
        let address = Address::bare("/changes")
            .with("kind", kind.word())
            .with("days", "1")
            .with("entity", "item");
        let text = format!("{} {}", number(count), views.kind_word(kind));
        Link::new(text, address.href(views.links))
    })
    .collect()
}

fn connections(views: &Views<'_>, known: &Known) -> Vec<ConnectionRow> {
    let rows = known.summary.connections.iter();
    rows.map(|overview| connection(views, overview, &known.live))
        .collect()
}

fn connection(views: &Views<'_>, overview: &ConnectionOverview, live: &Live) -> ConnectionRow {
    let code = &overview.connection.code;
    let running = live
        .connections
        .iter()
        .find(|known| known.code.as_ref() == Some(code));
    let last = overview.last_scan.as_ref();
    let next = running.and_then(|known| known.next_scan);
    ConnectionRow {
        name: overview.connection.name.clone(),
        href: views.search("connection", code),
        state: super::connections::state(views, overview, running),
        last: last.map_or(Value::Missing(views.t.never), |scan| {
            views.moment(scan.ended.unwrap_or(scan.started))
        }),
        next: next.map_or(Value::Missing(views.t.not_planned), |time| {
            views.moment(time.as_millisecond())
        }),
        items: number(overview.items),
    }
}
