//! `/feed.atom`: the last changes as an Atom feed (RFC 4287).

use axum::{
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use catalog_model::{Instant, follower::EntityKind};

use crate::{
    errors::ErrorPage,
    links::Links,
    request::PageRequest,
    requests,
    state::ContainerRoute,
    store::browse::{BrowseError, ChangeRow},
    texts::ENGLISH,
};

/// Number of changes in the feed.
const LIMIT: usize = 100;
/// The time of a feed without changes.
const EPOCH: &str = "1970-01-01T00:00:00Z";

/// `/feed.atom`, with the same filters as `/changes`.
pub(crate) async fn show(request: PageRequest) -> Response {
    match feed(&request).await {
        Ok(feed) => {
            let atom = HeaderValue::from_static("application/atom+xml; charset=utf-8");
            ([(header::CONTENT_TYPE, atom)], feed).into_response()
        }
        Err(error) => error.into_response(),
    }
}

async fn feed(request: &PageRequest) -> Result<String, ErrorPage> {
    let changes = requests::changes(&request.query, LIMIT)?;
    let found = request
        .web
        .browse(move |browser| match browser.changes(&changes) {
            // Before the first scan, the feed is empty.
            Err(BrowseError::NoStore) => Ok(Vec::new()),
            found => Ok(found?.entries),
        });
    let changes = found.await?;
    Ok(document(&changes, request))
}

fn document(changes: &[ChangeRow], request: &PageRequest) -> String {
    let links = &request.web.links;
    let updated = changes.iter().map(|change| change.time).max();
    let updated = updated.map_or_else(|| EPOCH.to_owned(), time);
    let itself = links.to(request
        .uri
        .path_and_query()
        .map_or("/feed.atom", |path| path.as_str()));
    let mut feed = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n\
         <feed xmlns=\"http://www.w3.org/2005/Atom\" xml:lang=\"en\">\n\
         <id>urn:x-catalog:changes</id>\n<title>{title}</title>\n<updated>{updated}</updated>\n\
         <author><name>{title}</name></author>\n\
         <link rel=\"self\" type=\"application/atom+xml\" href=\"{itself}\"/>\n\
         <link rel=\"alternate\" type=\"text/html\" href=\"{page}\"/>\n",
        title = escaped(ENGLISH.changes),
        itself = escaped(&itself),
        page = escaped(&links.to("/changes")),
    );
    for change in changes {
        feed.push_str(&entry(change, links, &request.web.containers));
    }
    feed.push_str("</feed>\n");
    feed
}

/// An entry. Its id is that of the change, which no other store has.
fn entry(change: &ChangeRow, links: &Links, routes: &[ContainerRoute]) -> String {
    let places = change.containers.iter().map(|place| place.name.as_str());
    let place = places.collect::<Vec<_>>().join(" / ");
    let fields = change.fields.iter().map(|field| field.label.as_str());
    let fields = fields.collect::<Vec<_>>().join(", ");
    let texts = [
        place.as_str(),
        fields.as_str(),
        change.rule.as_deref().unwrap_or_default(),
    ];
    let texts: Vec<_> = texts.into_iter().filter(|text| !text.is_empty()).collect();
    format!(
        "<entry>\n<id>urn:x-catalog:change:{id}</id>\n<title>{kind}: {name}</title>\n<updated>{time}</updated>\n\
         <link rel=\"alternate\" type=\"text/html\" href=\"{href}\"/>\n<category term=\"{kind}\"/>\n\
         <category term=\"{connection}\" label=\"{connection}\"/>\n<summary>{summary}</summary>\n</entry>\n",
        id = escaped(&change.id),
        kind = change.kind.word(),
        name = escaped(&change.name),
        time = time(change.time),
        href = escaped(&address(change, links, routes)),
        connection = escaped(&change.connection),
        summary = escaped(&texts.join(" · ")),
    )
}

/// The page of what changed.
fn address(change: &ChangeRow, links: &Links, routes: &[ContainerRoute]) -> String {
    if change.entity == EntityKind::Container
        && let Some((_, last)) = change.key.split_once('/')
        && let Some((kind, id)) = last.split_once(':')
        && let Some(route) = routes.iter().find(|route| route.kind == kind)
    {
        let id = id.replace("%2F", "/").replace("%25", "%");
        return links.container(route.path, &change.connection, &id);
    }
    links.item(&change.key)
}

fn time(millis: i64) -> String {
    Instant::from_unix_millis(millis).map_or_else(|_| EPOCH.to_owned(), |time| time.to_string())
}

/// The text for XML. Characters that XML does not have are replaced.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\t' | '\n' | '\r' => escaped.push(char),
            '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            char if char.is_control() && char < '\u{80}' => escaped.push('\u{fffd}'),
            char => escaped.push(char),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_valid_xml() {
        assert_eq!(
            escaped("<a & \"b\">\u{0}\u{1b}\u{ffff}é"),
            "&lt;a &amp; &quot;b&quot;&gt;\u{fffd}\u{fffd}\u{fffd}é"
        );
    }
}
