//! `/scans`: the scans, and charts of items and durations.

use askama::Template;
use axum::response::Response;
use jiff::Timestamp;

use super::{
    Frame, Nav, PageResult, changes::day_before, rendered, respond, search::connection_choice,
};
use crate::{
    address::Address,
    parts::{
        Bar, BarChart, Chart, ChartTexts, Choice, LineChart, Link, Pages, Table, TableColumn, Tone,
        Value,
    },
    request::PageRequest,
    requests,
    store::{StoredScan, browse::ScanPoint},
    texts::number,
    views::{Views, duration, outcome_badge},
};

/// Number of scans of a page.
const LIMIT: usize = 50;
/// Maximum number of scans in a chart.
const POINTS: usize = 90;
const PARAMETERS: [&str; 2] = ["connection", "outcome"];

#[derive(Template)]
#[template(path = "scans.html")]
struct Scans {
    frame: Frame,
    choices: Vec<Choice>,
    charts: Vec<Chart>,
    table: Table,
    pages: Pages,
}

/// `/scans`.
pub(crate) async fn show(request: PageRequest) -> Response {
    let page = page(&request).await;
    respond(&request, page)
}

async fn page(request: &PageRequest) -> PageResult {
    let mut wanted = requests::scans(&request.query, LIMIT)?;
    let since = day_before(request.web.now());
    let named = request.query.get("connection").map(str::to_owned);
    let (found, points, connections) = request
        .web
        .browse(move |browser| {
            let connections = browser.connections(since)?;
            // Scans of different connections in one line would say nothing.
            let only = match (named, connections.as_slice()) {
                (Some(code), _) => Some(code),
                (None, [one]) => Some(one.connection.code.clone()),
                (None, _) => None,
            };
            let points = match &only {
                Some(code) => browser.series(Some(code), 0, POINTS)?,
                None => Vec::new(),
            };
            wanted.connections.truncate(1);
            Ok((browser.scans(&wanted)?, points, connections))
        })
        .await?;
    let views = request.views();
    let names: Vec<_> = connections
        .into_iter()
        .map(|known| (known.connection.code, known.connection.name))
        .collect();
    let address = Address::new("/scans", &request.query, &PARAMETERS);
    let choice = connection_choice(&views, &address, &names);
    rendered(&Scans {
        frame: Frame::new(request, views.t.scans, &Nav::Scans),
        choices: views.on_server(choice.into_iter().collect()),
        charts: charts(&views, &points),
        table: table(&views, &names, &found.entries),
        pages: views.pages(&address, found.next.as_deref(), request.query.get("cursor")),
    })
}

fn table(views: &Views<'_>, names: &[(String, String)], scans: &[StoredScan]) -> Table {
    let t = views.t;
    Table {
        label: t.scans.to_owned(),
        columns: vec![
            TableColumn::new(t.started),
            TableColumn::new(t.connection),
            TableColumn::new(t.outcome),
            TableColumn::number(t.duration),
            TableColumn::number(t.seen),
            TableColumn::number(t.added),
            TableColumn::number(t.changed),
            TableColumn::number(t.removed),
            TableColumn::number(t.excluded),
            TableColumn::new(t.reasons),
        ],
        rows: scans.iter().map(|scan| row(views, names, scan)).collect(),
        empty: t.no_scans,
    }
}

fn row(views: &Views<'_>, names: &[(String, String)], scan: &StoredScan) -> Vec<Value> {
    let name = names.iter().find(|(code, _)| *code == scan.connection);
    let name = name.map_or(&scan.connection, |(_, name)| name);
    let count = |count: i64| number(u64::try_from(count).unwrap_or_default());
    let changes = |count: i64, kind: &str| match u64::try_from(count) {
        Ok(count @ 1..) => {
            let id = scan.id.to_string();
            let parameters = [("scan", id.as_str()), ("kind", kind)];
            Value::Link(Link::new(
                number(count),
                views.links.with_query("/changes", &parameters),
            ))
        }
        _ => Value::Number("0".to_owned()),
    };
    let counts = &scan.counts;
    vec![
        views.moment(scan.started),
        Value::Text(name.clone()),
        Value::Badge(outcome_badge(views, scan.outcome.as_deref())),
        scan.ended.map_or(Value::Missing(""), |ended| {
            Value::Number(duration(ended - scan.started))
        }),
        Value::Number(count(counts.seen)),
        changes(counts.added, "added"),
        changes(counts.changed, "changed"),
        changes(counts.removed, "removed"),
        changes(counts.excluded, "excluded"),
        Value::Lines(scan.reasons.clone()),
    ]
}

/// Charts of the scans of one connection. None for fewer than two scans.
fn charts(views: &Views<'_>, points: &[ScanPoint]) -> Vec<Chart> {
    let [first, .., last] = points else {
        return Vec::new();
    };
    let t = views.t;
    let day = |point: &ScanPoint| {
        let time = Timestamp::from_millisecond(point.started).unwrap_or_default();
        time.strftime(t.date_format).to_string()
    };
    let texts = |title: &str, description: &str, top: String, value: String| ChartTexts {
        title: title.to_owned(),
        description: description
            .replace("{first}", &day(first))
            .replace("{last}", &day(last))
            .replace("{value}", &value),
        top,
        ends: [day(first), day(last)],
    };
    // A scan that failed has not seen everything.
    let items = points.iter().filter(|point| point.outcome == "complete");
    let items: Vec<_> = items.map(|point| point.items.max(0)).collect();
    let shown = |count: Option<&i64>| {
        number(
            count
                .and_then(|count| u64::try_from(*count).ok())
                .unwrap_or_default(),
        )
    };
    let values: Vec<_> = items.iter().map(|count| *count as f64).collect();
    let item_texts = texts(
        &views.words.say(t.chart_items),
        t.chart_items_text,
        shown(items.iter().max()),
        shown(items.last()),
    );
    let durations = points
        .iter()
        .map(|point| point.duration.unwrap_or_default());
    let duration_texts = texts(
        t.chart_durations,
        t.chart_durations_text,
        duration(durations.max().unwrap_or_default()),
        duration(last.duration.unwrap_or_default()),
    );
    let bars = points.iter().map(|point| bar(views, point)).collect();
    let legend = vec![
        (Tone::Plain, t.outcome_complete.to_owned()),
        (Tone::Warning, t.outcome_partial.to_owned()),
        (Tone::Bad, t.outcome_failed.to_owned()),
    ];
    let line = LineChart::new(item_texts, &values).map(Chart::Line);
    let bars = BarChart::new(duration_texts, bars, legend).map(Chart::Bars);
    line.into_iter().chain(bars).collect()
}

fn bar(views: &Views<'_>, point: &ScanPoint) -> Bar {
    let time = Timestamp::from_millisecond(point.started).unwrap_or_default();
    let taken = point.duration.unwrap_or_default();
    Bar {
        value: taken as f64,
        tone: match point.outcome.as_str() {
            "complete" => Tone::Plain,
            "failed" => Tone::Bad,
            _ => Tone::Warning,
        },
        title: format!(
            "{}: {}, {}",
            time.strftime(views.t.full_format),
            duration(taken),
            point.outcome
        ),
    }
}
