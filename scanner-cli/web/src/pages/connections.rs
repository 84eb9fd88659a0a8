//! `/connections`: the state of each connection, and of each catalog that receives its items.

use askama::Template;
use axum::response::Response;

use super::{Frame, Nav, PageResult, changes::day_before, rendered, respond};
use crate::{
    live::{Live, LiveConnection, LiveFollower},
    parts::{Badge, Banner, Fact, Link, Tone, Value},
    request::PageRequest,
    store::browse::ConnectionOverview,
    texts::{counted, number},
    views::{Views, for_readers, outcome_badge},
};

#[derive(Template)]
#[template(path = "connections.html")]
struct Connections {
    frame: Frame,
    about: String,
    notice: Option<Banner>,
    groups: Vec<Group>,
}

struct Group {
    id: &'static str,
    title: String,
    empty: &'static str,
    cards: Vec<Card>,
}

struct Card {
    id: String,
    name: String,
    state: Badge,
    link: Option<Link>,
    facts: Vec<Fact>,
    problems: Vec<String>,
}

/// `/connections`.
pub(crate) async fn show(request: PageRequest) -> Response {
    let page = page(&request).await;
    respond(&request, page)
}

async fn page(request: &PageRequest) -> PageResult {
    let since = day_before(request.web.now());
    let connections = request
        .web
        .browse(move |browser| browser.connections(since))
        .await?;
    let live = request.web.live().await?;
    let views = request.views();
    let t = views.t;
    let groups = vec![
        Group {
            id: "sources",
            title: t.connections.to_owned(),
            empty: t.no_connections,
            cards: sources(&views, &connections, &live),
        },
        Group {
            id: "catalogs",
            title: views.words.say(t.followers),
            empty: t.no_followers,
            cards: live
                .followers
                .iter()
                .map(|known| follower(&views, known))
                .collect(),
        },
    ];
    rendered(&Connections {
        frame: Frame::new(request, t.connections, &Nav::Connections),
        about: views.words.say(t.connections_about),
        notice: (!live.is_running).then(|| Banner {
            tone: Tone::Note,
            title: t.no_service_title.to_owned(),
            text: t.no_service.to_owned(),
            is_heading: false,
        }),
        groups,
    })
}

/// The stored connections, and the files of others.
fn sources(views: &Views<'_>, stored: &[ConnectionOverview], live: &Live) -> Vec<Card> {
    let running = |code: &str| {
        let mut all = live.connections.iter();
        all.find(|known| known.code.as_deref() == Some(code))
    };
    let mut cards: Vec<_> = stored
        .iter()
        .map(|overview| source(views, overview, running(&overview.connection.code)))
        .collect();
    let is_stored = |known: &LiveConnection| {
        let mut codes = stored.iter().map(|overview| &overview.connection.code);
        codes.any(|code| known.code.as_ref() == Some(code))
    };
    let others = live.connections.iter().filter(|known| !is_stored(known));
    cards.extend(others.map(|known| file(views, known)));
    cards
}

fn source(
    views: &Views<'_>,
    overview: &ConnectionOverview,
    running: Option<&LiveConnection>,
) -> Card {
    let t = views.t;
    let code = &overview.connection.code;
    let scan = overview.last_scan.as_ref();
    let mut facts = vec![Fact::new(
        t.items,
        Value::Link(Link::new(
            number(overview.items),
            views.search("connection", code),
        )),
    )];
    if let Some(scan) = scan {
        let ended = views.moment(scan.ended.unwrap_or(scan.started));
        facts.push(Fact::new(t.last_scan, ended));
        let outcome = outcome_badge(views, scan.outcome.as_deref());
        facts.push(Fact::new(t.outcome, Value::Badge(outcome)));
    }
    if let Some(complete) = overview.last_complete {
        facts.push(Fact::new(t.last_complete_scan, views.moment(complete)));
    }
    facts.extend(running.into_iter().flat_map(|known| schedule(views, known)));
    if let Some(version) = scan.and_then(|scan| scan.site_version.clone()) {
        facts.push(Fact::new(t.site_version, Value::Text(version)));
    }
    let mut problems = scan.map(|scan| scan.reasons.clone()).unwrap_or_default();
    problems.extend(running.into_iter().flat_map(messages));
    let problems = problems.iter().map(|text| for_readers(text)).collect();
    Card {
        id: format!("connection-{}", crate::links::encoded(code)),
        name: overview.connection.name.clone(),
        state: state(views, overview, running),
        link: Some(Link::new(
            t.show_scans,
            views.links.with_query("/scans", &[("connection", code)]),
        )),
        facts,
        problems,
    }
}

