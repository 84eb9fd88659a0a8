//! `/changes`: what scans found, by day and connection.

use askama::Template;
use axum::response::Response;
use jiff::{Timestamp, ToSpan, tz::TimeZone};

use super::{Frame, Nav, PageResult, rendered, respond, search::connection_choice};
use crate::{
    address::Address,
    parts::{ChangeRow, Choice, Empty, Link, Moment, Pages},
    request::PageRequest,
    requests,
    store::browse,
    texts::{capitalized, counted},
    views::{self, Views},
};

/// Number of changes of a page.
const LIMIT: usize = 50;
const PARAMETERS: [&str; 5] = ["connection", "kind", "scan", "days", "entity"];
/// The parameter for items only, or containers only.
const ENTITY: &str = "entity";
/// The choices of days.
const DAYS: [&str; 3] = ["1", "7", "30"];

#[derive(Template)]
#[template(path = "changes.html")]
struct Changes {
    frame: Frame,
    about: &'static str,
    links: Vec<Link>,
    choices: Vec<Choice>,
    days: Vec<Day>,
    empty: Empty,
    pages: Pages,
}

/// The changes of a day.
pub(crate) struct Day {
    pub(crate) date: Moment,
    pub(crate) sources: Vec<Source>,
}

/// The changes of a connection on a day.
pub(crate) struct Source {
    pub(crate) name: String,
    pub(crate) rows: Vec<ChangeRow>,
}

/// `/changes`.
pub(crate) async fn show(request: PageRequest) -> Response {
    let page = page(&request).await;
    respond(&request, page)
}

async fn page(request: &PageRequest) -> PageResult {
    let mut wanted = requests::changes(&request.query, LIMIT)?;
    requests::limit_to_days(&mut wanted, &request.query, request.web.now())?;
    let since = day_before(request.web.now());
    let (found, connections) = request
        .web
        .browse(move |browser| Ok((browser.changes(&wanted)?, browser.connections(since)?)))
        .await?;
    let views = request.views();
    let names: Vec<_> = connections
        .into_iter()
        .map(|connection| (connection.connection.code, connection.connection.name))
        .collect();
    let address = Address::new("/changes", &request.query, &PARAMETERS);
    let choices = [
        Some(times(&views, &address)),
        Some(types(&views, &address)),
        Some(kinds(&views, &address)),
        connection_choice(&views, &address, &names),
    ];
    rendered(&Changes {
        frame: Frame::new(request, views.t.changes, &Nav::Changes),
        about: views.t.changes_about,
        links: views.on_server(vec![
            Link::new(
                views.t.subscribe,
                address.at("/feed.atom").href(views.links),
            ),
            Link::new(views.t.csv, views.csv(&address)).download(),
        ]),
        choices: views.on_server(choices.into_iter().flatten().collect()),
        days: days(&views, &names, &found.entries),
        empty: Empty {
            title: views.t.no_changes.to_owned(),
            text: views.t.no_changes_text.to_owned(),
            links: Vec::new(),
        },
        pages: views.pages(&address, found.next.as_deref(), request.query.get("cursor")),
    })
}

fn types(views: &Views<'_>, address: &Address) -> Choice {
    let all = address.clone().without_any(ENTITY);
    let is_all = all == *address;
    let mut paths = views.containers.iter().map(|route| capitalized(route.path));
    let others = match (paths.next(), paths.next(), paths.next()) {
        (Some(one), None, _) => one,
        (Some(one), Some(other), None) => format!("{one}, {}", other.to_lowercase()),
        _ => views.t.everything_else.to_owned(),
    };
    let mut entries = vec![Link::new(views.t.all, all.href(views.links)).current(is_all)];
    entries.extend(
        [
            (capitalized(views.words.items), "item"),
            (others, "container"),
        ]
        .map(|(text, value)| {
            let target = address.clone().set(ENTITY, value);
            Link::new(text, target.href(views.links)).current(address.has(ENTITY, value))
        }),
    );
    Choice {
        label: views.t.of_type,
        entries,
    }
}

fn times(views: &Views<'_>, address: &Address) -> Choice {
    let all = address.clone().without_any("days");
    let is_all = all == *address;
    let mut entries = vec![Link::new(views.t.any_time, all.href(views.links)).current(is_all)];
    entries.extend(DAYS.map(|days| {
        let count = days.parse().unwrap_or_default();
        let target = address.clone().set("days", days);
        Link::new(counted(views.t.last_days, count), target.href(views.links))
            .current(address.has("days", days))
    }));
    Choice {
        label: views.t.time,
        entries,
    }
}

fn kinds(views: &Views<'_>, address: &Address) -> Choice {
    let all = address.clone().without_any("kind");
    let is_all = all == *address;
    let mut entries = vec![Link::new(views.t.all, all.href(views.links)).current(is_all)];
    entries.extend(requests::CHANGE_KINDS.map(|kind| {
        let is_current = address.has("kind", kind.word());
        let target = address.clone().set("kind", kind.word());
        Link::new(views.kind_word(kind), target.href(views.links)).current(is_current)
    }));
    Choice {
        label: views.t.kind,
        entries,
    }
}

/// Groups changes, which are sorted by time, by day and connection.
pub(crate) fn days(
    views: &Views<'_>,
    names: &[(String, String)],
    rows: &[browse::ChangeRow],
) -> Vec<Day> {
    let mut days: Vec<(Timestamp, Vec<(String, Source)>)> = Vec::new();
    for row in rows {
        let day = day_of(row.time);
        if days.last().is_none_or(|(last, _)| *last != day) {
            days.push((day, Vec::new()));
        }
        let Some((_, sources)) = days.last_mut() else {
            continue;
        };
        let change = views::change(views, row, views::About::Anything);
        match sources.iter_mut().find(|(code, _)| *code == row.connection) {
            Some((_, source)) => source.rows.push(change),
            None => {
                let name = names.iter().find(|(code, _)| *code == row.connection);
                let name = name.map_or(&row.connection, |(_, name)| name).clone();
                let rows = vec![change];
                sources.push((row.connection.clone(), Source { name, rows }));
            }
        }
    }
    let made = days.into_iter().map(|(date, sources)| Day {
        date: Moment::day(views.t, date),
        sources: sources.into_iter().map(|(_, source)| source).collect(),
    });
    made.collect()
}

/// When the day of a moment began, in UTC.
fn day_of(millis: i64) -> Timestamp {
    let time = Timestamp::from_millisecond(millis).unwrap_or_default();
    let start = time.to_zoned(TimeZone::UTC).start_of_day();
    start.map_or(time, |day| day.timestamp())
}

/// When the day before a moment began, in milliseconds since 1970.
pub(crate) fn day_before(now: Timestamp) -> i64 {
    let before = now.checked_sub(24.hours()).unwrap_or(now);
    before.as_millisecond()
}
