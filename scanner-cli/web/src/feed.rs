//! `/feed.atom`: the last changes as an Atom feed (RFC 4287).

use axum::{
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use catalog_model::{ContainerKind, Instant, follower::EntityKind};

use crate::{
    address::Address,
    api::kind_of,
    errors::ErrorPage,
    links::Links,
    request::PageRequest,
    requests,
    store::browse::{BrowseError, ChangeRow},
    texts::{ENGLISH, capitalized},
    views::Views,
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
    let names: Vec<_> = requests::CHANGES.into_iter().chain(["limit"]).collect();
    requests::check_names(&request.query, &names)?;
    let mut changes = requests::changes(&request.query, LIMIT)?;
    requests::limit_to_days(&mut changes, &request.query, request.web.now())?;
    let found = request.web.browse(move |browser| {
        let found = match browser.changes(&changes) {
            // Before the first scan, the feed is empty.
            Err(BrowseError::NoStore) => return Ok(Found::default()),
            found => found?,
        };
        Ok(Found {
            store: browser.store_id()?,
            kinds: browser.container_kinds()?,
            changes: found.entries,
        })
    });
    Ok(document(&found.await?, request))
}

/// What the store has for the feed.
#[derive(Default)]
struct Found {
    store: String,
    kinds: Vec<ContainerKind>,
    changes: Vec<ChangeRow>,
}

fn document(found: &Found, request: &PageRequest) -> String {
    let links = &request.web.links;
    let address = Address::new("/feed.atom", &request.query, &requests::CHANGES);
    let updated = found.changes.iter().map(|change| change.time).max();
    let updated = updated.map_or_else(|| EPOCH.to_owned(), time);
    let absolute =
        |address: &Address| escaped(&format!("{}{}", request.origin, address.href(links)));
    let filter = address.href(&Links::default());
    let filter = filter
        .split_once('?')
        .map(|(_, filter)| format!(":{filter}"));
    let mut feed = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n\
         <feed xmlns=\"http://www.w3.org/2005/Atom\" xml:lang=\"en\">\n\
         <id>urn:x-catalog:changes:{store}{filter}</id>\n<title>{brand}: {title}</title>\n<updated>{updated}</updated>\n\
         <author><name>{brand}</name></author>\n\
         <link rel=\"self\" type=\"application/atom+xml\" href=\"{itself}\"/>\n\
         <link rel=\"alternate\" type=\"text/html\" href=\"{page}\"/>\n",
        store = escaped(&found.store),
        filter = escaped(&filter.unwrap_or_default()),
        brand = escaped(ENGLISH.brand),
        title = escaped(ENGLISH.changes),
        itself = absolute(&address),
        page = absolute(&address.at("/changes")),
    );
    for change in &found.changes {
        feed.push_str(&entry(change, &found.kinds, request));
    }
    feed.push_str("</feed>\n");
    feed
}

/// An entry. Its id is that of the change, which no other store has.
fn entry(change: &ChangeRow, kinds: &[ContainerKind], request: &PageRequest) -> String {
    let views = request.views();
    let label = match change.entity {
        EntityKind::Item => capitalized(request.web.words.item),
        EntityKind::Container => {
            let kind = kinds
                .iter()
                .find(|kind| kind_of(&change.key) == Some(kind.id));
            kind.map_or("Container", |kind| kind.label).to_owned()
        }
    };
    let href = match change.entity {
        EntityKind::Item => views.links.item(&change.key),
        EntityKind::Container => views.container(&change.key),
    };
    format!(
        "<entry>\n<id>urn:x-catalog:change:{id}</id>\n<title>{label} {kind}: {name}</title>\n<updated>{time}</updated>\n\
         <link rel=\"alternate\" type=\"text/html\" href=\"{href}\"/>\n<category term=\"{kind}\"/>\n\
         <category term=\"{connection}\" label=\"{connection}\"/>\n<summary>{summary}</summary>\n</entry>\n",
        id = escaped(&change.id),
        label = escaped(&label),
        kind = change.kind.word(),
        name = on_one_line(&views.named(&change.name)),
        time = time(change.time),
        href = escaped(&format!("{}{href}", request.origin)),
        connection = escaped(&change.connection),
        summary = on_one_line(&summary(change, &views)),
    )
}

/// Where it is, which fields changed and which filter excludes it.
fn summary(change: &ChangeRow, views: &Views<'_>) -> String {
    let places = change
        .containers
        .iter()
        .map(|place| views.named(&place.name));
    let fields = change.fields.iter().map(|field| field.label.as_str());
    let fields = fields.collect::<Vec<_>>().join(", ");
    let rule = change.rule.as_ref();
    let texts = [
        change.connection.clone(),
        places.collect::<Vec<_>>().join(" / "),
        fields,
        rule.map(|rule| format!("{} {rule}", views.t.excluded_by))
            .unwrap_or_default(),
    ];
    let texts: Vec<_> = texts.into_iter().filter(|text| !text.is_empty()).collect();
    texts.join(" · ")
}

/// The text for XML, without line breaks, tabs and repeated spaces.
fn on_one_line(text: &str) -> String {
    let words: Vec<_> = text.split_whitespace().collect();
    escaped(&words.join(" "))
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
    fn titles_are_on_one_line() {
        assert_eq!(on_one_line(" a\r\n<b>\t c "), "a &lt;b&gt; c");
    }

    #[test]
    fn texts_are_valid_xml() {
        assert_eq!(
            escaped("<a & \"b\">\u{0}\u{1b}\u{ffff}é"),
            "&lt;a &amp; &quot;b&quot;&gt;\u{fffd}\u{fffd}\u{fffd}é"
        );
    }
}
