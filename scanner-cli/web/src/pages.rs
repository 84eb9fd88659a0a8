//! The HTML pages. Their texts are in `texts.rs`, their parts in `parts.rs`.

use askama::Template;
use axum::{
    extract::Path,
    response::{Html, IntoResponse, Response},
};

use crate::{
    assets,
    errors::ErrorPage,
    links::Links,
    parts::Link,
    request::PageRequest,
    state::Words,
    texts::{ENGLISH, Texts, capitalized},
};

pub(crate) mod changes;
pub(crate) mod connections;
pub(crate) mod entry;
pub(crate) mod home;
pub(crate) mod owners;
mod problems;
pub(crate) mod quality;
pub(crate) mod scans;
pub(crate) mod search;
pub(crate) mod search_files;
pub(crate) mod sign_in;

/// What all pages have in common: the values of `frame.html`.
pub(crate) struct Frame {
    pub(crate) t: &'static Texts,
    pub(crate) title: String,
    pub(crate) style: String,
    pub(crate) script: String,
    pub(crate) icon: String,
    pub(crate) home: String,
    pub(crate) feed: Option<String>,
    /// Where the search field leads. Without it, the page has no search field.
    pub(crate) search: Option<String>,
    pub(crate) query: String,
    /// The word for items, with an upper-case first letter.
    pub(crate) items: String,
    /// Parameters that the search field keeps.
    pub(crate) kept: Vec<(String, String)>,
    pub(crate) sign_out: Option<String>,
    pub(crate) navigation: Vec<Link>,
    pub(crate) footer: Vec<Link>,
    /// What the page is.
    pub(crate) note: String,
    /// Whether a server can search while people type.
    pub(crate) is_live: bool,
}

/// The entry of the navigation that a page belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Nav {
    None,
    Home,
    Items,
    /// The containers with this path.
    Containers(&'static str),
    Owners,
    Changes,
    Scans,
    Connections,
    Quality,
}

/// The result of a handler of a page.
pub(crate) type PageResult = Result<String, ErrorPage>;

impl Frame {
    pub(crate) fn new(request: &PageRequest, title: &str, nav: &Nav) -> Self {
        let t = &ENGLISH;
        let links = &request.web.links;
        let title = match nav {
            Nav::Home => t.brand.to_owned(),
            _ => format!("{title} · {}", t.brand),
        };
        let paths = request.web.containers.iter().map(|route| route.path);
        Self {
            title,
            feed: links.written().is_none().then(|| links.to("/feed.atom")),
            search: Some(links.to("/search")),
            query: request.query.get("q").unwrap_or_default().to_owned(),
            sign_out: request.visitor.has_session.then(|| links.to("/sign-out")),
            items: capitalized(request.web.words.items),
            navigation: navigation(t, links, paths, (nav, &request.web.words)),
            footer: match links.written() {
                Some(_) => Vec::new(),
                None => vec![
                    Link::new(t.feed, links.to("/feed.atom")),
                    Link::new(t.api, links.to("/api/v1/openapi.json")),
                ],
            },
            ..Self::plain(links, "")
        }
    }

    /// Keeps these parameters when people search.
    pub(crate) fn keeping(self, kept: Vec<(String, String)>) -> Self {
        Self { kept, ..self }
    }

    /// Without anything that needs a login.
    pub(crate) fn plain(links: &Links, title: &str) -> Self {
        let t = &ENGLISH;
        Self {
            t,
            title: format!("{title} · {}", t.brand),
            style: links.asset("style.css"),
            script: links.asset("script.js"),
            icon: links.asset("icon.svg"),
            home: links.to("/"),
            feed: None,
            search: None,
            query: String::new(),
            items: String::new(),
            kept: Vec::new(),
            sign_out: None,
            navigation: Vec::new(),
            footer: Vec::new(),
            note: links.written().map_or(t.footer.to_owned(), |time| {
                t.footer_of_files
                    .replace("{}", &time.strftime(t.full_format).to_string())
            }),
            is_live: links.written().is_none(),
        }
    }
}

fn navigation(
    t: &Texts,
    links: &Links,
    containers: impl Iterator<Item = &'static str>,
    (nav, words): (&Nav, &Words),
) -> Vec<Link> {
    let entry =
        |text: &str, path: &str, place: &Nav| Link::new(text, links.to(path)).current(place == nav);
    let mut entries = vec![
        entry(t.home, "/", &Nav::Home),
        entry(&words.say(t.everything), "/search", &Nav::Items),
    ];
    for path in containers {
        let place = Nav::Containers(path);
        entries.push(entry(&capitalized(path), &format!("/{path}"), &place));
    }
    entries.extend([
        entry(t.owners, "/owners", &Nav::Owners),
        entry(t.changes, "/changes", &Nav::Changes),
        entry(t.quality, "/quality", &Nav::Quality),
        entry(t.scans, "/scans", &Nav::Scans),
        entry(t.connections, "/connections", &Nav::Connections),
    ]);
    entries
}

/// The response of a handler: the page, or an error page.
pub(crate) fn respond(request: &PageRequest, page: PageResult) -> Response {
    match page {
        Ok(html) => Html(html).into_response(),
        Err(error) => error_page(request, error),
    }
}

/// Renders a template.
pub(crate) fn rendered(template: &impl Template) -> PageResult {
    Ok(template.render()?)
}

#[derive(Template)]
#[template(path = "message.html")]
struct MessagePage<'a> {
    frame: Frame,
    heading: &'a str,
    text: &'a str,
    links: Vec<Link>,
}

/// The page of an error, in the frame of all pages.
pub(crate) fn error_page(request: &PageRequest, error: ErrorPage) -> Response {
    let links = &request.web.links;
    let template = MessagePage {
        frame: Frame::new(request, &error.title, &Nav::None),
        heading: &error.title,
        text: &error.text,
        links: vec![
            Link::new(
                request.web.words.say(ENGLISH.show_everything),
                links.to("/search"),
            ),
            Link::new(ENGLISH.go_home, links.to("/")),
        ],
    };
    match template.render() {
        Ok(html) => (error.status, Html(html)).into_response(),
        Err(_) => error.into_response(),
    }
}

/// The page of an unknown address.
pub(crate) async fn not_found(request: PageRequest) -> Response {
    error_page(&request, ErrorPage::not_found())
}

/// An embedded file.
pub(crate) async fn asset(
    Path((hash, name)): Path<(String, String)>,
    request: PageRequest,
) -> Response {
    let asset = assets::response(&hash, &name);
    asset.unwrap_or_else(|| error_page(&request, ErrorPage::not_found()))
}