fn file(views: &Views<'_>, known: &LiveConnection) -> Card {
    let name = known.name.as_ref().or(known.code.as_ref());
    let name = name.or(known.file.as_ref()).cloned().unwrap_or_default();
    Card {
        id: format!("file-{}", crate::links::encoded(&name)),
        name,
        state: live_state(views, known),
        link: None,
        facts: schedule(views, known),
        problems: messages(known),
    }
}

fn schedule(views: &Views<'_>, known: &LiveConnection) -> Vec<Fact> {
    let t = views.t;
    let next = known
        .next_scan
        .map(|time| views.moment(time.as_millisecond()));
    let facts = [
        next.map(|next| Fact::new(t.next_scan, next)),
        known
            .retry
            .map(|retry| Fact::new(t.retry, Value::Number(retry.to_string()))),
        known
            .schedule
            .clone()
            .map(|text| Fact::new(t.schedule, Value::Text(text))),
        known
            .file
            .clone()
            .map(|text| Fact::new(t.file, Value::Text(text))),
    ];
    facts.into_iter().flatten().collect()
}

fn messages(known: &LiveConnection) -> Vec<String> {
    let all = known.error.iter().chain(&known.warning);
    all.map(|text| for_readers(text)).collect()
}

/// The state of a connection in one word: what is most important.
pub(crate) fn state(
    views: &Views<'_>,
    overview: &ConnectionOverview,
    running: Option<&LiveConnection>,
) -> Badge {
    let t = views.t;
    let live = running.map(|known| live_state(views, known));
    match (live, &overview.last_scan) {
        (Some(badge), _) if badge.text != t.connection_ok => badge,
        (_, Some(scan)) if scan.outcome.as_deref() == Some("complete") => {
            Badge::new(Tone::Good, t.connection_ok)
        }
        (_, Some(scan)) => outcome_badge(views, scan.outcome.as_deref()),
        (_, None) if overview.is_running => Badge::new(Tone::Note, t.connection_scanning),
        (_, None) => Badge::new(Tone::Plain, t.connection_new),
    }
}

fn live_state(views: &Views<'_>, known: &LiveConnection) -> Badge {
    let t = views.t;
    match (known.is_scanning, known.state.as_str()) {
        (_, "error") => Badge::new(Tone::Bad, t.connection_error),
        (_, "disabled") => Badge::new(Tone::Plain, t.connection_disabled),
        (_, "removed") => Badge::new(Tone::Plain, t.connection_removed),
        (true, _) => Badge::new(Tone::Note, t.connection_scanning),
        _ => Badge::new(Tone::Good, t.connection_ok),
    }
}

fn follower(views: &Views<'_>, known: &LiveFollower) -> Card {
    let t = views.t;
    let count = |count: i64| number(u64::try_from(count).unwrap_or_default());
    let moment = |time: jiff::Timestamp| views.moment(time.as_millisecond());
    let facts = [
        (!known.kind.is_empty()).then(|| Fact::new(t.kind, Value::Text(known.kind.clone()))),
        known
            .target
            .clone()
            .map(|text| Fact::new(t.target, Value::Text(text))),
        known
            .last_success
            .map(|time| Fact::new(t.last_success, moment(time))),
        waiting(views, known),
        Some(Fact::new(t.sent, Value::Number(count(known.sent)))),
        (known.refused > 0).then(|| Fact::new(t.refused, Value::Number(count(known.refused)))),
        (known.failures > 0).then(|| Fact::new(t.failures, Value::Number(count(known.failures)))),
        known
            .next_retry
            .map(|time| Fact::new(t.retry, moment(time))),
    ];
    Card {
        id: format!("catalog-{}", crate::links::encoded(&known.name)),
        name: known.name.clone(),
        state: follower_state(views, &known.state),
        link: None,
        facts: facts.into_iter().flatten().collect(),
        problems: known.error.iter().map(|text| for_readers(text)).collect(),
    }
}

fn waiting(views: &Views<'_>, known: &LiveFollower) -> Option<Fact> {
    let t = views.t;
    let behind = u64::try_from(known.behind?)
        .ok()
        .filter(|behind| *behind > 0)?;
    Some(Fact::new(
        t.waiting,
        Value::Text(counted(t.waiting_changes, behind)),
    ))
}

fn follower_state(views: &Views<'_>, state: &str) -> Badge {
    let t = views.t;
    match state {
        "up_to_date" => Badge::new(Tone::Good, t.follower_up_to_date),
        "behind" => Badge::new(Tone::Warning, t.follower_behind),
        "failing" => Badge::new(Tone::Bad, t.follower_failing),
        "new" => Badge::new(Tone::Plain, t.follower_new),
        "disabled" => Badge::new(Tone::Plain, t.follower_disabled),
        other => Badge::new(Tone::Plain, other),
    }
}
