//! `/quality`: the lists that stewards work from, with their numbers.

use askama::Template;
use axum::response::Response;

use super::{Frame, Nav, PageResult, rendered, respond};
use crate::{
    errors::ErrorPage,
    parts::{Badge, Choice, Link, Tone},
    quality::{self, QualityList, STALE_DAYS, Staleness},
    query::Query,
    request::PageRequest,
    requests,
    texts::{ENGLISH, number},
    views::Views,
};

/// The choices of days after which something is stale.
const DAYS: [u32; 5] = [30, 90, 180, 365, 730];
/// Maximum number of days.
const MAX_DAYS: u32 = 36_500;

#[derive(Template)]
#[template(path = "quality.html")]
struct Quality {
    frame: Frame,
    choices: Vec<Choice>,
    lists: Vec<Counted>,
}

/// A list with its number of entries.
struct Counted {
    text: String,
    detail: String,
    href: String,
    count: String,
    badge: Badge,
}

/// `/quality`.
pub(crate) async fn show(request: PageRequest) -> Response {
    let page = page(&request).await;
    respond(&request, page)
}

/// `/quality/LIST`.
pub(crate) async fn list(request: PageRequest) -> Response {
    let id = request.parts_after("/quality/").join("/");
    let list = lists(&request).and_then(|lists| {
        let list = lists.into_iter().find(|list| list.id == id);
        list.ok_or_else(ErrorPage::not_found)
    });
    match list {
        Ok(list) => super::search::quality(request, list).await,
        Err(error) => super::error_page(&request, error),
    }
}

/// All lists, with the number of days of the request.
pub(crate) fn lists(request: &PageRequest) -> Result<Vec<QualityList>, ErrorPage> {
    let stale = Staleness {
        now: request.web.now().as_millisecond(),
        days: days(&request.query)?,
    };
    let lists = quality::lists(&ENGLISH, &request.web.containers, stale).into_iter();
    let said = |text: &str| request.web.words.say(text);
    Ok(lists.map(|list| list.with_words(said)).collect())
}

fn days(query: &Query) -> Result<u32, ErrorPage> {
    let days = requests::number(query, "days")?.unwrap_or(STALE_DAYS);
    match days {
        1..=MAX_DAYS => Ok(days),
        _ => Err(ErrorPage::bad_request(format!(
            "`days` is a number from 1 to {MAX_DAYS}"
        ))),
    }
}

async fn page(request: &PageRequest) -> PageResult {
    let lists = lists(request)?;
    let days = days(&request.query)?;
    let counted = counts(request, lists).await?;
    let views = request.views();
    let frame = Frame::new(request, views.t.quality, &Nav::Quality);
    rendered(&Quality {
        frame,
        choices: views.on_server(vec![choice(&views, days)]),
        lists: counted
            .iter()
            .map(|(list, count)| entry(&views, list, *count, days))
            .collect(),
    })
}

/// The lists with their numbers of entries.
pub(crate) async fn counts(
    request: &PageRequest,
    lists: Vec<QualityList>,
) -> Result<Vec<(QualityList, u64)>, ErrorPage> {
    let filters: Vec<_> = lists.iter().map(QualityList::filter).collect();
    let counts = request.web.browse(move |browser| browser.counts(&filters));
    Ok(lists.into_iter().zip(counts.await?).collect())
}

fn entry(views: &Views<'_>, list: &QualityList, count: u64, days: u32) -> Counted {
    let path = format!("/quality/{}", list.id);
    let days = days.to_string();
    let href = match list.id {
        "stale" => views.links.with_query(&path, &[("days", &days)]),
        _ => views.links.to(&path),
    };
    Counted {
        text: list.title.clone(),
        detail: list.about.clone(),
        href,
        count: number(count),
        badge: match count {
            0 => Badge::new(Tone::Good, views.t.quality_done),
            _ => Badge::default(),
        },
    }
}

fn choice(views: &Views<'_>, current: u32) -> Choice {
    let entries = DAYS.map(|days| {
        let text = views.t.stale_after.replace("{}", &days.to_string());
        let days_text = days.to_string();
        let href = views.links.with_query("/quality", &[("days", &days_text)]);
        Link::new(text, href).current(days == current)
    });
    Choice {
        label: views.t.stale_choice,
        entries: entries.into(),
    }
}
